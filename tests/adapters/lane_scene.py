"""One sending account over a market: a real lane on a real store, driven tick by tick."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bridge.adapters.store import Store, Unit
from bridge.adapters.txlane import MAX_IN_FLIGHT, Lane, LaneReport
from bridge.core.events import BatchKey
from bridge.core.lanes import DeliverBatch, Ending, FillGap, Intent, OpenIntent
from bridge.core.ports import Call, Probe, Receipt
from bridge.core.submission import FeeRules, Fees
from bridge.core.types import Address, Epoch, Height, Nonce
from tests.adapters.records import OUT, REMOTE
from tests.fakes.keys import FakeTransaction, FakeTransactionSigner, fake_address, read_transaction
from tests.fakes.market import Market
from tests.fakes.world import CrashOnce, FakeClock, database

US = fake_address("the account of a relayer")
CONTRACT = fake_address("a contract")
GAS = 100
RULES = FeeRules(max_fee_per_gas=100, priority_fee_per_gas=2, daily_budget=10**9, patience=3)
FIRST_FEE = 22
"""Twice the base fee of a market at its start, and the tip."""


@dataclass
class Desk:
    """A relayer's sending side: its database outlives its processes."""

    market: Market
    path: Path
    rules: FeeRules = RULES
    lag: int = 0
    """Blocks between the newest and the final one."""
    account: Address = US
    max_in_flight: int = MAX_IN_FLIGHT
    clock: FakeClock = field(default_factory=FakeClock)
    settled: list[tuple[bytes, Ending, str]] = field(default_factory=list)
    """What became of which call, and why."""
    _store: Store | None = None
    _lane: Lane | None = None

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    async def start(self, probe: Probe | None = None) -> None:
        """Begin as a process does: with a database and nothing in mind."""
        await self.stop()
        self._store = await Store.open(database(self.path.parent, self.path.stem))
        self._lane = Lane(
            writer=self.market,
            signer=FakeTransactionSigner(self.account),
            store=self._store,
            rules=self.rules,
            clock=self.clock,
            probe=probe or CrashOnce(),
            settle=self._settle,
            max_in_flight=self.max_in_flight,
        )

    async def stop(self) -> None:
        if self._store is not None:
            await self._store.close()
        self._store = self._lane = None

    async def want(self, *calls: bytes) -> None:
        """Demand transactions, in this order."""
        purpose = DeliverBatch(BatchKey(OUT, Nonce(0)), Epoch(1))
        async with self.store.unit() as unit:
            for data in calls:
                await unit.add_intent(Intent(0, REMOTE, purpose, Call(CONTRACT, data), GAS))

    async def tick(self) -> LaneReport:
        assert self._lane is not None
        return await self._lane.tick(Height(max(0, self.market.height - self.lag)))

    async def run(self, blocks: int) -> LaneReport:
        """Tick and mine so often, then tick once more."""
        for _ in range(blocks):
            await self.tick()
            self.market.mine()
        return await self.tick()

    async def open(self) -> list[OpenIntent]:
        return await self.store.open_intents(REMOTE)

    def sent(self) -> list[FakeTransaction]:
        """Every transaction that the node was given, in order."""
        return [read_transaction(raw) for raw in self.market.heard]

    async def _settle(self, unit: Unit, intent: Intent, ending: Ending, reason: str, receipt: Receipt | None) -> None:
        assert (receipt is None) == (ending is Ending.REFUSED)
        if receipt is not None:
            unit.set_cursor(REMOTE, receipt.block)
        what = b"filler" if isinstance(intent.purpose, FillGap) else intent.call.data
        self.settled.append((what, ending, reason))


def use_elsewhere(market: Market, nonce: int, data: bytes = b"foreign", fees: Fees | None = None) -> None:
    """Have somebody else with our key send a transaction; it outbids what waits with that nonce."""
    signer = FakeTransactionSigner(US)
    signed = signer.sign_transaction(REMOTE, nonce, Call(CONTRACT, data), GAS, fees or Fees(90, 50))
    market.mempool = [tx for tx in market.mempool if tx.nonce != nonce]
    market.mempool.append(read_transaction(signed.raw))


@asynccontextmanager
async def desk_at(path: Path, **settings: object) -> AsyncIterator[Desk]:
    """Start a desk on a market of its own, where its account has plenty."""
    market = Market(REMOTE, balances={US: 10**12})
    desk = Desk(market, path, **settings)  # type: ignore[arg-type]
    await desk.start()
    yield desk
    await desk.stop()
