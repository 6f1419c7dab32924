"""One chain, believed only as far as hashes prove it: headers below a block that is known, receipts under headers.

How the known block comes to be known is the heirs' matter: `SealedReader` counts seals, `AgreedReader` asks several
providers. Everything below it is proven by parent hashes, every event by the receipts root of its header.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import count, islice
from typing import Final, NamedTuple, TypeVar

from bridge.adapters.codec import read_fields, read_list, to_hex
from bridge.adapters.codec.headers import ShownReceipt, read_header, read_receipts, require_paid
from bridge.adapters.evm import NodeError, Request
from bridge.adapters.ledger.providers import Lie, Providers
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Halt, Retry
from bridge.core.events import ChainFact
from bridge.core.finality import Heads
from bridge.core.headers import Header
from bridge.core.quorum import Committee
from bridge.core.receipts import EMPTY_ROOT, may_have_logged, most_receipts, receipts_root
from bridge.core.types import Block, ChainId, Hash32, Height, Windowing

T = TypeVar("T")

KEPT_HEADERS: Final = 2_048
_BLOCKS_AT_ONCE: Final = 8
"""Blocks whose receipts are asked for together: a full one has megabytes of them."""
_UNKNOWN_METHOD: Final = -32_601
_AGAIN_SECONDS: Final = 0.5
"""After which those who differ are asked again: a node that takes in a block may answer out of two states."""


class Absent(Retry):
    """A provider has not got a block."""


class Proven(NamedTuple):
    """A header that is known to be the chain's, and its block."""

    block: Block
    header: Header


