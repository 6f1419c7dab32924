"""The compounded overnight index, in whole numbers: anybody recomputes it from the final fixings, digit for digit.

Between consecutive business days d and e, n calendar days apart, with the fixing r of day d:

    I(e) = I(d) + floor(I(d) * r * n / (365 * 100 * 10^8)),    I(base) = 10^27,

r being percent times 1e8 and floor being towards minus infinity. Contracts compute the same. A step loses less than
one unit of 10^-27, so after k steps the index lies below the exact one by less than k units times the largest growth
from any day to the last. Published are eight decimals, 1.0 on the base day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from bridge.core.errors import Refuse
from oracles.core.calendar import Calendar
from oracles.core.series import SCALE

START: Final = 10**27
PUBLISHED_UNIT: Final = 10**19
"""An index of 10^27 is published as 10^8."""
DIVISOR: Final = 365 * 100 * SCALE


class IndexRefused(Refuse):
    """A fixing from which the index cannot go on."""


class NotBusinessDay(IndexRefused):
    """A fixing, or a base, of a day on which banks are closed."""


class FixingMissing(IndexRefused):
    """A business day is left out, comes twice, or has no fixing and none before it to carry."""


@dataclass(frozen=True, slots=True)
class Fixing:
    """The final word on one business day."""

    day: date
    rate: int | None
    """Percent times 1e8; None for NO_FIXING."""


@dataclass(frozen=True, slots=True)
class Level:
    """The index on one business day."""

    day: date
    value: int
    """Times 10^27."""
    rate: int | None
    """What it accrued at since the business day before; None on the base day."""
    is_carried: bool
    """The business day before had no fixing of its own, and the one before it was carried over (METHODOLOGY)."""

    @property
    def published(self) -> int:
        """Times 1e8, cut off."""
        return self.value // PUBLISHED_UNIT


@dataclass(frozen=True, slots=True)
class Generation:
    """The index as it follows from one state of all fixings."""

    number: int
    """From 1; one more after every correction that changed it."""
    levels: tuple[Level, ...]
    """Of every business day from the base day on."""


@dataclass(frozen=True, slots=True)
class Index:
    """What is published now, and what will replace it."""

    current: Generation
    successor: Generation | None = None
    """Rebuilt after a correction as far as it goes; meanwhile `current` is marked, and does not grow."""


# --- The rule ---------------------------------------------------------------------------------------------------------


def compounded(value: int, rate: int, days: int) -> int:
    """Return the index after `days` at `rate`. The division is towards minus infinity, also for negative rates."""
    return value + value * rate * days // DIVISOR


def base_level(day: date, calendar: Calendar) -> Level:
    """Return the level of the base day. Raises NotBusinessDay, BeyondHorizon."""
    if not calendar.is_business_day(day):
        raise NotBusinessDay(f"the index cannot begin on {day}")
    return Level(day, START, None, is_carried=False)


def following(last: Level, fixing: Fixing, calendar: Calendar) -> Level:
    """Return the level of the next business day, given the fixing of the last level's day.

    A day without fixing accrues at the rate of the day before, and its level says so. Raises NotBusinessDay,
    FixingMissing, BeyondHorizon.
    """
    if not calendar.is_business_day(fixing.day):
        raise NotBusinessDay(f"{fixing.day} is no business day")
    if fixing.day != last.day:
        raise FixingMissing(f"the fixing of {last.day} is wanted, not that of {fixing.day}")
    rate = last.rate if fixing.rate is None else fixing.rate
    if rate is None:
        raise FixingMissing(f"{fixing.day} has no fixing, and there is none before it")
    day = calendar.next(last.day)
    value = compounded(last.value, rate, (day - last.day).days)
    return Level(day, value, rate, is_carried=fixing.rate is None)


def levels(base: date, fixings: Iterable[Fixing], calendar: Calendar) -> Iterator[Level]:
    """Every level from the base day on, one more than there are fixings. Raises as `following` does."""
    level = base_level(base, calendar)
    yield level
    for fixing in fixings:
        level = following(level, fixing, calendar)
        yield level


# --- Generations ------------------------------------------------------------------------------------------------------


def begun(base: date, calendar: Calendar) -> Index:
    """Return an index of the base day alone. Raises NotBusinessDay, BeyondHorizon."""
    return Index(Generation(1, (base_level(base, calendar),)))


def corrected(index: Index, day: date) -> Index:
    """Return the index after the fixing of a day became another one: a successor begins with all that still stands.

    Nothing changes if no level depends on that day yet. A second correction takes back what the successor had already
    made of that day.
    """
    if not index.current.levels[0].day <= day < index.current.levels[-1].day:
        return index
    stands = tuple(level for level in (index.successor or index.current).levels if level.day <= day)
    return Index(index.current, Generation(index.current.number + 1, stands))


def advanced(index: Index, fixings: Iterable[Fixing], calendar: Calendar, max_steps: int) -> Index:
    """Return the index after at most `max_steps` fixings, the first of them that of the last level of what grows.

    A successor grows before the current generation does, and takes its place at once when it has come as far.
    Raises as `following` does.
    """
    growing = index.successor or index.current
    grown = list(growing.levels)
    for fixing in islice(fixings, max_steps):
        grown.append(following(grown[-1], fixing, calendar))
    generation = Generation(growing.number, tuple(grown))
    if index.successor is not None and grown[-1].day < index.current.levels[-1].day:
        return Index(index.current, generation)
    return Index(generation)
