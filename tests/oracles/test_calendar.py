from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import holidays
import jpholiday
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.core import calendar_law
from oracles.core.calendar import (
    FIRST_DAY,
    JAPAN,
    Calendar,
    CalendarRewritten,
    changed_days,
    from_holidays,
    succeeded,
)
from oracles.core.calendar_law import BeyondHorizon

ONE_DAY = timedelta(days=1)
NEW_HOLIDAY = date(2027, 6, 15)


def by_holidays(year: int) -> set[date]:
    return set(holidays.country_holidays("JP", years=year))


def by_jpholiday(year: int) -> set[date]:
    return {day for day, _ in jpholiday.year_holidays(year)}


OPINIONS = pytest.mark.parametrize("opinion", [by_holidays, by_jpholiday])


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + number * ONE_DAY for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


def with_law(edition: int, *added: date) -> Calendar:
    """The calendar of 2025 to 2027 after a law made some more days holidays."""
    national = frozenset().union(*(calendar_law.holidays(year) for year in range(2025, 2028)), added)
    return from_holidays(edition, range(2025, 2028), national)


# --- Against others ---------------------------------------------------------------------------------------------------


@OPINIONS
@pytest.mark.parametrize("year", range(2000, 2028))
def test_the_law_gives_the_holidays_that_others_know(opinion: Callable[[int], set[date]], year: int) -> None:
    assert calendar_law.holidays(year) == opinion(year)


@OPINIONS
@pytest.mark.parametrize("year", range(2028, 2036))
def test_given_its_equinoxes_the_law_gives_the_years_that_are_not_gazetted_yet(
    opinion: Callable[[int], set[date]], year: int
) -> None:
    expected = opinion(year)
    years = [calendar_law.holidays_given(year, spring, autumn) for spring in (20, 21) for autumn in (22, 23)]
    assert years.count(frozenset(expected)) == 1


@OPINIONS
def test_the_years_before_are_the_ones_that_others_know(opinion: Callable[[int], set[date]]) -> None:
    assert [year for year in range(1989, 2000) if calendar_law.holidays(year) != opinion(year)] == []


@OPINIONS
@pytest.mark.parametrize("year", range(2000, 2028))
def test_banks_open_on_weekdays_that_are_no_holidays_nor_the_turn_of_the_year(
    opinion: Callable[[int], set[date]], year: int
) -> None:
    national = opinion(year)
    closed = {date(year, 12, 31), date(year, 1, 2), date(year, 1, 3)}
    for day in days_of(year):
        expected = day.weekday() < 5 and day not in national and day not in closed
        assert JAPAN.is_business_day(day) is expected, day


# --- What is not known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2028, 1, 1), date(2028, 1, 4), date(2035, 6, 1), date.max])
def test_a_year_that_is_not_gazetted_is_refused(day: date) -> None:
    assert JAPAN.horizon == date(2027, 12, 31)
    for question in (
        lambda: JAPAN.is_business_day(day),
        lambda: JAPAN.is_last_of_month(day.replace(day=1)),
        lambda: JAPAN.previous(day + ONE_DAY if day < date.max else day),
        lambda: list(JAPAN.between(date(2027, 12, 1), day)),
        lambda: calendar_law.holidays(day.year),
    ):
        with pytest.raises(BeyondHorizon):
            question()


def test_the_walk_over_the_end_of_the_last_year_is_refused() -> None:
    assert JAPAN.next(date(2027, 12, 29)) == date(2027, 12, 30)
    with pytest.raises(BeyondHorizon, match="2028-01-01"):
        JAPAN.next(date(2027, 12, 30))


def test_days_on_which_banks_were_open_on_saturdays_are_refused() -> None:
    assert JAPAN.is_business_day(FIRST_DAY)
    for question in (lambda: JAPAN.is_business_day(FIRST_DAY - ONE_DAY), lambda: JAPAN.previous(FIRST_DAY)):
        with pytest.raises(BeyondHorizon):
            question()


# --- Days that are easy to get wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2025, 12, 30), date(2026, 1, 5)),  # New Year: 31 December to 4 January, a Sunday
        (date(2018, 12, 28), date(2019, 1, 4)),
        (date(2019, 4, 26), date(2019, 5, 7)),  # ten holidays in a row, at the accession
        (date(2026, 5, 1), date(2026, 5, 7)),  # Golden Week: the substitute moves to Wednesday
        (date(2026, 9, 18), date(2026, 9, 24)),  # 22 September lies between two holidays
        (date(2027, 3, 19), date(2027, 3, 23)),  # an equinox on Sunday
        (date(2019, 10, 21), date(2019, 10, 23)),  # the enthronement
        (date(2020, 7, 22), date(2020, 7, 27)),  # moved for the Games
        (date(2021, 8, 6), date(2021, 8, 10)),
        (date(2016, 8, 10), date(2016, 8, 12)),  # the first Mountain Day
        (date(2015, 3, 20), date(2015, 3, 23)),  # no holiday that year
        (date(2018, 12, 21), date(2018, 12, 25)),  # the last 23 December
        (date(2019, 12, 23), date(2019, 12, 24)),  # no holiday any more
    ],
)
def test_the_next_business_day_is_the_one_in_the_almanac(day: date, following: date) -> None:
    assert JAPAN.next(day) == following
    assert JAPAN.previous(following) == day
    assert list(JAPAN.between(day, following)) == [day, following]


