"""The Bank of Japan's preset CSV of one daily series, such as `fm01_d_1.csv`: nine lines of header, then rows.

The header names the last day, so a file cut at the end of a line is noticed too.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from oracles.core.parsers import dates
from oracles.core.parsers.boj_answer import check_unit
from oracles.core.parsers.numbers import scaled
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Truncated
from oracles.core.parsers.text import SHIFT_JIS, cells, decoded, ended_lines, refuse_other_documents, refuse_utf8
from oracles.core.series import Series, Source

VERSION: Final = "boj-preset/1"
_HEADER_LINES: Final = 9
_MISSING: Final = "NA"


@dataclass(frozen=True, slots=True)
class _Form:
    title: str
    stamp: re.Pattern[str]
    labels: tuple[str, ...]
    """First cells of lines 3 to 9."""


_FORMS: Final = (
    _Form(
        "主要時系列統計データ表",
        re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{1,2}:[0-9]{2}"),
        ("", "系列名称", "データコード", "単位", "収録開始期", "収録終了期", "最終更新日"),
    ),
    _Form(
        "BOJ's Main Time-series Statistics",
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [AP]M [0-9]{1,2}:[0-9]{2}"),
        (
            "",
            "Name of time-series",
            "Series code",
            "Unit",
            "Start of the time-series",
            "End of the time-series",
            "Last update",
        ),
    ),
)


def read(body: bytes, series: Series) -> Reading:
    """Read the one series of a preset file, in Japanese or English. Raises Refused."""
    refuse_other_documents(body)
    refuse_utf8(body)
    lines = ended_lines(decoded(body, SHIFT_JIS))
    last_day = _last_day(lines, series)
    rows: dict[date, tuple[int | None, ...]] = {}
    last = date.min
    for number, line in enumerate(lines[_HEADER_LINES:], _HEADER_LINES + 1):
        text, comma, value = line.partition(",")
        if not comma:
            raise DriftedFormat("is neither a row nor empty", f"line {number}")
        day = dates.padded(text, f"line {number}")
        if day <= last:
            raise DriftedFormat(f"{day} does not come after {last}", f"line {number}")
        rows[day] = (None if value == _MISSING else scaled(value, series, f"line {number}"),)
        last = day
    if last != last_day:
        raise Truncated(f"the header promises {last_day} and the last row is {last}", f"line {len(lines)}")
    return Reading(Source.BOJ_PRESET, (series,), rows, lines[1])


def _last_day(lines: list[str], series: Series) -> date:
    form = next((form for form in _FORMS if form.title == lines[0]), None)
    if form is None:
        raise NotThisDocument(f"the title is {lines[0][:40]!r}", "line 1")
    if len(lines) < _HEADER_LINES:
        raise Truncated("ends inside its header", f"line {len(lines)}")
    if form.stamp.fullmatch(lines[1]) is None:
        raise DriftedFormat(f"{lines[1][:40]!r} is not a time stamp", "line 2")
    header = [cells(line, f"line {number}") for number, line in enumerate(lines[2:_HEADER_LINES], 3)]
    if tuple(row[0] for row in header) != form.labels or any(len(row) != 2 for row in header):  # noqa: PLR2004 - label, value
        raise DriftedFormat("the header has changed", "line 3")
    _, _, code, unit, _, last, _ = (row[1] for row in header)
    if code != series.code:
        raise NotThisDocument(f"holds {code[:40]}, not {series.code}", "line 5")
    check_unit(unit, series)
    return dates.padded(last, "line 8")
