"""What the Bank of Japan's Time-Series API answers, in either encoding, and the reading taken from it.

`boj_api_json` and `boj_api_csv` read the same answer along separate paths; both come here with text in their cells.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from unicodedata import normalize

from oracles.core.parsers import dates
from oracles.core.parsers.numbers import scaled
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import DriftedFormat, ErrorAnswer, NotThisDocument
from oracles.core.series import Series, Source

DAILY: Final = "DAILY"
_OK: Final = 200
_SUCCESS: Final = frozenset({"M181000I", "M181030I"})
"""Done, and done without data: the second still lists dates, each without a value."""
_SYSTEM_ERROR: Final = "S"
_SERVER_ERRORS: Final = 500


@dataclass(frozen=True, slots=True)
class Table:
    """One series as it is answered: printed dates and printed values, None where there is none."""

    code: str
    """Without the database."""
    unit: str
    frequency: str
    last_update: str
    dates: tuple[str, ...]
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer."""

    database: str
    stamp: str
    """`DATE` as printed; its hour is not always padded, so it is no ISO 8601 and is never parsed."""
    next_position: int | None
    """Where to go on asking; None when this was all. It counts series before the frequency filter: never compute it."""
    tables: tuple[Table, ...]


def check_status(status: str, message_id: str, message: str) -> None:
    """Raise ErrorAnswer unless it is a success. Errors come with HTTP 200 or 400, and in JSON whatever was asked."""
    if status == str(_OK) and message_id in _SUCCESS:
        return
    passing = message_id.endswith(_SYSTEM_ERROR) or (status.isdigit() and int(status) >= _SERVER_ERRORS)
    raise ErrorAnswer(message_id[:20], message[:80], passing=passing)


def reading(answer: Answer, source: Source, wanted: tuple[Series, ...]) -> Reading:
    """Return the wanted daily series of an answer.

    Raises NotThisDocument for another database or a series that is not there, DriftedFormat if a unit, a frequency or
    the run of dates is not as it was: every calendar day is listed, closed ones without a value.
    """
    columns = [_column(answer, series) for series in wanted]
    days = sorted({day for column in columns for day in column})
    rows = {day: tuple([column.get(day) for column in columns]) for day in days}
    return Reading(source, wanted, rows, answer.stamp)


def _column(answer: Answer, series: Series) -> dict[date, int | None]:
    database, _, code = series.code.partition("'")
    if answer.database.upper() != database:
        raise NotThisDocument(f"an answer of {answer.database[:20]}, not of {database}")
    found = [table for table in answer.tables if table.code == code]
    if len(found) != 1:
        raise NotThisDocument(f"holds {code} {len(found)} times")
    table = found[0]
    if table.frequency != DAILY:
        raise DriftedFormat(f"frequency is {table.frequency[:20]}", code)
    check_unit(table.unit, series)
    if len(table.dates) != len(table.values):
        raise DriftedFormat(f"{len(table.dates)} dates and {len(table.values)} values", code)
    column: dict[date, int | None] = {}
    expected: date | None = None
    for text, value in zip(table.dates, table.values, strict=True):
        day = dates.compact(text, code)
        if expected is not None and day != expected:
            raise DriftedFormat(f"{day} follows where {expected} was due", code)
        column[day] = None if value is None else scaled(value, series, f"{code} {day}")
        expected = day + timedelta(days=1)
    return column


def check_unit(label: str, series: Series) -> None:
    """Raise DriftedFormat if a document names another unit than the series has."""
    if normalize("NFKC", label).strip().lower() not in series.unit_labels:
        raise DriftedFormat(f"the unit is {label[:40]!r}", series.name)
