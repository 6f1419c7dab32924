from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.types import Timestamp
from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.calendar_schedule import (
    GRACE,
    JST,
    due_at,
    is_late,
    japanese_day,
    next_due,
    owed_day,
    valid_until,
)
from oracles.core.catalogue import (
    API_SCHEDULE,
    BASIC_LOAN_RATE,
    CALL_RATE_AVERAGE,
    PAR_YIELDS,
    USD_JPY,
    jsda_price,
)
from oracles.core.series import Role, Schedule, Series

YEN_CURVE = PAR_YIELDS[9]


def japan(text: str) -> Timestamp:
    """UTC seconds of a time in Japan."""
    return Timestamp(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) - JST)


def schedule_of(series: Series, role: Role) -> Schedule:
    rung = series.rung(role)
    assert rung is not None
    return rung.schedule


PROVISIONAL = schedule_of(CALL_RATE_AVERAGE, Role.PROVISIONAL)
FINAL = schedule_of(CALL_RATE_AVERAGE, Role.FINAL)
CONFIRMATION = schedule_of(CALL_RATE_AVERAGE, Role.CONFIRMATION)
CURVE = schedule_of(YEN_CURVE, Role.FINAL)
SCHEDULES = [PROVISIONAL, FINAL, CONFIRMATION, CURVE]


@pytest.mark.parametrize(
    ("schedule", "day", "due"),
    [
        (PROVISIONAL, date(2026, 1, 29), "2026-01-29T17:15"),
        (PROVISIONAL, date(2026, 1, 30), "2026-01-30T18:15"),  # Friday, and the 31st is a Saturday
        (PROVISIONAL, date(2026, 5, 29), "2026-05-29T18:15"),
        (PROVISIONAL, date(2026, 9, 30), "2026-09-30T18:15"),
        (PROVISIONAL, date(2025, 12, 30), "2025-12-30T17:15"),  # December is the exception
        (FINAL, date(2026, 1, 30), "2026-02-02T10:00"),
        (FINAL, date(2025, 12, 30), "2026-01-05T10:00"),
        (FINAL, date(2026, 5, 1), "2026-05-07T10:00"),
        (CONFIRMATION, date(2026, 8, 17), "2026-08-19T09:00"),
        (CONFIRMATION, date(2025, 12, 29), "2026-01-05T09:00"),
        (CURVE, date(2026, 9, 18), "2026-09-24T09:30"),
        (schedule_of(USD_JPY, Role.FINAL), date(2026, 3, 19), "2026-03-24T09:00"),
        (schedule_of(jsda_price("003820067"), Role.FINAL), date(2026, 1, 30), "2026-01-30T18:30"),
    ],
)
def test_a_document_is_due_when_its_publisher_says(schedule: Schedule, day: date, due: str) -> None:
    assert due_at(JAPAN, schedule, day) == japan(due)


def test_the_month_end_is_at_a_quarter_past_six_in_every_month_but_december() -> None:
    for month in range(1, 13):
        *_, last = (day for day in JAPAN.between(date(2026, month, 1), date(2026, month, 28)))
        while JAPAN.next(last).month == month:
            last = JAPAN.next(last)
        expected = "17:15" if month == 12 else "18:15"
        assert due_at(JAPAN, PROVISIONAL, last) == japan(f"{last}T{expected}")
        assert due_at(JAPAN, PROVISIONAL, JAPAN.previous(last)) == japan(f"{JAPAN.previous(last)}T17:15")
        assert due_at(JAPAN, FINAL, last) == japan(f"{JAPAN.next(last)}T10:00")


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 1, 31), date(2025, 12, 31), date(2027, 3, 22)])
def test_nothing_is_due_about_a_closed_day(day: date) -> None:
    for schedule in SCHEDULES:
        with pytest.raises(ValueError, match="nothing is due"):
            due_at(JAPAN, schedule, day)


def test_beyond_the_calendar_nothing_is_due() -> None:
    assert due_at(JAPAN, PROVISIONAL, date(2027, 12, 30)) == japan("2027-12-30T17:15")
    for question in (
        lambda: due_at(JAPAN, FINAL, date(2027, 12, 30)),
        lambda: due_at(JAPAN, PROVISIONAL, date(2028, 1, 4)),
        lambda: valid_until(JAPAN, CALL_RATE_AVERAGE, Role.FINAL, date(2027, 12, 29)),
        lambda: owed_day(JAPAN, FINAL, japan("2027-12-31T12:00")),
        lambda: owed_day(JAPAN, FINAL, japan("2028-01-04T12:00")),
        lambda: next_due(JAPAN, FINAL, japan("2027-12-30T12:00")),
    ):
        with pytest.raises(BeyondHorizon):
            question()


