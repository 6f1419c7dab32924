"""Bonds: ISINs, terms, and the data of an ANNOUNCE (SPEC 2.4)."""

from dataclasses import dataclass
from enum import IntEnum

from bridge.core.hashing import WORD, word
from bridge.core.types import Timestamp, Units

_ISIN_LENGTH = 12
_ANNOUNCE_WORDS = 8


class BondType(IntEnum):
    """Zero is no type."""

    BILL = 1
    FIXED_COUPON = 2


@dataclass(frozen=True, slots=True)
class BondTerms:
    """The terms of a bond, equal on every chain."""

    isin: str
    bond_type: int
    issue_number: int
    coupon_rate: int
    """Percent per annum x 1000; zero for bills."""
    issue_date: Timestamp
    """UTC seconds of 00:00 JST."""
    maturity_date: Timestamp
    denomination: Units

    @property
    def name(self) -> str:
        """What people call it, such as `10-year JGB #382` or `T-Bill #1270`."""
        if self.bond_type == BondType.BILL:
            return f"T-Bill #{self.issue_number}"
        years = round((self.maturity_date - self.issue_date) / 31_556_952)
        return f"{years}-year JGB #{self.issue_number}"


def check_digit(body: str) -> int:
    """Return the check digit of the first eleven characters of an ISIN (ISO 6166: Luhn over A=10 ... Z=35).

    Raises ValueError for a character that is neither a digit nor a capital letter.
    """
    digits = "".join(str(_value(character)) for character in body)
    total = sum(
        sum(divmod(2 * int(digit), 10)) if index % 2 == 0 else int(digit)
        for index, digit in enumerate(reversed(digits))
    )
    return -total % 10


def is_isin(text: str) -> bool:
    """Tell whether `text` is a Japanese ISIN with the right check digit."""
    if len(text) != _ISIN_LENGTH or not text.isascii() or not text.startswith("JP"):
        return False
    if not all(character.isdigit() or "A" <= character <= "Z" for character in text):
        return False
    return text[-1].isdigit() and int(text[-1]) == check_digit(text[:-1])


def encode_announce(terms: BondTerms, supply_cap: Units) -> bytes:
    """Encode the data of an ANNOUNCE: the terms' words in the order of the fields, then the cap."""
    return b"".join(
        (
            terms.isin.encode("ascii").ljust(WORD, b"\0"),
            word(terms.bond_type),
            word(terms.issue_number),
            word(terms.coupon_rate),
            word(terms.issue_date),
            word(terms.maturity_date),
            word(terms.denomination),
            word(supply_cap),
        )
    )


def decode_announce(data: bytes) -> tuple[BondTerms, Units] | None:
    """Read the data of an ANNOUNCE; None if it is not of that form."""
    if len(data) != _ANNOUNCE_WORDS * WORD:
        return None
    words = [data[i : i + WORD] for i in range(0, len(data), WORD)]
    isin = words[0][:_ISIN_LENGTH].decode("ascii", "replace")
    if not is_isin(isin) or any(words[0][_ISIN_LENGTH:]):
        return None
    numbers = [int.from_bytes(value, "big") for value in words[1:]]
    terms = BondTerms(
        isin,
        numbers[0],
        numbers[1],
        numbers[2],
        Timestamp(numbers[3]),
        Timestamp(numbers[4]),
        Units(numbers[5]),
    )
    return terms, Units(numbers[6])


def _value(character: str) -> int:
    if character.isdigit():
        return int(character)
    if "A" <= character <= "Z":
        return ord(character) - ord("A") + 10
    raise ValueError(f"{character!r} cannot stand in an ISIN")
