"""Routes have small numbers in the store; they are few and never change."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.adapters.store import schema
from bridge.adapters.store.database import upsert
from bridge.core.types import Address, ChainId, Route


class RouteIds:
    """Knows the number of every route, and numbers a new one when it is first written.

    A number that a unit of work has given is worth nothing before the commit: `settle` takes it over or forgets it.
    """

    def __init__(self) -> None:
        self._routes: dict[int, Route] = {}
        self._ids: dict[Route, int] = {}
        self._fresh: dict[Route, int] = {}

    @property
    def by_id(self) -> Mapping[int, Route]:
        """Every committed route under its number."""
        return self._routes

    async def load(self, connection: AsyncConnection) -> None:
        """Read all."""
        for row in await connection.execute(select(schema.routes)):
            route = Route(
                ChainId(row.source_chain),
                Address(row.source_gateway),
                ChainId(row.destination_chain),
                Address(row.destination_gateway),
            )
            self._routes[row.id], self._ids[route] = route, row.id

    def known(self, route: Route) -> int | None:
        """Return the number of a route; None if nothing of it was ever committed."""
        return self._ids.get(route)

    async def of(self, connection: AsyncConnection, route: Route) -> int:
        """Return the number of a route, inside a unit of work."""
        number = self._ids.get(route) or self._fresh.get(route)
        if number is None:
            number = self._fresh[route] = await _numbered(connection, route)
        return number

    def settle(self, *, committed: bool) -> None:
        """Take over what the last unit of work has numbered if it was committed, else forget it."""
        if committed:
            self._ids |= self._fresh
            self._routes |= {number: route for route, number in self._fresh.items()}
        self._fresh = {}


async def _numbered(connection: AsyncConnection, route: Route) -> int:
    values = {
        "source_chain": route.source_chain,
        "source_gateway": route.source_gateway,
        "destination_chain": route.destination_chain,
        "destination_gateway": route.destination_gateway,
    }
    table = schema.routes
    await connection.execute(upsert(table).on_conflict_do_nothing(), values)
    wanted = (table.c[name] == value for name, value in values.items())
    number: int = (await connection.execute(select(table.c.id).where(*wanted))).scalar_one()
    return number
