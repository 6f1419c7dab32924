"""Answers of the Bank of Japan's Time-Series API in JSON. Numbers are kept as they are printed, never as floats."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NoReturn

from oracles.core.parsers import boj_answer
from oracles.core.parsers.boj_answer import Answer, Table
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Truncated
from oracles.core.parsers.text import decoded, refuse_other_documents
from oracles.core.series import Series, Source

VERSION: Final = "boj-api-json/1"
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_DEEPEST: Final = 32
"""An answer has six levels."""


@dataclass(frozen=True, slots=True)
class _Number:
    printed: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What getMetadata says of one series: a cheap way to see whether something new is there."""

    code: str
    frequency: str
    first: str
    last: str
    last_update: str


def read(body: bytes, wanted: tuple[Series, ...]) -> Reading:
    """Read the wanted daily series from an answer of getDataCode or getDataLayer. Raises Refused."""
    return boj_answer.reading(answer(body), Source.BOJ_API_JSON, wanted)


def answer(body: bytes) -> Answer:
    """Return a whole answer of getDataCode or getDataLayer, of any frequency and either language. Raises Refused."""
    envelope = _envelope(body)
    position = _member(envelope, "NEXTPOSITION")
    return Answer(
        database=_text(_member(_record(_member(envelope, "PARAMETER"), "PARAMETER"), "DB"), "DB"),
        stamp=_text(_member(envelope, "DATE"), "DATE"),
        next_position=None if position is None else _whole(position, "NEXTPOSITION"),
        tables=tuple(
            _table(_record(item, "RESULTSET")) for item in _array(_member(envelope, "RESULTSET"), "RESULTSET")
        ),
    )


def metadata(body: bytes) -> tuple[Notice, ...]:
    """Return what getMetadata says of each series; headings, which have no code, are left out. Raises Refused."""
    entries = [_record(item, "RESULTSET") for item in _array(_member(_envelope(body), "RESULTSET"), "RESULTSET")]
    fields = ("SERIES_CODE", "FREQUENCY", "START_OF_THE_TIME_SERIES", "END_OF_THE_TIME_SERIES", "LAST_UPDATE")
    notices = [Notice(*(_text(_member(entry, field), field) for field in fields)) for entry in entries]
    return tuple(notice for notice in notices if notice.code)


def _envelope(body: bytes) -> dict[str, object]:
    refuse_other_documents(body)
    text = decoded(body, "utf-8")
    _check_depth(text)
    try:
        document: object = json.loads(
            text,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_no_number,
            object_pairs_hook=_once_each,
        )
    except json.JSONDecodeError as error:
        cut = text.lstrip().startswith("{") and not text.rstrip().endswith("}")
        raise (Truncated if cut else NotThisDocument)(f"not JSON: {error.msg}", f"line {error.lineno}") from error
    envelope = _record(document, "the answer")
    status = _member(envelope, "STATUS")
    boj_answer.check_status(
        status.printed if isinstance(status, _Number) else "",
        _text(_member(envelope, "MESSAGEID"), "MESSAGEID"),
        _text(_member(envelope, "MESSAGE"), "MESSAGE"),
    )
    return envelope


def _check_depth(text: str) -> None:
    """Nesting is bounded before it is followed: the interpreter's own bound may have been raised by another library.

    Brackets inside of texts count too; no answer has more than a few.
    """
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKETS.findall(text))
    if max(accumulate(steps), default=0) > _DEEPEST:
        raise NotThisDocument("nested deeper than any answer")


def _table(item: dict[str, object]) -> Table:
    code = _text(_member(item, "SERIES_CODE"), "SERIES_CODE")
    values = _record(_member(item, "VALUES"), code)
    return Table(
        code=code,
        unit=_text(item["UNIT"] if "UNIT" in item else _member(item, "UNIT_J"), "UNIT"),
        frequency=_text(_member(item, "FREQUENCY"), "FREQUENCY"),
        last_update=_printed(_member(item, "LAST_UPDATE"), code),
        dates=tuple(_printed(day, code) for day in _array(_member(values, "SURVEY_DATES"), code)),
        values=tuple(
            None if value is None else _printed(value, code) for value in _array(_member(values, "VALUES"), code)
        ),
    )


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DriftedFormat("a key stands twice in one object")
    return found


def _no_number(constant: str) -> NoReturn:
    raise DriftedFormat(f"{constant} is not a number")


def _member(record: dict[str, object], key: str) -> object:
    if key not in record:
        raise DriftedFormat("is absent", key)
    return record[key]


def _record(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DriftedFormat("is not an object", where)
    return value


def _array(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise DriftedFormat("is not an array", where)
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise DriftedFormat("is not text", where)
    return value


def _printed(value: object, where: str) -> str:
    if not isinstance(value, _Number):
        raise DriftedFormat(f"{value!r:.40} is not a number", where)
    return value.printed


def _whole(value: object, where: str) -> int:
    printed = _printed(value, where)
    if not printed.isdigit():
        raise DriftedFormat(f"{printed[:40]} is not a position", where)
    return int(printed)
