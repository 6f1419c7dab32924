"""Vectors of the compounded index: exact rationals, floored once a step.

python -m tests.vectors.index [--check]   write tests/vectors/index.json, or say that it is stale
"""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any, Final

from eth_abi import encode

from tests.vectors.files import write_or_check
from tests.vectors.oracle import days, hexed, joined, open_days

Json = dict[str, Any]

START: Final = 10**27


def all_vectors() -> Json:
    """Return the content of index.json. Numbers beyond 53 bits are text; a rate of null is a day without fixing."""
    return {
        "start": str(START),
        "steps": [step_vector(*case) for case in step_cases()],
        "path": path_vector(),
    }


def step_cases() -> list[tuple[int, int, int]]:
    """Return (index, rate, calendar days): each sign, the longest run of closed days, what does and does not divide."""
    return [
        (START, 0, 1),
        (START, 122_700_000, 1),
        (START, 122_700_000, 3),
        (START, -7_900_000, 1),
        (START, -7_900_000, 4),
        (START, 1, 1),
        (START, -1, 1),
        (START, 36_500_000_000, 1),
        (START, 1_500_000_000, 11),
        (START, -200_000_000, 11),
        (1, -1, 1),
        (365 * 10**10, 1, 1),
        (365 * 10**10 - 1, -1, 1),
        (1_234_567_890_123_456_789_012_345_678, 97_700_000, 4),
        (987_654_321_098_765_432_109_876_543, -7_300_000, 3),
    ]


def step_vector(before: int, rate: int, count: int) -> Json:
    """Return one step; `encoded` is (before, rate, days, after) in ABI words."""
    after = stepped(before, rate, count)
    return {
        "before": str(before),
        "rate": str(rate),
        "days": count,
        "after": str(after),
        "encoded": hexed(joined(before, rate, count, after)),
    }


def path_vector() -> Json:
    """Return two years of fixings of our own from the last business day of 2025 on, and every level they make."""
    opened = business_days(date(2025, 12, 30), date(2027, 12, 30))
    rates = [
        None if i % 97 == 50 or i % 211 in {7, 8} else (i * 7919 % 3001 - 1000) * 100_000 for i in range(len(opened))
    ]
    levels: list[Json] = [level(opened[0], START, carried=False)]
    value, rate = START, 0
    for (day, following), fixing in zip(pairwise(opened), rates, strict=False):
        rate = rate if fixing is None else fixing
        value = stepped(value, rate, (following - day).days)
        levels.append(level(following, value, carried=fixing is None))
    return {
        "fixings": [
            {"date": days(day), "rate": None if fixing is None else str(fixing)}
            for day, fixing in zip(opened[:-1], rates, strict=False)
        ],
        "levels": levels,
        "encoded": hexed(encoded_path(opened, rates, levels)),
    }


def encoded_path(opened: list[date], rates: list[int | None], levels: list[Json]) -> bytes:
    """Return the path for Solidity: calendars (year, two words), fixings (day, whether there is one, rate), levels."""
    years = sorted({day.year for day in opened})
    calendars = [(year, open_days(year) % 2**256, open_days(year) >> 256) for year in years]
    fixings = [(days(day), rate is not None, rate or 0) for day, rate in zip(opened[:-1], rates, strict=False)]
    values = [(one["date"], int(one["value"]), one["isCarried"]) for one in levels]
    return encode(
        ("(uint16,uint256,uint256)[]", "(uint32,bool,int256)[]", "(uint32,uint256,bool)[]"),
        (calendars, fixings, values),
    )


def level(day: date, value: int, *, carried: bool) -> Json:
    """Return one level; what is published has eight decimals."""
    return {"date": days(day), "value": str(value), "published": str(value // 10**19), "isCarried": carried}


def stepped(before: int, rate: int, count: int) -> int:
    """Return the index after some days at a rate: the exact product, floored."""
    return floor(before * (1 + Fraction(rate, 100 * 10**8) * Fraction(count, 365)))


def business_days(first: date, last: date) -> list[date]:
    """Return the business days from `first` to `last`."""
    bits = {year: open_days(year) for year in range(first.year, last.year + 1)}
    every = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return [day for day in every if bits[day.year] >> (day.timetuple().tm_yday - 1) & 1]


if __name__ == "__main__":
    raise SystemExit(write_or_check("index.json", all_vectors(), "tests.vectors.index"))
