"""Transfers cross, in both directions, once, whatever happens to the relayers and their nodes in between."""

import shutil
from pathlib import Path

import pytest_asyncio

from bridge.core.events import Submit
from bridge.core.transfers import State
from tests.fakes.crew import Member, begin, crew, everything_is_executed_once, run
from tests.fakes.keys import fake_address
from tests.fakes.world import World, world
from tests.relayers.conftest import FreshDatabase


@pytest_asyncio.fixture
async def members(members: list[Member]) -> list[Member]:
    """The relayers that tests here share, started."""
    await begin(members)
    return members


def _has_to_deliver(member: Member) -> bool:
    assert member.relayer is not None
    return any(isinstance(effect, Submit) for effect in member.relayer.engine.memory.effects)


async def _sign_only(member: Member) -> None:
    """A turn in which nothing is delivered yet."""
    assert member.relayer is not None
    for chain in member.relayer.observers:
        while await member.relayer.observe(chain):
            pass
    await member.relayer.work()
    await member.relayer.send(member.world.home.chain)


def cross_everywhere(bridge: World, times: int = 2) -> None:
    for remote in range(len(bridge.remotes)):
        for _ in range(times):
            bridge.lock(remote)
            bridge.burn(remote)


async def all_are_executed(member: Member) -> bool:
    return set((await member.states()).values()) == {State.EXECUTED}


async def test_locks_and_burns_are_executed_once_on_every_chain(bridge: World, members: list[Member]) -> None:
    cross_everywhere(bridge)
    await run(bridge, members, 16)
    assert everything_is_executed_once(bridge)
    for member in members:
        assert await all_are_executed(member)
        assert not member.faults.troubles


async def test_a_window_of_many_blocks_is_one_batch_and_closes_when_it_is_final(
    tmp_path: Path, fresh_database: FreshDatabase
) -> None:
    bridge = world(relayers=1, remotes=1, window=5, max_batch=3)
    (member,) = crew(bridge, tmp_path)
    fresh_database(member.path)
    relayer = await member.start()
    for _ in range(4):
        bridge.lock()
        await run(bridge, [member], 1)
    assert not relayer.engine.memory.batches, "the window is open"
    await run(bridge, [member], 14)
    assert everything_is_executed_once(bridge)
    transfers = await relayer.store.newest_transfers(10)
    assert sorted(transfer.batch.first_nonce for transfer in transfers if transfer.batch) == [0, 0, 0, 3]
    await member.stop()


async def test_a_deleted_database_is_rebuilt_from_the_chains(bridge: World, members: list[Member]) -> None:
    cross_everywhere(bridge)
    await run(bridge, members, 14)
    await members[0].stop()
    for path in members[0].path.parent.glob(f"{members[0].name}.sqlite*"):
        path.unlink()
    await members[0].start()
    cross_everywhere(bridge)
    await run(bridge, members, 16)
    assert everything_is_executed_once(bridge)
    digests = {await member.relayer.store.state_digest() for member in members if member.relayer}
    assert len(digests) == 1


async def test_a_database_of_yesterday_catches_up(bridge: World, members: list[Member], tmp_path: Path) -> None:
    bridge.lock()
    await run(bridge, members, 4)
    await members[0].stop()
    shutil.copy(members[0].path, tmp_path / "yesterday")
    await members[0].start()
    cross_everywhere(bridge)
    await run(bridge, members, 16)
    await members[0].stop()
    for path in members[0].path.parent.glob(f"{members[0].name}.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "yesterday", members[0].path)
    await members[0].start()
    cross_everywhere(bridge)
    await run(bridge, members, 16)
    assert everything_is_executed_once(bridge)
    assert await all_are_executed(members[0])


async def test_two_relayers_with_one_key_do_no_harm(
    bridge: World, members: list[Member], tmp_path: Path, fresh_database: FreshDatabase
) -> None:
    twin = Member(bridge, tmp_path, 0, "twin-of-0")
    fresh_database(twin.path)
    await twin.start()
    both = [*members, twin]
    for _ in range(3):
        cross_everywhere(bridge, 1)
        await run(bridge, both, 4)
    await run(bridge, both, 24)
    assert everything_is_executed_once(bridge)
    assert await all_are_executed(twin)
    assert await all_are_executed(members[0])
    await twin.stop()


async def test_a_node_that_forgets_its_mempool_is_told_again(bridge: World, members: list[Member]) -> None:
    cross_everywhere(bridge)
    for _ in range(6):
        await run(bridge, members, 1)
        for chain in bridge.chains.values():
            chain.mempool.clear()
    await run(bridge, members, 20)
    assert everything_is_executed_once(bridge)


async def test_a_chain_that_is_silent_for_long_stops_only_its_own_routes(bridge: World, members: list[Member]) -> None:
    bridge.remotes[0].is_down = True
    cross_everywhere(bridge)
    await run(bridge, members, 16)
    executed = bridge.executions()
    done = {route for route, leaves in bridge.leaves().items() if all(leaf in executed for leaf in leaves)}
    silent = bridge.remotes[0].chain
    assert done == {route for route in bridge.leaves() if silent not in (route.source_chain, route.destination_chain)}
    bridge.remotes[0].is_down = False
    await run(bridge, members, 16)
    assert everything_is_executed_once(bridge)


async def test_a_chain_that_falls_silent_after_a_quorum_keeps_no_other_waiting(
    bridge: World, members: list[Member]
) -> None:
    silent = bridge.remotes[0]
    await run(bridge, members, 6)
    bridge.lock(0)
    for _ in range(12):
        bridge.mine()
        for member in members:
            await _sign_only(member)
    assert all(_has_to_deliver(member) for member in members)
    silent.is_down = True
    bridge.lock(1)
    bridge.burn(1)
    await run(bridge, members, 16)
    waiting = {route for route, leaves in bridge.leaves().items() if set(leaves) - set(bridge.executions())}
    assert {route.destination_chain for route in waiting} == {silent.chain}
    silent.is_down = False
    await run(bridge, members, 16)
    assert everything_is_executed_once(bridge)


async def test_a_held_message_does_not_block_the_others_and_is_retried(bridge: World, members: list[Member]) -> None:
    bridge.remotes[0].gateway.unpayable.add(fake_address("mallory"))
    bridge.lock(recipient="alice")
    bridge.lock(recipient="mallory")
    bridge.lock(recipient="bob")
    await run(bridge, members, 12)
    states = sorted(state.value for state in (await members[0].states()).values())
    assert states == ["EXECUTED", "EXECUTED", "HELD"]
    bridge.remotes[0].gateway.unpayable.clear()
    await run(bridge, members, 16)
    assert everything_is_executed_once(bridge)


async def test_a_rotation_with_messages_in_flight_strands_none(bridge: World, members: list[Member]) -> None:
    for block in range(8):
        cross_everywhere(bridge, 1)
        if block % 3 == 1:
            bridge.rotate(0)
            bridge.rotate(1)
        await run(bridge, members, 1)
    await run(bridge, members, 20)
    assert everything_is_executed_once(bridge)
    for member in members:
        assert await all_are_executed(member)
