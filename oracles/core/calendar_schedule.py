"""When a number was due, until when it may be believed, and which one is owed now. Instants are UTC seconds."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from bridge.core.types import Timestamp
from oracles.core.calendar import Calendar
from oracles.core.series import Role, Rung, Schedule, Series

JST: Final = 9 * 3600
GRACE: Final = 24 * 3600
"""How late a publication may be before what it would replace is history."""
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)
_DECEMBER: Final = 12
_ROLES: Final = (Role.PROVISIONAL, Role.FINAL)


def due_at(calendar: Calendar, schedule: Schedule, day: date) -> Timestamp:
    """Return when the document about a business day is due; signed as the effective time of its numbers.

    On the last business day of every month except December the Bank's provisional call rate comes at 18:15.
    Raises BeyondHorizon where the calendar does not reach, and ValueError for a day that is no business day.
    """
    if not calendar.is_business_day(day):
        raise ValueError(f"nothing is due about {day}")
    clock = schedule.at
    if schedule.month_end_at is not None and day.month != _DECEMBER and calendar.is_last_of_month(day):
        clock = schedule.month_end_at
    return _instant(calendar.next(day, schedule.lag), clock)


def valid_until(calendar: Calendar, series: Series, role: Role, day: date) -> Timestamp:
    """Return until when a number may be taken for the latest.

    Until whatever replaces it is due, and a grace: a provisional one is replaced by the final one of its day, a final
    one by the final one of the next business day. Raises BeyondHorizon, and ValueError for a role it does not have.
    """
    final = _rung(series, Role.FINAL)
    successor = day if role is Role.PROVISIONAL else calendar.next(day)
    return Timestamp(due_at(calendar, final.schedule, successor) + GRACE)


def owed_day(calendar: Calendar, schedule: Schedule, now: Timestamp) -> date:
    """Return the latest observation day whose document was due at `now`: an oracle that has it is not late."""
    today = japanese_day(now)
    day = today if calendar.is_business_day(today) else calendar.previous(today)
    while _due_or_later(calendar, schedule, day, now):
        day = calendar.previous(day)
    return day


def next_due(calendar: Calendar, schedule: Schedule, now: Timestamp) -> tuple[date, Timestamp]:
    """Return the next observation day whose document is due after `now`, and when. Raises BeyondHorizon."""
    day = calendar.next(owed_day(calendar, schedule, now))
    return day, due_at(calendar, schedule, day)


def is_late(calendar: Calendar, series: Series, latest: date, now: Timestamp) -> bool:
    """Tell whether a final number of a later day than `latest` was due at `now`."""
    return latest < owed_day(calendar, _rung(series, Role.FINAL).schedule, now)


def japanese_day(now: Timestamp) -> date:
    """Return the calendar day in Japan."""
    return datetime.fromtimestamp(now + JST, UTC).date()


def _due_or_later(calendar: Calendar, schedule: Schedule, day: date, now: Timestamp) -> bool:
    """Tell whether the document about `day` is still to come: by its earliest time first, which needs no look ahead."""
    if _instant(day + timedelta(days=schedule.lag), schedule.at) > now:
        return True
    return due_at(calendar, schedule, day) > now


def _instant(day: date, clock: int) -> Timestamp:
    return Timestamp((day - _EPOCH).days * _DAY + clock - JST)


def _rung(series: Series, role: Role) -> Rung:
    rung = series.rung(role)
    if rung is None:
        raise ValueError(f"{series.name} has no {role.value} documents")
    return rung
