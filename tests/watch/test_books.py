"""Counters of the gateways: each invariant is broken alone, and said alone."""

from dataclasses import replace

import pytest

from relayers.watch.alarms import Alarm
from relayers.watch.books import SKEW_SECONDS, Books, Reckoned, Side, judge_escrow, judge_set
from tests.watch.model import FAR, HOME, LOT, REMOTES

ASSET, REMOTE, PERIOD = "0x" + "b0" * 20, REMOTES[0], 86_400
THERE = Side(
    chain=REMOTE,
    other=HOME,
    asset=ASSET,
    block=10,
    block_hash="0x10",
    time=1_000,
    sent=2 * LOT,
    highest=9 * LOT,
    settled=7 * LOT,
    backing=5 * LOT,
    inbound_limit=100 * LOT,
    period=PERIOD,
    paused_until=0,
    cap=FAR,
)
HERE = replace(THERE, chain=HOME, other=REMOTE, sent=9 * LOT, highest=2 * LOT, settled=LOT, backing=8 * LOT, cap=None)


def take(books: Books, side: Side, reckoned: Reckoned) -> list[Alarm]:
    """Judge a sample and keep it."""
    alarms = books.judge(side, reckoned)
    books.keep(side, reckoned)
    return alarms


def ids(side: Side, reckoned: Reckoned | None = None, *before: Side) -> list[str]:
    """Take samples; return what is said of the last."""
    books = Books(HOME)
    for sample in before:
        assert take(books, sample, known(sample)) == []
    return [alarm.key.split()[0] for alarm in take(books, side, reckoned or known(side))]


def known(side: Side, *moved: str, unmetered: int = 0) -> Reckoned:
    """Return logs that say the same."""
    return Reckoned(side.backing, unmetered, frozenset(moved))


def minted(side: Side, units: int, time: int | None = None) -> Side:
    """Return a later sample, after a mint."""
    moved = replace(side, block=side.block + 1, settled=side.settled + units, backing=side.backing + units)
    return replace(moved, highest=max(side.highest, moved.settled), time=side.time if time is None else time)


@pytest.mark.parametrize("side", [HERE, THERE])
def test_sound_books_raise_no_alarm(side: Side) -> None:
    assert ids(side) == []
    assert ids(replace(side, block=11), None, side) == []


@pytest.mark.parametrize("side", [HERE, THERE])
def test_units_out_of_nowhere_are_inv_01(side: Side) -> None:
    for wrong in (1, -1):
        assert ids(replace(side, backing=side.backing + wrong)) == ["INV-01"]


def test_more_settled_than_was_shown_is_inv_04() -> None:
    wrong = replace(THERE, settled=10 * LOT, backing=8 * LOT)
    assert ids(wrong) == ["INV-04"]


def test_a_supply_that_grows_above_its_cap_is_inv_05_and_a_cap_that_is_lowered_is_not() -> None:
    low = replace(THERE, cap=6 * LOT)
    assert ids(minted(low, LOT), None, low) == []
    assert ids(minted(low, 2 * LOT), None, low) == ["INV-05"]
    lowered = replace(THERE, cap=LOT)
    assert ids(replace(lowered, block=11), None, THERE) == []
    assert ids(replace(lowered, block=11), None, lowered) == []
    after = minted(replace(THERE, cap=LOT), LOT)
    assert ids(after, known(after, "CapSet"), lowered) == []


def test_books_that_the_logs_do_not_add_up_to_are_inv_06_without_a_pause() -> None:
    (alarm,) = take(Books(HOME), HERE, Reckoned(HERE.backing - 1, 0, frozenset()))
    assert (alarm.key.split()[0], alarm.is_breach) == ("INV-06", False)
    assert ids(HERE, Reckoned(None, 0, frozenset())) == []


@pytest.mark.parametrize("name", ["sent", "highest", "settled"])
def test_a_counter_that_falls_is_inv_07(name: str) -> None:
    after = replace(THERE, block=11, **{name: getattr(THERE, name) - 1})
    assert "INV-07" in ids(after, None, THERE)


def test_a_counter_that_fell_with_its_block_is_none() -> None:
    books = Books(HOME)
    take(books, THERE, known(THERE))
    assert books.blocks(REMOTE) == {10: "0x10"}
    books.forget(REMOTE, {10})
    shorter = replace(THERE, highest=8 * LOT)
    assert take(books, shorter, known(shorter)) == []


