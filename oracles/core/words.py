"""What one source says of one number, after everything that was fetched from it is weighed.

A publisher's servers may hand out old and new bytes in the same minute. So a number that replaces another one is
believed only when it has been the only one for a whole window and was seen again at its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

from bridge.core.types import Timestamp
from oracles.core.parsers.reading import Missing, Observation
from oracles.core.parsers.refusals import NoFixing, Refused
from oracles.core.series import Source

WINDOW: Final = 600
"""Seconds for which a changed word must be the only one."""
PATIENCE: Final = 3600
"""Seconds after which a source that keeps changing its word, or keeps sending damaged documents, is named for it."""


@dataclass(frozen=True, slots=True)
class Settling:
    """How long sources are given to settle, in seconds. A reporter may use other times: nothing of it is signed."""

    window: int = WINDOW
    patience: int = PATIENCE


USUAL: Final = Settling()


@dataclass(frozen=True, slots=True)
class Fetch:
    """One document was fetched and read: its word on one number of one day."""

    source: Source
    at: Timestamp
    outcome: Observation | Missing | Refused


@dataclass(frozen=True, slots=True)
class Said:
    """One number, settled."""

    observation: Observation
    since: Timestamp
    """When this number was first seen, after whatever stood there before."""
    last: Timestamp
    """When it was seen last."""


@dataclass(frozen=True, slots=True)
class Silent:
    """No number. `passed` says that the source went on to later days without one, or says itself that there is none."""

    passed: bool


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Different numbers within one window; look again at `until`."""

    until: Timestamp
    since: Timestamp
    last: Timestamp
    """When a number was seen last: for what was not looked at nobody is named."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """The latest document was refused, and each since `since`; there never was a number."""

    refusal: Refused
    since: Timestamp
    last: Timestamp


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It had a number, and for a whole window has had none."""

    observation: Observation


Word = Said | Silent | Unsettled | Damaged | Withdrawn


def word_of(fetches: Sequence[Fetch], window: int = WINDOW) -> Word:
    """Return the word of one source on one number, given all its fetches in the order of their times."""
    numbers = [(fetch.at, fetch.outcome) for fetch in fetches if isinstance(fetch.outcome, Observation)]
    if not numbers:
        return _without_number(fetches)
    latest_at, latest = numbers[-1]
    changes = _changes(numbers)
    if changes and latest_at < changes[-1] + window:
        return Unsettled(Timestamp(changes[-1] + window), _episode(changes, window), latest_at)
    later = [fetch for fetch in fetches if fetch.at > latest_at]
    gone = [fetch for fetch in later if isinstance(fetch.outcome, Missing | NoFixing)]
    if gone and gone[-1].at - gone[0].at >= window:
        return Withdrawn(latest)
    return Said(latest, changes[-1] if changes else numbers[0][0], latest_at)


def _without_number(fetches: Sequence[Fetch]) -> Word:
    damaged = list(takewhile(_is_damaged, reversed(fetches)))
    match fetches[-1].outcome if fetches else None:
        case NoFixing():
            return Silent(passed=True)
        case Refused() as refusal:
            return Damaged(refusal, damaged[-1].at, damaged[0].at)
        case Missing(passed=passed):
            return Silent(passed)
        case _:
            return Silent(passed=False)


def _is_damaged(fetch: Fetch) -> bool:
    """A document that says that there is no number is not damaged."""
    return isinstance(fetch.outcome, Refused) and not isinstance(fetch.outcome, NoFixing)


def _changes(numbers: Sequence[tuple[Timestamp, Observation]]) -> list[Timestamp]:
    """Return when the number became another one, in order."""
    return [at for (_, before), (at, after) in pairwise(numbers) if before.value != after.value]


def _episode(changes: Sequence[Timestamp], window: int) -> Timestamp:
    """Return when the changes that led to the last one without a quiet window between them began."""
    start = changes[-1]
    for earlier, later in pairwise(changes):
        start = min(start, earlier) if later - earlier < window else later
    return start
