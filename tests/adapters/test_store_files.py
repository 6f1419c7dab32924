"""The database file: how it comes to be, whose it is, what the disk is asked, what copies of it are worth."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect

from bridge.adapters.migrations import VERSION_TABLE, migrate
from bridge.adapters.store import Store, schema
from bridge.core.errors import Refuse
from bridge.core.lanes import Intent, RetryTransfer
from bridge.core.ports import Call
from bridge.core.transfers import State
from bridge.core.types import Hash32
from tests.adapters.records import HOME, OUT, block, formed, signature, transfer
from tests.fakes.keys import fake_address
from tests.fakes.world import database

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = [f"bridge.adapters.migrations.versions.{name}" for name in ("0001_first", "0002_tallies")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relayer.sqlite"


async def opened(path: Path) -> Store:
    return await Store.open(database(path.parent, path.stem))


async def fill(path: Path, transfers: int, height: int) -> Hash32:
    """Work with a database for a while; return its digest at the end."""
    store = await opened(path)
    async with store.unit() as unit:
        unit.save_batches([formed(0, count=3)])
        unit.save_transfers(transfer(nonce, State.EXECUTED) for nonce in range(transfers))
        unit.set_cursor(HOME, block(height))
        await unit.record_signature(signature(height))
        await unit.add_intent(Intent(0, HOME, RetryTransfer(transfer(0).leaf), Call(fake_address("to"), b"x"), 1))
    digest = await store.state_digest()
    await store.close()
    return digest


# --- Migrations -------------------------------------------------------------------------------------------------------


def test_migrations_make_exactly_the_tables_of_the_schema(path: Path, tmp_path: Path) -> None:
    migrate(f"sqlite:///{path}")
    plain = tmp_path / "plain.sqlite"
    engine = create_engine(f"sqlite:///{plain}")
    schema.metadata.create_all(engine)
    engine.dispose()
    assert statements(path) == statements(plain)


def test_the_comparison_of_the_migration_tool_finds_nothing_to_do(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    assert migrated(path, lambda context: compare_metadata(context, schema.metadata)) == []


def test_every_migration_can_be_undone_and_done_again(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    before = statements(path)
    steps = [import_module(name) for name in MIGRATIONS]
    left = [migrated(path, undone(step.downgrade)) for step in reversed(steps)]
    assert left[-1] == [VERSION_TABLE]
    for step in steps:
        migrated(path, undone(step.upgrade))
    assert statements(path) == before


def test_migrating_again_changes_nothing(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    before = path.read_bytes()
    migrate(f"sqlite:///{path}")
    assert path.read_bytes() == before


async def test_many_databases_are_made_at_once_inside_a_running_loop(tmp_path: Path) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    counting = asyncio.create_task(count())
    stores = await asyncio.gather(*(opened(tmp_path / f"{name}.sqlite") for name in "abcd"))
    counting.cancel()
    assert turns > 5, "the loop goes on meanwhile"
    for store in stores:
        assert await store.cursors() == {}
        await store.close()


def statements(path: Path) -> dict[str, str]:
    """Return how SQLite says each table and index is made, without the migrations' own table."""
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()
    found.pop(VERSION_TABLE, None)
    return {name: " ".join(sql.split()) for name, sql in found.items()}


def migrated(path: Path, ask: Callable[[MigrationContext], Any]) -> Any:  # noqa: ANN401 - whatever is asked
    """Ask something with the migration tool at hand."""
    engine = create_engine(f"sqlite:///{path}")
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    try:
        with engine.begin() as connection:
            return ask(MigrationContext.configure(connection, opts=options))
    finally:
        engine.dispose()


def undone(step: Callable[[], None]) -> Callable[[MigrationContext], list[str]]:
    """Take one step of a migration; return the tables that are there then."""

    def take(context: MigrationContext) -> list[str]:
        with Operations.context(context):
            step()
        assert context.connection is not None
        return inspect(context.connection).get_table_names()

    return take


# --- What is refused --------------------------------------------------------------------------------------------------


def is_refused(path: Path, why: str) -> None:
    before = path.read_bytes()
    with pytest.raises(Refuse, match=why):
        asyncio.run(opened(path))
    assert path.read_bytes() == before, "what is refused is left as it is"


