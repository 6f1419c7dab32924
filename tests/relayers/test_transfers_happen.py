"""Transfers cross, in both directions, whatever comes in between."""

from pathlib import Path

from tests.fakes.crew import crew, everything_is_executed_once, run
from tests.fakes.world import world


async def test_locks_and_burns_are_executed_once_on_every_chain(tmp_path: Path) -> None:
    bridge = world()
    members = crew(bridge, tmp_path)
    for member in members:
        await member.start()
    for remote in range(2):
        for _ in range(3):
            bridge.lock(remote)
            bridge.burn(remote)
    await run(bridge, members)
    assert everything_is_executed_once(bridge)
    for member in members:
        assert not member.faults.troubles
        await member.stop()
