"""What is demanded of an account, what it signed for it and how that ended come out of the store as they went in."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.adapters.store import Store
from bridge.core.events import BatchKey
from bridge.core.lanes import (
    Attempt,
    DeliverBatch,
    Ending,
    FillGap,
    Intent,
    OpenIntent,
    PostSignatures,
    Purpose,
    RetryTransfer,
)
from bridge.core.ports import Call, SignedTransaction
from bridge.core.submission import Fees
from bridge.core.types import Epoch, Height, Nonce, TxHash
from tests.adapters.records import HOME, OUT, REMOTE, hashed, signature, transfer
from tests.fakes.keys import fake_address
from tests.fakes.world import database

US = fake_address("us")
DEAR = Fees((1 << 80) + 1, (1 << 70) + 1)
"""More than a column of numbers holds."""
PURPOSES: tuple[Purpose, ...] = (
    PostSignatures((signature(0).slot, signature(1).slot)),
    DeliverBatch(BatchKey(OUT, Nonce(7)), Epoch(3)),
    RetryTransfer(transfer(0).leaf),
    FillGap(),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relayer.sqlite"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    store = await Store.open(database(path.parent, path.stem))
    yield store
    await store.close()


async def demand(store: Store, *purposes: Purpose) -> list[Intent]:
    call = Call(fake_address("contract"), b"\x00call")
    async with store.unit() as unit:
        return [await unit.add_intent(Intent(0, REMOTE, purpose, call, 90_000)) for purpose in purposes]


def attempt(name: str, fees: Fees = DEAR) -> Attempt:
    return Attempt(SignedTransaction(TxHash(hashed(name)), b"raw " + name.encode()), fees)


async def sign(store: Store, intent: Intent, nonce: int, *attempts: Attempt, day: int = 1) -> OpenIntent:
    """Store one attempt after the other; return what must be open then."""
    for count in range(1, len(attempts) + 1):
        async with store.unit() as unit:
            unit.add_attempts([OpenIntent(intent, nonce, attempts[:count])], US, day)
    return OpenIntent(intent, nonce, attempts)


async def test_intents_of_every_purpose_come_back_in_their_order_with_rising_numbers(store: Store, path: Path) -> None:
    intents = await demand(store, *PURPOSES)
    assert [intent.id for intent in intents] == [1, 2, 3, 4]
    await store.close()
    again = await Store.open(database(path.parent, path.stem))
    assert await again.intents(REMOTE) == intents
    assert await again.open_intents(REMOTE) == [OpenIntent(intent) for intent in intents]
    assert await again.intents(HOME) == []
    await again.close()


async def test_attempts_come_back_oldest_first_with_when_they_went_out(store: Store) -> None:
    first, second = await demand(store, FillGap(), FillGap())
    one = await sign(store, first, 5, attempt("a"), attempt("b"))
    other = await sign(store, second, 6, attempt("c"))
    async with store.unit() as unit:
        unit.note_sent([attempt("a").transaction.hash], Height(77))
    sent = replace(one, attempts=(replace(attempt("a"), sent_at=Height(77)), attempt("b")))
    assert await store.open_intents(REMOTE) == [sent, other]


async def test_a_released_intent_has_neither_nonce_nor_attempts_and_keeps_its_place(store: Store) -> None:
    first, second = await demand(store, FillGap(), FillGap())
    await sign(store, first, 5, attempt("a"))
    other = await sign(store, second, 6, attempt("b"))
    async with store.unit() as unit:
        unit.release([first])
    assert await store.open_intents(REMOTE) == [OpenIntent(first), other]
    again = await sign(store, first, 9, attempt("c"))
    assert await store.open_intents(REMOTE) == [again, other]


async def test_an_abandoned_attempt_is_gone_and_the_earlier_one_counts_again(store: Store) -> None:
    (intent,) = await demand(store, FillGap())
    await sign(store, intent, 5, attempt("a"), attempt("b"))
    async with store.unit() as unit:
        unit.abandon_attempt(attempt("b").transaction.hash)
    assert await store.open_intents(REMOTE) == [OpenIntent(intent, 5, (attempt("a"),))]


async def test_only_nonces_of_another_account_are_disowned(store: Store) -> None:
    signed, queued = await demand(store, FillGap(), FillGap())
    ours = await sign(store, signed, 5, attempt("a"))
    async with store.unit() as unit:
        unit.disown(REMOTE, US)
        unit.disown(HOME, fake_address("another"))
    assert await store.open_intents(REMOTE) == [ours, OpenIntent(queued)]
    async with store.unit() as unit:
        unit.disown(REMOTE, fake_address("another"))
    assert await store.open_intents(REMOTE) == [OpenIntent(signed), OpenIntent(queued)]


@pytest.mark.parametrize("ending", Ending, ids=lambda ending: ending.value)
async def test_an_ended_intent_leaves_its_hashes_and_no_bytes(store: Store, path: Path, ending: Ending) -> None:
    first, second = await demand(store, FillGap(), FillGap())
    await sign(store, first, 5, attempt("a"), attempt("b"))
    other = await sign(store, second, 6, attempt("c"))
    async with store.unit() as unit:
        unit.end_intent(first, ending, "why")
    assert await store.open_intents(REMOTE) == [other]
    await store.close()
    connection = sqlite3.connect(path)
    ended = connection.execute("SELECT ending, reason, call_data FROM intents WHERE id = 1").fetchall()
    kept = connection.execute("SELECT hash, raw FROM attempts WHERE intent = 1 ORDER BY id").fetchall()
    connection.close()
    assert ended == [(ending.value, "why", b"")]
    assert kept == [(attempt(name).transaction.hash, b"") for name in "ab"]


async def test_a_day_costs_the_dearest_attempt_of_each_intent(store: Store) -> None:
    first, second = await demand(store, FillGap(), FillGap())
    await sign(store, first, 5, attempt("a", Fees(10, 1)), attempt("b", DEAR), attempt("c", Fees(20, 1)))
    await sign(store, second, 6, attempt("d", Fees(30, 1)))
    await sign(store, second, 6, attempt("e", Fees(40, 1)), day=2)
    assert await store.costs(REMOTE, 1) == {first.id: DEAR.max_fee * 90_000, second.id: 30 * 90_000}
    assert await store.costs(REMOTE, 2) == {second.id: 40 * 90_000}
    assert await store.costs(HOME, 1) == {}


async def test_what_never_went_out_costs_nothing_once_it_is_refused(store: Store) -> None:
    first, second = await demand(store, FillGap(), FillGap())
    await sign(store, first, 5, attempt("a", Fees(10, 1)))
    await sign(store, second, 6, attempt("b", Fees(30, 1)))
    async with store.unit() as unit:
        unit.note_sent([attempt("b").transaction.hash], Height(7))
        unit.end_intent(first, Ending.REFUSED, "why")
        unit.end_intent(second, Ending.REFUSED, "why")
    assert await store.costs(REMOTE, 1) == {second.id: 30 * 90_000}
