"""What the guard can conclude about one number of one day, and what it is asked."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from bridge.core.types import Timestamp
from oracles.core.parsers.reading import Observation
from oracles.core.series import Series, Status


class HoldReason(IntEnum):
    """Why nothing may be signed but the hold itself. Numbers are signed and never change."""

    SOURCES_DISAGREE = 1
    """Documents that must hold the same number do not, such as the English and the Japanese file."""
    CONFIRMATION_DIFFERS = 2
    """The later, independent source has another number than the final one."""
    REVISED_TOO_FAR = 3
    """A final number is far from its provisional one, or a correction from what it corrects, and unconfirmed."""
    SOURCE_UNSTABLE = 4
    """A source has kept changing its number for longer than its servers need to agree."""
    SOURCE_WITHDREW = 5
    """A number was there and is gone."""
    CLOSED_DAY = 6
    """There is a number for a day that the calendar says is closed: one of them is wrong."""
    WRONG_ENCODING = 16
    NOT_THIS_DOCUMENT = 17
    TRUNCATED = 18
    DRIFTED_FORMAT = 19
    OUT_OF_BOUNDS = 20
    INCONSISTENT_DOCUMENT = 21
    UNREADABLE = 31


@dataclass(frozen=True, slots=True)
class Agree:
    """Sign this: the sources of a rung say one thing."""

    status: Status
    """PROVISIONAL, FINAL, CORRECTED or NO_FIXING."""
    observation: Observation | None
    """None for NO_FIXING."""
    confirmed: bool
    """An independent source says the same."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Sign that nothing can be signed. `detail` is for the operator and is not signed."""

    reason: HoldReason
    detail: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be said yet: fetch again at `until`, at once if that has passed."""

    until: Timestamp


@dataclass(frozen=True, slots=True)
class Closed:
    """The day is no business day and no source claims otherwise: nothing is ever due about it."""


Decision = Agree | Hold | Wait | Closed


@dataclass(frozen=True, slots=True)
class Signed:
    """What the quorum signed last about this number of this day, if anything but holds."""

    status: Status
    value: int | None
    """None for NO_FIXING."""


@dataclass(frozen=True, slots=True)
class Question:
    """One number of one day, and what is known about it."""

    series: Series
    day: date
    signed: Signed | None = None
    approved: int | None = None
    """A value that the operator has checked by hand because it moved further than the bound of its series."""
