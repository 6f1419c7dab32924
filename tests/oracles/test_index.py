import json
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.index import (
    DIVISOR,
    START,
    Fixing,
    FixingMissing,
    Index,
    Level,
    NotBusinessDay,
    advanced,
    base_level,
    begun,
    compounded,
    corrected,
    following,
    levels,
)
from tests.vectors import index as generator

Json = dict[str, Any]

VECTORS: Json = json.loads((Path(__file__).parents[1] / "vectors" / "index.json").read_text())
EPOCH = date(1970, 1, 1)
BASE = date(2026, 1, 5)
DAYS = list(JAPAN.between(BASE, date(2026, 3, 31)))
RATES = [72_700_000 + 100_000 * (number % 7) for number in range(len(DAYS))]
FIXINGS = [Fixing(day, rate) for day, rate in zip(DAYS, RATES, strict=True)]


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def thirty_years() -> list[Fixing]:
    """Simulated: policy moves up and down, below zero for years, three decimals, a day without fixing now and then."""
    fixings, level = [], 500
    for number, day in enumerate(JAPAN.between(date(1997, 6, 2), date(2027, 5, 31))):
        if number % 120 == 0:
            level = max(-100, min(8_000, level + (number // 120 * 7919 % 11 - 5) * 250))
        rate = None if number % 500 == 499 else (level + number * 31 % 17 - 8) * 100_000
        fixings.append(Fixing(day, rate))
    return fixings


def exact(fixings: Sequence[Fixing]) -> list[Fraction]:
    """Every 500th level and the last, without rounding, one being the base: a numerator over a power of the divisor."""
    numerator, rate, found = 1, 0, [Fraction(1)]
    for power, (fixing, after) in enumerate(pairwise(fixings), 1):
        rate = rate if fixing.rate is None else fixing.rate
        numerator *= DIVISOR + rate * (after.day - fixing.day).days
        if power % 500 == 0 or after is fixings[-1]:
            found.append(Fraction(numerator, DIVISOR**power))
    return found


# --- The rule ---------------------------------------------------------------------------------------------------------


def test_the_committed_vectors_are_what_their_generator_makes() -> None:
    assert json.loads(json.dumps(generator.all_vectors())) == VECTORS, "run `python -m tests.vectors.index`"


@pytest.mark.parametrize("vector", VECTORS["steps"])
def test_a_step_is_floored_as_the_vectors_say(vector: Json) -> None:
    assert compounded(int(vector["before"]), int(vector["rate"]), vector["days"]) == int(vector["after"])


def test_two_years_are_replayed_digit_for_digit() -> None:
    path = VECTORS["path"]
    fixings = [
        Fixing(day_of(fixing["date"]), None if fixing["rate"] is None else int(fixing["rate"]))
        for fixing in path["fixings"]
    ]
    found: list[Json] = [
        {"date": (level.day - EPOCH).days, "value": str(level.value), "published": str(level.published)}
        | {"isCarried": level.is_carried}
        for level in levels(fixings[0].day, fixings, JAPAN)
    ]
    assert found == path["levels"]
    assert sum(level["isCarried"] for level in found) > 10


def test_a_day_at_a_rate_is_the_textbook_formula() -> None:
    friday, monday = date(2026, 1, 9), date(2026, 1, 13)
    level = Level(friday, START, None, is_carried=False)
    after = following(level, Fixing(friday, 72_700_000), JAPAN)
    assert after == Level(monday, START + START * 727 * 4 // 36_500_000, 72_700_000, is_carried=False)
    assert after.published == 100_007_967
    assert level.published == 10**8


@given(
    value=st.integers(1, 10**30),
    rate=st.integers(-2 * 10**8, 15 * 10**8),
    count=st.integers(1, 11),
)
def test_a_step_loses_less_than_one_unit_and_never_gains(value: int, rate: int, count: int) -> None:
    lost = value * (1 + Fraction(rate * count, DIVISOR)) - compounded(value, rate, count)
    assert 0 <= lost < 1


@given(st.lists(st.integers(-2 * 10**8, 15 * 10**8), min_size=2, max_size=len(DAYS)))
def test_the_index_lies_below_the_exact_one_by_less_than_the_bound(rates: list[int]) -> None:
    fixings = [Fixing(day, rate) for day, rate in zip(DAYS, rates, strict=False)]
    *_, last = levels(BASE, fixings, JAPAN)
    growths = [
        1 + Fraction(rate * (after - day).days, DIVISOR)
        for (day, after), rate in zip(pairwise(DAYS), rates, strict=False)
    ]
    *_, last = levels(BASE, fixings[: len(growths)], JAPAN)
    true, to_the_end, largest = Fraction(START), Fraction(1), Fraction(1)
    for growth in growths:
        true *= growth
    for growth in reversed(growths):
        to_the_end *= growth
        largest = max(largest, to_the_end)
    assert 0 <= true - last.value < len(growths) * largest


def test_thirty_years_are_replayed_digit_for_digit() -> None:
    fixings = thirty_years()
    value, rate, replayed = START, 0, [START]
    for fixing, after in pairwise(fixings):
        rate = rate if fixing.rate is None else fixing.rate
        value = generator.stepped(value, rate, (after.day - fixing.day).days)
        replayed.append(value)
    assert [level.value for level in levels(fixings[0].day, fixings[:-1], JAPAN)] == replayed


def test_thirty_years_stay_within_the_bound_of_the_truncation_error() -> None:
    fixings = thirty_years()
    assert len(fixings) > 7_300
    assert sum(fixing.rate is not None and fixing.rate < 0 for fixing in fixings) > 100
    found = list(levels(fixings[0].day, fixings[:-1], JAPAN))
    true = exact(fixings)
    sampled = [*found[::500], found[-1]]
    growth = max(found[-1].value / Fraction(level.value) for level in found)
    for level, exactly in zip(sampled, true, strict=True):
        assert 0 <= exactly * START - level.value < len(found) * growth
    assert found[-1].published == int(true[-1] * 10**8), "far from the last digit published"


# --- What is refused, and what is carried -----------------------------------------------------------------------------


def test_a_gap_a_repetition_and_a_step_back_are_refused() -> None:
    for wrong in ([FIXINGS[1]], [*FIXINGS[:2], FIXINGS[3]], [*FIXINGS[:2], FIXINGS[1]], [*FIXINGS[:3], FIXINGS[0]]):
        with pytest.raises(FixingMissing):
            list(levels(BASE, wrong, JAPAN))


@pytest.mark.parametrize("closed", [date(2026, 1, 10), date(2026, 1, 12), date(2026, 12, 31), date(2027, 3, 22)])
def test_a_closed_day_is_refused(closed: date) -> None:
    with pytest.raises(NotBusinessDay):
        following(Level(closed, START, 1, is_carried=False), Fixing(closed, 72_700_000), JAPAN)
    with pytest.raises(NotBusinessDay):
        base_level(closed, JAPAN)


def test_the_index_ends_where_the_calendar_does() -> None:
    last = date(2027, 12, 30)
    with pytest.raises(BeyondHorizon):
        following(base_level(last, JAPAN), Fixing(last, 1), JAPAN)


def test_a_day_without_fixing_accrues_at_the_rate_before_and_says_so() -> None:
    holes = [FIXINGS[0], *(Fixing(day, None) for day in DAYS[1:3]), FIXINGS[3]]
    as_if = [FIXINGS[0], *(Fixing(day, RATES[0]) for day in DAYS[1:3]), FIXINGS[3]]
    found, expected = (list(levels(BASE, fixings, JAPAN)) for fixings in (holes, as_if))
    assert [level.value for level in found] == [level.value for level in expected]
    assert [level.is_carried for level in found] == [False, False, True, True, False]
    assert not any(level.is_carried for level in expected)


def test_nothing_is_carried_into_the_base_day() -> None:
    with pytest.raises(FixingMissing, match="none before"):
        list(levels(BASE, [Fixing(BASE, None)], JAPAN))


def test_a_rate_of_zero_is_a_fixing_and_not_a_missing_one() -> None:
    found = list(levels(BASE, [FIXINGS[0], Fixing(DAYS[1], 0)], JAPAN))
    assert found[2].value == found[1].value
    assert not found[2].is_carried


# --- Corrections ------------------------------------------------------------------------------------------------------


def whole(fixings: Sequence[Fixing] = FIXINGS) -> Index:
    return advanced(begun(BASE, JAPAN), fixings, JAPAN, len(fixings))


def with_rate(number: int, rate: int | None) -> list[Fixing]:
    return [Fixing(fixing.day, rate) if i == number else fixing for i, fixing in enumerate(FIXINGS)]


def test_an_index_grows_by_steps_to_the_same_levels() -> None:
    index = begun(BASE, JAPAN)
    for number in range(0, len(FIXINGS), 7):
        index = advanced(index, FIXINGS[number:], JAPAN, 7)
    assert index == whole()
    assert index.current.levels == tuple(levels(BASE, FIXINGS, JAPAN))
    assert index.current.number == 1


def test_a_correction_is_rebuilt_beside_the_old_generation_and_takes_its_place_at_once() -> None:
    old, fixings = whole(), with_rate(10, 99_900_000)
    index = corrected(old, DAYS[10])
    seen = []
    while index.successor is not None:
        seen.append(index)
        position = len(index.successor.levels) - 1
        index = advanced(index, fixings[position:], JAPAN, 4)
    assert len(seen) > 5
    assert all(marked.current == old.current for marked in seen), "the old one stays readable"
    assert index.current.number == 2
    assert index.current.levels == tuple(levels(BASE, fixings, JAPAN))
    assert index.current.levels[:11] == old.current.levels[:11]
    assert all(
        one.value != other.value for one, other in zip(index.current.levels[11:], old.current.levels[11:], strict=True)
    )


def test_a_second_correction_takes_back_only_what_depends_on_it() -> None:
    half = advanced(corrected(whole(), DAYS[10]), with_rate(10, 99_900_000)[10:], JAPAN, 10)
    assert half.successor is not None
    assert len(half.successor.levels) == 21
    assert corrected(half, DAYS[30]) == half, "not reached yet"
    earlier = corrected(half, DAYS[15]).successor
    assert earlier is not None
    assert earlier.levels == half.successor.levels[:16]
    assert earlier.number == 2


def test_a_correction_that_no_level_depends_on_changes_nothing() -> None:
    index = whole()
    assert corrected(index, index.current.levels[-1].day) == index
    assert corrected(index, BASE - timedelta(days=3)) == index


def test_a_correction_to_no_fixing_carries_the_day_before() -> None:
    fixings = with_rate(10, None)
    index = advanced(corrected(whole(), DAYS[10]), fixings[10:], JAPAN, len(fixings))
    assert index.successor is None
    assert index.current.levels[11].is_carried
    assert index.current.levels[11].rate == RATES[9]
