"""Two editions of one history: it only ever grows at its end, so anything else is worth an alarm.

An alarm decides nothing. A number that changed comes to `guard.decide` like any other, and must settle, agree and stay
within bounds before it is signed as a correction.
"""

from dataclasses import dataclass
from datetime import date

from oracles.core.calendar import Calendar
from oracles.core.parsers.reading import Reading
from oracles.core.series import Series


@dataclass(frozen=True, slots=True)
class Change:
    """A number of the old edition that the new one has otherwise; None where there is none."""

    series: Series
    day: date
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new edition does not begin with the old one."""

    offset: int
    """First byte that differs."""
    changes: tuple[Change, ...]
    """Empty if only the form differs."""


def rewritten(old_body: bytes, new_body: bytes, old: Reading, new: Reading) -> Rewritten | None:
    """Return what is wrong with a new edition of a history, None if it is the old one with something added."""
    if new_body.startswith(old_body):
        return None
    offset = next(
        (at for at, (before, after) in enumerate(zip(old_body, new_body, strict=False)) if before != after),
        min(len(old_body), len(new_body)),
    )
    return Rewritten(offset, changes(old, new))


def changes(old: Reading, new: Reading) -> tuple[Change, ...]:
    """Return every number of the old reading that the new one has otherwise. Raises ValueError for other series."""
    if old.series != new.series:
        raise ValueError("two editions hold the same series")
    nothing = (None,) * len(old.series)
    return tuple(
        Change(series, day, before, after)
        for day, row in old.rows.items()
        for series, before, after in zip(old.series, row, new.rows.get(day, nothing), strict=True)
        if before != after
    )


def off_calendar(reading: Reading, calendar: Calendar, first: date) -> tuple[list[date], list[date]]:
    """Return the business days from `first` on that a history leaves out, and the closed days that it holds.

    Days after its last row are not missing. Raises BeyondHorizon.
    """
    held = {day for day in reading.rows if day >= first}
    expected = set(calendar.between(first, max(held, default=date.min)))
    return sorted(expected - held), sorted(held - expected)
