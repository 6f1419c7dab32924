"""Whether a number may be signed: the one place that weighs the sources of a series against each other.

`decide` is a pure function of everything that was fetched, of what was signed before and of the time. It agrees, it
holds with a reason that is signed and seen on chain, or it waits. It never averages and never carries a number
forward.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from bridge.core.types import Timestamp
from oracles.core.calendar import Calendar
from oracles.core.calendar_schedule import due_at
from oracles.core.decisions import Agree, Closed, Decision, Hold, HoldReason, Question, Wait
from oracles.core.parsers.derived import eur_jpy
from oracles.core.parsers.reading import Observation
from oracles.core.parsers.refusals import (
    Disagreement,
    DriftedFormat,
    NotThisDocument,
    OutOfBounds,
    Refused,
    Truncated,
    WrongEncoding,
)
from oracles.core.series import Role, Rung, Series, Source, Status
from oracles.core.words import (
    USUAL,
    Damaged,
    Fetch,
    Said,
    Settling,
    Silent,
    Unsettled,
    Withdrawn,
    Word,
    word_of,
)

POLL: Final = 300
"""Seconds until a source that is overdue is asked again."""


_REASONS: Final[tuple[tuple[type[Refused], HoldReason], ...]] = (
    (WrongEncoding, HoldReason.WRONG_ENCODING),
    (NotThisDocument, HoldReason.NOT_THIS_DOCUMENT),
    (Truncated, HoldReason.TRUNCATED),
    (DriftedFormat, HoldReason.DRIFTED_FORMAT),
    (OutOfBounds, HoldReason.OUT_OF_BOUNDS),
    (Disagreement, HoldReason.INCONSISTENT_DOCUMENT),
)


_Verdict = Said | Silent | Hold | Wait
NOTHING: Final = Silent(passed=False)


def decide(
    question: Question, fetches: Sequence[Fetch], now: Timestamp, calendar: Calendar, settling: Settling = USUAL
) -> Decision:
    """Return what may be signed about one number of one day. Fetches after `now` are not looked at.

    Raises BeyondHorizon where the calendar does not reach: an unknown year decides nothing.
    """
    words = _words(fetches, now, settling.window)
    if not calendar.is_business_day(question.day):
        return _closed(question.series, words)
    ladder = {
        rung.role: _verdict(rung, words, _Moment(now, due_at(calendar, rung.schedule, question.day), settling))
        for rung in question.series.ladder
    }
    final, confirmation = (ladder.get(role, NOTHING) for role in (Role.FINAL, Role.CONFIRMATION))
    match final, confirmation:
        case Said(one), _:
            return _with_final(question, one, ladder.get(Role.PROVISIONAL, NOTHING), words)
        case Wait(), _:
            return final
        case _, Said(other):
            return _agreed(question, other, confirmed=True)
        case Hold(), _:
            return final
        case Silent(), Hold() | Wait():
            return confirmation
        case Silent(), Silent():
            pass
    if _passed_by(question.series, final, confirmation):
        if question.signed is not None and question.signed.value is not None:
            return Hold(HoldReason.SOURCE_WITHDREW, f"signed {question.signed.value}, and now nothing")
        return Agree(Status.NO_FIXING, None, confirmed=True)
    return _with_provisional(question, ladder.get(Role.PROVISIONAL, NOTHING), now, calendar)


def decide_derived(question: Question, usd_jpy: Decision, eur_usd: Decision) -> Decision:
    """Return what may be signed about euro/yen, given the decisions about its inputs of the same day."""
    match usd_jpy, eur_usd:
        case Agree(_, Observation() as usd, one), Agree(_, Observation() as eur, other):
            return _agreed(question, eur_jpy(usd, eur), confirmed=one and other)
        case (Hold() | Wait() | Closed() as undecided, _) | (_, Hold() | Wait() | Closed() as undecided):
            return undecided
        case _:
            return Agree(Status.NO_FIXING, None, confirmed=True)


# --- What the sources say ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a rung is judged, when its documents were due, and how long they may take to settle."""

    now: Timestamp
    due: Timestamp
    settling: Settling


def _words(fetches: Sequence[Fetch], now: Timestamp, window: int) -> dict[Source, Word]:
    known = sorted((fetch for fetch in fetches if fetch.at <= now), key=lambda fetch: fetch.at)
    return {source: word_of([fetch for fetch in known if fetch.source is source], window) for source in Source}


def _closed(series: Series, words: dict[Source, Word]) -> Decision:
    claimed = [source for source, word in words.items() if isinstance(word, Said | Unsettled)]
    if claimed and not series.every_day:
        return Hold(HoldReason.CLOSED_DAY, f"{claimed[0]} has a number for a closed day")
    return Closed()


