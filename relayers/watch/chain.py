"""One chain as the watchtower reads it, by its own node: what is final once, what is not at every look again.

So nothing has to be undone when a public chain is reorganised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak

from relayers.watch.config import Watched
from relayers.watch.events import Event, read_event, shown
from relayers.watch.rpc import Refused, Rpc, TooLong, Unreadable

_SPAN: Final = 2_000


class FinalChanged(Exception):
    """A block that was final is another one now, or gone."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block, by height, hash and UTC seconds. An unknown hash is empty."""

    height: int
    hash: str
    time: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a chain showed at one look."""

    chain: int
    head: Block
    read_to: Block
    """Everything up to here is known: the head, unless history is still being read."""
    final: Block
    """Up to here `settled` goes."""
    settled: Sequence[Event]
    """What has become final since the last look."""
    tail: Sequence[Event]
    """What is not final."""

    @property
    def is_caught_up(self) -> bool:
        """Whether the newest block is among what was read."""
        return self.read_to == self.head


@dataclass(frozen=True, slots=True)
class View:
    """A question to a contract."""

    contract: str
    signature: str
    outputs: str
    """Types, with `;` between them."""
    arguments: tuple[object, ...] = ()

    @property
    def data(self) -> str:
        """Its call data."""
        types = self.signature.partition("(")[2][:-1]
        encoded = encode(types.split(","), self.arguments) if types else b""
        return "0x" + (keccak(text=self.signature)[:4] + encoded).hex()

    def answer(self, data: str) -> Any:  # noqa: ANN401 - what the contract says
        """Read what it returned: one value, or a tuple."""
        try:
            values = tuple(shown(value) for value in decode(self.outputs.split(";"), bytes.fromhex(data[2:])))
        except (DecodingError, ValueError, TypeError) as fault:
            raise Unreadable(f"the answer to {self.signature} cannot be read ({type(fault).__name__})") from None
        return values[0] if len(values) == 1 else values


class ChainView:
    """Reads one chain."""

    def __init__(self, chain: Watched, contracts: Sequence[str], deadline_seconds: float) -> None:
        self.chain = chain
        self.rpc = Rpc(chain.name, chain.url, deadline_seconds)
        self._contracts = list(contracts)
        self._span = _SPAN

    async def close(self) -> None:
        """Close the connections."""
        await self.rpc.close()

    async def read(self, done: Block) -> Reading:
        """Read on from a block that is done with. Raises FinalChanged if that block is not in the chain any more."""
        head, final = await self._heads(done)
        last = max(done.height, min(final.height, done.height + self._span))
        if last < final.height:
            return await self._read_history(done, last, head)
        events = await self._events(done.height + 1, head.height) if head.height > done.height else []
        again, read_final = await self._blocks([head.height, last])
        if again.hash != head.hash:
            raise Unreadable(f"{self.chain.name} was reorganised while it was read")
        settled = [event for event in events if event.block <= last]
        tail = [event for event in events if event.block > last]
        return Reading(self.chain.chain_id, head, head, read_final, settled, tail)

    async def views(self, views: Sequence[View], at: Block) -> list[Any]:
        """Return what views answer at a block. Raises Unreadable if that block is gone meanwhile."""
        calls = [("eth_call", ({"to": view.contract, "data": view.data}, hex(at.height))) for view in views]
        answers = await self.rpc.ask_all([*calls, ("eth_getBlockByNumber", (hex(at.height), False))])
        if self._block(answers[-1]).hash != at.hash:
            raise Unreadable(f"{self.chain.name} was reorganised while it was read")
        return [view.answer(str(answer)) for view, answer in zip(views, answers[:-1], strict=True)]

    async def replaced(self, blocks: Mapping[int, str]) -> set[int]:
        """Return the heights at which the chain has another block now."""
        heights = sorted(blocks)
        answers = await self.rpc.ask_all([("eth_getBlockByNumber", (hex(height), False)) for height in heights])
        return {
            height
            for height, answer in zip(heights, answers, strict=True)
            if answer is None or self._block(answer).hash != blocks[height]
        }

    async def failures(self, first: int, last: int) -> list[tuple[int, str, str]]:
        """Return height, sender and hash of the transactions to the gateway that failed in a range of heights."""
        gateway = "0x" + self.chain.gateway.hex()
        asked = [("eth_getBlockByNumber", (hex(height), True)) for height in range(first, last + 1)]
        sent = [
            tx
            for block in await self.rpc.ask_all(asked)
            for tx in (block or {}).get("transactions", ())
            if str(tx.get("to") or "").lower() == gateway
        ]
        receipts = await self.rpc.ask_all([("eth_getTransactionReceipt", (tx["hash"],)) for tx in sent])
        return [
            (int(tx["blockNumber"], 16), str(tx["from"]).lower(), str(tx["hash"]))
            for tx, receipt in zip(sent, receipts, strict=True)
            if receipt is not None and receipt.get("status") == "0x0"
        ]

    async def balances(self, accounts: Sequence[str]) -> list[int]:
        """Return what accounts hold, in wei."""
        answers = await self.rpc.ask_all([("eth_getBalance", (account, "latest")) for account in accounts])
        return [int(answer, 16) for answer in answers]

    async def transaction(self, tx: str) -> Mapping[str, Any]:
        """Return a transaction and its receipt, for evidence; what cannot be read is absent."""
        names = ("eth_getTransactionByHash", "eth_getTransactionReceipt")
        answers = await self.rpc.try_all([(name, (tx,)) for name in names])
        return {
            name: answer
            for name, answer in zip(("transaction", "receipt"), answers, strict=True)
            if not isinstance(answer, Refused)
        }

    async def _heads(self, done: Block) -> tuple[Block, Block]:
        """Return head and final block, of the right chain, in which what is done with still stands."""
        depth = self.chain.confirmations
        asked = [
            ("eth_chainId", ()),
            ("eth_getBlockByNumber", ("latest", False)),
            ("eth_getBlockByNumber", (hex(done.height), False)),
            *([("eth_getBlockByNumber", ("finalized", False))] if depth is None else []),
        ]
        chain, latest, known, *finalized = await self.rpc.ask_all(asked)
        if int(chain, 16) != self.chain.chain_id:
            raise Unreadable(f"{self.chain.name}: the node is of chain {int(chain, 16)}")
        head = self._block(latest)
        if head.height < done.height:
            raise Unreadable(f"{self.chain.name}: the node is behind what was final before")
        if done.hash and (known is None or self._block(known).hash != done.hash):
            raise FinalChanged(f"block {done.height} of {self.chain.name} was final and has changed")
        if depth is None:
            return head, self._block(finalized[0])
        return head, head if depth == 0 else (await self._blocks([max(0, head.height - depth)]))[0]

    async def _read_history(self, done: Block, last: int, head: Block) -> Reading:
        events = await self._events(done.height + 1, last)
        (block,) = await self._blocks([last])
        return Reading(self.chain.chain_id, head, block, block, events, [])

    async def _events(self, first: int, last: int) -> list[Event]:
        """Return what the contracts logged. A range that is too long, or has too many of them, is halved."""
        found: list[Event] = []
        while first <= last:
            upto = min(last, first + self._span - 1)
            wanted = {"address": self._contracts, "fromBlock": hex(first), "toBlock": hex(upto)}
            try:
                logs = await self.rpc.ask("eth_getLogs", wanted)
            except (Refused, TooLong):
                if self._span == 1:
                    raise
                self._span = max(1, self._span // 2)
                continue
            found += [event for log in logs if (event := read_event(self.chain.chain_id, log)) is not None]
            first = upto + 1
            self._span = min(_SPAN, self._span + self._span // 8 + 1)
        return found

    async def _blocks(self, heights: Sequence[int]) -> list[Block]:
        answers = await self.rpc.ask_all([("eth_getBlockByNumber", (hex(height), False)) for height in heights])
        return [self._block(answer) for answer in answers]

    def _block(self, answer: Any) -> Block:  # noqa: ANN401 - a JSON value
        try:
            return Block(int(answer["number"], 16), str(answer["hash"]), int(answer["timestamp"], 16))
        except (KeyError, TypeError, ValueError):
            raise Unreadable(f"{self.chain.name}: a block cannot be read") from None
