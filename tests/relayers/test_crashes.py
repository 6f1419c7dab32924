"""A relayer may die at every boundary of the table, at every passing of it, and nothing is lost or done twice.

One relayer carries everything alone here, so nobody else can make up for what a crash would lose.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.core.boundaries import Boundary
from bridge.core.transfers import State
from tests.fakes.crew import Member, crew, everything_is_executed_once
from tests.fakes.keys import fake_address
from tests.fakes.world import CrashOnce, World, world

BLOCKS = 12
REJECTED = "a recipient that cannot be paid at first"


FreshDatabase = Callable[[Path], None]


def test_every_boundary_is_passed_in_the_story(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    assert set(_passings(fresh_database, tmp_path)) == set(Boundary)


@pytest.mark.parametrize("boundary", Boundary, ids=lambda boundary: boundary.value)
def test_a_crash_at_any_passing_of_a_boundary_loses_nothing_and_repeats_nothing(
    boundary: Boundary, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    for passing in range(1, _passings(fresh_database, tmp_path)[boundary] + 1):
        folder = tmp_path / str(passing)
        folder.mkdir()
        bridge, member = _begin(fresh_database, folder)
        probe = CrashOnce(boundary, passing)
        crashed = asyncio.run(_story(bridge, member, probe))
        assert crashed, f"passing {passing} was not reached"
        assert everything_is_executed_once(bridge), f"passing {passing}"
        shutil.rmtree(folder)


_KNOWN: dict[Boundary, int] = {}


def _passings(fresh_database: FreshDatabase, tmp_path: Path) -> dict[Boundary, int]:
    """How often the story passes each boundary; played once for all tests."""
    if not _KNOWN:
        folder = tmp_path / "undisturbed"
        folder.mkdir()
        bridge, member = _begin(fresh_database, folder)
        probe = CrashOnce()
        assert not asyncio.run(_story(bridge, member, probe))
        assert everything_is_executed_once(bridge)
        _KNOWN.update(probe.passed)
    return _KNOWN


def _begin(fresh_database: FreshDatabase, folder: Path) -> tuple[World, Member]:
    bridge = world(relayers=1, remotes=1, lag=1)
    (member,) = crew(bridge, folder)
    fresh_database(member.path)
    return bridge, member


async def _story(bridge: World, member: Member, probe: CrashOnce) -> bool:
    """Locks, a burn, a hold with its retry, and a rotation; the relayer starts again after a crash, once."""
    remote = bridge.remotes[0].gateway
    remote.unpayable.add(fake_address(REJECTED))
    await member.start(probe)
    crashed = False
    for block in range(BLOCKS):
        if block == 0:
            bridge.lock(recipient="alice")
            bridge.lock(recipient=REJECTED)
        if block == 2:
            bridge.burn(recipient="bob")
        if block == 5:
            bridge.rotate(0)
            bridge.lock(recipient="carol")
            bridge.remotes[0].gateway.unpayable.clear()
        bridge.mine()
        if not await member.turn():
            crashed = True
            await member.start()
    states = await member.states()
    await member.stop()
    assert set(states.values()) == {State.EXECUTED}, states
    return crashed
