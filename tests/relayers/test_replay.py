"""The chains are the truth: whatever a database loses is read again, or its loss is noticed and named."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.adapters.store import Store, schema
from bridge.core.errors import Refuse, Retry
from bridge.core.hashing import keccak
from bridge.core.transfers import State
from bridge.core.types import Block, Hash32, Height
from relayers.replay import Chains, Verdict, replayed, verified
from tests.fakes.crew import Member, crew, empty_database, nobody_signed_twice, run
from tests.fakes.keys import fake_address
from tests.fakes.world import FakeClock, World, database, world

FreshDatabase = Callable[[Path], None]
REJECTED = "a recipient that cannot be paid"
LOST = "has lost rows.*remove it with its -wal and -shm files and start again"
TALLIED = [table.name for table in schema.TALLIED]


def some_world() -> World:
    bridge = world(relayers=3, remotes=2, max_batch=3)
    bridge.remotes[0].gateway.unpayable.add(fake_address(REJECTED))
    return bridge


@pytest.fixture
def bridge() -> World:
    return some_world()


@pytest_asyncio.fixture
async def members(bridge: World, tmp_path: Path) -> AsyncIterator[list[Member]]:
    found = await begun(bridge, tmp_path)
    yield found
    for member in found:
        await member.stop()


async def begun(bridge: World, folder: Path) -> list[Member]:
    members = crew(bridge, folder)
    for member in members:
        member.path.write_bytes(empty_database())
        await member.start()
    return members


async def live_through(bridge: World, members: list[Member], blocks: int = 10) -> None:
    """Locks, burns, holds and a rotation; some are on their way at the end."""
    for block in range(blocks):
        bridge.lock(block % 2)
        if block % 3 == 0:
            bridge.burn(block % 2)
            bridge.lock(0, REJECTED)
        if block == 6:
            bridge.rotate(0)
        await run(bridge, members, 1)


async def verify(bridge: World, member: Member, folder: Path) -> Verdict:
    return await verified(chains_of(bridge, folder), member.path)


def chains_of(bridge: World, folder: Path, said: list[str] | None = None) -> Chains:
    """Return what a replay reads, with an empty folder for its scratch files."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()

    async def wait() -> None:
        bridge.mine()

    plan = bridge.plan(fake_address("nobody"))
    return Chains(plan, bridge.chains, FakeClock(), folder, (said if said is not None else []).append, wait)


async def digest_of(member: Member) -> Hash32:
    assert member.relayer is not None
    return await member.relayer.store.state_digest()


