"""Printed numbers become scaled whole numbers, and back. No float on the way."""

import re
from typing import Final

from oracles.core.parsers.refusals import DriftedFormat, OutOfBounds
from oracles.core.series import SCALE, Series

_SCALE_DIGITS: Final = len(str(SCALE)) - 1
_NUMBER: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")


def scaled(text: str, series: Series, where: str) -> int:
    """Return the printed number times 1e8.

    Raises DriftedFormat for anything but an optional minus, digits and at most the decimals the publisher prints,
    and OutOfBounds for a value no such series has been near.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise DriftedFormat(f"{text[:40]!r} is not a number as {series.publisher} prints them", where)
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction.rstrip("0")) > series.decimals:
        raise DriftedFormat(f"{text[:40]} has more than {series.decimals} decimals", where)
    magnitude = int(whole + fraction[:_SCALE_DIGITS].ljust(_SCALE_DIGITS, "0"))
    return bounded(-magnitude if sign else magnitude, series, where)


def bounded(value: int, series: Series, where: str) -> int:
    """Return the value. Raises OutOfBounds if no such series has been near it."""
    if not series.lowest <= value <= series.highest:
        raise OutOfBounds(f"{printed(value, _SCALE_DIGITS)} is no {series.name}", where)
    return value


def printed(value: int, decimals: int) -> str:
    """Return a scaled value with exactly `decimals` digits after the point; further digits must be zeros.

    Raises ValueError otherwise: nothing is rounded.
    """
    whole, fraction = divmod(abs(value), SCALE)
    digits = str(fraction).rjust(_SCALE_DIGITS, "0")
    if digits[decimals:].strip("0"):
        raise ValueError(f"{value} has more than {decimals} decimals")
    point = "." if decimals else ""
    return f"{'-' if value < 0 else ''}{whole}{point}{digits[:decimals]}"
