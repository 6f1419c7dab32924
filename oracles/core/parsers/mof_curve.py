"""The Ministry of Finance's par yields: current month and history, in English and in Japanese.

Title, header, one row per business day, and in the files of the current month a row of commas and notes. Both
languages hold the same cells: `agreement.agreed` makes one reading of the two.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from oracles.core.catalogue import PAR_YIELDS, TENORS
from oracles.core.parsers import dates
from oracles.core.parsers.numbers import scaled
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Truncated
from oracles.core.parsers.text import SHIFT_JIS, cells, decoded, ended_lines, refuse_other_documents, refuse_utf8
from oracles.core.series import Source

VERSION: Final = "mof-curve/1"
_MISSING: Final = "-"
_NOTE: Final = "※"
_MOST_NOTES: Final = 5
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ERA_LETTERS: Final = {"昭和": "S", "平成": "H", "令和": "R"}


@dataclass(frozen=True, slots=True)
class _Language:
    source: Source
    title: re.Pattern[str]
    """Its groups name the month, in the files of the current month."""
    month_of: Callable[[tuple[str, ...]], tuple[int, int]]
    header: str
    day_of: Callable[[str, str], date]


def _english_month(groups: tuple[str, ...]) -> tuple[int, int]:
    month, year = groups
    return int(year), _MONTHS.index(month) + 1


def _japanese_month(groups: tuple[str, ...]) -> tuple[int, int]:
    name, year, month = groups
    return dates.ERAS[_ERA_LETTERS[name]][0] + (1 if year == "元" else int(year)), int(month)


_COMMAS: Final = "," * len(TENORS)

_ENGLISH: Final = _Language(
    Source.MOF_ENGLISH,
    re.compile(rf"Interest Rate(?: \(({'|'.join(_MONTHS)}) ([0-9]{{4}})\))?{_COMMAS}\(Unit : %\)"),
    _english_month,
    ",".join(("Date", *(f"{years}Y" for years in TENORS))),
    dates.unpadded,
)
_JAPANESE: Final = _Language(
    Source.MOF_JAPANESE,
    re.compile(rf"国債金利情報(?: \((昭和|平成|令和)([0-9]{{1,2}}|元)年([0-9]{{1,2}})月\))?{_COMMAS}\(単位 : %\)"),
    _japanese_month,
    ",".join(("基準日", *(f"{years}年" for years in TENORS))),
    dates.era,
)


def english(body: bytes) -> Reading:
    """Read `jgbcme.csv` or `jgbcme_all.csv`. Raises Refused."""
    return _read(body, _ENGLISH)


def japanese(body: bytes) -> Reading:
    """Read `jgbcm.csv` or `jgbcm_all.csv`. Raises Refused."""
    return _read(body, _JAPANESE)


def _read(body: bytes, language: _Language) -> Reading:
    refuse_other_documents(body)
    refuse_utf8(body)
    lines = ended_lines(decoded(body, SHIFT_JIS))
    month = _month_of_title(lines, language)
    rows: dict[date, tuple[int | None, ...]] = {}
    known: dict[str, int | None] = {_MISSING: None}
    last = date.min
    for number, line in enumerate(lines[2:], 3):
        if not line or line[0] == ",":
            _check_notes(lines[number - 1 :], number)
            break
        text, *printed = line.split(",")
        day = language.day_of(text, f"line {number}")
        if day <= last:
            raise DriftedFormat(f"{day} does not come after {last}", f"line {number}")
        if month is not None and (day.year, day.month) != month:
            raise DriftedFormat(f"{day} is not in the month of the title", f"line {number}")
        rows[day] = _values(printed, known, number)
        last = day
    return Reading(language.source, PAR_YIELDS, rows, lines[0].partition(",")[0])


def _month_of_title(lines: list[str], language: _Language) -> tuple[int, int] | None:
    title = language.title.fullmatch(lines[0])
    if title is None:
        raise NotThisDocument(f"the title is {lines[0][:40]!r}", "line 1")
    if len(lines) == 1:
        raise Truncated("ends after its title", "line 1")
    if lines[1] != language.header:
        raise DriftedFormat("the columns have changed", "line 2")
    groups = title.groups()
    return language.month_of(groups) if groups[0] is not None else None


def _values(printed: list[str], known: dict[str, int | None], number: int) -> tuple[int | None, ...]:
    if len(printed) != len(TENORS):
        raise DriftedFormat(f"{len(printed) + 1} columns instead of {len(TENORS) + 1}", f"line {number}")
    try:
        return tuple([known[text] for text in printed])
    except KeyError:
        for series, text in zip(PAR_YIELDS, printed, strict=True):
            if text not in known:
                known[text] = scaled(text, series, f"line {number}, {series.name}")
        return tuple([known[text] for text in printed])


def _check_notes(lines: list[str], number: int) -> None:
    """What follows the rows is a row of commas and notes; a number among them would be one that nobody reads."""
    if lines[0] != _COMMAS or len(lines) > _MOST_NOTES:
        raise DriftedFormat("neither a row nor the end of the rows", f"line {number}")
    for offset, line in enumerate(lines[1:], 1):
        where = f"line {number + offset}"
        note, *empty = cells(line, where)
        if not note.lstrip().startswith(_NOTE) or any(empty):
            raise DriftedFormat("neither a row nor a note", where)
