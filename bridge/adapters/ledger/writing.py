"""One chain as a sending account uses it: account, simulation, broadcast, receipts."""

from collections.abc import Mapping, Sequence

from bridge.adapters.codec import (
    read_base_fee,
    read_block,
    read_fields,
    read_hash,
    read_quantity,
    to_hex,
)
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger.outcomes import outcome_of, revert_of
from bridge.adapters.ledger.reading import LATEST
from bridge.core.errors import Retry
from bridge.core.ports import Account, BroadcastOutcome, Call, Receipt
from bridge.core.types import Address, Block, ChainId, Hash32, Height, TxHash


class EvmWriter:
    """Implements `core.ports.ChainWriter` over one node."""

    def __init__(self, rpc: Rpc, chain: ChainId) -> None:
        self.rpc = rpc
        self._chain = chain

    @property
    def chain(self) -> ChainId:
        """The chain's id."""
        return self._chain

    async def account(self, address: Address) -> Account:
        """Return the account's state at the newest block."""
        account = to_hex(address)
        count, balance, header = await self.rpc.results(
            [
                Request("eth_getTransactionCount", (account, LATEST)),
                Request("eth_getBalance", (account, LATEST)),
                Request("eth_getBlockByNumber", (LATEST, False)),
            ]
        )
        try:
            height = read_block(header).height
            return Account(read_quantity(count), read_quantity(balance), read_base_fee(header), height)
        except ValueError as fault:
            raise Retry(f"{self.rpc.name} answered with what is no account: {fault}") from fault

    async def genesis(self) -> Hash32:
        """Return the hash of block 0, which names the ledger."""
        blocks = await self._blocks({Height(0)})
        return blocks[Height(0)].hash

    async def simulate(self, sender: Address, call: Call) -> int:
        """Return the gas a call needs at the newest block. Raises Reverted if it would revert.

        A call to an empty address creates a contract.
        """
        transaction = {"from": to_hex(sender), "data": to_hex(call.data)}
        if call.to:
            transaction["to"] = to_hex(call.to)
        answer = await self.rpc.ask("eth_estimateGas", transaction, LATEST)
        if isinstance(answer, NodeError):
            raise revert_of(answer) or Retry(f"{self.rpc.name} cannot simulate: {answer}")
        try:
            return read_quantity(answer)
        except ValueError as fault:
            raise Retry(f"{self.rpc.name} answered with what is no gas: {fault}") from fault

    async def broadcast(self, raw: bytes) -> tuple[str, str]:
        """Hand over a raw transaction; return a `BroadcastOutcome` and the node's own words.

        Raises Retry where the node's words say that it may take the same transaction later.
        """
        answer = await self.rpc.ask("eth_sendRawTransaction", to_hex(raw))
        if not isinstance(answer, NodeError):
            return BroadcastOutcome.ACCEPTED, ""
        outcome = outcome_of(answer)
        if outcome is None:
            raise Retry(f"{self.rpc.name} did not take a transaction: {answer}")
        return outcome, str(answer)

    async def receipts(self, hashes: Sequence[TxHash]) -> Mapping[TxHash, Receipt]:
        """Return the receipts of those that are mined."""
        requests = [Request("eth_getTransactionReceipt", (to_hex(tx),)) for tx in hashes]
        answers = await self.rpc.results(requests)
        try:
            mined = {tx: _place(answer) for tx, answer in zip(hashes, answers, strict=True) if answer is not None}
        except ValueError as fault:
            raise Retry(f"{self.rpc.name} answered with what is no receipt: {fault}") from fault
        blocks = await self._blocks({height for height, _, _ in mined.values()})
        receipts = {}
        for tx, (height, block_hash, succeeded) in mined.items():
            if blocks[height].hash != block_hash:
                raise Retry(f"{self.rpc.name} has replaced block {height} meanwhile")
            receipts[tx] = Receipt(tx, blocks[height], succeeded)
        return receipts

    async def _blocks(self, heights: set[Height]) -> Mapping[Height, Block]:
        """Return headers: receipts do not say their time."""
        wanted = sorted(heights)
        answers = await self.rpc.results(
            [Request("eth_getBlockByNumber", (to_hex(height), False)) for height in wanted]
        )
        try:
            return {height: read_block(answer) for height, answer in zip(wanted, answers, strict=True)}
        except ValueError as fault:
            raise Retry(f"{self.rpc.name} has lost a block of a receipt: {fault}") from fault


def _place(receipt: object) -> tuple[Height, Hash32, bool]:
    fields = read_fields(receipt)
    height = Height(read_quantity(fields.get("blockNumber")))
    return height, read_hash(fields.get("blockHash")), read_quantity(fields.get("status")) == 1
