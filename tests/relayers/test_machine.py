"""Any number of faults in any order: crashes, lost databases, reorgs, silent chains, rotations, dropped transactions.

Hypothesis invents the story. At its end the faults stop, and then everything that was sent must be executed, once, and
all relayers must agree on it.
"""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.core.boundaries import Boundary
from bridge.core.transfers import State
from tests.fakes.crew import Member, crew, empty_database, everything_is_executed_once, nobody_signed_twice, run
from tests.fakes.keys import fake_address
from tests.fakes.world import CrashOnce, World, world

REJECTED = "a recipient that cannot be paid at first"
LAG = 2
members = st.integers(0, 2)
remotes = st.integers(0, 1)


class Bridge(RuleBasedStateMachine):
    """Three relayers, of which two must sign; home and two remotes with reorgs above finality."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.world: World = world(relayers=3, remotes=2, lag=LAG, max_batch=3)
        self.members: list[Member] = crew(self.world, Path(self.folder.name))
        for remote in self.world.remotes:
            remote.gateway.unpayable.add(fake_address(REJECTED))

    @initialize()
    def start(self) -> None:
        for member in self.members:
            member.path.write_bytes(empty_database())
            self.runner.run(member.start())

    @rule(remote=remotes, recipient=st.sampled_from(["alice", "bob", REJECTED]), count=st.integers(1, 4))
    def users_lock(self, remote: int, recipient: str, count: int) -> None:
        for _ in range(count):
            self.world.lock(remote, recipient)

    @rule(remote=remotes, count=st.integers(1, 4))
    def users_burn(self, remote: int, count: int) -> None:
        for _ in range(count):
            self.world.burn(remote)

    @rule(blocks=st.integers(1, 4))
    def time_passes_for_everyone(self, blocks: int) -> None:
        self.runner.run(run(self.world, self.members, blocks))

    @rule(member=members)
    def one_relayer_is_ahead(self, member: int) -> None:
        self.world.mine()
        self.runner.run(self.members[member].turn())

    @rule(member=members, boundary=st.sampled_from(Boundary), passing=st.integers(1, 3))
    def a_relayer_will_crash(self, member: int, boundary: Boundary, passing: int) -> None:
        self.runner.run(self._restart(self.members[member], CrashOnce(boundary, passing)))

    @rule(member=members)
    def a_relayer_starts_again(self, member: int) -> None:
        self.runner.run(self._restart(self.members[member], None))

    @rule(member=members)
    def a_relayer_loses_its_database(self, member: int) -> None:
        self.runner.run(self.members[member].stop())
        for path in self.members[member].path.parent.glob(f"{self.members[member].name}.sqlite*"):
            path.unlink()
        self.runner.run(self.members[member].start())

    @precondition(lambda self: any(remote.height > remote.finalized for remote in self.world.remotes))
    @rule(remote=remotes, depth=st.integers(1, LAG), keep=st.booleans())
    def a_remote_reorganises_above_finality(self, remote: int, depth: int, keep: bool) -> None:  # noqa: FBT001
        chain = self.world.remotes[remote]
        if depth := min(depth, chain.height - chain.finalized):
            chain.reorg(depth, keep=keep)

    @rule(remote=remotes)
    def a_remote_forgets_what_was_sent_to_it(self, remote: int) -> None:
        self.world.remotes[remote].mempool.clear()

    @rule(chain=st.integers(0, 2))
    def a_chain_stops_answering(self, chain: int) -> None:
        list(self.world.chains.values())[chain].is_down = True

    @rule()
    def all_chains_answer(self) -> None:
        for chain in self.world.chains.values():
            chain.is_down = False

    @rule(remote=remotes)
    def the_committee_of_a_remote_rotates(self, remote: int) -> None:
        self.world.rotate(remote)

    @invariant()
    def nothing_is_executed_twice_and_nobody_signs_twice(self) -> None:
        assert set(self.world.executions().values()) <= {1}
        assert nobody_signed_twice(self.world)
        for chain in self.world.chains.values():
            for leaf in chain.gateway.executed:
                assert any(leaf in leaves for leaves in self.world.leaves().values()), "executed what was never sent"

    def teardown(self) -> None:
        self.runner.run(self._end())
        self.runner.close()
        self.folder.cleanup()

    async def _end(self) -> None:
        for chain in self.world.chains.values():
            chain.is_down = False
        for remote in self.world.remotes:
            remote.gateway.unpayable.clear()
        for member in self.members:
            await self._restart(member, None)
        for _ in range(40):
            await run(self.world, self.members, 3)
            if everything_is_executed_once(self.world):
                break
        assert everything_is_executed_once(self.world), [member.faults.troubles for member in self.members]
        await run(self.world, self.members, LAG + 2)
        digests = set()
        for member in self.members:
            states = await member.states()
            assert set(states.values()) <= {State.EXECUTED}, states
            assert member.relayer is not None
            assert not member.relayer.engine.memory.halts
            digests.add(await member.relayer.store.state_digest())
            await member.stop()
        assert len(digests) == 1

    async def _restart(self, member: Member, probe: CrashOnce | None) -> None:
        await member.stop()
        await member.start(probe)


TestBridge = pytest.mark.slow(Bridge.TestCase)
Bridge.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
