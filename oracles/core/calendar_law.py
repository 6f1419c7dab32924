"""National holidays of Japan by rule: the Act on National Holidays (No. 178 of 1948) with all its amendments.

The two equinox days are no rule but a notice in the official gazette each February, for the year after. So the law is
known to the end of the last gazetted year and not a day further.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bridge.core.errors import Refuse

GAZETTED: Final = range(1955, 2028)
"""Years whose equinox days are known: gazette of February 2026, as in the Cabinet Office's list."""

_SPRING_20: Final = frozenset({
    1960, 1964, 1968, 1972, 1976, 1980, 1984, 1988, 1992, 1993, 1996, 1997, 2000, 2001, 2004, 2005, 2008, 2009,
    2012, 2013, 2016, 2017, 2020, 2021, 2024, 2025, 2026,
})  # fmt: skip
"""Years of 20 March; in all others it is the 21st."""
_AUTUMN_22: Final = frozenset({2012, 2016, 2020, 2024})
_AUTUMN_24: Final = frozenset({1955, 1959, 1963, 1967, 1971, 1975, 1979})
"""In all other years it is 23 September."""

_ONE_DAY: Final = timedelta(days=1)
_SUNDAY: Final = 6
_SUBSTITUTES_SINCE: Final = date(1973, 4, 12)
_CHAINED_SINCE: Final = 2007
"""A substitute moves past further holidays; before, it was the Monday or nothing."""
_SANDWICHED_SINCE: Final = date(1985, 12, 27)


class BeyondHorizon(Refuse):
    """A year whose holidays nobody knows yet, or one before the calendar begins."""


@dataclass(frozen=True, slots=True)
class _Fixed:
    month: int
    day: int
    first: int
    last: int = 9999

    def in_year(self, year: int) -> date:
        return date(year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class _Monday:
    month: int
    nth: int
    first: int
    last: int = 9999

    def in_year(self, year: int) -> date:
        start = date(year, self.month, 1)
        return start + timedelta(days=-start.weekday() % 7 + 7 * (self.nth - 1))


_RULES: Final = (
    _Fixed(1, 1, 1949),  # New Year's Day
    _Fixed(1, 15, 1949, 1999),  # Coming of Age Day
    _Monday(1, 2, 2000),
    _Fixed(2, 11, 1967),  # National Foundation Day
    _Fixed(2, 23, 2020),  # The Emperor's Birthday
    _Fixed(4, 29, 1949),  # The Emperor's Birthday, Greenery Day since 1989, Showa Day since 2007
    _Fixed(5, 3, 1949),  # Constitution Memorial Day
    _Fixed(5, 4, 2007),  # Greenery Day
    _Fixed(5, 5, 1949),  # Children's Day
    _Fixed(7, 20, 1996, 2002),  # Marine Day
    _Monday(7, 3, 2003, 2019),
    _Monday(7, 3, 2022),
    _Fixed(8, 11, 2016, 2019),  # Mountain Day
    _Fixed(8, 11, 2022),
    _Fixed(9, 15, 1966, 2002),  # Respect for the Aged Day
    _Monday(9, 3, 2003),
    _Fixed(10, 10, 1966, 1999),  # Sports Day
    _Monday(10, 2, 2000, 2019),
    _Monday(10, 2, 2022),
    _Fixed(11, 3, 1948),  # Culture Day
    _Fixed(11, 23, 1948),  # Labour Thanksgiving Day
    _Fixed(12, 23, 1989, 2018),  # The Emperor's Birthday
)

_ONCE: Final = frozenset({
    date(1959, 4, 10), date(1989, 2, 24), date(1990, 11, 12), date(1993, 6, 9),  # weddings, a funeral, an enthronement
    date(2019, 5, 1), date(2019, 10, 22),  # accession and enthronement
    date(2020, 7, 23), date(2020, 7, 24), date(2020, 8, 10),  # moved for the Games
    date(2021, 7, 22), date(2021, 7, 23), date(2021, 8, 8),
})  # fmt: skip
"""Days that an act of their own made or moved."""


def holidays(year: int) -> frozenset[date]:
    """Return the holidays of a gazetted year, substitutes and days between holidays included.

    Raises BeyondHorizon for any other year.
    """
    return holidays_given(year, *equinoxes(year))


def equinoxes(year: int) -> tuple[int, int]:
    """Return the days in March and September as gazetted. Raises BeyondHorizon."""
    if year not in GAZETTED:
        raise BeyondHorizon(f"the holidays of {year} are not gazetted (known: {GAZETTED[0]} to {GAZETTED[-1]})")
    autumn = 22 if year in _AUTUMN_22 else 24 if year in _AUTUMN_24 else 23
    return (20 if year in _SPRING_20 else 21), autumn


def holidays_given(year: int, spring: int, autumn: int) -> frozenset[date]:
    """Return the holidays of a year whose equinox days are given."""
    named = {rule.in_year(year) for rule in _RULES if rule.first <= year <= rule.last}
    named |= {day for day in _ONCE if day.year == year}
    named |= {date(year, 3, spring), date(year, 9, autumn)}
    return frozenset(named | {_substitute(day, named) for day in named if _is_moved(day)} | _sandwiched(named))


def _is_moved(day: date) -> bool:
    return day.weekday() == _SUNDAY and day >= _SUBSTITUTES_SINCE


def _substitute(sunday: date, named: set[date]) -> date:
    day = sunday + _ONE_DAY
    while sunday.year >= _CHAINED_SINCE and day in named:
        day += _ONE_DAY
    return day


def _sandwiched(named: set[date]) -> set[date]:
    between = {day + _ONE_DAY for day in named if day + 2 * _ONE_DAY in named}
    return {
        day
        for day in between - named
        if day >= _SANDWICHED_SINCE and (day.year >= _CHAINED_SINCE or day.weekday() != _SUNDAY)
    }
