"""A fake chain: blocks, a mempool, receipts, reorgs. It reads and writes as `core.ports` say."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from bridge.core.errors import Retry
from bridge.core.events import ChainFact, Mined
from bridge.core.finality import Heads
from bridge.core.hashing import keccak, word
from bridge.core.ports import Account, BroadcastOutcome, Call, Receipt, Reverted
from bridge.core.quorum import Committee
from bridge.core.types import (
    Address,
    Block,
    ChainId,
    Height,
    Timestamp,
    TxHash,
    Windowing,
)
from tests.fakes.calldata import run_call
from tests.fakes.gateway import FakeBoard, FakeGateway
from tests.fakes.keys import FakeTransaction, read_transaction

GENESIS_TIME = 1_790_000_000
GENESIS_HEIGHT = Height(0)


@dataclass
class FakeBlock:
    """A block with the state before it, so that it can be undone."""

    block: Block
    facts: list[ChainFact]
    receipts: dict[TxHash, Receipt]
    before: tuple[FakeGateway, FakeBoard | None, dict[Address, int]]
    transactions: list[FakeTransaction]
    actions: list[Callable[[], ChainFact]]


@dataclass
class FakeChain:
    """One chain with one gateway and perhaps the board."""

    chain: ChainId
    gateway: FakeGateway
    board: FakeBoard | None = None
    finality_lag: int = 0
    """Blocks between the newest and the finalized one; zero is instant finality."""
    block_time: int = 1
    mined: list[FakeBlock] = field(default_factory=list)
    mempool: list[FakeTransaction] = field(default_factory=list)
    counts: dict[Address, int] = field(default_factory=dict)
    pending: list[Callable[[], ChainFact]] = field(default_factory=list)
    forks: int = 0
    final_mark: Height = GENESIS_HEIGHT
    drops: Callable[[FakeTransaction], bool] = lambda _: False
    is_down: bool = False

    # --- What users and miners do ---

    def send(self, action: Callable[[FakeGateway], ChainFact]) -> None:
        """Queue a user's call of the gateway for the next block."""
        self.pending.append(lambda: action(self.gateway))

    def mine(self, blocks: int = 1) -> None:
        """Mine what is waiting, then empty blocks."""
        for _ in range(blocks):
            self._mine_one()

    def reorg(self, depth: int, *, keep: bool = True) -> None:
        """Undo the newest blocks and put an empty one in their place; `keep`: their transactions wait again."""
        if self.height - depth < self.finalized:
            raise ValueError("a final block stays")
        undone = self._undo(depth)
        if keep:
            self.mempool = [tx for block in undone for tx in block.transactions] + self.mempool
            self.pending = [action for block in undone for action in block.actions] + self.pending
        self._mine_one(only_empty=True)

    def break_finality(self, depth: int) -> None:
        """Put empty blocks in place of the newest ones, final ones among them."""
        self._undo(depth)
        for _ in range(depth):
            self._mine_one(only_empty=True)

    @property
    def finalized(self) -> Height:
        """The finalized height. It never falls, whatever is reorganised above it."""
        self.final_mark = max(self.final_mark, Height(self.height - self.finality_lag))
        return self.final_mark

    def _undo(self, depth: int) -> list[FakeBlock]:
        undone = self.mined[-depth:]
        del self.mined[-depth:]
        self.gateway, self.board, self.counts = undone[0].before
        self.forks += 1
        return undone

    # --- ChainReader ---

    async def heads(self) -> Heads:
        self._answer()
        latest = self._block_at(self.height)
        return Heads(latest, self._block_at(self.finalized))

    async def blocks(self, heights: Sequence[Height]) -> Mapping[Height, Block]:
        self._answer()
        if any(height > self.height for height in heights):
            raise Retry("no such block yet")
        return {height: self._block_at(height) for height in heights}

    async def facts(self, first: Height, last: Height) -> Sequence[ChainFact]:
        self._answer()
        return [fact for block in self.mined[first - 1 : last] for fact in block.facts]

    async def glimpse(self, first: Height, last: Height) -> Sequence[ChainFact]:
        return await self.facts(first, last)

    async def committee(self, at: Block) -> Committee:
        self._answer()
        later = self.mined[at.height :]
        return later[0].before[0].committee if later else self.gateway.committee

    async def windowing(self, destination: ChainId) -> Windowing:
        return self.gateway.windowings[destination]

    # --- ChainWriter ---

    async def account(self, address: Address) -> Account:
        self._answer()
        return Account(self.counts.get(address, 0), 10**24, 0, self.height)

    async def simulate(self, sender: Address, call: Call) -> int:
        self._answer()
        del sender  # the fakes have no permissions
        gateway, board = deepcopy(self.gateway), deepcopy(self.board)
        run_call(gateway, board, call)
        return 100_000

    async def broadcast(self, raw: bytes) -> tuple[str, str]:
        self._answer()
        tx = read_transaction(raw)
        if tx.nonce < self.counts.get(tx.sender, 0):
            return BroadcastOutcome.NONCE_TOO_LOW, "nonce too low"
        for other in self.mempool:
            if other.hash == tx.hash:
                return BroadcastOutcome.ALREADY_KNOWN, "already known"
            if (other.sender, other.nonce) == (tx.sender, tx.nonce):
                if tx.max_fee * 10 < other.max_fee * 11 or tx.max_fee == 0:
                    return BroadcastOutcome.UNDERPRICED, "replacement transaction underpriced"
                self.mempool.remove(other)
                break
        if not self.drops(tx):
            self.mempool.append(tx)
        return BroadcastOutcome.ACCEPTED, ""

    async def receipts(self, hashes: Sequence[TxHash]) -> Mapping[TxHash, Receipt]:
        self._answer()
        wanted = set(hashes)
        return {tx: receipt for block in self.mined for tx, receipt in block.receipts.items() if tx in wanted}

    # --- Inside ---

    @property
    def height(self) -> Height:
        """The newest height."""
        return Height(len(self.mined))

    def _answer(self) -> None:
        if self.is_down:
            raise Retry(f"chain {self.chain} does not answer")

    def _block_at(self, height: Height) -> Block:
        if height == 0:
            return Block(Height(0), keccak(word(self.chain)), Timestamp(GENESIS_TIME))
        return self.mined[height - 1].block

    def _mine_one(self, *, only_empty: bool = False) -> None:
        before = deepcopy((self.gateway, self.board, self.counts))
        height = Height(self.height + 1)
        parent = self._block_at(self.height)
        block = Block(
            height,
            keccak(parent.hash + word(self.forks)),
            Timestamp(parent.time + self.block_time),
        )
        mined = FakeBlock(block, [], {}, before, [], [])
        if not only_empty:
            self._run_users(mined)
            self._run_mempool(mined)
        self.mined.append(mined)

    def _run_users(self, mined: FakeBlock) -> None:
        for index, action in enumerate(self.pending):
            tx = TxHash(keccak(mined.block.hash + word(index)))
            self._log(mined, [action()], tx)
        mined.actions, self.pending = self.pending, []

    def _run_mempool(self, mined: FakeBlock) -> None:
        waiting = sorted(self.mempool, key=lambda tx: tx.nonce)
        self.mempool = []
        for tx in waiting:
            count = self.counts.get(tx.sender, 0)
            if tx.nonce > count:
                self.mempool.append(tx)
            if tx.nonce != count:
                continue
            self.counts[tx.sender] = count + 1
            mined.transactions.append(tx)
            gateway, board = deepcopy((self.gateway, self.board))
            try:
                self._log(mined, run_call(self.gateway, self.board, tx.call), tx.hash)
                succeeded = True
            except Reverted:
                self.gateway, self.board = gateway, board
                succeeded = False
            mined.receipts[tx.hash] = Receipt(tx.hash, mined.block, succeeded)

    def _log(self, mined: FakeBlock, facts: Sequence[ChainFact], tx: TxHash) -> None:
        for fact in facts:
            at = Mined(mined.block.height, len(mined.facts), mined.block.hash, tx)
            mined.facts.append(replace(fact, at=at))
