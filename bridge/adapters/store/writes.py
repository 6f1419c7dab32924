"""What a unit of work collects before it carries anything out."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.adapters.store.routes import RouteIds
from bridge.adapters.store.rows import Values
from bridge.core.types import Route

R = TypeVar("R")


class Writes:
    """Collects writes in their order, many rows to a statement; `flush` carries them out."""

    def __init__(self, connection: AsyncConnection, routes: RouteIds) -> None:
        self._connection = connection
        self._routes = routes
        self._collected: list[Callable[[], Awaitable[None]]] = []

    async def flush(self) -> None:
        """Carry out everything collected."""
        for write in self._collected:
            await write()
        self._collected.clear()

    def _later(self, statement: Executable, rows: list[Values] | None = None) -> None:
        """Collect a statement; with `rows` it is carried out for each of them, for none if they are none."""

        async def write() -> None:
            await self._connection.execute(statement, rows)

        if rows != []:
            self._collected.append(write)

    def _later_by_route(
        self,
        statement: Executable,
        records: Iterable[R],
        route_of: Callable[[R], Route],
        values_of: Callable[[R, int], Values],
    ) -> None:
        """Collect a statement for each record, whose row needs the number of its route."""
        kept = list(records)

        async def write() -> None:
            rows = [values_of(record, await self._routes.of(self._connection, route_of(record))) for record in kept]
            await self._connection.execute(statement, rows)

        if kept:
            self._collected.append(write)
