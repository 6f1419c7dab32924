"""A chain up to a block: what a database has read of it, or what is final now. Nothing above is shown."""

from collections.abc import Mapping, Sequence

from bridge.core.errors import Retry
from bridge.core.events import ChainFact
from bridge.core.finality import Heads
from bridge.core.ports import ChainReader
from bridge.core.quorum import Committee
from bridge.core.types import Block, ChainId, Height, Windowing


class Stretch:
    """Implements `core.ports.ChainReader` over another one, whose proofs it keeps."""

    def __init__(self, reader: ChainReader, last: Block | None) -> None:
        self._reader = reader
        self._last = last

    @property
    def chain(self) -> ChainId:
        """The chain's id."""
        return self._reader.chain

    async def heads(self) -> Heads:
        """Return the last block as both the newest and the final one, or how far the chain is proven until then."""
        heads, final = await self._heads()
        if self._last is not None and final.height >= self._last.height:
            return Heads(self._last, self._last)
        return Heads(final, final, is_behind=heads.is_behind)

    async def blocks(self, heights: Sequence[Height]) -> Mapping[Height, Block]:
        """Return headers at these heights."""
        return await self._reader.blocks(heights)

    async def facts(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return what was logged in this range."""
        return await self._reader.facts(first, last)

    async def glimpse(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return nothing: what is not final was decided by nobody."""
        del first, last
        return ()

    async def committee(self, at: Block) -> Committee:
        """Return the committee of now: it decides nothing of the past, and nodes forget the state of old blocks."""
        del at
        _, final = await self._heads()
        return await self._reader.committee(final)

    async def windowing(self, destination: ChainId) -> Windowing:
        """Return the windowing of a route."""
        return await self._reader.windowing(destination)

    async def _heads(self) -> tuple[Heads, Block]:
        heads = await self._reader.heads()
        if heads.finalized is None:
            raise Retry(f"nothing of chain {self.chain} is final yet")
        return heads, heads.finalized
