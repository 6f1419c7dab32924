"""The Japan Securities Dealers Association's reference prices: `SYYMMDD.csv`, Shift-JIS, 29 columns, no header.

The file carries the date of the business day after its quotes (those of 15:00 on 30 December stand in the file of the
first business day of January), so reading one needs a calendar. Nines in every place mean that there is no number.
Only operators with the Association's permission enable these series.
"""

import csv
from collections.abc import Iterator
from datetime import date
from typing import Final

from oracles.core.calendar import Calendar
from oracles.core.parsers import dates
from oracles.core.parsers.numbers import scaled
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import Disagreement, DriftedFormat, NotThisDocument
from oracles.core.parsers.text import SHIFT_JIS, decoded, ended_lines, refuse_other_documents, refuse_utf8
from oracles.core.series import Kind, Series, Source

VERSION: Final = "jsda-prices/1"

_COLUMNS: Final = 29
_DATE: Final = 0
_ISSUE: Final = 2
_YIELD: Final = 6
_PRICE: Final = 7
_HIGHEST: Final = 15
_LOWEST: Final = 17
_MISSING: Final = frozenset({"999.999", "999.99", "99.999"})


def read(body: bytes, wanted: tuple[Series, ...], calendar: Calendar) -> Reading:
    """Read the wanted issues; one that is not quoted has no value. Raises Refused, and BeyondHorizon."""
    refuse_other_documents(body)
    refuse_utf8(body)
    lines = ended_lines(decoded(body, SHIFT_JIS))
    issues = {issue_of(series) for series in wanted}
    published = dates.compact(lines[0].partition(",")[0].strip('"'), "line 1")
    if not calendar.is_business_day(published):
        raise DriftedFormat(f"dated {published}, which is no business day", "line 1")
    quotes: dict[str, list[str]] = {}
    for number, row in enumerate(_rows(lines), 1):
        _check_row(row, published, number)
        if row[_ISSUE] in issues:
            if row[_ISSUE] in quotes:
                raise DriftedFormat(f"{row[_ISSUE]} stands twice", f"line {number}")
            quotes[row[_ISSUE]] = row
    values = tuple(_value(quotes.get(issue_of(series)), series) for series in wanted)
    return Reading(Source.JSDA_PRICES, wanted, {calendar.previous(published): values}, published.isoformat())


def issue_of(series: Series) -> str:
    """Return the nine digits of a series' issue. Raises ValueError for another publisher's series."""
    table, _, cell = series.code.partition("'")
    if table != "OTC":
        raise ValueError(f"{series.name} is no reference price")
    return cell.partition("'")[0]


def _rows(lines: list[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, strict=True)
    except csv.Error as error:
        raise DriftedFormat(f"quotes do not match: {error}") from error


def _check_row(row: list[str], published: date, number: int) -> None:
    if len(row) != _COLUMNS:
        if number == 1:
            raise NotThisDocument(f"{len(row)} columns instead of {_COLUMNS}", "line 1")
        raise DriftedFormat(f"{len(row)} columns instead of {_COLUMNS}", f"line {number}")
    if dates.compact(row[_DATE], f"line {number}") != published:
        raise DriftedFormat(f"dated {row[_DATE]}, unlike the first row", f"line {number}")


def _value(row: list[str] | None, series: Series) -> int | None:
    if row is None:
        return None
    value = _number(row, _PRICE if series.kind is Kind.PRICE else _YIELD, series)
    if series.kind is Kind.PRICE and value is not None:
        highest, lowest = (_number(row, column, series) for column in (_HIGHEST, _LOWEST))
        if highest is not None and lowest is not None and not lowest <= value <= highest:
            raise Disagreement("the average is not between the lowest and the highest", series.name)
    return value


def _number(row: list[str], column: int, series: Series) -> int | None:
    text = row[column].strip()
    return None if text in _MISSING else scaled(text, series, f"{series.name}, column {column + 1}")
