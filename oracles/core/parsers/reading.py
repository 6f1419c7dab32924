"""What a parser returns: a small table of scaled numbers by day, and the single observation taken from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from oracles.core.parsers.numbers import printed
from oracles.core.series import Series, Source

PARSER_VERSION: Final = 1
"""One number for all parsers, signed with every observation: it may not depend on which document a reporter reached."""

_RECORD_TAG: Final = "jgb-oracle/1"
_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Observation:
    """One number of one day, as the publisher states it."""

    series: Series
    day: date
    """The day it is about, not the day it was published."""
    value: int
    """Times 1e8."""
    inputs: tuple["Observation", ...] = ()
    """What it was derived from, in the order of `series.inputs`."""

    @property
    def record(self) -> bytes:
        """The canonical source record: one line of the publisher's own code, the day and the printed number.

        It names the table and the cell, not the file: reporters who read the same number in a workbook, an API answer
        or another language derive the same bytes. A derived number carries the records of its inputs.
        """
        cell = _cell(self.series, self.day, printed(self.value, self.series.decimals))
        return b"|".join((cell, *(observation.record for observation in self.inputs)))


def record_of_none(series: Series, day: date) -> bytes:
    """Return the canonical source record of a day for which the publisher has no number."""
    return _cell(series, day, _NONE)


def _cell(series: Series, day: date, text: str) -> bytes:
    return f"{_RECORD_TAG};{series.publisher};{series.code};{day.isoformat()};{text}".encode("ascii")


@dataclass(frozen=True, slots=True)
class Missing:
    """A document has no number for a day."""

    day: date
    passed: bool
    """It has one for a later day: the publisher went on without this one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read in one document, or in several that agree."""

    source: Source
    series: tuple[Series, ...]
    rows: Mapping[date, tuple[int | None, ...]]
    """By ascending day; one value per series, None where the document says that there is none."""
    stamp: str
    """When the publisher says it made the document, as printed: provenance, never a rule."""

    def on(self, series: Series, day: date) -> Observation | Missing:
        """Return the word of the document on one number. Raises ValueError for a series it does not hold."""
        column = self.series.index(series)
        value = self.rows.get(day, (None,) * len(self.series))[column]
        if value is not None:
            return Observation(series, day, value)
        return Missing(day, any(later > day and row[column] is not None for later, row in self.rows.items()))

    def observations(self) -> Iterator[Observation]:
        """Every number, by day, then in the order of the series."""
        for day, row in self.rows.items():
            for series, value in zip(self.series, row, strict=True):
                if value is not None:
                    yield Observation(series, day, value)
