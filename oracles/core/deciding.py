"""What a reporter concludes about a whole group on one day, when it looks again, and which days it leaves alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bridge.core.types import Timestamp
from oracles.core.calendar import Calendar
from oracles.core.calendar_schedule import japanese_day
from oracles.core.catalogue import CATALOGUE
from oracles.core.decisions import Decision, Question, Wait
from oracles.core.guard import decide, decide_derived
from oracles.core.ledger import DayState
from oracles.core.series import Publisher, Series
from oracles.core.words import Fetch, Settling

NEVER: Final = Timestamp(2**62)

Decisions = Mapping[Series, Decision]


@dataclass(frozen=True, slots=True)
class Rules:
    """What every honest reporter goes by."""

    calendar: Calendar
    settling: Settling


def decide_day(
    group: Sequence[Series],
    day: date,
    state: DayState,
    words: Callable[[Series, date], Sequence[Fetch]],
    now: Timestamp,
    rules: Rules,
) -> Decisions:
    """Decide about every number of a group: what is printed first, then what is derived from it.

    Raises BeyondHorizon for a day of a year that the calendar does not know.
    """
    decisions: dict[Series, Decision] = {}
    for series in sorted(group, key=lambda series: series.publisher is Publisher.DERIVED):
        question = Question(series, day, state.signed(series.feed))
        if series.publisher is Publisher.DERIVED:
            one, other = (decisions[CATALOGUE[name]] for name in series.inputs)
            decisions[series] = decide_derived(question, one, other)
        else:
            decisions[series] = decide(question, words(series, day), now, rules.calendar, rules.settling)
    return decisions


def look_again_at(decisions: Decisions) -> Timestamp:
    """Return when a document may say more; NEVER if nothing is waited for."""
    return min((decision.until for decision in decisions.values() if isinstance(decision, Wait)), default=NEVER)


def is_settled(day: date, decisions: Decisions | None, now: Timestamp, recheck_days: int) -> bool:
    """Tell whether a day is too old to be asked about again, and nothing is missing about it."""
    is_old = day < japanese_day(now) - timedelta(days=recheck_days)
    return is_old and decisions is not None and look_again_at(decisions) == NEVER