def test_a_block_that_is_replaced_takes_no_more_of_a_flow_with_it_than_its_own() -> None:
    books = Books(HOME)
    start = replace(THERE, highest=1_000 * LOT)
    later = replace(minted(start, 90 * LOT, time=3_000), block_hash="0x11")
    for sample in (start, later):
        assert take(books, sample, known(sample)) == []
    assert books.earlier(REMOTE) == {10: "0x10", 11: "0x11"}
    books.forget(REMOTE, {11})
    assert (books.blocks(REMOTE), books.earlier(REMOTE)) == ({}, {10: "0x10"})
    assert books.sampled_at(REMOTE, HOME, ASSET) == 10
    after = minted(start, 150 * LOT, time=3_010)
    assert [alarm.key.split()[0] for alarm in take(books, after, known(after))] == ["limit"]


def test_what_is_paid_while_paused_is_a_breach() -> None:
    paused = replace(THERE, paused_until=5_000)
    assert ids(minted(paused, LOT), None, paused) == ["pause"]
    assert ids(minted(paused, LOT, time=5_001), None, paused) == []
    here = replace(HERE, paused_until=5_000, highest=3 * LOT)
    released = replace(here, block=11, settled=2 * LOT, backing=7 * LOT)
    assert ids(released, None, here) == ["pause"]


def test_what_comes_in_above_limit_refill_and_backflow_is_a_breach() -> None:
    start = replace(THERE, highest=1_000 * LOT)
    assert ids(minted(start, 100 * LOT), None, start) == []
    assert ids(minted(start, 100 * LOT + 1), None, start) == ["limit"]
    assert ids(minted(start, 150 * LOT, time=1_000 + PERIOD // 2), None, start) == []
    assert ids(minted(start, 150 * LOT + 1, time=1_000 + PERIOD // 2), None, start) == ["limit"]


def test_half_of_what_goes_out_makes_room_and_what_is_sent_back_takes_none() -> None:
    start = replace(THERE, highest=1_000 * LOT)
    out = replace(minted(start, 105 * LOT), sent=12 * LOT, backing=100 * LOT)
    assert ids(out, None, start) == []
    above = replace(out, settled=out.settled + 1, backing=out.backing + 1)
    assert ids(above, None, start) == ["limit"]
    back = minted(start, 110 * LOT)
    assert ids(back, known(back, unmetered=10 * LOT), start) == []
    moved = minted(start, 500 * LOT)
    assert ids(moved, known(moved, "FlowLimitsSet"), start) == []


def test_rules_that_move_excuse_what_they_may_explain_and_nothing_else() -> None:
    start = replace(THERE, highest=1_000 * LOT, cap=THERE.backing, paused_until=5_000)
    after = minted(start, 101 * LOT)
    for names, left in (
        ((), ["limit", "INV-05", "pause"]),
        (("FlowPaused",), ["limit", "INV-05"]),
        (("FlowResumed", "CapSet"), ["limit"]),
        (("FlowLimitsSet",), ["INV-05", "pause"]),
        (("AssetDeployed",), []),
    ):
        assert ids(after, known(after, *names), start) == left


def across(side: Side, source: Side, claimed: int) -> list[str]:
    """Hold a side to its source."""
    books = Books(HOME)
    for sample in (side, source):
        take(books, sample, known(sample))
    return [alarm.key.split()[0] for alarm in books.across(side, claimed)]


def test_more_shown_than_sent_is_inv_04_once_the_source_was_read_far_enough() -> None:
    poor = replace(HERE, sent=8 * LOT, backing=7 * LOT, block=50, time=1_000)
    assert across(THERE, HERE, 0) == []
    assert across(THERE, poor, 50) == ["INV-04"]
    assert across(THERE, poor, 51) == []
    assert across(THERE, replace(poor, time=1_000 + SKEW_SECONDS), 51) == ["INV-04"]
    assert across(replace(HERE, highest=3 * LOT), THERE, 10) == ["INV-04"]


def test_an_escrow_short_of_its_books_or_of_its_token_is_inv_02() -> None:
    locked = {REMOTES[0]: 3, REMOTES[1]: 4}
    assert judge_escrow(ASSET, 7, 7, locked, is_all=True) == []
    assert judge_escrow(ASSET, 7, 9, locked, is_all=True) == []
    assert judge_escrow(ASSET, 8, 8, locked, is_all=False) == []
    for escrowed, held in ((7, 6), (6, 9), (8, 8)):
        (alarm,) = judge_escrow(ASSET, escrowed, held, locked, is_all=True)
        assert (alarm.key, set(alarm.remotes)) == (f"INV-02 {ASSET}", set(REMOTES))


@pytest.mark.parametrize(
    ("threshold", "members", "is_wrong"), [(3, 4, False), (2, 4, True), (0, 4, True), (5, 4, True)]
)
def test_a_threshold_that_is_no_majority_is_inv_09(threshold: int, members: int, *, is_wrong: bool) -> None:
    assert bool(judge_set(REMOTE, 1, threshold, ["m"] * members)) == is_wrong