class ProvenReader(ABC):
    """Implements `core.ports.ChainReader` over several providers of whom none is believed."""

    def __init__(self, providers: Providers, enough: int, hash_of: Callable[[Header], Hash32]) -> None:
        self.providers = providers
        self._enough = enough
        self._hash_of = hash_of
        self._known: dict[Height, Proven] = {}
        self._windowings: dict[ChainId, Windowing] = {}
        self._bare: set[EvmReader] = set()
        """Nodes without `eth_getBlockReceipts`: the GoQuorum family has it not."""

    @property
    def chain(self) -> ChainId:
        """The chain's id, which was checked at start-up."""
        return self.providers.nodes[0].chain

    @abstractmethod
    async def heads(self) -> Heads:
        """Return the newest block and the highest that is known to be final."""

    @abstractmethod
    async def _anchor(self, height: Height) -> Block:
        """Return a block at this height or above whose hash is known to be true."""

    async def blocks(self, heights: Sequence[Height]) -> Mapping[Height, Block]:
        """Return final blocks, proven. Raises Retry if no provider can show them."""
        proven: dict[Height, Block] = {}
        for height in sorted(set(heights), reverse=True):
            (found,) = await self._prove(height, height)
            proven[height] = found.block
        return proven

    async def facts(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return what the watched contracts logged in this range of final heights, proven, in order."""
        addresses = self.providers.nodes[0].watched.addresses
        suspects = [
            proven
            for proven in await self._prove(first, last)
            if any(may_have_logged(proven.header.bloom, address) for address in addresses)
        ]
        facts: list[ChainFact] = []
        for start in range(0, len(suspects), _BLOCKS_AT_ONCE):
            some = suspects[start : start + _BLOCKS_AT_ONCE]
            facts += await self.providers.first("receipts", lambda node, some=some: self._logged(node, some))  # type: ignore[misc]
        return facts

    async def glimpse(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return what one provider says of blocks that are not final yet."""
        return await self.providers.first("logs", lambda node: self._said(node, first, last))

    async def committee(self, at: Block) -> Committee:
        """Return the committee that is active for deliveries to this chain at a block. Raises Halt if they differ."""
        return await self._same("committee", lambda node: node.committee(at))

    async def windowing(self, destination: ChainId) -> Windowing:
        """Return the immutable windowing of the route to `destination`. Raises Halt if all deny it, or they differ."""
        if destination not in self._windowings:
            self._windowings[destination] = await self._granted(destination)
        return self._windowings[destination]

    async def _granted(self, destination: ChainId) -> Windowing:
        """Return a route's windowing. Who denies the route is behind the others, or lies, unless nobody is left."""
        denials: dict[EvmReader, Halt] = {}

        async def ask(node: EvmReader) -> Windowing:
            try:
                return await node.windowing(destination)
            except Halt as denial:
                denials[node] = denial
                raise Retry(f"{node.rpc.name} says that {denial}") from denial

        try:
            return await self._same("windowing", ask)
        except Retry:
            if len(denials) == len(self.providers.nodes):
                raise next(iter(denials.values())) from None
            raise

    # --- Headers ----------------------------------------------------------------------------------------------------

    async def _prove(self, first: Height, last: Height) -> list[Proven]:
        """Return the headers of these heights, fetched and proven if they are not known yet."""
        wanted = [Height(height) for height in range(first, last + 1)]
        missing = [height for height in wanted if height not in self._known]
        if not missing:
            return [self._known[height] for height in wanted]
        known = {height: self._known[height] for height in wanted if height in self._known}
        for proven in await self._descend(missing[0], missing[-1]):
            self._keep(proven)
            known[proven.block.height] = proven
        return [known[height] for height in wanted]

    async def _descend(self, low: Height, high: Height) -> list[Proven]:
        """Fetch headers down from one whose hash is known: that of a known child's parent, or an anchor's."""
        child = self._known.get(Height(high + 1))
        anchor = await self._anchor(high) if child is None else None
        top = high if anchor is None else anchor.height
        expected = anchor.hash if anchor is not None else child.header.parent_hash  # type: ignore[union-attr]
        return await self.providers.first("headers", lambda node: self._linked(node, low, top, expected))

    async def _linked(self, node: EvmReader, low: Height, high: Height, expected: Hash32) -> list[Proven]:
        """Return one provider's headers if they lead to the expected hash."""
        proven = []
        for header in reversed(await self.headers_of(node, low, high)):
            if self._hash_of(header) != expected:
                raise Lie(f"{node.rpc.name} shows another block {header.height} than {to_hex(expected)}")
            proven.append(Proven(Block(header.height, expected, header.time), header))
            expected = header.parent_hash
        return proven[::-1]

    async def headers_of(self, node: EvmReader, low: Height, high: Height) -> list[Header]:
        """Return one provider's headers of these heights, as it shows them."""
        heights = range(low, high + 1)
        requests = [Request("eth_getBlockByNumber", (to_hex(height), False)) for height in heights]
        answers = await node.rpc.results(requests)
        headers = []
        for height, answer in zip(heights, answers, strict=True):
            if answer is None:
                raise Absent(f"{node.rpc.name} has no block {height} yet")
            try:
                header = read_header(answer)
            except ValueError as fault:
                raise Lie(f"{node.rpc.name} answered with what is no header: {fault}") from fault
            if header.height != height:
                raise Lie(f"{node.rpc.name} answered with block {header.height} for {height}")
            headers.append(header)
        return headers

    def _keep(self, proven: Proven) -> None:
        """Remember a header. If it is not a child of the one below, that chain is gone: none of it is remembered."""
        below = self._known.get(Height(proven.block.height - 1))
        if below is not None and below.block.hash != proven.header.parent_hash:
            for height in [height for height in self._known if height < proven.block.height]:
                self._forget(height)
        self._known[proven.block.height] = proven
        for height in list(islice(self._known, max(0, len(self._known) - KEPT_HEADERS))):
            self._forget(height)

    def _forget(self, height: Height) -> None:
        del self._known[height]

    # --- Events -----------------------------------------------------------------------------------------------------

    async def _logged(self, node: EvmReader, blocks: Sequence[Proven]) -> list[ChainFact]:
        """Return what the watched contracts logged in blocks, if one provider's receipts give their roots."""
        facts: list[ChainFact] = []
        for proven, receipts in zip(blocks, await self._receipts(node, blocks), strict=True):
            if _root(node, receipts) != proven.header.receipts_root:
                raise Lie(f"{node.rpc.name} shows receipts of block {proven.block.height} that are not in it")
            facts += node.decoder.decode_all(_logs(proven.block, receipts))
        return facts

    async def _said(self, node: EvmReader, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return what one provider says was logged. Nothing of it is proven: what cannot be read is its own fault."""
        try:
            return await node.facts(first, last)
        except Halt as fault:
            raise Lie(f"{node.rpc.name} shows what nobody can have logged: {fault}") from fault

    async def _receipts(self, node: EvmReader, blocks: Sequence[Proven]) -> list[list[ShownReceipt]]:
        if node not in self._bare:
            asked = [Request("eth_getBlockReceipts", (to_hex(proven.block.height),)) for proven in blocks]
            answers = await node.rpc.ask_all(asked)
            if not any(isinstance(answer, NodeError) and answer.code == _UNKNOWN_METHOD for answer in answers):
                return [
                    _read(node, answer, self._gas_of(proven.header))
                    for answer, proven in zip(answers, blocks, strict=True)
                ]
            self._bare.add(node)
        return [await self._one_by_one(node, proven) for proven in blocks]

    async def _one_by_one(self, node: EvmReader, proven: Proven) -> list[ShownReceipt]:
        """Gather a block's receipts by its transactions. That none is missing is proven as everything else is."""
        if proven.header.receipts_root == EMPTY_ROOT:
            return []
        block = await node.rpc.result("eth_getBlockByNumber", to_hex(proven.block.height), False)  # noqa: FBT003
        try:
            hashes = read_list(read_fields(block).get("transactions"))
        except ValueError as fault:
            raise Lie(f"{node.rpc.name} answered with what is no block: {fault}") from fault
        gas = self._gas_of(proven.header)
        if len(hashes) > most_receipts(gas):
            raise Lie(f"{node.rpc.name} shows more transactions of block {proven.block.height} than its gas pays for")
        answers = await node.rpc.results([Request("eth_getTransactionReceipt", (tx,)) for tx in hashes])
        return _read(node, answers, gas)

    def _gas_of(self, header: Header) -> int:
        """Return how much gas the transactions of a proven header may have used."""
        return header.gas[0]

    async def _same(self, what: str, ask: Callable[[EvmReader], Awaitable[T]]) -> T:
        """Return what providers of enough operators say alike. Raises Halt if they differ, and differ again."""
        answers = await self._enough_of(what, ask)
        if _differ(answers):
            await asyncio.sleep(_AGAIN_SECONDS)
            answers = await self._enough_of(what, ask)
        if _differ(answers):
            said: dict[str, object] = {node.rpc.name: str(answer) for node, answer in answers.items()}
            raise Halt(f"the providers of chain {self.chain} do not agree on its {what}", {"chain": self.chain} | said)
        return next(iter(answers.values()))

    async def _enough_of(self, what: str, ask: Callable[[EvmReader], Awaitable[T]]) -> dict[EvmReader, T]:
        answers = await self.providers.each(what, ask, self._enough)
        voices = self.providers.voices(answers)
        if voices < self._enough:
            raise Retry(f"{voices} of {self._enough} providers say which {what} chain {self.chain} has")
        return answers


def _differ(answers: Mapping[EvmReader, object]) -> bool:
    first, *others = answers.values()
    return any(other != first for other in others)


def _read(node: EvmReader, answer: object, gas: int) -> list[ShownReceipt]:
    if answer is None or isinstance(answer, NodeError):
        raise Retry(f"{node.rpc.name} has no receipts of a final block: {answer or 'not there yet'}")
    try:
        require_paid(answer, gas)
        return read_receipts(answer)
    except ValueError as fault:
        raise Lie(f"{node.rpc.name} answered with what are no receipts: {fault}") from fault


def _root(node: EvmReader, receipts: Iterable[ShownReceipt]) -> Hash32:
    try:
        return receipts_root([shown.receipt for shown in receipts])
    except ValueError as fault:
        raise Lie(f"{node.rpc.name} answered with what are no receipts: {fault}") from fault


def _logs(block: Block, receipts: Iterable[ShownReceipt]) -> Iterable[dict[str, object]]:
    """Return all logs of a block, as nodes show them. Their places follow from the order, and are proven with it."""
    place = count()
    for shown in receipts:
        for log in shown.receipt.logs:
            yield {
                "address": to_hex(log.address),
                "topics": [to_hex(topic) for topic in log.topics],
                "data": to_hex(log.data),
                "blockNumber": to_hex(block.height),
                "blockHash": to_hex(block.hash),
                "logIndex": to_hex(next(place)),
                "transactionHash": to_hex(shown.tx),
            }