def test_no_other_gap_was_as_long_as_the_eleven_days_of_2019() -> None:
    days = list(JAPAN.between(date(2000, 1, 4), date(2027, 12, 30)))
    gaps = [(after - day).days for day, after in pairwise(days)]
    assert max(gaps) == 11
    assert gaps.count(11) == 1
    assert {gap for gap in gaps if gap > 4} == {5, 6, 7, 11}


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 1, 30), True),
        (date(2026, 1, 29), False),
        (date(2026, 5, 29), True),
        (date(2025, 12, 30), True),
        (date(2025, 12, 31), False),
        (date(2026, 2, 27), True),
        (date(2026, 1, 31), False),
        (date(2027, 12, 30), True),
    ],
)
def test_the_last_business_day_of_a_month_is_known(day: date, last: bool) -> None:  # noqa: FBT001 - from a table
    assert JAPAN.is_last_of_month(day) is last


@given(st.dates(date(1990, 1, 1), date(2027, 11, 30)), st.integers(1, 8))
def test_steps_forward_and_back_are_inverse(day: date, count: int) -> None:
    start = JAPAN.next(day)
    there = JAPAN.next(start, count)
    assert JAPAN.previous(there, count) == start
    assert list(JAPAN.between(start, there))[-1] == there
    assert len(list(JAPAN.between(start, there))) == count + 1


@pytest.mark.parametrize("year", [1990, 2024, 2026, 2027])
def test_two_words_hold_the_days_of_a_year(year: int) -> None:
    low, high = JAPAN.years[year].words
    for index, day in enumerate(days_of(year)):
        word = low if index < 256 else high
        assert word >> index % 256 & 1 == JAPAN.is_business_day(day), day
    assert high >> len(days_of(year)) - 256 == 0


# --- When the law changes ---------------------------------------------------------------------------------------------


def test_a_day_added_to_the_law_is_a_new_version_of_its_year_and_of_no_other() -> None:
    old, new = with_law(20260202), with_law(20260710, NEW_HOLIDAY)
    after = succeeded(old, new, date(2026, 7, 10))
    assert not after.is_business_day(NEW_HOLIDAY)
    assert after.edition == 20260710
    assert {number: year.version for number, year in after.years.items()} == {2025: 1, 2026: 1, 2027: 2}
    assert changed_days(old, after) == [NEW_HOLIDAY]
    assert succeeded(after, with_law(20260801), date(2026, 8, 1)).years[2027].version == 3, "and taken back again"


@pytest.mark.parametrize("decided_on", [NEW_HOLIDAY, NEW_HOLIDAY + ONE_DAY])
def test_a_day_that_has_come_is_never_rewritten(decided_on: date) -> None:
    with pytest.raises(CalendarRewritten, match="2027-06-15"):
        succeeded(with_law(20260202), with_law(20270615, NEW_HOLIDAY), decided_on)
    assert (
        succeeded(with_law(20260202), with_law(20270614, NEW_HOLIDAY), NEW_HOLIDAY - ONE_DAY).years[2027].version == 2
    )


def test_a_past_day_is_not_rewritten_under_cover_of_a_future_one() -> None:
    with pytest.raises(CalendarRewritten, match="2026-06-16"):
        succeeded(with_law(20260202), with_law(20260710, NEW_HOLIDAY, date(2026, 6, 16)), date(2026, 7, 10))


def test_a_year_is_added_and_none_is_forgotten() -> None:
    short = from_holidays(20250203, range(2025, 2027), calendar_law.holidays(2025) | calendar_law.holidays(2026))
    longer = succeeded(short, with_law(20260202), date(2026, 2, 2))
    assert {number: year.version for number, year in longer.years.items()} == {2025: 1, 2026: 1, 2027: 1}
    with pytest.raises(CalendarRewritten, match="forgotten"):
        succeeded(longer, from_holidays(20260301, range(2026, 2028), frozenset()), date(2026, 3, 1))
    with pytest.raises(CalendarRewritten, match="older"):
        succeeded(longer, short, date(2026, 3, 1))