def change(path: Path, *statements: str) -> None:
    """Change a database as no relayer does."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def forget(path: Path) -> None:
    """Remove a database as OPERATIONS says."""
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()


# --- What a replay finds ----------------------------------------------------------------------------------------------


async def test_the_chains_give_the_digest_of_a_relayer_at_work(
    bridge: World, members: list[Member], tmp_path: Path
) -> None:
    said: list[str] = []
    await live_through(bridge, members)
    verdict = await verified(chains_of(bridge, tmp_path / "scratch", said), members[0].path)
    assert verdict.differences == ()
    assert verdict.digest == verdict.rebuilt.digest == await digest_of(members[0])
    assert said[0].startswith("read: chain-1010032 ")
    states = set((await members[0].states()).values())
    assert {State.EXECUTED, State.HELD} < states, "something is decided, something is not"


async def test_a_replay_stops_at_the_blocks_that_the_database_has_read(
    bridge: World, members: list[Member], tmp_path: Path
) -> None:
    await live_through(bridge, members)
    before = await digest_of(members[0])
    await live_through(bridge, members[1:])
    verdict = await verify(bridge, members[0], tmp_path / "scratch")
    assert (verdict.differences, verdict.rebuilt.digest) == ((), before)
    assert await digest_of(members[1]) != before
    newest = await replayed(chains_of(bridge, tmp_path / "scratch"))
    assert newest.blocks[bridge.home.chain].height == bridge.home.height
    assert newest.digest != before


async def test_a_replay_waits_for_a_chain_that_does_not_answer_and_gives_up_in_the_end(
    bridge: World, members: list[Member], tmp_path: Path
) -> None:
    await live_through(bridge, members, 4)
    bridge.remotes[1].is_down = True
    with pytest.raises(Retry, match="does not answer"):
        await verify(bridge, members[0], tmp_path / "scratch")


async def test_a_relayer_that_has_not_met_a_committee_yet_is_no_different(
    bridge: World, members: list[Member], tmp_path: Path
) -> None:
    """After a start, batches wait for the first block of their destination: what waits is put together in the copy."""
    await live_through(bridge, members, 4)
    await members[0].stop()
    bridge.lock()
    bridge.mine()
    relayer = await members[0].start()
    await relayer.observe(bridge.home.chain)
    assert any(relayer.engine.memory.unformed.values())
    verdict = await verify(bridge, members[0], tmp_path / "scratch")
    assert (verdict.differences, verdict.digest) == ((), verdict.rebuilt.digest)
    assert any(relayer.engine.memory.unformed.values()), "the database itself is not touched"


async def test_a_database_that_has_read_nothing_is_not_compared(
    bridge: World, members: list[Member], tmp_path: Path
) -> None:
    with pytest.raises(Refuse, match="has read nothing yet"):
        await verify(bridge, members[0], tmp_path / "scratch")


TAMPERINGS = [
    (
        "transfer .*: state is EXECUTED, the chains say HELD",
        (
            "UPDATE transfers SET state = 'EXECUTED', live = 0 "
            "WHERE id = (SELECT min(id) FROM transfers WHERE state = 'HELD')"
        ),
    ),
    (
        "transfer 1010032-31337 0: message is 0x.*, the chains say 0x",
        (
            "UPDATE transfers SET message = zeroblob(length(message)) WHERE leaf = (SELECT t.leaf FROM transfers t "
            "JOIN routes r ON r.id = t.route WHERE r.destination_chain = 31337 AND t.nonce = 0)"
        ),
    ),
    ("state is undecided, the chains say EXECUTED", "UPDATE transfers SET state = 'NONSENSE' WHERE nonce = 0"),
    (
        "destination is 0x.*, the chains say",
        "UPDATE transfers SET destination = zeroblob(68) WHERE id = (SELECT min(id) FROM transfers WHERE NOT live)",
    ),
    ("batch 1010032-31337 0: root is 0x", "UPDATE batches SET root = zeroblob(32) WHERE first_nonce = 0"),
    ("attestation .*: signature is 0x", "UPDATE attestations SET signature = x'00' WHERE rowid = 1"),
    (
        "transfer 1010032-31338 1: the chains have it, the database does not",
        "DELETE FROM transfers WHERE nonce = 1 AND route = (SELECT id FROM routes WHERE destination_chain = 31338)",
    ),
    ("chain-31337: the database has read 0x0000", "UPDATE cursors SET hash = zeroblob(32) WHERE chain = 31337"),
]


@pytest.mark.parametrize(("sentence", "statement"), TAMPERINGS, ids=range(len(TAMPERINGS)))
async def test_what_was_tampered_with_is_named(
    bridge: World, members: list[Member], tmp_path: Path, sentence: str, statement: str
) -> None:
    await live_through(bridge, members)
    await members[0].stop()
    assert (await verify(bridge, members[0], tmp_path / "scratch")).differences == ()
    change(members[0].path, statement)
    verdict = await verify(bridge, members[0], tmp_path / "scratch")
    assert any(re.search(sentence, said) for said in verdict.differences), verdict.differences


async def test_a_chain_that_is_being_read_again_is_not_compared_until_it_is_read(
    bridge: World, members: list[Member], tmp_path: Path
) -> None:
    await live_through(bridge, members)
    await members[0].stop()
    change(members[0].path, "DELETE FROM cursors WHERE chain = 1010032")
    with pytest.raises(Refuse, match=r"has read chain-1010032 up to block 0 and holds rows of block \d+"):
        await verify(bridge, members[0], tmp_path / "scratch")
    await members[0].start()
    await members[0].turn()
    assert (await verify(bridge, members[0], tmp_path / "scratch")).differences == ()


# --- What a loss does -------------------------------------------------------------------------------------------------


UNFILLED = {
    "parked": "INSERT INTO parked VALUES (x'00', 1, x'00', 1, 1, x'00')",
    "halts": "INSERT INTO halts (route, why, evidence, at) VALUES (1, '', x'00', 1)",
}
"""Rows for tables that nothing in these stories fills."""


@pytest.mark.parametrize("table", TALLIED)
async def test_a_relayer_does_not_start_on_a_table_that_has_lost_a_row(
    bridge: World, members: list[Member], table: str
) -> None:
    """And what the refusal advises leads to where one that has lost nothing is."""
    await live_through(bridge, members)
    victim, witness = members[:2]
    await victim.stop()
    if table in UNFILLED:
        change(victim.path, UNFILLED[table])
    change(victim.path, f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")  # noqa: S608 - ours
    with pytest.raises(Refuse, match=LOST):
        await victim.start()
    forget(victim.path)
    await victim.start()
    await run(bridge, members, 8)
    assert await digest_of(victim) == await digest_of(witness)
    assert nobody_signed_twice(bridge)


async def test_what_is_parked_and_taken_out_again_is_no_loss(bridge: World, members: list[Member]) -> None:
    await members[0].stop()
    forget(members[0].path)
    members[0].path.write_bytes(empty_database())
    await live_through(bridge, members[1:], 12)
    relayer = await members[0].start()
    await relayer.observe(bridge.remotes[0].chain)
    assert len(relayer.engine.memory.parked) > 1
    await members[0].stop()
    await members[0].start()
    await run(bridge, members, 8)
    await members[0].stop()
    relayer = await members[0].start()
    assert relayer.engine.memory.parked == {}


async def test_an_outbox_that_is_lost_is_filled_again_from_what_transfers_need(
    tmp_path: Path,
) -> None:
    """One relayer alone: what it forgets, nobody does for it."""
    bridge = world(relayers=1, remotes=1)
    bridge.remotes[0].gateway.unpayable.add(fake_address(REJECTED))
    (member,) = await begun(bridge, tmp_path)
    for block in range(12):
        bridge.lock()
        if block == 0:
            bridge.lock(0, REJECTED)
        await run(bridge, [member], 1)
        await member.stop()
        change(member.path, "DELETE FROM effects")
        await member.start()
    bridge.remotes[0].gateway.unpayable.clear()
    await run(bridge, [member], 30)
    assert set((await member.states()).values()) == {State.EXECUTED}
    await member.stop()


LOSSES = {
    "the whole file": None,
    "the journal": "DELETE FROM journal",
    "the outbox": "DELETE FROM effects",
    "all cursors": "DELETE FROM cursors",
    "home's cursor": "DELETE FROM cursors WHERE chain = 1010032",
    "a remote's cursor": "DELETE FROM cursors WHERE chain = 31337",
    **{table: f"DELETE FROM {table}" for table in TALLIED},  # noqa: S608 - ours
}
losses = st.one_of(st.sampled_from(sorted(LOSSES)), st.tuples(st.sampled_from([0, 1, 2]), st.integers(0, 30)))


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks=st.integers(1, 6), lost=st.lists(losses, min_size=1, max_size=2))
def test_whatever_is_lost_a_relayer_gets_where_one_is_that_has_lost_nothing(
    blocks: int, lost: list[str | tuple[int, int]]
) -> None:
    """Any rows of any tables, cursors back to any height, the file: at any moment of a life, several times."""
    with TemporaryDirectory() as folder:
        asyncio.run(_lose(Path(folder), blocks, lost))


async def _lose(folder: Path, blocks: int, lost: list[str | tuple[int, int]]) -> None:
    bridge = some_world()
    members = await begun(bridge, folder)
    victim, witness = members[:2]
    for what in lost:
        await live_through(bridge, members, blocks)
        await victim.stop()
        _take(bridge, victim, what)
        try:
            await victim.start()
        except Refuse as refusal:
            assert "has lost rows" in str(refusal)  # noqa: PT017 - the others start
            forget(victim.path)
            await victim.start()
    await run(bridge, members, 8)
    assert await digest_of(victim) == await digest_of(witness)
    assert (await verify(bridge, victim, folder / "scratch")).differences == ()
    assert victim.relayer is not None
    assert not victim.relayer.engine.memory.halts
    assert nobody_signed_twice(bridge)
    assert set(bridge.executions().values()) <= {1}
    for member in members:
        await member.stop()


def _take(bridge: World, victim: Member, what: str | tuple[int, int]) -> None:
    """Take something from a database that nobody has open."""
    if what == "the whole file":
        forget(victim.path)
    elif isinstance(what, str):
        change(victim.path, LOSSES[what] or "")
    else:
        chain = list(bridge.chains.values())[what[0]]
        _set_back(victim.path, chain.chain, chain._block_at(Height(min(chain.finalized, what[1]))))


def _set_back(path: Path, chain: int, block: Block) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE cursors SET height = ?, hash = ?, time = ? WHERE chain = ? AND height > ?",
            (block.height, block.hash, block.time, chain, block.height),
        )
        connection.commit()


async def test_a_copy_can_be_read_whatever_it_has_lost(tmp_path: Path) -> None:
    (tmp_path / "r.sqlite").write_bytes(empty_database())
    change(
        tmp_path / "r.sqlite", "INSERT INTO tallies VALUES ('another', 3)", "DELETE FROM tallies WHERE name = 'routes'"
    )
    with pytest.raises(Refuse, match="0 rows of routes where nobody knows how many were kept"):
        await Store.open(database(tmp_path, "r"))
    store = await Store.open(database(tmp_path, "r"), damaged=True)
    assert len(store.losses) == 1
    assert await store.state_digest() == keccak(b"")
    await store.close()
