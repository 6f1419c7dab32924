"""A test double of a chain with a price: accounts with balances, a base fee, a mempool, receipts, reorgs.

It has no contracts: a call is carried out by being written down. It writes as `core.ports.ChainWriter` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.core.errors import Retry
from bridge.core.hashing import keccak, word
from bridge.core.ports import Account, BroadcastOutcome, Call, Receipt
from bridge.core.types import Address, Block, ChainId, Height, Timestamp, TxHash
from tests.fakes.keys import FakeTransaction, read_transaction


@dataclass(frozen=True)
class MarketBlock:
    """A block with what was true before it, so that it can be undone."""

    block: Block
    transactions: tuple[FakeTransaction, ...]
    counts: dict[Address, int]
    balances: dict[Address, int]


@dataclass
class Market:
    """One chain. Whoever sends pays `max_fee` for all the gas, so a test can tell what was spent."""

    chain: ChainId
    base_fee: int = 10
    balances: dict[Address, int] = field(default_factory=dict)
    mined: list[MarketBlock] = field(default_factory=list)
    mempool: list[FakeTransaction] = field(default_factory=list)
    counts: dict[Address, int] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)
    """Every raw transaction that the node was given, in order."""
    refused: set[bytes] = field(default_factory=set)
    """Data of calls that the node takes no transaction for."""
    reverting: set[bytes] = field(default_factory=set)
    """Data of calls that revert when they are mined."""
    is_forgetful: bool = False
    """Says yes to a transaction and keeps nothing."""
    is_down: bool = False
    forks: int = 0

    @property
    def height(self) -> Height:
        return Height(len(self.mined))

    @property
    def effects(self) -> list[bytes]:
        """The data of every call that was carried out, in order."""
        done = (tx.call.data for mined in self.mined for tx in mined.transactions)
        return [data for data in done if data not in self.reverting]

    def mine(self, blocks: int = 1) -> None:
        """Mine what can pay and whose turn it is, then empty blocks."""
        for _ in range(blocks):
            before = dict(self.counts), dict(self.balances)
            chosen = tuple(tx for tx in sorted(self.mempool, key=lambda tx: tx.nonce) if self._takes(tx))
            self.mempool = [tx for tx in self.mempool if tx.nonce >= self.counts.get(tx.sender, 0)]
            self._append(chosen, *before)

    def reorg(self, depth: int, *, keep: bool = True) -> None:
        """Put empty blocks in the place of the newest ones; `keep`: their transactions wait again."""
        undone = self.mined[-depth:]
        del self.mined[-depth:]
        self.counts, self.balances = dict(undone[0].counts), dict(undone[0].balances)
        self.forks += 1
        if keep:
            self.mempool = [tx for mined in undone for tx in mined.transactions] + self.mempool
        for _ in undone:
            self._append((), dict(self.counts), dict(self.balances))

    # --- ChainWriter ---

    async def account(self, address: Address) -> Account:
        self._answer()
        return Account(self.counts.get(address, 0), self.balances.get(address, 0), self.base_fee, self.height)

    async def simulate(self, sender: Address, call: Call) -> int:
        raise NotImplementedError("a lane simulates nothing")

    async def broadcast(self, raw: bytes) -> tuple[str, str]:
        self._answer()
        self.heard.append(raw)
        tx = read_transaction(raw)
        if tx.call.data in self.refused:
            return BroadcastOutcome.REFUSED, "intrinsic gas too low"
        if tx.nonce < self.counts.get(tx.sender, 0):
            return BroadcastOutcome.NONCE_TOO_LOW, "nonce too low"
        if tx in self.mempool:
            return BroadcastOutcome.ALREADY_KNOWN, "already known"
        rivals = [other for other in self.mempool if (other.sender, other.nonce) == (tx.sender, tx.nonce)]
        if not all(_outbids(tx, rival) for rival in rivals):
            return BroadcastOutcome.UNDERPRICED, "replacement transaction underpriced"
        waiting = [other for other in self.mempool if other.sender == tx.sender and other not in rivals]
        if sum(other.max_fee * other.gas for other in (*waiting, tx)) > self.balances.get(tx.sender, 0):
            return BroadcastOutcome.INSUFFICIENT_FUNDS, "insufficient funds for gas * price + value"
        if not self.is_forgetful:
            self.mempool = [other for other in self.mempool if other not in rivals] + [tx]
        return BroadcastOutcome.ACCEPTED, ""

    async def receipts(self, hashes: Sequence[TxHash]) -> Mapping[TxHash, Receipt]:
        self._answer()
        return {
            tx.hash: Receipt(tx.hash, mined.block, tx.call.data not in self.reverting)
            for mined in self.mined
            for tx in mined.transactions
            if tx.hash in hashes
        }

    # --- Inside ---

    def _answer(self) -> None:
        if self.is_down:
            raise Retry(f"chain {self.chain} does not answer")

    def _takes(self, tx: FakeTransaction) -> bool:
        is_next = tx.nonce == self.counts.get(tx.sender, 0)
        if not is_next or tx.max_fee < self.base_fee:
            return False
        self.counts[tx.sender] = tx.nonce + 1
        self.balances[tx.sender] = self.balances.get(tx.sender, 0) - tx.max_fee * tx.gas
        return True

    def _append(
        self, chosen: tuple[FakeTransaction, ...], counts: dict[Address, int], balances: dict[Address, int]
    ) -> None:
        parent = self.mined[-1].block.hash if self.mined else word(self.chain)
        height = Height(self.height + 1)
        block = Block(height, keccak(parent + word(self.forks)), Timestamp(1_790_000_000 + height))
        self.mined.append(MarketBlock(block, chosen, counts, balances))


def _outbids(tx: FakeTransaction, rival: FakeTransaction) -> bool:
    """Nodes want a tenth more of both fees."""
    return tx.max_fee * 10 >= rival.max_fee * 11 and tx.priority_fee * 10 >= rival.priority_fee * 11
