"""A relayer loses its memory, is put back to yesterday, or meets its double: the chains hold the truth.

Relayer 4 rests meanwhile: without the one in trouble there is no quorum.
"""

import shutil
from pathlib import Path

import pytest

from bridge.core.types import Leaf
from bridge.devnet.processes import free_ports
from tests.e2e.people import LOT, People, until
from tests.e2e.running import COMMANDS, Running

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("three_relayers")]
VICTIM, WITNESS, DOUBLE = "relayer-2", "relayer-3", "double"


def data_of(running: Running) -> Path:
    return running.layout.relayer(VICTIM) / "data"


async def test_a_deleted_database_is_made_again_from_the_chains(running: Running, people: People) -> None:
    await running.stop(VICTIM, kill=True)
    shutil.rmtree(data_of(running))
    leaves = await people.lock(LOT)
    await running.start(VICTIM)
    await _all_is_well(running, people, leaves)


async def test_a_database_of_yesterday_catches_up(running: Running, people: People, tmp_path: Path) -> None:
    await running.stop(VICTIM)
    shutil.copytree(data_of(running), tmp_path / "yesterday")
    await running.start(VICTIM)
    leaves = await people.lock(LOT) + await people.lock(LOT, remote=1)
    await people.are_executed(leaves)
    await running.stop(VICTIM, kill=True)
    shutil.rmtree(data_of(running))
    shutil.copytree(tmp_path / "yesterday", data_of(running))
    leaves += await people.lock(LOT)
    await running.start(VICTIM)
    await _all_is_well(running, people, leaves)


async def test_two_relayers_with_one_key_do_nothing_twice(running: Running, people: People, tmp_path: Path) -> None:
    config, port = tmp_path / "double.toml", free_ports(1)[0]
    first = running.layout.config(VICTIM).read_text()
    text = first.replace(str(data_of(running)), str(tmp_path / "data"))
    text = text.replace(f"port = {running.port(VICTIM)}", f"port = {port}")
    assert len(set(text.splitlines()) - set(first.splitlines())) == 2
    config.write_text(text)
    await running.add(DOUBLE, [str(COMMANDS / "jgb-relayer"), "run", "--config", str(config)], port)
    leaves = [leaf for _ in range(3) for leaf in await people.lock(LOT) + await people.lock(LOT, remote=1)]
    await people.are_executed(leaves)
    await running.stop(DOUBLE)
    leaves += await people.lock(LOT)
    await _all_is_well(running, people, leaves)
    assert all("foreign_use" in chain for chain in (await running.ask(VICTIM, "/status"))[1]["chains"])


async def _all_is_well(running: Running, people: People, leaves: list[Leaf]) -> None:
    """Everything is executed once, nobody signed two digests for a slot, and the victim knows what others know."""
    await people.are_executed(leaves)
    assert await people.executions(leaves) == [1] * len(leaves)
    assert await people.nobody_signed_twice()

    async def agree() -> bool:
        digests = [(await running.ask(name, "/digest"))[1]["state_digest"] for name in (VICTIM, WITNESS)]
        return len(set(digests)) == 1

    await until(agree, f"{VICTIM} and {WITNESS} agree")

    async def idle() -> bool:
        return bool((await running.ask(VICTIM, "/status"))[1]["outbox"] == 0)

    await until(idle, f"{VICTIM} has nothing left to do")
    assert (await running.ask(VICTIM, "/healthz"))[0] == 200
