"""Printed dates become days. Each publisher has one form, and another form is drift."""

import re
from datetime import date
from typing import Final

from oracles.core.parsers.refusals import DriftedFormat

_UNPADDED: Final = re.compile(r"([0-9]{4})/([1-9]|1[0-2])/([1-9]|[12][0-9]|3[01])")
_PADDED: Final = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_ERA: Final = re.compile(r"([SHR])([1-9][0-9]?)\.([1-9]|1[0-2])\.([1-9]|[12][0-9]|3[01])")

ERAS: Final = {
    "S": (1925, date(1926, 12, 25), date(1989, 1, 7)),
    "H": (1988, date(1989, 1, 8), date(2019, 4, 30)),
    "R": (2018, date(2019, 5, 1), date.max),
}
"""Year before the first one, first and last day of Showa, Heisei and Reiwa."""


def unpadded(text: str, where: str) -> date:
    """Read `2026/4/30`."""
    return _matched(_UNPADDED, text, where)


def padded(text: str, where: str) -> date:
    """Read `2026/04/30`."""
    return _matched(_PADDED, text, where)


def compact(text: str, where: str) -> date:
    """Read `20260430`."""
    return _matched(_COMPACT, text, where)


def era(text: str, where: str) -> date:
    """Read `R8.4.30`. Raises DriftedFormat for a day outside the era that the letter names, such as `H1.1.7`."""
    match = _ERA.fullmatch(text)
    if match is None:
        raise DriftedFormat(f"{text[:40]!r} is not a date of this document", where)
    before, first, last = ERAS[match[1]]
    day = _day(before + int(match[2]), int(match[3]), int(match[4]), where)
    if not first <= day <= last:
        raise DriftedFormat(f"{text} is not in the era it names", where)
    return day


def _matched(form: re.Pattern[str], text: str, where: str) -> date:
    match = form.fullmatch(text)
    if match is None:
        raise DriftedFormat(f"{text[:40]!r} is not a date of this document", where)
    return _day(int(match[1]), int(match[2]), int(match[3]), where)


def _day(year: int, month: int, day: int, where: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise DriftedFormat(f"there is no {year}-{month}-{day}", where) from error