@pytest.mark.parametrize(
    ("series", "role", "day", "until"),
    [
        (CALL_RATE_AVERAGE, Role.PROVISIONAL, date(2026, 1, 29), "2026-01-31T10:00"),
        (CALL_RATE_AVERAGE, Role.FINAL, date(2026, 1, 29), "2026-02-03T10:00"),
        (CALL_RATE_AVERAGE, Role.PROVISIONAL, date(2025, 12, 30), "2026-01-06T10:00"),
        (CALL_RATE_AVERAGE, Role.FINAL, date(2025, 12, 30), "2026-01-07T10:00"),
        (YEN_CURVE, Role.FINAL, date(2026, 5, 1), "2026-05-09T09:30"),
        (BASIC_LOAN_RATE, Role.FINAL, date(2026, 8, 17), "2026-08-21T09:00"),
    ],
)
def test_a_number_holds_until_its_successor_is_a_day_overdue(series: Series, role: Role, day: date, until: str) -> None:
    assert valid_until(JAPAN, series, role, day) == japan(until)


@pytest.mark.parametrize(
    ("schedule", "now", "day"),
    [
        (PROVISIONAL, "2026-01-29T17:14:59", date(2026, 1, 28)),
        (PROVISIONAL, "2026-01-29T17:15:00", date(2026, 1, 29)),
        (PROVISIONAL, "2026-01-30T18:14:59", date(2026, 1, 29)),  # at a month's end nothing is owed at 17:15
        (PROVISIONAL, "2026-01-30T18:15:00", date(2026, 1, 30)),
        (PROVISIONAL, "2026-02-01T12:00:00", date(2026, 1, 30)),
        (FINAL, "2026-02-02T09:59:59", date(2026, 1, 29)),
        (FINAL, "2026-02-02T10:00:00", date(2026, 1, 30)),
        (FINAL, "2026-01-04T12:00:00", date(2025, 12, 29)),
        (CONFIRMATION, "2026-01-05T09:00:00", date(2025, 12, 29)),
        (CONFIRMATION, "2026-01-05T08:59:59", date(2025, 12, 26)),
        (FINAL, "2027-12-30T12:00:00", date(2027, 12, 29)),
    ],
)
def test_what_is_owed_is_what_was_due(schedule: Schedule, now: str, day: date) -> None:
    assert owed_day(JAPAN, schedule, japan(now)) == day


def test_over_golden_week_nothing_is_late() -> None:
    latest = date(2026, 4, 30)
    assert not is_late(JAPAN, CALL_RATE_AVERAGE, latest, japan("2026-05-07T09:59"))
    assert is_late(JAPAN, CALL_RATE_AVERAGE, latest, japan("2026-05-07T10:00"))
    assert next_due(JAPAN, FINAL, japan("2026-05-03T00:00")) == (date(2026, 5, 1), japan("2026-05-07T10:00"))


def test_the_day_changes_at_midnight_in_japan() -> None:
    assert japanese_day(japan("2026-01-30T00:00")) == date(2026, 1, 30)
    assert japanese_day(Timestamp(japan("2026-01-30T00:00") - 1)) == date(2026, 1, 29)


def test_a_role_that_a_series_does_not_have_is_refused() -> None:
    without = Series(**{field: getattr(USD_JPY, field) for field in USD_JPY.__slots__ if field != "ladder"}, ladder=())
    with pytest.raises(ValueError, match="no final documents"):
        valid_until(JAPAN, without, Role.FINAL, date(2026, 1, 29))


@given(st.integers(japan("1995-01-01T00:00"), japan("2027-12-01T00:00")), st.sampled_from([*SCHEDULES, API_SCHEDULE]))
def test_what_is_due_next_follows_what_is_owed(now: int, schedule: Schedule) -> None:
    owed = owed_day(JAPAN, schedule, Timestamp(now))
    day, due = next_due(JAPAN, schedule, Timestamp(now))
    assert due_at(JAPAN, schedule, owed) <= now < due == due_at(JAPAN, schedule, day)
    assert JAPAN.next(owed) == day
    assert owed_day(JAPAN, schedule, due) == day


@given(st.dates(date(1995, 1, 1), date(2027, 12, 1)))
def test_no_number_outlives_the_grace_of_its_successor(day: date) -> None:
    day = JAPAN.next(day)
    provisional, final = (valid_until(JAPAN, CALL_RATE_AVERAGE, role, day) for role in (Role.PROVISIONAL, Role.FINAL))
    assert provisional == due_at(JAPAN, FINAL, day) + GRACE < final
    assert final == valid_until(JAPAN, CALL_RATE_AVERAGE, Role.PROVISIONAL, JAPAN.next(day))
