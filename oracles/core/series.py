"""What a series is: what its numbers mean, who publishes them, when, and in which documents.

A value is a whole number: percent (or price) times 1e8, so 0.477 % is 47,700,000. Zero and negative rates are legal.
Times are seconds after midnight in Japan, which has one time zone and no daylight saving time.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import Final

from bridge.core.hashing import keccak
from bridge.core.types import Hash32

SCALE: Final = 10**8
"""A value of one percent, one yen, one dollar."""


class Kind(Enum):
    """Two kinds of feed that are never mixed: rates may be zero or negative, prices may not."""

    RATE = "rate"
    PRICE = "price"


class Publisher(StrEnum):
    """Whose numbers they are."""

    BOJ = "boj"
    MOF = "mof"
    JSDA = "jsda"
    DERIVED = "derived"


CREDITS: Final = {
    Publisher.BOJ: (
        "This service uses the API of the BOJ Time-Series Data Search; the content is not guaranteed by the "
        "Bank of Japan."
    ),
    Publisher.MOF: "Source: Ministry of Finance, Japan, Interest Rate (JGB).",
    Publisher.JSDA: "Source: Japan Securities Dealers Association, Reference Statistical Prices [Yields] for OTC Bond "
    "Transactions.",
}
"""What is said wherever numbers of a publisher are shown. The Bank's line is in its notice on the API."""


class DayCount(StrEnum):
    """How a number accrues, in the words that stand on chain."""

    ACT_365F = "ACT/365F"
    SEMIANNUAL_PAR = "semi-annual par yield"
    NONE = "none"


class Status(IntEnum):
    """What an observation claims to be. Numbers are the contracts'."""

    PROVISIONAL = 1
    FINAL = 2
    CORRECTED = 3
    NO_FIXING = 4
    HOLD = 5


class Source(StrEnum):
    """A kind of document, each read by a parser of its own."""

    BOJ_PROVISIONAL = "boj/daily-workbook/provisional"
    BOJ_FINAL = "boj/daily-workbook/final"
    BOJ_API_JSON = "boj/api/json"
    BOJ_API_CSV = "boj/api/csv"
    BOJ_PRESET = "boj/preset-csv"
    MOF_ENGLISH = "mof/curve/english"
    MOF_JAPANESE = "mof/curve/japanese"
    JSDA_PRICES = "jsda/reference-prices"
    DERIVED = "derived"


class Role(Enum):
    """What a rung of the ladder is good for."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a document about an observation date appears."""

    lag: int
    """Business days after the observation date."""
    at: int
    """Seconds after midnight in Japan."""
    month_end_at: int | None = None
    """Instead of `at` on the last business day of every month except December."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Documents that must all be there and all agree before their word counts."""

    role: Role
    sources: tuple[Source, ...]
    schedule: Schedule


@dataclass(frozen=True, slots=True, repr=False)
class Series:
    """One number a day."""

    name: str
    """Stable: its hash is the feed's id, and it may never change."""
    group: str
    """Series of one group are published together and reported together."""
    publisher: Publisher
    code: str
    """What the publisher calls it."""
    kind: Kind
    unit: str
    day_count: DayCount
    decimals: int
    """Most digits the publisher prints after the point; trailing zeros are stripped in some documents."""
    lowest: int
    highest: int
    """Sanity, not opinion: a value outside is a misread document."""
    revision_bound: int
    """How far a final value may be from its provisional one, or a correction from what it corrects, unconfirmed."""
    ladder: tuple[Rung, ...]
    unit_labels: frozenset[str] = frozenset()
    """How the publisher's documents name the unit, in compatibility form and lower case; empty if they do not."""
    inputs: tuple[str, ...] = ()
    """Names of the series it is derived from."""
    every_day: bool = False
    """The publisher states a value for closed days too; it is not an observation."""
    operator_enabled: bool = False
    """Off unless the operator has the publisher's permission."""

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @property
    def feed(self) -> Hash32:
        """Id of the feed on chain: keccak-256 of the name."""
        return keccak(self.name.encode("ascii"))

    @property
    def group_id(self) -> Hash32:
        """Id of the group on chain: keccak-256 of its name."""
        return keccak(self.group.encode("ascii"))

    def rung(self, role: Role) -> Rung | None:
        """Return the rung of that role, if the ladder has one."""
        return next((rung for rung in self.ladder if rung.role is role), None)
