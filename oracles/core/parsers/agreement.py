"""Two readings of the same numbers: where they agree, they are one; where they do not, neither is believed."""

from dataclasses import replace
from datetime import date

from oracles.core.parsers.numbers import printed
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import Disagreement

_DIGITS = 8


def agreed(first: Reading, second: Reading) -> Reading:
    """Return the days that both readings hold, cell by cell equal.

    One may end later than the other, as in the minute of publication: days after the end of either are left out.
    Raises Disagreement at the first cell that differs, or at a day that only one of them holds in between.
    """
    if first.series != second.series:
        raise Disagreement("they do not hold the same series", f"{first.source} and {second.source}")
    if not first.rows or not second.rows:
        return replace(first, rows={})
    start, end = max(min(first.rows), min(second.rows)), min(max(first.rows), max(second.rows))
    ours, theirs = _between(first, start, end), _between(second, start, end)
    if ours != theirs:
        day = min(day for day in ours.keys() | theirs.keys() if ours.get(day) != theirs.get(day))
        raise Disagreement(
            _difference(first, ours.get(day), theirs.get(day)), f"{first.source} and {second.source}, {day}"
        )
    return replace(first, rows=ours)


def _between(reading: Reading, start: date, end: date) -> dict[date, tuple[int | None, ...]]:
    return {day: row for day, row in reading.rows.items() if start <= day <= end}


def _difference(reading: Reading, ours: tuple[int | None, ...] | None, theirs: tuple[int | None, ...] | None) -> str:
    if ours is None or theirs is None:
        return "only one of them holds this day"
    series, one, other = next(
        (series, one, other) for series, one, other in zip(reading.series, ours, theirs, strict=True) if one != other
    )
    return f"{series.name} is {_shown(one)} and {_shown(other)}"


def _shown(value: int | None) -> str:
    return "missing" if value is None else printed(value, _DIGITS)
