"""Relayers over a fake world: real engines, workers, lanes and SQLite stores, driven turn by turn."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.adapters.bundles import BundleFolder
from bridge.adapters.migrations import migrate
from bridge.adapters.store import Store
from bridge.adapters.txlane import Lane
from bridge.core.ports import Probe
from bridge.core.submission import FeeRules
from bridge.core.transfers import State
from bridge.core.types import Address, Leaf
from relayers.engine import Engine
from relayers.observer import Observer
from relayers.relayer import Relayer
from relayers.worker import Worker
from tests.fakes.keys import FakeAttestationSigner, FakeTransactionSigner, fake_address
from tests.fakes.world import CrashOnce, FakeClock, SimulatedCrash, World, database

FREE = FeeRules(max_fee_per_gas=0, priority_fee_per_gas=0, daily_budget=0, patience=2)


@dataclass
class Faults:
    """Keeps what parts complained about."""

    troubles: dict[str, str] = field(default_factory=dict)

    def failed(self, part: str, fault: Exception) -> None:
        self.troubles[part] = str(fault)

    def worked(self, part: str) -> None:
        self.troubles.pop(part, None)


@dataclass
class Member:
    """One organisation: its identity, its files, and its relayer while that lives."""

    world: World
    folder: Path
    index: int
    name: str
    relayer: Relayer | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    faults: Faults = field(default_factory=Faults)

    @property
    def signer(self) -> Address:
        return self.world.signers[self.index]

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.sqlite"

    async def start(self, probe: Probe | None = None) -> Relayer:
        """Build the relayer on its database, as a process does when it starts."""
        plan = self.world.plan(self.signer)
        store = await Store.open(database(self.folder, self.name))
        probe = probe or CrashOnce()
        engine = Engine(plan, store, self.clock, probe)
        sender = FakeTransactionSigner(fake_address(f"sender-{self.index}"))
        chains = self.world.chains
        board = self.world.home.board
        assert board is not None
        worker = Worker(
            engine=engine,
            store=store,
            signer=FakeAttestationSigner(self.signer),
            sender=sender.address,
            writers=chains,
            board_address=board.address,
            bundles=BundleFolder(self.folder / f"{self.name}-bundles"),
            probe=probe,
        )
        lanes = {
            chain: Lane(
                writer=fake,
                signer=sender,
                store=store,
                rules=FREE,
                clock=self.clock,
                probe=probe,
                settle=engine.settle,
                permits=engine.permits,
            )
            for chain, fake in chains.items()
        }
        observers = {chain: Observer(plan.chains[chain], fake, engine) for chain, fake in chains.items()}
        self.relayer = Relayer(engine, observers, worker, lanes, store, self.faults)
        await self.relayer.start()
        return self.relayer

    async def stop(self) -> None:
        """Stop, or bury what crashed: only the database remains."""
        if self.relayer is not None:
            await self.relayer.store.close()
        self.relayer = None

    async def turn(self) -> bool:
        """Give the relayer a turn; return False if it crashed in it."""
        if self.relayer is None:
            return False
        try:
            await self.relayer.turn()
            await self.relayer.worker.repost()
        except SimulatedCrash:
            await self.stop()
            return False
        return True

    async def states(self) -> dict[Leaf, State]:
        """What this relayer's store says of every transfer."""
        assert self.relayer is not None
        leaves = [Leaf(leaf) for leaves in self.world.leaves().values() for leaf in leaves]  # type: ignore[arg-type]
        return {leaf: transfer.state for leaf, transfer in (await self.relayer.store.transfers(leaves)).items()}


def crew(world: World, folder: Path) -> list[Member]:
    """One member per signer of the world; none is started."""
    return [Member(world, folder, index, f"relayer-{index}") for index in range(len(world.signers))]


async def begin(members: list[Member]) -> None:
    """Start relayers."""
    for member in members:
        await member.start()


def halted(member: Member) -> dict[str, str]:
    """Return why which routes of a relayer are halted."""
    assert member.relayer is not None
    return {route.name: halt.why for route, halt in member.relayer.engine.memory.halts.items()}


@cache
def empty_database() -> bytes:
    """Return the file of a database that is migrated and holds nothing; made once, for it takes long."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "empty.sqlite")
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


async def run(world: World, members: list[Member], blocks: int = 25) -> None:
    """Mine block after block on every chain, and give every living relayer a turn after each."""
    for _ in range(blocks):
        world.mine()
        for member in members:
            await member.turn()


def everything_is_executed_once(world: World) -> bool:
    """The only thing that matters: every message that was sent is executed, once, and nobody signed two for one."""
    sent = {leaf for leaves in world.leaves().values() for leaf in leaves}
    executions = world.executions()
    return set(executions) == sent and set(executions.values()) <= {1} and nobody_signed_twice(world)


def nobody_signed_twice(world: World) -> bool:
    """No signer has two digests for one slot on the board."""
    board = world.home.board
    posts = board.posted if board is not None else set()
    return len({(slot, signer) for slot, _, signer in posts}) == len(posts)
