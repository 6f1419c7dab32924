"""What is put into the store comes out of it as it was, also by a store that is opened later."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.adapters.store import Store
from bridge.core.agreement import CHUNK
from bridge.core.errors import Halt
from bridge.core.events import (
    Attest,
    BatchKey,
    Executed,
    Held,
    OutcomeFact,
    Recertified,
    RetryHeld,
    Returned,
    SentBack,
    Submit,
)
from bridge.core.lanes import Intent, PostSignatures
from bridge.core.messages import leaf_of
from bridge.core.ports import Call
from bridge.core.records import HaltRecord, Parked, PendingEffect
from bridge.core.transfers import TERMINAL, State, Transfer
from bridge.core.types import Digest, Epoch, Height, Nonce, Route, Timestamp
from tests.adapters.records import (
    BACK,
    HOME,
    OUT,
    REMOTE,
    block,
    formed,
    hashed,
    message,
    place,
    posted,
    signature,
    transfer,
)
from tests.fakes.keys import fake_address
from tests.fakes.world import database


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database(tmp_path, "relayer")


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    yield store
    await store.close()


async def save(store: Store, transfers: Sequence[Transfer]) -> None:
    async with store.unit() as unit:
        unit.save_transfers(transfers)


# --- Cursors and transfers --------------------------------------------------------------------------------------------


async def test_a_chain_has_one_cursor_and_it_moves(store: Store) -> None:
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(7))
        unit.set_cursor(REMOTE, block(9))
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(8))
    assert await store.cursors() == {HOME: block(8), REMOTE: block(9)}


async def test_a_forgotten_cursor_is_gone_and_the_others_stay(store: Store) -> None:
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(7))
        unit.set_cursor(REMOTE, block(9))
        unit.forget_cursors([HOME])
    assert await store.cursors() == {REMOTE: block(9)}


async def test_what_chains_say_is_forgotten_and_what_only_we_know_is_kept(url: str, store: Store) -> None:
    halt = HaltRecord(OUT, "changed", {}, Timestamp(5))
    post = Intent(0, HOME, PostSignatures((signature(1).slot,)), Call(fake_address("board"), b""), 1)
    async with store.unit() as unit:
        unit.set_cursor(HOME, block(7))
        unit.save_transfers([transfer(1, State.QUORATE)])
        unit.save_batches([formed(1)])
        await unit.record_signature(signature(1))
        unit.mark_posted([signature(1).slot])
        unit.halt(halt)
        await unit.add_intent(post)
    async with store.unit() as unit:
        unit.forget_chains()
    await store.close()
    again = await Store.open(url)  # which refuses a database that has lost rows
    assert (await again.cursors(), await again.live_transfers(), await again.live_batches()) == ({}, [], [])
    assert await again.intents(HOME) == []
    assert await again.signature(signature(1).slot) == signature(1)
    assert await again.halts() == [halt]
    await again.close()


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
async def test_a_transfer_in_any_state_is_read_as_it_was_written(url: str, store: Store, state: State) -> None:
    written = replace(transfer(1, state), message=message(1, data=b"\x00reference\xff"))
    await save(store, [written])
    await store.close()
    again = await Store.open(url)
    assert await again.transfers([written.leaf]) == {written.leaf: written}
    assert await again.transfer_at(OUT, Nonce(1)) == (None if state is State.ORPHANED else written)
    assert await again.live_transfers() == ([] if state in TERMINAL else [written])
    await again.close()


async def test_a_transfer_that_moves_on_is_replaced_with_everything_that_is_known_of_it(store: Store) -> None:
    for state in (State.SEEN, State.FINAL, State.SUBMITTED, State.HELD, State.RETURNED):
        moved = replace(transfer(1, state), source=place(99, 9), epoch=Epoch(4))
        await save(store, [moved])
        assert await store.transfers([moved.leaf]) == {moved.leaf: moved}
    assert await store.live_transfers() == []


async def test_live_transfers_come_by_route_and_nonce(store: Store) -> None:
    await save(store, [transfer(2), transfer(0, route=BACK), transfer(1), transfer(0, State.EXECUTED)])
    assert [(one.route, one.message.nonce) for one in await store.live_transfers()] == [(OUT, 1), (OUT, 2), (BACK, 0)]


async def test_many_transfers_are_asked_for_at_once(store: Store) -> None:
    many = [transfer(nonce) for nonce in range(1201)]
    await save(store, many)
    assert await store.transfers([one.leaf for one in many]) == {one.leaf: one for one in many}


async def test_a_nonce_that_was_orphaned_belongs_to_the_message_that_took_its_place(store: Store) -> None:
    rival = replace(message(1), recipient=fake_address("another"))
    winner = replace(transfer(1), leaf=leaf_of(OUT, rival), message=rival)
    await save(store, [transfer(1, State.ORPHANED), winner])
    assert await store.transfer_at(OUT, Nonce(1)) == winner
    assert await store.transfer_at(OUT, Nonce(2)) is None
    assert await store.transfer_at(BACK, Nonce(1)) is None


async def test_transfers_are_listed_newest_first_by_route_and_state(store: Store) -> None:
    first, second, back = transfer(0, State.EXECUTED), transfer(1), transfer(0, route=BACK)
    await save(store, [first, second, back])
    assert await store.newest_transfers(2) == [back, second]
    assert await store.list_transfers(OUT) == [second, first]
    assert await store.list_transfers(state=State.FINAL) == [back, second]
    assert await store.list_transfers(OUT, State.EXECUTED) == [first]
    assert await store.list_transfers(replace(OUT, source_gateway=fake_address("stranger"))) == []


# --- Batches and signatures -------------------------------------------------------------------------------------------


async def test_a_batch_is_read_as_it_was_written_and_its_boundaries_never_change(url: str, store: Store) -> None:
    written = formed(0, count=3)
    async with store.unit() as unit:
        unit.save_batches([written, formed(0, route=BACK)])
    async with store.unit() as unit:
        unit.save_batches([formed(0, count=2)])
    await store.close()
    again = await Store.open(url)
    assert await again.batch(written.key) == written
    assert await again.batch(BatchKey(OUT, Nonce(1))) is None
    assert await again.batches([written.key, formed(0, route=BACK).key, formed(5).key]) == {
        written.key: written,
        formed(0, route=BACK).key: formed(0, route=BACK),
    }
    await again.close()


async def test_a_batch_lives_as_long_as_one_of_its_transfers(store: Store) -> None:
    async with store.unit() as unit:
        unit.save_batches([formed(0, count=2)])
        unit.save_transfers([transfer(0, State.EXECUTED), transfer(1, State.HELD)])
    assert await store.live_batches() == [formed(0, count=2)]
    await save(store, [transfer(1, State.RETURNED)])
    assert await store.live_batches() == []


async def test_the_transfers_of_a_batch_are_those_within_its_boundaries(store: Store) -> None:
    inside = [transfer(0), transfer(1)]
    async with store.unit() as unit:
        unit.save_batches([formed(0, count=2)])
        unit.save_transfers([*reversed(inside), transfer(2), transfer(0, route=BACK)])
    assert await store.transfers_of(BatchKey(OUT, Nonce(0))) == inside
    assert await store.transfers_of(BatchKey(OUT, Nonce(1))) == []


async def test_a_signature_on_the_board_is_kept_once(store: Store) -> None:
    ours, theirs = posted(1, fake_address("we")), posted(1, fake_address("they"))
    async with store.unit() as unit:
        unit.add_attestations([ours, theirs, posted(2, fake_address("we"))])
        unit.add_attestations([replace(ours, at=place(99))])
    found = await store.attestations([ours.slot])
    assert sorted(found, key=lambda post: post.signer) == sorted([ours, theirs], key=lambda post: post.signer)


async def test_our_signature_is_kept_with_whether_it_is_on_the_board(url: str, store: Store) -> None:
    first, second = signature(0), signature(1)
    async with store.unit() as unit:
        await unit.record_signature(first)
        await unit.record_signature(second)
        unit.mark_posted([first.slot])
    await store.close()
    again = await Store.open(url)
    assert await again.signature(first.slot) == replace(first, posted=True)
    assert await again.signature(second.slot) == second
    assert await again.unposted_signatures() == [second]
    await again.close()


async def test_signing_again_for_a_slot_changes_nothing_and_another_digest_halts(store: Store) -> None:
    ours = signature(0)
    async with store.unit() as unit:
        await unit.record_signature(ours)
        unit.mark_posted([ours.slot])
    async with store.unit() as unit:
        await unit.record_signature(ours)
    assert await store.signature(ours.slot) == replace(ours, posted=True)
    with pytest.raises(Halt, match="second digest") as caught:
        async with store.unit() as unit:
            await unit.record_signature(replace(ours, digest=Digest(hashed("another"))))
    assert caught.value.evidence["signed"] == "0x" + ours.digest.hex()
    assert await store.signature(ours.slot) == replace(ours, posted=True)


async def test_the_digests_of_a_batch_come_newest_epoch_first(store: Store) -> None:
    async with store.unit() as unit:
        for epoch in (3, 5, 4):
            await unit.record_signature(signature(0, epoch))
        await unit.record_signature(signature(1))
    assert await store.digests_of(BatchKey(OUT, Nonce(0))) == [signature(0, epoch).digest for epoch in (5, 4, 3)]


# --- Outbox, parked outcomes, halts -----------------------------------------------------------------------------------

EFFECTS = (
    PendingEffect(Attest(BatchKey(OUT, Nonce(4)), Epoch(3)), Height(0)),
    PendingEffect(Submit(BatchKey(OUT, Nonce(4)), Epoch(3)), Height(77), attempts=2),
    PendingEffect(RetryHeld(OUT, transfer(4).leaf), Height(88), attempts=1),
    PendingEffect(RetryHeld(OUT, transfer(5).leaf), Height(88)),
)


async def outbox(store: Store) -> set[PendingEffect]:
    return set(await store.effects())


async def test_the_outbox_keeps_each_effect_once(store: Store) -> None:
    async with store.unit() as unit:
        unit.add_effects([*EFFECTS, *EFFECTS])
    assert len(await store.effects()) == len(EFFECTS)
    assert await outbox(store) == set(EFFECTS)


@pytest.mark.parametrize("pending", EFFECTS, ids=lambda pending: type(pending.effect).__name__)
async def test_an_effect_is_postponed_and_struck_without_touching_the_others(
    store: Store, pending: PendingEffect
) -> None:
    others = set(EFFECTS) - {pending}
    async with store.unit() as unit:
        unit.add_effects(EFFECTS)
    async with store.unit() as unit:
        unit.postpone(pending.effect, Height(123), 9)
    assert await outbox(store) == {*others, PendingEffect(pending.effect, Height(123), 9)}
    async with store.unit() as unit:
        unit.remove_effects([pending.effect])
        unit.remove_effects([pending.effect])
    assert await outbox(store) == others


LEAF = transfer(3).leaf
OUTCOMES: tuple[OutcomeFact, ...] = (
    Executed(OUT, LEAF, Nonce(3), place(30, 1)),
    Held(OUT, LEAF, Nonce(3), Epoch(2), 7, place(30, 2)),
    Recertified(LEAF, Epoch(4), place(31, 0)),
    SentBack(LEAF, transfer(8).leaf, place(32, 0)),
    Returned(LEAF, transfer(9).leaf, place(300, 0)),
)


async def test_parked_outcomes_of_every_kind_come_back_in_the_order_they_happened(store: Store) -> None:
    parked = [Parked(LEAF, OUT, outcome, Height(17)) for outcome in OUTCOMES]
    async with store.unit() as unit:
        unit.park(reversed(parked))
        unit.park(parked)
    assert await store.parked() == parked


async def test_an_applied_outcome_is_unparked_and_the_others_stay(store: Store) -> None:
    other = Parked(transfer(1).leaf, OUT, Executed(OUT, transfer(1).leaf, Nonce(1), place(30, 9)), Height(17))
    async with store.unit() as unit:
        unit.park([*(Parked(LEAF, OUT, outcome, Height(17)) for outcome in OUTCOMES), other])
        unit.unpark([LEAF])
    assert await store.parked() == [other]


async def test_a_halt_stands_until_its_route_is_resumed(store: Store) -> None:
    first = HaltRecord(OUT, "a second digest", {"slot": "0x01", "heights": [1, 2], "none": None}, Timestamp(5))
    second, other = replace(first, why="another", at=Timestamp(6)), replace(first, route=BACK)
    async with store.unit() as unit:
        for record in (first, second, other):
            unit.halt(record)
    assert await store.halts() == [first, second, other]
    async with store.unit() as unit:
        unit.resume(OUT, "looked into it", Timestamp(9))
    assert await store.halts() == [other]
    async with store.unit() as unit:
        unit.halt(first)
    assert await store.halts() == [other, first]


# --- What it adds up to -----------------------------------------------------------------------------------------------


async def test_transfers_are_counted_by_route_and_state(store: Store) -> None:
    states = (State.EXECUTED, State.EXECUTED, State.HELD, State.FINAL, State.SEEN)
    written = [transfer(nonce, state) for nonce, state in enumerate(states)]
    await save(store, [*written, transfer(0, State.SUBMITTED, BACK), transfer(9, State.ORPHANED, BACK)])
    expected: dict[tuple[Route, State], int] = {
        (OUT, State.EXECUTED): 2,
        (OUT, State.HELD): 1,
        (OUT, State.FINAL): 1,
        (OUT, State.SEEN): 1,
        (BACK, State.SUBMITTED): 1,
        (BACK, State.ORPHANED): 1,
    }
    assert await store.counts() == expected
    assert await store.next_nonces() == {OUT: 4, BACK: 1}


async def test_the_digest_tells_what_the_chains_decided_and_nothing_of_our_own_progress(store: Store) -> None:
    digests = []
    for state in (State.FINAL, State.SUBMITTED, State.HELD, State.RETURNED):
        await save(store, [replace(transfer(0, state), included=None)])
        digests.append(await store.state_digest())
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


async def test_a_full_chunk_is_remembered_only_once_nothing_in_it_can_change(store: Store) -> None:
    await save(store, [transfer(nonce, State.EXECUTED) for nonce in range(CHUNK - 1)])
    await save(store, [transfer(CHUNK - 1, State.HELD), transfer(CHUNK, State.FINAL)])
    held = await store.state_digest()
    await save(store, [transfer(CHUNK - 1, State.RETURNED)])
    returned = await store.state_digest()
    await save(store, [transfer(CHUNK, State.EXECUTED)])
    executed = await store.state_digest()
    assert len({held, returned, executed}) == 3
    assert await store.counts() == {(OUT, State.EXECUTED): CHUNK, (OUT, State.RETURNED): 1}
