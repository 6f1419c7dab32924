"""Answers of the Bank of Japan's Time-Series API in CSV: UTF-8 in English, Shift-JIS in Japanese, errors in JSON.

Eleven lines of metadata, one header, one line per series and day. A name may hold commas and is quoted then. No value
is the word `null` in some captures and an empty cell in others; both are read, neither is a number.
"""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from oracles.core.parsers import boj_answer, boj_api_json
from oracles.core.parsers.boj_answer import Answer, Table
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Truncated
from oracles.core.parsers.text import SHIFT_JIS, cells, decoded, lines, refuse_other_documents, refuse_utf8
from oracles.core.series import Series, Source

VERSION: Final = "boj-api-csv/1"

_HEADERS: Final = {
    "EN": "SERIES_CODE,NAME_OF_TIME_SERIES,UNIT,FREQUENCY,CATEGORY,LAST_UPDATE,SURVEY_DATES,VALUES",
    "JP": "SERIES_CODE,NAME_OF_TIME_SERIES_J,UNIT_J,FREQUENCY,CATEGORY_J,LAST_UPDATE,SURVEY_DATES,VALUES",
}
_ENCODINGS: Final = {"EN": "utf-8", "JP": SHIFT_JIS}
_KEYS: Final = frozenset({"STATUS", "MESSAGEID", "MESSAGE", "DATE", "NEXTPOSITION"})
_MISSING: Final = frozenset({"", "null"})
_COLUMNS: Final = 8


@dataclass(slots=True)
class _Metadata:
    facts: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def read(body: bytes, wanted: tuple[Series, ...]) -> Reading:
    """Read the wanted daily series. Raises Refused."""
    return boj_answer.reading(answer(body), Source.BOJ_API_CSV, wanted)


def answer(body: bytes) -> Answer:
    """Return a whole answer. A last line without an end may be cut short, so it is left out. Raises Refused."""
    refuse_other_documents(body)
    if body.lstrip().startswith(b"{"):
        boj_api_json.answer(body)
        raise NotThisDocument("an answer in JSON, not in CSV")
    language = "JP" if b"PARAMETER,LANG,JP" in body[:2000] else "EN"
    if language == "JP":
        refuse_utf8(body)
    text = lines(decoded(body, _ENCODINGS[language]))
    text.pop()
    header = next((number for number, line in enumerate(text) if line.startswith("SERIES_CODE,")), None)
    if header is None:
        raise (Truncated if text and text[0].startswith("STATUS,") else NotThisDocument)("no header of columns")
    metadata = _metadata(text[:header])
    if text[header] != _HEADERS[language]:
        raise DriftedFormat("the columns have changed", f"line {header + 1}")
    position = metadata.facts["NEXTPOSITION"]
    if position and not position.isdigit():
        raise DriftedFormat(f"{position[:40]} is not a position", "NEXTPOSITION")
    return Answer(
        database=metadata.parameters["DB"],
        stamp=metadata.facts["DATE"],
        next_position=int(position) if position else None,
        tables=_tables(text[header + 1 :], header + 2),
    )


def _metadata(text: list[str]) -> _Metadata:
    found = _Metadata()
    for number, line in enumerate(text, 1):
        key, *rest = cells(line, f"line {number}")
        if key == "PARAMETER" and len(rest) > 1:
            _add(found.parameters, rest[0], ",".join(rest[1:]), number)
        else:
            _add(found.facts, key, ",".join(rest), number)
    boj_answer.check_status(*(found.facts.get(key, "") for key in ("STATUS", "MESSAGEID", "MESSAGE")))
    if found.facts.keys() != _KEYS or "DB" not in found.parameters:
        raise DriftedFormat("the lines of metadata have changed", "line 1")
    return found


def _add(to: dict[str, str], key: str, value: str, number: int) -> None:
    if key in to:
        raise DriftedFormat(f"{key[:40]} stands twice", f"line {number}")
    to[key] = value


def _tables(text: list[str], first: int) -> tuple[Table, ...]:
    rows = []
    for number, line in enumerate(text, first):
        row = cells(line, f"line {number}")
        if len(row) != _COLUMNS:
            raise DriftedFormat(f"{len(row)} columns instead of {_COLUMNS}", f"line {number}")
        rows.append(row)
    return tuple(_table(code, list(group)) for code, group in groupby(rows, key=lambda row: row[0]))


def _table(code: str, rows: list[list[str]]) -> Table:
    if len({tuple(row[:6]) for row in rows}) != 1:
        raise DriftedFormat("the rows of one series describe it differently", code[:40])
    _, _, unit, frequency, _, last_update, _, _ = rows[0]
    return Table(
        code=code,
        unit=unit,
        frequency=frequency,
        last_update=last_update,
        dates=tuple(row[6] for row in rows),
        values=tuple(None if row[7] in _MISSING else row[7] for row in rows),
    )
