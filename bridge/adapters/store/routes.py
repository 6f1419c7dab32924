"""Routes have small numbers in the store; they are few and never change."""

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.adapters.store import schema
from bridge.core.types import Address, ChainId, Route


class RouteIds:
    """Knows the number of every route, and numbers a new one when it is first written."""

    def __init__(self) -> None:
        self.by_id: dict[int, Route] = {}
        self._ids: dict[Route, int] = {}

    async def load(self, connection: AsyncConnection) -> None:
        """Read all."""
        for row in await connection.execute(select(schema.routes)):
            route = Route(
                ChainId(row.source_chain),
                Address(row.source_gateway),
                ChainId(row.destination_chain),
                Address(row.destination_gateway),
            )
            self.by_id[row.id] = route
        self._ids = {route: number for number, route in self.by_id.items()}

    def known(self, route: Route) -> int | None:
        """Return the number of a route; None if nothing of it was ever written."""
        return self._ids.get(route)

    async def of(self, connection: AsyncConnection, route: Route) -> int:
        """Return the number of a route, inside a unit of work."""
        if route not in self._ids:
            values = {
                "source_chain": route.source_chain,
                "source_gateway": route.source_gateway,
                "destination_chain": route.destination_chain,
                "destination_gateway": route.destination_gateway,
            }
            result = await connection.execute(insert(schema.routes), values)
            (number,) = result.inserted_primary_key or (0,)
            self._ids[route], self.by_id[number] = number, route
        return self._ids[route]
