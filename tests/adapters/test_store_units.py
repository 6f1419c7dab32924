"""A unit of work is written whole or not at all, whatever ends it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from bridge.adapters.store import Store, Unit
from bridge.core.errors import Halt, Retry
from bridge.core.events import Attest, Dispatched, MessageFinalized
from bridge.core.lanes import FillGap, Intent
from bridge.core.ports import Call
from bridge.core.records import HaltRecord, PendingEffect
from bridge.core.transfers import Transfer
from bridge.core.types import Digest, Height, Timestamp
from tests.adapters.records import BACK, HOME, HUGE, OUT, block, formed, hashed, place, posted, signature, transfer
from tests.fakes.keys import fake_address
from tests.fakes.world import SimulatedCrash, database

TABLES = ("routes", "cursors", "journal", "transfers", "batches", "attestations", "signatures", "effects", "halts")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relayer.sqlite"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    store = await Store.open(database(path.parent, path.stem), busy_seconds=0.1)
    yield store
    await store.close()


def content(path: Path) -> dict[str, list[Any]]:
    """Return what another process sees in the file."""
    connection = sqlite3.connect(path)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: list(connection.execute(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608
    finally:
        connection.close()


async def write_everywhere(unit: Unit) -> None:
    """Write what one observation may lead to: every table that a unit of it touches."""
    unit.journal(HOME, block(10), [MessageFinalized(place(10))])
    unit.save_transfers([transfer(0)])
    unit.save_batches([formed(0)])
    unit.add_attestations([posted(0, fake_address("we"))])
    unit.add_effects([PendingEffect(Attest(formed(0).key, signature(0).epoch), Height(0))])
    unit.halt(HaltRecord(OUT, "why", {}, Timestamp(1)))
    unit.set_cursor(HOME, block(10))
    await unit.record_signature(signature(0))
    await unit.add_intent(Intent(0, HOME, FillGap(), Call(fake_address("we"), b""), 21_000))


async def test_a_unit_that_ends_well_is_written_to_every_table(store: Store, path: Path) -> None:
    async with store.unit() as unit:
        await write_everywhere(unit)
    written = content(path)
    assert [table for table in (*TABLES, "intents") if len(written[table]) != 1] == []
    assert store.rollbacks == 0


async def interrupted(store: Store, end: BaseException) -> None:
    """Run a unit that writes everywhere, and is ended at its last moment by something that is raised."""
    async with store.unit() as unit:
        await write_everywhere(unit)
        await unit.flush()
        raise end


async def save(store: Store, *transfers: Transfer) -> None:
    """Run a unit that writes everywhere, then transfers."""
    async with store.unit() as unit:
        await write_everywhere(unit)
        unit.save_transfers(transfers)


@pytest.mark.parametrize(
    "end",
    [Retry("the node is silent"), Halt("look", {}), SimulatedCrash(), asyncio.CancelledError(), ValueError("a defect")],
    ids=lambda end: type(end).__name__,
)
async def test_a_unit_in_which_anything_is_raised_leaves_nothing(store: Store, path: Path, end: BaseException) -> None:
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(9))
    before = content(path)
    with pytest.raises(type(end)):
        await interrupted(store, end)
    assert content(path) == before
    assert await store.cursors() == {HOME: block(9)}
    assert store.rollbacks == 1


async def test_a_unit_whose_last_write_fails_leaves_nothing_of_the_first(store: Store, path: Path) -> None:
    before = content(path)
    with pytest.raises(IntegrityError):
        await save(store, replace(transfer(1), source=replace(place(1), height=None)))  # type: ignore[arg-type]
    assert content(path) == before


async def test_nothing_of_a_unit_is_seen_before_its_end(store: Store, path: Path) -> None:
    before = content(path)
    async with store.unit() as unit:
        await write_everywhere(unit)
        await unit.flush()
        assert content(path) == before
        assert await store.cursors() == {}
        assert await store.open_intents(HOME) == []
    assert await store.cursors() == {HOME: block(10)}


async def test_a_store_goes_on_after_a_unit_that_failed(store: Store, path: Path) -> None:
    with pytest.raises(Retry):
        await interrupted(store, Retry("once"))
    await save(store)
    assert [table for table in TABLES if len(content(path)[table]) != 1] == []


async def test_a_route_that_was_numbered_in_vain_gets_a_number_again(store: Store) -> None:
    with pytest.raises(Retry):
        await interrupted(store, Retry("once"))
    async with store.unit() as unit:
        unit.save_transfers([transfer(0, route=BACK)])
        unit.save_transfers([transfer(0), transfer(1)])
    assert {one.leaf: one.route for one in await store.live_transfers()} == {
        transfer(0, route=BACK).leaf: BACK,
        transfer(0).leaf: OUT,
        transfer(1).leaf: OUT,
    }


async def test_units_take_turns(store: Store) -> None:
    order = []

    async def write(name: str) -> None:
        async with store.unit() as unit:
            order.append(f"{name} begins")
            await asyncio.sleep(0.01)
            unit.set_cursor(HOME, block(len(order)))
            order.append(f"{name} ends")

    await asyncio.gather(*(write(name) for name in "abc"))
    assert order == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]
    assert await store.cursors() == {HOME: block(5)}


async def test_a_file_that_somebody_else_writes_to_is_tried_again_later(store: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retry, match="SQLITE_BUSY"):
        async with store.unit() as unit:
            unit.set_cursor(HOME, block(1))
    assert await store.cursors() == {}, "reading goes on meanwhile"
    other.execute("ROLLBACK")
    other.close()
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(2))
    assert await store.cursors() == {HOME: block(2)}


async def test_a_full_disk_is_tried_again_later_and_nothing_is_half_written(store: Store, path: Path) -> None:
    many = [transfer(nonce) for nonce in range(5000)]
    await limit_pages(store, 1)
    before = content(path)
    with pytest.raises(Retry, match="SQLITE_FULL"):
        await save(store, *many)
    assert content(path) == before
    await limit_pages(store, 1 << 30)
    await save(store, *many)
    assert await store.live_transfers() == many


async def limit_pages(store: Store, count: int) -> None:
    """Let the file grow to this many pages; to none if it has as many."""
    async with store._engine.connect() as connection:
        await connection.exec_driver_sql(f"PRAGMA max_page_count={count}")


async def test_the_journal_says_in_plain_words_what_a_chain_said(store: Store, path: Path) -> None:
    sent = transfer(0)
    dispatched = Dispatched(OUT, sent.leaf, sent.message, place(10, 4))
    async with store.unit() as unit:
        unit.journal(HOME, block(10), [dispatched, MessageFinalized(place(10, 4)), posted(1, fake_address("we"))])
        unit.journal(HOME, block(11), [])
    ((_, chain, height, block_hash, facts),) = content(path)["journal"]
    assert (chain, height, block_hash) == (HOME, 10, block(10).hash)
    entry = json.loads(facts)
    assert entry["routes"] == [
        [OUT.source_chain, OUT.source_gateway.hex(), OUT.destination_chain, OUT.destination_gateway.hex()]
    ]
    assert entry["blocks"] == [[10, block(10).hash.hex()], [71, block(71).hash.hex()]]
    first, second, third = entry["facts"]
    assert (first["fact"], first["route"], first["leaf"]) == ("Dispatched", 0, sent.leaf.hex())
    assert str(HUGE) in first["message"], "a number that readers of JSON would round is a text"
    assert first["at"] == second["at"] == [0, 4, place(10, 4).tx.hex()]
    assert (third["fact"], third["signer"], third["at"][0]) == ("AttestationPosted", fake_address("we").hex(), 1)


async def test_a_halt_over_a_second_digest_takes_its_whole_unit_with_it(store: Store, path: Path) -> None:
    async with store.unit() as unit:
        await unit.record_signature(replace(signature(0), digest=Digest(hashed("another"))))
    before = content(path)
    with pytest.raises(Halt):
        await save(store, transfer(1))
    assert content(path) == before