def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608
    connection.commit()
    connection.close()
    is_refused(path, r"relayer\.sqlite was written by a newer version: .*9999")


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE moz_places (id INTEGER)")
    connection.close()
    is_refused(path, "is not a database of a relayer: it holds moz_places")


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    is_refused(path, "is not a database of a relayer: file is not a database")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refuse, match=r"missing/relayer\.sqlite cannot be opened: No such file"):
        asyncio.run(opened(tmp_path / "missing" / "relayer.sqlite"))


def test_a_database_that_was_refused_once_can_be_opened_when_it_is_mended(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    is_refused(path, "not a database")
    path.unlink()
    assert asyncio.run(fill(path, transfers=1, height=1))


# --- Whose it is ------------------------------------------------------------------------------------------------------

OPEN = """
import asyncio, os, sys
from bridge.adapters.store import Store
from bridge.core.errors import Refuse
from tests.adapters.records import HOME, block, signature

async def main():
    store = await Store.open(sys.argv[1])
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(7))
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(8))
        await unit.record_signature(signature(0))
        await unit.flush()
        os._exit(9)

try:
    asyncio.run(main())
except Refuse as refusal:
    sys.exit(str(refusal))
"""
"""Opens a database, commits, and dies in the middle of the next unit."""


def elsewhere(path: Path) -> subprocess.CompletedProcess[str]:
    """Open a database in another process."""
    command = [sys.executable, "-c", OPEN, database(path.parent, path.stem)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


async def test_a_second_process_is_refused_and_told_who_has_the_database(path: Path) -> None:
    store = await opened(path)
    second = await asyncio.to_thread(elsewhere, path)
    assert (second.returncode, second.stderr) == (
        1,
        f"process {os.getpid()} works on the database {path}: stop it first\n",
    )
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(1))
    await store.close()


async def test_a_second_store_in_the_same_process_is_refused(path: Path) -> None:
    store = await opened(path)
    with pytest.raises(Refuse, match="stop it first"):
        await opened(path)
    await store.close()
    await (await opened(path)).close()


async def test_a_process_that_dies_in_a_unit_leaves_what_it_committed_and_its_claim_ends(path: Path) -> None:
    assert elsewhere(path).returncode == 9
    store = await opened(path)
    assert await store.cursors() == {HOME: block(7)}
    assert await store.signature(signature(0).slot) is None
    await store.close()


# --- What the disk is asked -------------------------------------------------------------------------------------------


async def test_a_commit_is_on_the_disk_before_it_is_answered(path: Path) -> None:
    store = await opened(path)
    async with store._engine.connect() as connection:
        answers = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await store.close()
    assert answers == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


# --- Copies -----------------------------------------------------------------------------------------------------------


async def test_a_database_that_is_opened_again_is_what_it_was(path: Path) -> None:
    digest = await fill(path, transfers=3, height=5)
    store = await opened(path)
    assert await store.state_digest() == digest
    assert await store.counts() == {(OUT, State.EXECUTED): 3}
    assert await store.cursors() == {HOME: block(5)}
    assert len(await store.open_intents(HOME)) == 1
    await store.close()


async def test_a_closed_database_is_one_file(path: Path) -> None:
    await fill(path, transfers=3, height=5)
    assert sorted(found.name for found in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]


async def test_a_copy_of_yesterday_is_read_as_yesterday(path: Path, tmp_path: Path) -> None:
    yesterday = await fill(path, transfers=1, height=5)
    shutil.copy(path, tmp_path / "copy")
    today = await fill(path, transfers=3, height=6)
    shutil.copy(tmp_path / "copy", path)
    store = await opened(path)
    assert await store.state_digest() == yesterday
    assert await store.cursors() == {HOME: block(5)}
    assert await store.signature(signature(6).slot) is None
    assert [opened.intent.id for opened in await store.open_intents(HOME)] == [1]
    await store.close()
    assert await fill(path, transfers=3, height=6) == today, "it catches up to the same state"


async def test_a_backup_of_a_database_in_use_holds_what_is_committed(path: Path, tmp_path: Path) -> None:
    store = await opened(path)
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(5))
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(6))
        await unit.flush()
        await asyncio.to_thread(backup, path, tmp_path / "copy.sqlite")
    await store.close()
    copy = await opened(tmp_path / "copy.sqlite")
    assert await copy.cursors() == {HOME: block(5)}
    await copy.close()


def backup(path: Path, target: Path) -> None:
    """Copy a database as `sqlite3 relayer.sqlite ".backup copy"` does."""
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    source.backup(copy)
    copy.close()
    source.close()
