"""From what the guard decided about a group to what a reporter proposes: the next report that is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bridge.core.hashing import keccak
from bridge.core.types import Hash32
from oracles.core.calendar import Calendar
from oracles.core.decisions import Agree, Decision, Hold
from oracles.core.ledger import DayState
from oracles.core.observing import observed
from oracles.core.report import Observation, Proposal, encode_content
from oracles.core.series import Series, Status

_ORDER = (Status.FINAL, Status.CORRECTED, Status.NO_FIXING, Status.PROVISIONAL, Status.HOLD)
"""A report has one status; what has a number goes first, a hold last."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reporter would propose."""

    status: Status
    content: bytes

    def proposal(self, set_hash: Hash32, group: Hash32, day: date) -> Proposal:
        """Return it as it is published."""
        return Proposal(set_hash, group, day, self.status, keccak(self.content))


def draft_of(day: date, decisions: Mapping[Series, Decision], state: DayState, calendar: Calendar) -> Draft | None:
    """Return what should be said next about a group and day; None if all has been said or nothing can be.

    Only what differs from what the quorum said last is said. Raises BeyondHorizon, and ValueError for a status that
    the series cannot have on that day.
    """
    news: dict[Status, list[Observation]] = {}
    for series, decision in decisions.items():
        if not isinstance(decision, Agree | Hold):
            continue
        observation = observed(series, day, decision, None, calendar)
        last = state.said(series.feed)
        if last is None or (last.status, last.value) != (observation.status, observation.value):
            news.setdefault(observation.status, []).append(observation)
    status = next((status for status in _ORDER if status in news), None)
    if status is None:
        return None
    return Draft(status, encode_content(news[status], state.previous))
