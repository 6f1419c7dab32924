"""From what the guard concluded to what is signed: the same for every honest reporter."""

from datetime import date
from typing import assert_never

from bridge.core.hashing import keccak
from bridge.core.types import ZERO_HASH, Hash32, Timestamp
from oracles.core.calendar import Calendar
from oracles.core.calendar_schedule import due_at, valid_until
from oracles.core.decisions import Agree, Hold
from oracles.core.parsers.reading import PARSER_VERSION, record_of_none
from oracles.core.report import Observation
from oracles.core.revisions import Opened
from oracles.core.series import Role, Series, Status


def observed(
    series: Series, day: date, decision: Agree | Hold, opened: Opened | None, calendar: Calendar
) -> Observation:
    """Return what is signed about one number of one day in the revision that was opened; None before one is.

    It takes effect when its document was due, a correction when its revision was opened. What has no number has the
    times of the final one, and a hold about a closed day those of the business day after it. Raises BeyondHorizon, and
    ValueError for anything else about a closed day.
    """
    status, value, source_hash = _said(series, day, decision)
    is_moved = status is Status.HOLD and not calendar.is_business_day(day)
    published = calendar.next(day) if is_moved else day
    role = Role.PROVISIONAL if status is Status.PROVISIONAL else Role.FINAL
    return Observation(
        feed=series.feed,
        day=day,
        status=status,
        revision=0 if opened is None else opened.revision,
        value=value,
        effective_at=_corrected_at(opened) if status is Status.CORRECTED else _due(series, role, published, calendar),
        valid_until=valid_until(calendar, series, role, published),
        source_hash=source_hash,
        parser_version=PARSER_VERSION,
        calendar_version=calendar.edition,
    )


def _corrected_at(opened: Opened | None) -> Timestamp:
    return Timestamp(0) if opened is None else opened.at


def _said(series: Series, day: date, decision: Agree | Hold) -> tuple[Status, int, Hash32]:
    match decision:
        case Agree(status, observation, _):
            if observation is None:
                return status, 0, keccak(record_of_none(series, day))
            if observation.series != series or observation.day != day:
                raise ValueError(f"{observation.series} of {observation.day} is not {series} of {day}")
            return status, observation.value, keccak(observation.record)
        case Hold(reason, _):
            return Status.HOLD, reason, ZERO_HASH
        case _:
            assert_never(decision)


def _due(series: Series, role: Role, day: date, calendar: Calendar) -> Timestamp:
    rung = series.rung(role)
    if rung is None:
        raise ValueError(f"{series.name} has no {role.value} documents")
    return due_at(calendar, rung.schedule, day)
