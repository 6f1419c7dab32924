"""Sending through several providers: who fails is passed over until another one fails."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from bridge.adapters.ledger.writing import EvmWriter
from bridge.core.errors import Retry
from bridge.core.ports import Account, Call, ChainWriter, Receipt
from bridge.core.types import Address, ChainId, TxHash

T = TypeVar("T")


class AnyWriter:
    """Implements `core.ports.ChainWriter` over the providers of one chain, one at a time.

    What it says is checked by nobody, and need not be: whether a transfer is executed is learned from proven events.
    """

    def __init__(self, writers: Sequence[EvmWriter]) -> None:
        self._writers = tuple(writers)
        self._at = 0

    @property
    def chain(self) -> ChainId:
        """The chain's id."""
        return self._writers[0].chain

    async def account(self, address: Address) -> Account:
        """Return the account's state at the newest block."""
        return await self._try(lambda writer: writer.account(address))

    async def simulate(self, sender: Address, call: Call) -> int:
        """Return the gas a call needs at the newest block. Raises Reverted if it would revert."""
        return await self._try(lambda writer: writer.simulate(sender, call))

    async def broadcast(self, raw: bytes) -> tuple[str, str]:
        """Hand over a raw transaction; return a `BroadcastOutcome` and the node's own words."""
        return await self._try(lambda writer: writer.broadcast(raw))

    async def receipts(self, hashes: Sequence[TxHash]) -> Mapping[TxHash, Receipt]:
        """Return the receipts of those that are mined."""
        return await self._try(lambda writer: writer.receipts(hashes))

    async def _try(self, ask: Callable[[ChainWriter], Awaitable[T]]) -> T:
        """Ask the provider of the last time; if it fails, the next request goes to the next one."""
        try:
            return await ask(self._writers[self._at])
        except Retry:
            self._at = (self._at + 1) % len(self._writers)
            raise
