"""The Bank of Japan's daily workbook of the overnight call rate: average, high and low of one day.

Provisional (`mpYYYYMMDD.xlsx`) in the evening, final (`mdYYYYMMDD.xlsx`) the next morning; in force since October
2025. Sheet `コール`; a label such as `平均` over `Average`, and the number in the next cell of its row.

What the sheet says of its day and status is found by its words, wherever they stand: a sheet that names no day, or
another one, is refused, for the address alone is not worth believing.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from unicodedata import normalize

from oracles.core.catalogue import CALL_RATES
from oracles.core.parsers.numbers import scaled
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import Disagreement, DriftedFormat, NoFixing, NotThisDocument
from oracles.core.parsers.workbook import Cell, right_of, sheet
from oracles.core.series import Series, Source

VERSION: Final = "boj-workbook/1"

SHEET: Final = "コール"
_LABELS: Final = ("average", "maximum", "minimum")
"""In the order of CALL_RATES; each stands under its Japanese name in one cell."""
_STATUSES: Final = {
    Source.BOJ_PROVISIONAL: ("速報", "provisional"),
    Source.BOJ_FINAL: ("確報", "final"),
}
_NONE: Final = frozenset({"", "-", "ー", "―", "...", "n.a.", "na"})
_EPOCH: Final = date(1899, 12, 30)
"""Day zero of a workbook's day numbers."""
_DAY_NUMBERS: Final = range(40_000, 80_000)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOISE: Final = Decimal("1e-9")
"""A double prints 0.477 as 0.47699999999999998; more than this is another number."""

_NUMERIC_DAY: Final = re.compile(r"(?<![0-9])([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})(?![0-9])")
_JAPANESE_DAY: Final = re.compile(r"(?:(令和)?([0-9]{1,4}|元)年)?([0-9]{1,2})月([0-9]{1,2})日")
_ENGLISH_DAY: Final = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\.? ([0-9]{{1,2}})\b(?:[^0-9]{{1,8}}([0-9]{{4}}))?")
_REIWA: Final = 2018


def provisional(body: bytes, day: date) -> Reading:
    """Read the provisional workbook of a day. Raises Refused."""
    return _read(body, day, Source.BOJ_PROVISIONAL)


def final(body: bytes, day: date) -> Reading:
    """Read the final workbook of a day. Raises Refused."""
    return _read(body, day, Source.BOJ_FINAL)


def _read(body: bytes, day: date, source: Source) -> Reading:
    cells = sheet(body, SHEET)
    words = [normalize("NFKC", cell.text) for cell in cells.values() if not cell.is_number]
    _check_status(words, source)
    _check_day(words, cells.values(), day)
    values = tuple(
        _value(cells, _labelled(cells, label), series) for series, label in zip(CALL_RATES, _LABELS, strict=True)
    )
    average, high, low = values
    if not low <= average <= high:
        raise Disagreement("the average is not between the lowest and the highest", SHEET)
    return Reading(source, CALL_RATES, {day: values}, next((word for word in words if str(day.year) in word), ""))


def _check_status(words: list[str], source: Source) -> None:
    mentioned = {
        kind for kind, names in _STATUSES.items() for word in words if any(name in word.lower() for name in names)
    }
    if mentioned and source not in mentioned:
        raise NotThisDocument(f"is the {_STATUSES[mentioned.pop()][1]} one, not the {_STATUSES[source][1]} one", SHEET)


def _check_day(words: list[str], cells: Iterable[Cell], day: date) -> None:
    mentioned = [mention for word in words for mention in _mentions(word.lower())]
    mentioned += [mention for cell in cells for mention in _from_number(cell)]
    if not mentioned:
        raise DriftedFormat("names no day", SHEET)
    if (day.year, day.month, day.day) not in mentioned and (None, day.month, day.day) not in mentioned:
        raise NotThisDocument(f"is about another day than {day}", SHEET)


_Mention = tuple[int | None, int, int]


def _mentions(word: str) -> list[_Mention]:
    """Every day that a text names; the year is None where the text leaves it out."""
    found: list[_Mention] = [(int(m[1]), int(m[2]), int(m[3])) for m in _NUMERIC_DAY.finditer(word)]
    for m in _JAPANESE_DAY.finditer(word):
        year = None if m[2] is None else (1 if m[2] == "元" else int(m[2])) + (_REIWA if m[1] else 0)
        found.append((year, int(m[3]), int(m[4])))
    found += [(int(m[3]) if m[3] else None, _MONTHS.index(m[1]) + 1, int(m[2])) for m in _ENGLISH_DAY.finditer(word)]
    return found


def _from_number(cell: Cell) -> list[_Mention]:
    """A day stored as a workbook stores days: a whole number of days, whatever format shows it."""
    if not cell.is_number or not cell.text.isdecimal() or int(cell.text) not in _DAY_NUMBERS:
        return []
    day = _EPOCH + timedelta(days=int(cell.text))
    return [(day.year, day.month, day.day)]


def _labelled(cells: dict[str, Cell], label: str) -> str:
    places = [cell.place for cell in cells.values() if not cell.is_number and cell.text.lower().split()[1:] == [label]]
    if len(places) != 1:
        raise DriftedFormat(f"{label} stands {len(places)} times", SHEET)
    return places[0]


def _value(cells: dict[str, Cell], label: str, series: Series) -> int:
    """Return the number right of a label, as the file holds it, as openpyxl reads it and as the sheet shows it."""
    where = right_of(label)
    cell = cells.get(where)
    if cell is None or (not cell.is_number and cell.text.strip().lower() in _NONE):
        raise NoFixing(f"no {series.name}", where)
    if not cell.is_number:
        return scaled(cell.text.strip(), series, where)
    ours, theirs = (_plain(text, series, where) for text in (cell.text, cell.checked))
    if ours != theirs:
        raise Disagreement(f"the file holds {cell.text} and openpyxl reads {cell.checked}", where)
    _check_shown(cell, series, where)
    return scaled(ours, series, where)


def _plain(text: str, series: Series, where: str) -> str:
    """Return a stored double as the printed number it stands for."""
    try:
        number = Decimal(text)
        rounded = number.quantize(Decimal(1).scaleb(-series.decimals))
    except InvalidOperation as error:
        raise DriftedFormat(f"{text[:40]!r} is not a number", where) from error
    if abs(number - rounded) > _NOISE:
        raise DriftedFormat(f"{text[:40]} has more than {series.decimals} decimals", where)
    return f"{rounded:f}"


def _check_shown(cell: Cell, series: Series, where: str) -> None:
    """A reader of the sheet must see the same number: no percentages, no decimals that the format hides."""
    form = cell.number_format.partition(";")[0]
    if "%" in form:
        raise DriftedFormat("is shown as a percentage of one", where)
    shown = re.search(r"0\.(0+)", form)
    if "0" in form and "general" not in form.lower():
        decimals = len(shown[1]) if shown else 0
        if decimals < series.decimals and Decimal(_plain(cell.text, series, where)) % Decimal(1).scaleb(-decimals):
            raise Disagreement(f"the sheet shows {decimals} decimals of {cell.text}", where)
