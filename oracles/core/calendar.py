"""Business days of Japanese banks: weekdays that are neither national holidays nor 31 December to 3 January.

A calendar knows whole years, each with a version. A year it does not know is refused, never guessed. A new version of
a year may change days that are still to come, and no others.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from bridge.core.errors import Refuse
from oracles.core import calendar_law
from oracles.core.calendar_law import BeyondHorizon

FIRST_DAY: Final = date(1989, 2, 1)
"""Before, banks were open on some Saturdays."""
WORD_BITS: Final = 256
_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)


class CalendarRewritten(Refuse):
    """A new calendar that would change what was a business day in the past, or forget a year."""


@dataclass(frozen=True, slots=True)
class Year:
    """The business days of one year: bit 0 is 1 January, a set bit is a business day."""

    year: int
    version: int
    """From 1; higher when a law changed the year while it was known."""
    bits: int

    @property
    def words(self) -> tuple[int, int]:
        """The two 256-bit words that a contract stores: the lower one holds the first 256 days."""
        return self.bits % 2**WORD_BITS, self.bits >> WORD_BITS


@dataclass(frozen=True, slots=True)
class Calendar:
    """Business days of the years known at one edition."""

    edition: int
    """Day of the gazette or list it was made from, as YYYYMMDD. Signed with every observation."""
    years: Mapping[int, Year]
    """Contiguous."""

    @property
    def horizon(self) -> date:
        """Return the last day it knows."""
        return date(max(self.years), 12, 31)

    def is_business_day(self, day: date) -> bool:
        """Tell whether banks are open. Raises BeyondHorizon."""
        year = self.years.get(day.year)
        if year is None or day < FIRST_DAY:
            raise BeyondHorizon(f"calendar {self.edition} does not know {day}")
        return bool(year.bits >> (day.timetuple().tm_yday - 1) & 1)

    def next(self, day: date, count: int = 1) -> date:
        """Return the `count`-th business day after a day, which need not be one. Raises BeyondHorizon."""
        return self._walk(day, _ONE_DAY, count)

    def previous(self, day: date, count: int = 1) -> date:
        """Return the `count`-th business day before a day, which need not be one. Raises BeyondHorizon."""
        return self._walk(day, -_ONE_DAY, count)

    def between(self, first: date, last: date) -> Iterator[date]:
        """Every business day from `first` to `last`, both included. Raises BeyondHorizon."""
        day = first
        while day <= last:
            if self.is_business_day(day):
                yield day
            day += _ONE_DAY

    def is_last_of_month(self, day: date) -> bool:
        """Tell whether a day is the last business day of its month. Raises BeyondHorizon."""
        following = day + _ONE_DAY
        while following.month == day.month:
            if self.is_business_day(following):
                return False
            following += _ONE_DAY
        return self.is_business_day(day)

    def _walk(self, day: date, step: timedelta, count: int) -> date:
        for _ in range(count):
            day += step
            while not self.is_business_day(day):
                day += step
        return day


def from_holidays(edition: int, years: range, holidays: Collection[date]) -> Calendar:
    """Return the first version of every year, made from a list of national holidays such as the Cabinet Office's."""
    made = {year: Year(year, 1, _bits(year, holidays)) for year in years}
    return Calendar(edition, MappingProxyType(made))


def succeeded(old: Calendar, new: Calendar, decided_on: date) -> Calendar:
    """Return `new` with the versions that follow from `old`: one more for each year that changed.

    Raises CalendarRewritten if a day up to `decided_on` changes, if a year is forgotten, or if its edition is older.
    """
    if new.edition < old.edition:
        raise CalendarRewritten(f"edition {new.edition} is older than {old.edition}")
    years = dict(new.years)
    for number, year in old.years.items():
        if number not in years:
            raise CalendarRewritten(f"{number} is forgotten")
        changed = year.bits ^ years[number].bits
        if changed and _first_day(number, changed) <= decided_on:
            raise CalendarRewritten(f"{_first_day(number, changed)} is no longer to come on {decided_on}")
        years[number] = Year(number, year.version + bool(changed), years[number].bits)
    return Calendar(new.edition, MappingProxyType(years))


def changed_days(old: Calendar, new: Calendar) -> list[date]:
    """Return the days of the old calendar that the new one sees otherwise."""
    return [
        date(number, 1, 1) + index * _ONE_DAY
        for number, year in old.years.items()
        for index in range(366)
        if (year.bits ^ new.years[number].bits) >> index & 1
    ]


def _first_day(year: int, bits: int) -> date:
    return date(year, 1, 1) + ((bits & -bits).bit_length() - 1) * _ONE_DAY


def _bits(year: int, holidays: Collection[date]) -> int:
    bits = 0
    day = date(year, 1, 1)
    index = 0
    while day.year == year:
        if day.weekday() < _SATURDAY and day not in holidays and not _is_turn_of_year(day):
            bits |= 1 << index
        day += _ONE_DAY
        index += 1
    return bits


def _is_turn_of_year(day: date) -> bool:
    return (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}


_YEARS: Final = range(FIRST_DAY.year, calendar_law.GAZETTED[-1] + 1)

JAPAN: Final = from_holidays(20260202, _YEARS, frozenset().union(*(calendar_law.holidays(year) for year in _YEARS)))
"""Gazetted to the end of 2027."""
