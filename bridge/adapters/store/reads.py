"""How committed state is read."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.adapters.store.database import faults
from bridge.adapters.store.routes import RouteIds

CHUNK = 500
"""Values per IN clause; databases allow some thousands."""
V = TypeVar("V")


class Reads:
    """Reads outside of a unit of work; each sees what was committed last."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._routes = RouteIds()

    async def _all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with faults():
            async with self._engine.connect() as connection:
                found: Sequence[Row[Any]] = (await connection.execute(query)).all()
                return found

    async def _among(self, query: Select[Any], column: ColumnElement[V], values: Collection[V]) -> list[Row[Any]]:
        """Return the rows whose column has one of the values, however many those are."""
        wanted, found = list(values), list[Row[Any]]()
        for start in range(0, len(wanted), CHUNK):
            found += await self._all(query.where(column.in_(wanted[start : start + CHUNK])))
        return found
