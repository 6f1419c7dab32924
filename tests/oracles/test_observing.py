from datetime import date

import pytest

from bridge.core.hashing import keccak
from bridge.core.types import ZERO_HASH, Timestamp
from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.catalogue import CALL_RATE_AVERAGE, CALL_RATE_HIGH, PAR_YIELDS, USD_JPY
from oracles.core.decisions import Agree, Hold, HoldReason
from oracles.core.observing import observed
from oracles.core.parsers.reading import PARSER_VERSION, Observation
from oracles.core.report import Proposal, leaf_of
from oracles.core.revisions import Opened
from oracles.core.series import Status
from tests.oracles.test_schedule import japan

DAY = date(2026, 1, 29)
CLOSED = date(2026, 1, 31)
RATE = Observation(CALL_RATE_AVERAGE, DAY, 72_700_000)
OPENED = Opened(4, Timestamp(1_800_000_000), Proposal(ZERO_HASH, ZERO_HASH, DAY, Status.CORRECTED, ZERO_HASH))


def agree(status: Status, observation: Observation | None = RATE, *, confirmed: bool = False) -> Agree:
    return Agree(status, observation, confirmed)


def test_a_provisional_number_takes_effect_in_the_evening_and_holds_until_the_final_one_is_overdue() -> None:
    signed = observed(CALL_RATE_AVERAGE, DAY, agree(Status.PROVISIONAL), OPENED, JAPAN)
    assert (signed.status, signed.value, signed.revision) == (Status.PROVISIONAL, 72_700_000, 4)
    assert (signed.effective_at, signed.valid_until) == (japan("2026-01-29T17:15"), japan("2026-01-31T10:00"))
    assert (signed.feed, signed.day) == (CALL_RATE_AVERAGE.feed, DAY)
    assert (signed.parser_version, signed.calendar_version) == (PARSER_VERSION, JAPAN.edition)


def test_a_final_number_takes_effect_in_the_morning() -> None:
    signed = observed(CALL_RATE_AVERAGE, DAY, agree(Status.FINAL), OPENED, JAPAN)
    assert (signed.effective_at, signed.valid_until) == (japan("2026-01-30T10:00"), japan("2026-02-03T10:00"))
    assert signed.source_hash == keccak(b"jgb-oracle/1;boj;FM01'STRDCLUCON;2026-01-29;0.727")


def test_a_correction_takes_effect_when_its_revision_was_opened() -> None:
    signed = observed(CALL_RATE_AVERAGE, DAY, agree(Status.CORRECTED), OPENED, JAPAN)
    assert (signed.effective_at, signed.valid_until) == (OPENED.at, japan("2026-02-03T10:00"))


def test_a_day_without_fixing_signs_zero_and_a_record_that_says_none() -> None:
    signed = observed(CALL_RATE_AVERAGE, DAY, agree(Status.NO_FIXING, None), OPENED, JAPAN)
    assert (signed.status, signed.value, signed.effective_at) == (Status.NO_FIXING, 0, japan("2026-01-30T10:00"))
    assert signed.source_hash == keccak(b"jgb-oracle/1;boj;FM01'STRDCLUCON;2026-01-29;none")


def test_a_hold_signs_its_reason_and_nothing_that_reporters_see_differently() -> None:
    one, other = (
        observed(CALL_RATE_AVERAGE, DAY, Hold(HoldReason.SOURCES_DISAGREE, detail), OPENED, JAPAN)
        for detail in ("0.727, 0.728", "0.728, 0.727")
    )
    assert (one.status, one.value, one.source_hash) == (Status.HOLD, 1, ZERO_HASH)
    assert leaf_of(one) == leaf_of(other)


def test_a_hold_about_a_closed_day_has_the_times_of_the_day_after_it() -> None:
    signed = observed(CALL_RATE_AVERAGE, CLOSED, Hold(HoldReason.CLOSED_DAY, ""), OPENED, JAPAN)
    assert (signed.day, signed.value) == (CLOSED, 6)
    assert (signed.effective_at, signed.valid_until) == (japan("2026-02-03T10:00"), japan("2026-02-05T10:00"))


def test_whether_a_number_is_confirmed_is_not_signed() -> None:
    one, other = (
        observed(CALL_RATE_AVERAGE, DAY, agree(Status.FINAL, confirmed=confirmed), OPENED, JAPAN)
        for confirmed in (True, False)
    )
    assert one == other


def test_a_number_of_another_series_or_day_is_refused() -> None:
    for series, day in ((CALL_RATE_HIGH, DAY), (CALL_RATE_AVERAGE, date(2026, 1, 30))):
        with pytest.raises(ValueError, match="is not"):
            observed(series, day, agree(Status.FINAL), OPENED, JAPAN)


def test_what_no_document_says_and_no_calendar_knows_is_not_signed() -> None:
    with pytest.raises(ValueError, match="no provisional documents"):
        observed(USD_JPY, DAY, agree(Status.PROVISIONAL, Observation(USD_JPY, DAY, 15_995_000_000)), OPENED, JAPAN)
    with pytest.raises(ValueError, match="nothing is due"):
        observed(PAR_YIELDS[0], CLOSED, agree(Status.FINAL, Observation(PAR_YIELDS[0], CLOSED, 0)), OPENED, JAPAN)
    last = date(2027, 12, 30)
    with pytest.raises(BeyondHorizon):
        observed(CALL_RATE_AVERAGE, last, Hold(HoldReason.TRUNCATED, ""), OPENED, JAPAN)
