"""A whole bridge in memory: a home chain with the board, remotes, and relayers with real SQLite stores."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bridge.core.batches import domain_separator
from bridge.core.boundaries import Boundary
from bridge.core.events import ChainFact
from bridge.core.messages import Kind, Message
from bridge.core.quorum import Committee
from bridge.core.types import (
    Address,
    ChainId,
    Domain,
    Epoch,
    Hash32,
    Height,
    Nonce,
    Route,
    Timestamp,
    Units,
    Windowing,
)
from relayers.plan import ChainPlan, Plan, plan_of
from tests.fakes.chain import FakeChain
from tests.fakes.gateway import FakeBoard, FakeGateway
from tests.fakes.keys import fake_address

HOME = ChainId(1010032)
GENESIS = Hash32(b"\x9e" * 32)
BOND = fake_address("bond")


class SimulatedCrash(BaseException):
    """The process died here. Not an Exception: nothing may catch it."""


@dataclass
class CrashOnce:
    """A probe that kills at the n-th passing of one boundary, and counts all passings."""

    boundary: Boundary | None = None
    passing: int = 1
    passed: dict[Boundary, int] = field(default_factory=dict)

    def reached(self, boundary: Boundary) -> None:
        self.passed[boundary] = self.passed.get(boundary, 0) + 1
        if boundary is self.boundary and self.passed[boundary] == self.passing:
            raise SimulatedCrash(boundary.value)


@dataclass
class FakeClock:
    """Time that stands still until a test moves it."""

    seconds: int = 1_795_000_000

    def now(self) -> Timestamp:
        return Timestamp(self.seconds)


@dataclass
class World:
    """Chains and identities; relayers are built on top of them by `tests.fakes.crew`."""

    home: FakeChain
    remotes: list[FakeChain]
    signers: list[Address]
    threshold: int

    @property
    def chains(self) -> dict[ChainId, FakeChain]:
        return {chain.chain: chain for chain in (self.home, *self.remotes)}

    def mine(self) -> None:
        """One block on every chain."""
        for chain in self.chains.values():
            chain.mine()

    def lock(self, remote: int = 0, recipient: str = "alice", amount: int = 50_000) -> None:
        """A user locks at home for a remote; in the next home block."""
        destination = self.remotes[remote].chain
        self.home.send(_transfer(destination, recipient, amount))

    def burn(self, remote: int = 0, recipient: str = "alice", amount: int = 50_000) -> None:
        """A user burns on a remote."""
        self.remotes[remote].send(_transfer(HOME, recipient, amount))

    def rotate(self, remote: int) -> None:
        """Put the next epoch in force at a remote at once, with the same members."""
        gateway = self.remotes[remote].gateway
        old = gateway.committee
        gateway.committee = Committee(Epoch(old.epoch + 1), old.threshold, old.members)

    def plan(self, signer: Address) -> Plan:
        """What a relayer is configured for."""
        chains = [
            ChainPlan(
                chain.chain,
                f"chain-{chain.chain}",
                chain.gateway.address,
                Height(1),
                is_home=chain is self.home,
            )
            for chain in self.chains.values()
        ]
        windowings = {
            (chain.chain, destination): windowing
            for chain in self.chains.values()
            for destination, windowing in chain.gateway.windowings.items()
        }
        return plan_of(signer, GENESIS, chains, windowings)

    def leaves(self) -> dict[Route, list[bytes]]:
        """Every leaf that was sent, by route."""
        return {route: list(leaves) for chain in self.chains.values() for route, leaves in chain.gateway.sent.items()}

    def executions(self) -> dict[bytes, int]:
        """How often each leaf was executed."""
        return {leaf: count for chain in self.chains.values() for leaf, count in chain.gateway.executed.items()}


def world(
    *,
    relayers: int = 4,
    remotes: int = 2,
    window: int = 1,
    max_batch: int = 128,
    lag: int = 2,
) -> World:
    """Build chains whose gateways know each other."""
    signers = sorted(fake_address(f"signer-{i}") for i in range(relayers))
    committee = Committee(Epoch(1), relayers // 2 + 1, tuple(signers))
    home = FakeChain(HOME, _gateway(HOME, committee), FakeBoard(fake_address("board"), set(signers)))
    others = [
        FakeChain(chain, _gateway(chain, committee), finality_lag=lag, block_time=2)
        for chain in (ChainId(31_337 + i) for i in range(remotes))
    ]
    for remote in others:
        route = Route(HOME, home.gateway.address, remote.chain, remote.gateway.address)
        home.gateway.outbound[remote.chain] = route
        remote.gateway.outbound[HOME] = route.reversed()
        home.gateway.windowings[remote.chain] = Windowing(window, max_batch)
        remote.gateway.windowings[HOME] = Windowing(window, max_batch)
    return World(home, others, signers, committee.threshold)


def database(folder: Path, name: str) -> str:
    """Return the URL of a relayer's database file."""
    return f"sqlite+aiosqlite:///{folder / name}.sqlite"


def _gateway(chain: ChainId, committee: Committee) -> FakeGateway:
    address = fake_address(f"gateway-{chain}")
    separator = domain_separator(Domain(chain, address, GENESIS))
    return FakeGateway(chain, address, committee, separator)


def _transfer(destination: ChainId, recipient: str, amount: int) -> Callable[[FakeGateway], ChainFact]:
    message = Message(
        Kind.TRANSFER, Nonce(0), BOND, fake_address("sender"), fake_address(recipient), Units(amount), Units(0)
    )
    return lambda gateway: gateway.dispatch(destination, message)
