"""What the chains have decided, chunk by chunk: a chunk in which nothing can change any more is read once."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, func, select

from bridge.adapters.store import schema
from bridge.adapters.store.reads import Reads
from bridge.core.agreement import CHUNK, Standing, chunk_hash
from bridge.core.transfers import TERMINAL, State
from bridge.core.types import Hash32, Height, Leaf, Nonce, Route

_NOT_FINAL: Final = (State.SEEN.value, State.ORPHANED.value)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The transfers of consecutive nonces of one route that are final at the source."""

    route: Route
    number: int
    hash: Hash32
    states: Counter[State]


class History(Reads):
    """Reads all chunks. Its cost is that of the chunks that still change, after the first time."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(*arguments)
        self._settled: dict[tuple[int, int], Chunk] = {}

    async def next_nonces(self) -> dict[Route, Nonce]:
        """Return the nonce that must become final next, per route."""
        table = schema.transfers
        nexts = {}
        for number, route in dict(self._routes.by_id).items():
            final = (table.c.route == number, table.c.state.not_in(_NOT_FINAL))
            query = select(table.c.nonce).where(*final).order_by(table.c.nonce.desc()).limit(1)
            for row in await self._all(query):
                nexts[route] = Nonce(row.nonce + 1)
        return nexts

    async def _chunks(self) -> list[Chunk]:
        """Return every chunk with a transfer; each is read by itself, so that others get their turn in between."""
        found = []
        nexts = await self.next_nonces()
        for number, route in dict(self._routes.by_id).items():
            for index in range(-(-nexts.get(route, 0) // CHUNK)):
                chunk = self._settled.get((number, index)) or await self._chunk(number, index)
                found.append(chunk)
        return found

    async def _chunk(self, number: int, index: int) -> Chunk:
        table = schema.transfers
        query = (
            select(
                table.c.leaf,
                table.c.state,
                table.c.source_height,
                func.substr(table.c.source, 5, 32).label("source_hash"),
                table.c.first_nonce,
                table.c.destination_height,
                func.substr(table.c.destination, 5, 32).label("destination_hash"),
                table.c.reason,
            )
            .where(
                table.c.route == number,
                table.c.nonce.between(index * CHUNK, (index + 1) * CHUNK - 1),
                table.c.state.not_in(_NOT_FINAL),
            )
            .order_by(table.c.nonce)
        )
        standings = [_standing(row) for row in await self._all(query)]
        states = Counter(standing.state for standing in standings)
        chunk = Chunk(self._routes.by_id[number], index, chunk_hash(standings), states)
        if len(standings) == CHUNK and states.keys() <= TERMINAL:
            self._settled[number, index] = chunk
        return chunk


def _standing(row: Row[Any]) -> Standing:
    destination = None
    if row.destination_height is not None:
        destination = Height(row.destination_height), Hash32(row.destination_hash)
    return Standing(
        leaf=Leaf(Hash32(row.leaf)),
        source=(Height(row.source_height), Hash32(row.source_hash)),
        first_nonce=row.first_nonce,
        state=State(row.state),
        destination=destination,
        reason=row.reason,
    )
