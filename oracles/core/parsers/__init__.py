"""Published bytes in, numbers or a named refusal out; one module per publisher and form.

What is promised of a damaged document, and what no single document can promise, stands in METHODOLOGY:
* cut short anywhere: a refusal, or exactly the numbers of its whole rows;
* rows swapped, repeated or left out: a refusal, or the numbers that are left, each with its own day;
* a byte changed inside a workbook: a refusal or the same numbers, for its archive carries checksums;
* a byte changed inside one CSV or JSON: at most the numbers it touches, within bounds. That is why every rung of the
  ladder below a workbook needs two documents that agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, assert_never

from oracles.core.calendar import Calendar
from oracles.core.parsers import boj_api_csv, boj_api_json, boj_preset, boj_workbook, derived, jsda_prices, mof_curve
from oracles.core.parsers.reading import Reading
from oracles.core.series import Series, Source

VERSIONS: Final[Mapping[Source, str]] = MappingProxyType(
    {
        Source.BOJ_PROVISIONAL: boj_workbook.VERSION,
        Source.BOJ_FINAL: boj_workbook.VERSION,
        Source.BOJ_API_JSON: boj_api_json.VERSION,
        Source.BOJ_API_CSV: boj_api_csv.VERSION,
        Source.BOJ_PRESET: boj_preset.VERSION,
        Source.MOF_ENGLISH: mof_curve.VERSION,
        Source.MOF_JAPANESE: mof_curve.VERSION,
        Source.JSDA_PRICES: jsda_prices.VERSION,
        Source.DERIVED: derived.VERSION,
    }
)
"""What read a document, for the archive. The version that is signed is `reading.PARSER_VERSION`, one for all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a document was asked for."""

    series: tuple[Series, ...]
    day: date
    """Only a workbook is about one day, and is refused if it is about another."""
    calendar: Calendar
    """Only reference prices need it: their files are dated the next business day."""


def read(source: Source, body: bytes, wanted: Wanted) -> Reading:
    """Read a document of that source. Raises Refused, BeyondHorizon, and ValueError for the derived source."""
    match source:
        case Source.BOJ_PROVISIONAL:
            return boj_workbook.provisional(body, wanted.day)
        case Source.BOJ_FINAL:
            return boj_workbook.final(body, wanted.day)
        case Source.BOJ_API_JSON:
            return boj_api_json.read(body, wanted.series)
        case Source.BOJ_API_CSV:
            return boj_api_csv.read(body, wanted.series)
        case Source.BOJ_PRESET:
            return boj_preset.read(body, *wanted.series)
        case Source.MOF_ENGLISH:
            return mof_curve.english(body)
        case Source.MOF_JAPANESE:
            return mof_curve.japanese(body)
        case Source.JSDA_PRICES:
            return jsda_prices.read(body, wanted.series, wanted.calendar)
        case Source.DERIVED:
            raise ValueError("a derived number has no document")
        case _:
            assert_never(source)
