"""One test for each situation that a number can be in."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.types import Timestamp
from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.calendar_schedule import due_at
from oracles.core.catalogue import BASIC_LOAN_RATE, CALL_RATE_AVERAGE, PAR_YIELDS
from oracles.core.decisions import Agree, Closed, Decision, Hold, HoldReason, Question, Signed, Wait
from oracles.core.guard import POLL, decide
from oracles.core.parsers.reading import Missing, Observation
from oracles.core.parsers.refusals import (
    Disagreement,
    DriftedFormat,
    ErrorAnswer,
    NoFixing,
    NotThisDocument,
    OutOfBounds,
    Refused,
    Truncated,
    WrongEncoding,
)
from oracles.core.series import Role, Series, Source, Status
from oracles.core.words import PATIENCE, WINDOW, Fetch

DAY = date(2026, 1, 29)
CLOSED = date(2026, 1, 31)
RATE = 72_700_000
OTHER = 72_800_000
FAR = 77_700_000
PROVISIONAL, FINAL = Source.BOJ_PROVISIONAL, Source.BOJ_FINAL
JSON, CSV = Source.BOJ_API_JSON, Source.BOJ_API_CSV
ENGLISH, JAPANESE = Source.MOF_ENGLISH, Source.MOF_JAPANESE
TEN_YEARS = PAR_YIELDS[9]


def due(role: Role, series: Series = CALL_RATE_AVERAGE, day: date = DAY) -> Timestamp:
    rung = series.rung(role)
    assert rung is not None
    return due_at(JAPAN, rung.schedule, day)


EVENING, MORNING, CONFIRMED = (due(role) for role in (Role.PROVISIONAL, Role.FINAL, Role.CONFIRMATION))
CURVE_DUE = due(Role.FINAL, TEN_YEARS)


def says(source: Source, at: int, value: int = RATE, series: Series = CALL_RATE_AVERAGE, day: date = DAY) -> Fetch:
    return Fetch(source, Timestamp(at), Observation(series, day, value))


def silent(source: Source, at: int, *, passed: bool) -> Fetch:
    return Fetch(source, Timestamp(at), Missing(DAY, passed))


def damaged(source: Source, at: int, refusal: Refused) -> Fetch:
    return Fetch(source, Timestamp(at), refusal)


def decided(
    *fetches: Fetch,
    now: int,
    series: Series = CALL_RATE_AVERAGE,
    day: date = DAY,
    signed: Signed | None = None,
    approved: int | None = None,
) -> Decision:
    return decide(Question(series, day, signed, approved), fetches, Timestamp(now), JAPAN)


def agreed(status: Status, value: int, *, confirmed: bool, series: Series = CALL_RATE_AVERAGE) -> Agree:
    return Agree(status, Observation(series, DAY, value), confirmed)


def reason(decision: Decision) -> HoldReason:
    assert isinstance(decision, Hold), decision
    return decision.reason


# --- A day as it should be --------------------------------------------------------------------------------------------


def test_before_anything_is_published_the_evening_is_awaited() -> None:
    assert decided(now=EVENING - 3600) == Wait(EVENING)


def test_an_overdue_source_is_asked_again_soon() -> None:
    assert decided(now=EVENING + 60) == Wait(Timestamp(EVENING + 60 + POLL))
    assert decided(now=CONFIRMED + 60) == Wait(Timestamp(CONFIRMED + 60 + POLL))


def test_the_evenings_number_is_provisional() -> None:
    assert decided(says(PROVISIONAL, EVENING), now=EVENING) == agreed(Status.PROVISIONAL, RATE, confirmed=False)


def test_the_mornings_number_is_final() -> None:
    fetches = says(PROVISIONAL, EVENING), says(FINAL, MORNING, OTHER)
    for signed in (None, Signed(Status.PROVISIONAL, RATE)):
        assert decided(*fetches, now=MORNING, signed=signed) == agreed(Status.FINAL, OTHER, confirmed=False)


def test_the_later_source_confirms_it() -> None:
    fetches = says(FINAL, MORNING), says(JSON, CONFIRMED), says(CSV, CONFIRMED)
    assert decided(*fetches, now=CONFIRMED) == agreed(Status.FINAL, RATE, confirmed=True)
    assert decided(*fetches[:2], now=CONFIRMED) == agreed(Status.FINAL, RATE, confirmed=False), "one form is not enough"


def test_the_later_source_alone_is_final_when_the_workbook_never_came() -> None:
    fetches = says(JSON, CONFIRMED), says(CSV, CONFIRMED)
    assert decided(*fetches, now=CONFIRMED) == agreed(Status.FINAL, RATE, confirmed=True)
    assert isinstance(decided(fetches[0], now=CONFIRMED), Wait)


def test_what_is_signed_is_not_signed_back_to_an_earlier_status() -> None:
    evening = says(PROVISIONAL, EVENING)
    assert isinstance(decided(evening, now=MORNING, signed=Signed(Status.FINAL, RATE)), Wait)
    again = decided(says(FINAL, MORNING), now=MORNING, signed=Signed(Status.CORRECTED, RATE))
    assert again == agreed(Status.CORRECTED, RATE, confirmed=False)


@pytest.mark.parametrize("value", [-7_900_000, -1_000_00, 0])
def test_a_rate_may_be_negative_or_zero(value: int) -> None:
    fetches = says(FINAL, MORNING, value), says(JSON, CONFIRMED, value), says(CSV, CONFIRMED, value)
    assert decided(*fetches, now=CONFIRMED) == agreed(Status.FINAL, value, confirmed=True)
    corrected = decided(*fetches, now=CONFIRMED, signed=Signed(Status.FINAL, 100_000))
    assert corrected == agreed(Status.CORRECTED, value, confirmed=True)


# --- Sources that do not agree ----------------------------------------------------------------------------------------


def test_a_confirmation_that_differs_is_a_hold() -> None:
    fetches = says(FINAL, MORNING), says(JSON, CONFIRMED, OTHER), says(CSV, CONFIRMED, OTHER)
    assert reason(decided(*fetches, now=CONFIRMED)) is HoldReason.CONFIRMATION_DIFFERS
    assert reason(decided(*fetches[:2], now=CONFIRMED)) is HoldReason.CONFIRMATION_DIFFERS


def test_a_confirmation_that_went_on_without_the_day_is_a_hold() -> None:
    fetches = says(FINAL, MORNING), silent(JSON, CONFIRMED, passed=True)
    assert reason(decided(*fetches, now=CONFIRMED)) is HoldReason.CONFIRMATION_DIFFERS


def test_two_languages_that_differ_are_a_hold_once_both_have_had_time() -> None:
    first = says(ENGLISH, CURVE_DUE, 296_600_000, TEN_YEARS), says(JAPANESE, CURVE_DUE + 60, 296_700_000, TEN_YEARS)
    early = decided(*first, now=CURVE_DUE + 60, series=TEN_YEARS)
    assert early == Wait(Timestamp(CURVE_DUE + 60 + WINDOW))
    later = tuple(
        says(source, CURVE_DUE + 60 + WINDOW, value, TEN_YEARS)
        for source, value in ((ENGLISH, 296_600_000), (JAPANESE, 296_700_000))
    )
    held = decided(*first, *later, now=CURVE_DUE + 60 + WINDOW, series=TEN_YEARS)
    assert reason(held) is HoldReason.SOURCES_DISAGREE
    assert isinstance(held, Hold)
    assert "2.966" in held.detail
    assert "2.967" in held.detail


def test_one_language_alone_is_waited_for() -> None:
    decision = decided(says(ENGLISH, CURVE_DUE, 296_600_000, TEN_YEARS), now=CURVE_DUE, series=TEN_YEARS)
    assert isinstance(decision, Wait)


def test_a_final_number_far_from_its_provisional_one_needs_confirmation() -> None:
    fetches = says(PROVISIONAL, EVENING), says(FINAL, MORNING, FAR)
    for signed in (None, Signed(Status.PROVISIONAL, RATE)):
        held = decided(*fetches, now=MORNING, signed=signed)
        assert reason(held) is HoldReason.REVISED_TOO_FAR
        confirmed = decided(
            *fetches, says(JSON, CONFIRMED, FAR), says(CSV, CONFIRMED, FAR), now=CONFIRMED, signed=signed
        )
        assert confirmed == agreed(Status.FINAL, FAR, confirmed=True)


def test_an_operator_may_approve_one_far_value_and_no_other() -> None:
    fetches = says(PROVISIONAL, EVENING), says(FINAL, MORNING, FAR)
    assert decided(*fetches, now=MORNING, approved=FAR) == agreed(Status.FINAL, FAR, confirmed=False)
    assert reason(decided(*fetches, now=MORNING, approved=FAR + 100_000)) is HoldReason.REVISED_TOO_FAR


def test_a_move_by_the_bound_is_near_and_by_a_thousandth_more_is_far() -> None:
    bound = CALL_RATE_AVERAGE.revision_bound
    for sign in (1, -1):
        near, far = RATE + sign * bound, RATE + sign * (bound + 100_000)
        for status in (Status.PROVISIONAL, Status.FINAL):
            signed = Signed(status, RATE)
            assert isinstance(decided(says(FINAL, MORNING, near), now=MORNING, signed=signed), Agree)
            assert reason(decided(says(FINAL, MORNING, far), now=MORNING, signed=signed)) is HoldReason.REVISED_TOO_FAR


# --- Sources that change their mind -----------------------------------------------------------------------------------


def test_old_and_new_bytes_in_the_same_minute_wait_until_one_is_left() -> None:
    flapping = says(FINAL, MORNING), says(FINAL, MORNING + 20, OTHER), says(FINAL, MORNING + 40)
    assert decided(*flapping, now=MORNING + 60) == Wait(Timestamp(MORNING + 40 + WINDOW))
    settled = says(FINAL, MORNING + 40 + WINDOW)
    assert decided(*flapping, settled, now=MORNING + 40 + WINDOW) == agreed(Status.FINAL, RATE, confirmed=False)


def test_a_changed_number_counts_only_when_it_was_seen_again_at_the_end_of_a_window() -> None:
    changed = says(FINAL, MORNING), says(FINAL, MORNING + 20, OTHER)
    late = MORNING + 20 + 10 * WINDOW
    assert decided(*changed, now=late) == Wait(Timestamp(MORNING + 20 + WINDOW)), "nobody has looked since"
    seen_again = says(FINAL, late, OTHER)
    assert decided(*changed, seen_again, now=late) == agreed(Status.FINAL, OTHER, confirmed=False)


def test_a_source_that_keeps_changing_is_a_hold_until_it_is_quiet() -> None:
    fetches = [says(FINAL, MORNING + 300 * i, RATE if i % 2 else OTHER) for i in range(PATIENCE // 300 + 2)]
    last = MORNING + 300 * (len(fetches) - 1)
    assert isinstance(decided(*fetches[:5], now=MORNING + 1200), Wait)
    assert reason(decided(*fetches, now=last)) is HoldReason.SOURCE_UNSTABLE
    quiet = says(FINAL, last + WINDOW, RATE if len(fetches) % 2 == 0 else OTHER)
    assert isinstance(decided(*fetches, quiet, now=last + WINDOW), Agree)


def test_a_change_long_after_an_earlier_one_is_a_new_beginning() -> None:
    earlier = says(FINAL, MORNING), says(FINAL, MORNING + 20, OTHER), says(FINAL, MORNING + 20 + WINDOW, OTHER)
    later = MORNING + 2 * PATIENCE
    assert decided(*earlier, says(FINAL, later), now=later) == Wait(Timestamp(later + WINDOW))


def test_a_revision_after_forty_days_is_a_correction_once_it_has_settled() -> None:
    later = MORNING + 40 * 86_400
    signed = Signed(Status.FINAL, RATE)
    old = says(FINAL, MORNING), says(JSON, CONFIRMED), says(CSV, CONFIRMED)
    changed = [says(source, later, OTHER) for source in (FINAL, JSON, CSV)]
    again = [says(source, later + WINDOW, OTHER) for source in (FINAL, JSON, CSV)]
    assert isinstance(decided(*old, *changed, now=later + 1, signed=signed), Wait)
    corrected = decided(*old, *changed, *again, now=later + WINDOW, signed=signed)
    assert corrected == agreed(Status.CORRECTED, OTHER, confirmed=True)
    kept = decided(*old, *changed, *again, now=later + WINDOW, signed=Signed(Status.CORRECTED, OTHER))
    assert kept == agreed(Status.CORRECTED, OTHER, confirmed=True), "signed once, it stays"


def test_a_revision_that_only_the_workbook_knows_is_a_hold() -> None:
    later = MORNING + 40 * 86_400
    fetches = [says(FINAL, MORNING), says(JSON, CONFIRMED), says(CSV, CONFIRMED)]
    fetches += [says(FINAL, later, OTHER), says(FINAL, later + WINDOW, OTHER)]
    fetches += [says(source, later + WINDOW) for source in (JSON, CSV)]
    held = decided(*fetches, now=later + WINDOW, signed=Signed(Status.FINAL, RATE))
    assert reason(held) is HoldReason.CONFIRMATION_DIFFERS


def test_a_number_for_a_day_that_was_signed_without_one_is_a_correction() -> None:
    fetches = says(FINAL, CONFIRMED + 5), says(JSON, CONFIRMED + 5), says(CSV, CONFIRMED + 5)
    decision = decided(*fetches, now=CONFIRMED + 5, signed=Signed(Status.NO_FIXING, None))
    assert decision == agreed(Status.CORRECTED, RATE, confirmed=True)


# --- No number --------------------------------------------------------------------------------------------------------


def test_a_day_that_every_source_passed_by_has_no_fixing() -> None:
    passed = silent(JSON, CONFIRMED + 86_400, passed=True), silent(CSV, CONFIRMED + 86_400, passed=True)
    assert decided(*passed, now=CONFIRMED + 86_400) == Agree(Status.NO_FIXING, None, confirmed=True)
    assert isinstance(decided(passed[0], now=CONFIRMED + 86_400), Wait), "one form is not enough"


@pytest.mark.parametrize("at", [EVENING, MORNING])
def test_a_workbook_that_says_there_is_none_is_silence_and_no_damage(at: Timestamp) -> None:
    source = PROVISIONAL if at == EVENING else FINAL
    blank = [damaged(source, at + 300 * i, NoFixing("no average", "C10")) for i in range(30)]
    assert isinstance(decided(*blank, now=at + 300 * 30), Wait)
    passed = silent(JSON, CONFIRMED + 86_400, passed=True), silent(CSV, CONFIRMED + 86_400, passed=True)
    assert decided(*blank, *passed, now=CONFIRMED + 86_400) == Agree(Status.NO_FIXING, None, confirmed=True)


def test_a_blank_workbook_does_not_outweigh_the_later_source() -> None:
    blank = damaged(FINAL, MORNING, NoFixing("no average", "C10"))
    assert decided(blank, says(JSON, CONFIRMED), says(CSV, CONFIRMED), now=CONFIRMED) == agreed(
        Status.FINAL, RATE, confirmed=True
    )


def test_nothing_is_passed_by_before_a_later_day_is_there() -> None:
    waiting = silent(JSON, CONFIRMED, passed=False), silent(CSV, CONFIRMED, passed=False)
    assert decided(*waiting, now=CONFIRMED) == Wait(Timestamp(CONFIRMED + POLL))


@pytest.mark.parametrize("gone", [Missing(DAY, passed=True), Missing(DAY, passed=False), NoFixing("no average", "C10")])
def test_a_number_that_was_withdrawn_is_a_hold_after_a_whole_window(gone: Missing | NoFixing) -> None:
    fetches = [says(FINAL, MORNING), Fetch(FINAL, Timestamp(MORNING + 60), gone)]
    assert decided(*fetches, now=MORNING + 60) == agreed(Status.FINAL, RATE, confirmed=False), "it may be a slip"
    fetches.append(Fetch(FINAL, Timestamp(MORNING + 60 + WINDOW), gone))
    held = decided(*fetches, now=MORNING + 60 + WINDOW, signed=Signed(Status.FINAL, RATE))
    assert reason(held) is HoldReason.SOURCE_WITHDREW
    back = [says(FINAL, MORNING + 3600), says(FINAL, MORNING + 3600 + WINDOW)]
    assert decided(*fetches, *back, now=MORNING + 3600 + WINDOW) == agreed(Status.FINAL, RATE, confirmed=False)


def test_a_reporter_that_never_saw_a_signed_number_does_not_sign_it_away() -> None:
    passed = silent(JSON, CONFIRMED + 86_400, passed=True), silent(CSV, CONFIRMED + 86_400, passed=True)
    for status in (Status.PROVISIONAL, Status.FINAL, Status.CORRECTED):
        held = decided(*passed, now=CONFIRMED + 86_400, signed=Signed(status, RATE))
        assert reason(held) is HoldReason.SOURCE_WITHDREW


# --- Damaged documents ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (WrongEncoding("UTF-8"), HoldReason.WRONG_ENCODING),
        (NotThisDocument("HTML"), HoldReason.NOT_THIS_DOCUMENT),
        (Truncated("cut"), HoldReason.TRUNCATED),
        (DriftedFormat("columns"), HoldReason.DRIFTED_FORMAT),
        (OutOfBounds("72.7"), HoldReason.OUT_OF_BOUNDS),
        (Disagreement("average above highest"), HoldReason.INCONSISTENT_DOCUMENT),
        (ErrorAnswer("M181090S", "busy", passing=True), HoldReason.UNREADABLE),
    ],
)
def test_a_document_that_stays_damaged_is_a_hold_that_names_the_damage(refusal: Refused, expected: HoldReason) -> None:
    fetches = [damaged(FINAL, MORNING + at, refusal) for at in range(0, PATIENCE + 1, 300)]
    early = decided(*fetches[:-1], now=MORNING + PATIENCE - 1)
    assert early == Wait(Timestamp(MORNING + PATIENCE - 1 + POLL))
    assert reason(decided(*fetches, now=MORNING + PATIENCE)) is expected


def test_damage_before_the_document_is_due_is_no_more_than_its_absence() -> None:
    fetches = [damaged(FINAL, EVENING + at, NotThisDocument("404")) for at in range(0, 3 * PATIENCE, 300)]
    decision = decided(says(PROVISIONAL, EVENING), *fetches, now=EVENING + 3 * PATIENCE)
    assert decision == agreed(Status.PROVISIONAL, RATE, confirmed=False)


def test_damage_after_a_number_was_read_takes_nothing_back() -> None:
    fetches = [damaged(FINAL, MORNING + 300 * i, Truncated("cut")) for i in range(1, 20)]
    decision = decided(says(FINAL, MORNING), *fetches, now=MORNING + 6000)
    assert decision == agreed(Status.FINAL, RATE, confirmed=False)


def test_a_damaged_workbook_does_not_stop_the_later_source() -> None:
    fetches = [damaged(FINAL, MORNING + at, Truncated("cut")) for at in range(0, PATIENCE + 1, 300)]
    decision = decided(*fetches, says(JSON, CONFIRMED), says(CSV, CONFIRMED), now=CONFIRMED)
    assert decision == agreed(Status.FINAL, RATE, confirmed=True)


# --- Days and times ---------------------------------------------------------------------------------------------------


def test_a_number_for_a_closed_day_is_a_hold() -> None:
    fetch = says(FINAL, MORNING, day=CLOSED)
    assert reason(decided(fetch, now=MORNING, day=CLOSED)) is HoldReason.CLOSED_DAY


def test_a_closed_day_without_a_number_is_closed() -> None:
    assert decided(now=MORNING, day=CLOSED) == Closed()
    assert decided(silent(JSON, CONFIRMED, passed=True), now=CONFIRMED, day=CLOSED) == Closed()


def test_a_series_that_states_a_value_for_closed_days_has_no_observation_on_them() -> None:
    fetch = says(JSON, CONFIRMED, 100_000_000, BASIC_LOAN_RATE, CLOSED)
    assert decided(fetch, now=CONFIRMED, series=BASIC_LOAN_RATE, day=CLOSED) == Closed()


def test_a_year_that_nobody_knows_decides_nothing() -> None:
    with pytest.raises(BeyondHorizon):
        decided(says(FINAL, MORNING), now=MORNING, day=date(2028, 1, 4))


def test_what_comes_after_now_is_not_looked_at_and_order_does_not_matter() -> None:
    fetches = [says(PROVISIONAL, EVENING), says(FINAL, MORNING, OTHER), says(JSON, CONFIRMED, FAR)]
    assert decided(*fetches, now=MORNING) == agreed(Status.FINAL, OTHER, confirmed=False)
    assert decided(*reversed(fetches), now=MORNING) == decided(*fetches, now=MORNING)
    assert decided(*fetches, now=MORNING - 1) == agreed(Status.PROVISIONAL, RATE, confirmed=False)


_OUTCOMES = st.one_of(
    st.integers(725, 729).map(lambda value: Observation(CALL_RATE_AVERAGE, DAY, value * 100_000)),
    st.booleans().map(lambda passed: Missing(DAY, passed)),
    st.sampled_from([Truncated("cut"), NotThisDocument("404"), NoFixing("blank")]),
)
_FETCHES = st.lists(
    st.builds(
        Fetch,
        st.sampled_from([PROVISIONAL, FINAL, JSON, CSV]),
        st.integers(EVENING, CONFIRMED + 86_400).map(Timestamp),
        _OUTCOMES,
    ),
    max_size=12,
)


@given(_FETCHES, st.integers(EVENING - 100, CONFIRMED + 90_000))
def test_what_is_agreed_was_said_by_a_source_and_is_never_an_average(fetches: list[Fetch], now: int) -> None:
    decision = decided(*fetches, now=now)
    if isinstance(decision, Agree) and decision.observation is not None:
        said = [fetch.outcome for fetch in fetches if fetch.at <= now and isinstance(fetch.outcome, Observation)]
        assert decision.observation in said
