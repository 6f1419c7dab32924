"""One chain as a relayer reads it: heads, headers, facts, committee."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from bridge.adapters.codec import (
    TOPICS,
    LogDecoder,
    Watched,
    read_block,
    to_hex,
    views,
)
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger.logs import LogFilter, LogSource
from bridge.adapters.ledger.state import Query, read
from bridge.core.errors import Halt, Retry
from bridge.core.events import ChainFact
from bridge.core.finality import Heads
from bridge.core.quorum import Committee
from bridge.core.types import ZERO_ADDRESS, Address, Block, ChainId, Height, Windowing

LATEST: Final = "latest"
"""The one place that reads without naming a block: what is newest is asked for, and answered with its block."""
_FINALIZED: Final = "finalized"
T = TypeVar("T")


class EvmReader:
    """Implements `core.ports.ChainReader` over one node."""

    def __init__(self, rpc: Rpc, watched: Watched) -> None:
        self.rpc = rpc
        self.watched = watched
        self.decoder = LogDecoder(watched)
        self.logs = LogSource(rpc)
        self._filter = LogFilter(watched.addresses, (tuple(TOPICS.values()),))
        self._committee: Address | None = None
        self._windowings: dict[ChainId, Windowing] = {}

    @property
    def chain(self) -> ChainId:
        """The chain's id, which was checked at start-up."""
        return self.watched.chain

    async def heads(self) -> Heads:
        """Return the newest block and the finalized one; None where the chain has no such tag."""
        return await heads_of(self.rpc)

    async def blocks(self, heights: Sequence[Height]) -> Mapping[Height, Block]:
        """Return the headers at these heights. Raises Retry if one is missing."""
        answers = await self.rpc.ask_all([_header(to_hex(height)) for height in heights])
        blocks = {}
        for height, answer in zip(heights, answers, strict=True):
            block = _block(self.rpc, str(height), answer)
            if block.height != height:
                raise Retry(f"{self.rpc.name} answered with block {block.height} for {height}")
            blocks[height] = block
        return blocks

    async def facts(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return what the watched contracts logged in this range of heights, in order."""
        return self.decoder.decode_all(await self.logs.read(self._filter, first, last))

    async def glimpse(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return the same: one node's word is no better for final blocks."""
        return await self.facts(first, last)

    async def committee(self, at: Block) -> Committee:
        """Return the committee that is active for deliveries to this chain at a block."""
        if self._committee is None:
            query = Query(views.COMMITTEE, self.watched.gateway)
            self._committee = await read(self.rpc, query, at)
        active = await read(self.rpc, Query(views.ACTIVE_EPOCH, self._committee), at)
        members = await read(self.rpc, Query(views.SET_OF, self._committee, (active,)), at)
        return Committee(active, members.threshold, members.members)

    async def windowing(self, destination: ChainId) -> Windowing:
        """Return the immutable windowing of the route to `destination`. Raises Halt if there is no such route."""
        if destination not in self._windowings:
            query = Query(views.ROUTE, self.watched.gateway, (destination,))
            end = await read(self.rpc, query, (await self.heads()).latest)
            if end.gateway == ZERO_ADDRESS:
                evidence: dict[str, object] = {
                    "chain": self.chain,
                    "gateway": to_hex(self.watched.gateway),
                }
                raise Halt(f"the gateway on chain {self.chain} has no route to chain {destination}", evidence)
            self._windowings[destination] = Windowing(end.window, end.max_batch)
        return self._windowings[destination]


async def heads_of(rpc: Rpc) -> Heads:
    """Return a node's newest block and its finalized one; None where the chain has no such tag. Raises Retry."""
    latest, finalized = await rpc.ask_all([_header(LATEST), _header(_FINALIZED)])
    has_tag = finalized is not None and not isinstance(finalized, NodeError)
    return Heads(_block(rpc, LATEST, latest), _block(rpc, _FINALIZED, finalized) if has_tag else None)


async def newest_block(rpc: Rpc) -> Block:
    """Return a node's newest block, at which the caller then reads. Raises Retry."""
    return (await heads_of(rpc)).latest


@retry(retry=retry_if_exception_type(Retry), stop=stop_after_attempt(3), wait=wait_fixed(0.5), reraise=True)
async def read_at_newest(rpc: Rpc, reading: Callable[[Block], Awaitable[T]]) -> T:
    """Return what is read at a node's newest block; if it fails there, at a newer one.

    A reorganisation may take the block away meanwhile, and a node that is taking in the next block may answer out of
    both states. Raises Retry if it fails three times.
    """
    return await reading(await newest_block(rpc))


def _block(rpc: Rpc, which: str, answer: object) -> Block:
    if answer is None or isinstance(answer, NodeError):
        raise Retry(f"{rpc.name} has no block {which}: {answer or 'not there yet'}")
    try:
        return read_block(answer)
    except ValueError as fault:
        raise Retry(f"{rpc.name} answered with what is no block: {fault}") from fault


def _header(which: str) -> Request:
    return Request("eth_getBlockByNumber", (which, False))
