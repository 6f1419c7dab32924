"""`jgb-relayer replay --verify`: the database is what the chains make of it, or the row is named in which it is not."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.core.types import Leaf
from tests.commands import Said
from tests.e2e.people import LOT, People, until
from tests.e2e.running import Running, run

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("three_relayers")]
VICTIM = "relayer-2"


async def replay(running: Running, *options: str) -> Said:
    return await run("jgb-relayer", "replay", "--config", str(running.layout.config(VICTIM)), *options)


def data_of(running: Running) -> Path:
    return running.layout.relayer(VICTIM) / "data"


async def equal(running: Running) -> dict[str, Any]:
    """See that the database is equal, and return what was said of it."""
    said = await replay(running, "--verify", "--json")
    assert said.code == 0, said
    document: dict[str, Any] = json.loads(said.out)
    assert (document["equal"], document["differences"]) == (True, [])
    assert document["rebuilt_digest"] == document["database_digest"]
    return document


async def test_the_database_of_a_daemon_at_work_is_equal(running: Running, people: People) -> None:
    leaves = await people.lock(LOT) + await people.lock(LOT, remote=1)
    await equal(running)
    await people.are_executed(leaves)
    await equal(running)
    assert (await running.ask(VICTIM, "/healthz"))[0] == 200
    assert not list(data_of(running).glob("replay-*")), "nothing of a replay remains"


async def test_a_database_is_equal_after_sigkill_and_after_its_loss(running: Running, people: People) -> None:
    leaves = await people.lock(LOT)
    await running.stop(VICTIM, kill=True)
    blocks = (await equal(running))["blocks"]
    shutil.rmtree(data_of(running))
    said = await replay(running, "--verify")
    assert said.code == 0
    assert "there is no database" in said.err
    assert "chains    0x" in said.out
    await running.start(VICTIM)
    await people.are_executed(leaves)

    async def has_read_as_far() -> bool:
        heights = (await running.ask(VICTIM, "/digest"))[1]["final_heights"]
        return all((heights[name] or 0) >= block["height"] for name, block in blocks.items())

    await until(has_read_as_far, f"{VICTIM} has read what it had read before")
    await equal(running)


async def test_one_row_that_was_tampered_with_is_named(running: Running, people: People) -> None:
    (leaf,) = await people.lock(LOT)
    await people.are_executed([leaf])

    async def is_known() -> bool:
        status, answer = await running.ask(VICTIM, f"/transfers/0x{leaf.hex()}")
        return status == 200 and answer["state"] == "EXECUTED"

    await until(is_known, f"{VICTIM} knows")
    await running.stop(VICTIM)
    nonce = _tamper(data_of(running) / "relayer.sqlite", leaf, "'EXECUTED'", "'RETURNED'")
    said = await replay(running, "--verify", "--from-checkpoint")
    assert said.code == 1, said
    assert said.out.splitlines()[-1].endswith(f"-31337 {nonce}: state is RETURNED, the chains say EXECUTED"), said
    _tamper(data_of(running) / "relayer.sqlite", leaf, "'RETURNED'", "'EXECUTED'")
    await running.start(VICTIM)
    await equal(running)


def _tamper(database: Path, leaf: Leaf, old: str, new: str) -> int:
    """Change the state of one transfer; return its nonce."""
    with closing(sqlite3.connect(database)) as connection:
        changed = connection.execute(
            f"UPDATE transfers SET state = {new} WHERE leaf = ? AND state = {old} RETURNING nonce",  # noqa: S608 - ours
            (leaf,),
        ).fetchall()
        connection.commit()
    ((nonce,),) = changed
    return int(nonce)