def _verdict(rung: Rung, words: dict[Source, Word], moment: _Moment) -> _Verdict:
    """Return what the documents of a rung say together: all of them must be there, and be of one mind."""
    each = [_verdict_on(source, words[source], moment) for source in rung.sources]
    troubled = [verdict for verdict in each if isinstance(verdict, Hold | Wait)]
    if troubled:
        return next((verdict for verdict in troubled if isinstance(verdict, Hold)), troubled[0])
    said = [verdict for verdict in each if isinstance(verdict, Said)]
    silent = [verdict for verdict in each if isinstance(verdict, Silent)]
    if len({word.observation.value for word in said}) > 1:
        return _disagreed(rung, said, moment)
    if silent:
        return Silent(all(word.passed for word in silent) and not said)
    return said[0]


def _verdict_on(source: Source, word: Word, moment: _Moment) -> _Verdict:
    """Return what one source says. Before its document is due, damage is no more than its absence."""
    match word:
        case Said() | Silent():
            return word
        case Unsettled(until, since, last):
            if last - since < moment.settling.patience:
                return Wait(until)
            return Hold(HoldReason.SOURCE_UNSTABLE, f"{source} changes its number since {since}")
        case Damaged(last=last) if last < moment.due:
            return NOTHING
        case Damaged(refusal, since, last):
            if last - max(since, moment.due) < moment.settling.patience:
                return Wait(Timestamp(moment.now + POLL))
            return Hold(_reason(refusal), f"{source}: {refusal}")
        case Withdrawn(observation):
            return Hold(HoldReason.SOURCE_WITHDREW, f"{source} no longer has {observation.record!r}")
        case _:
            assert_never(word)


def _disagreed(rung: Rung, said: list[Said], moment: _Moment) -> _Verdict:
    settles_at = max(word.since for word in said) + moment.settling.window
    if min(word.last for word in said) < settles_at:
        return Wait(Timestamp(settles_at if moment.now < settles_at else moment.now + POLL))
    records = ", ".join(f"{word.observation.record!r}" for word in said)
    return Hold(HoldReason.SOURCES_DISAGREE, f"{', '.join(rung.sources)}: {records}")


def _reason(refusal: Refused) -> HoldReason:
    return next((reason for kind, reason in _REASONS if isinstance(refusal, kind)), HoldReason.UNREADABLE)


# --- What follows from it ---------------------------------------------------------------------------------------------


def _with_final(question: Question, one: Observation, provisional: _Verdict, words: dict[Source, Word]) -> Decision:
    """A final number stands unless a confirming source contradicts it; one that is merely in trouble does not count."""
    rung = question.series.rung(Role.CONFIRMATION)
    others = [words[source] for source in rung.sources] if rung is not None else []
    for other in others:
        if isinstance(other, Said) and other.observation.value != one.value:
            return Hold(HoldReason.CONFIRMATION_DIFFERS, f"{one.record!r}, then {other.observation.record!r}")
        if isinstance(other, Silent) and other.passed:
            return Hold(HoldReason.CONFIRMATION_DIFFERS, f"{one.record!r}, then nothing")
    confirmed = bool(others) and all(isinstance(other, Said) for other in others)
    if isinstance(provisional, Said) and not confirmed and _is_far(question, one, provisional.observation.value):
        return Hold(HoldReason.REVISED_TOO_FAR, f"{provisional.observation.record!r}, then {one.record!r}")
    return _agreed(question, one, confirmed=confirmed)


def _agreed(question: Question, one: Observation, *, confirmed: bool) -> Decision:
    """Return the status that the number has after what was signed before: nothing goes back to an earlier one."""
    signed = question.signed
    if signed is None:
        return Agree(Status.FINAL, one, confirmed)
    if signed.value is None:
        return Agree(Status.CORRECTED, one, confirmed)
    if not confirmed and _is_far(question, one, signed.value):
        return Hold(HoldReason.REVISED_TOO_FAR, f"signed {signed.value}, then {one.record!r}")
    if signed.status is Status.PROVISIONAL:
        return Agree(Status.FINAL, one, confirmed)
    return Agree(signed.status if signed.value == one.value else Status.CORRECTED, one, confirmed)


def _with_provisional(question: Question, provisional: _Verdict, now: Timestamp, calendar: Calendar) -> Decision:
    if question.signed is None or question.signed.status is Status.PROVISIONAL:
        match provisional:
            case Said(one):
                return Agree(Status.PROVISIONAL, one, confirmed=False)
            case Hold() | Wait():
                return provisional
            case Silent():
                pass
    return Wait(_next_look(question, now, calendar))


def _next_look(question: Question, now: Timestamp, calendar: Calendar) -> Timestamp:
    """Return when the next document of the ladder is due, or soon if one is overdue."""
    soon = Timestamp(now + POLL)
    for rank, rung in enumerate(question.series.ladder):
        due = due_at(calendar, rung.schedule, question.day)
        if due > now:
            return due if rank == 0 else min(due, soon)
    return soon


def _passed_by(series: Series, final: _Verdict, confirmation: _Verdict) -> bool:
    """Tell whether the last documents of the ladder went on to later days without a number for this one."""
    last = confirmation if series.rung(Role.CONFIRMATION) is not None else final
    return isinstance(last, Silent) and last.passed


def _is_far(question: Question, one: Observation, value: int) -> bool:
    return abs(one.value - value) > question.series.revision_bound and one.value != question.approved
