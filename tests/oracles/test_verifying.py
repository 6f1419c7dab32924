"""What `verify` says of one number: the archive bears it out, or does not."""

from datetime import date

from oracles.core.catalogue import CALL_RATE_AVERAGE, EUR_JPY, EUR_USD, USD_JPY
from oracles.core.parsers.reading import Missing
from oracles.core.parsers.refusals import Truncated
from oracles.core.series import Source
from oracles.verifying import difference_of
from tests.oracles.crew import Notes

DAY = date(2026, 1, 29)
RATE = 72_700_000


def test_a_number_that_some_document_had_is_borne_out() -> None:
    notes = Notes()
    notes.says(Source.BOJ_PROVISIONAL, CALL_RATE_AVERAGE, DAY, RATE, 1)
    notes.says(Source.BOJ_FINAL, CALL_RATE_AVERAGE, DAY, RATE + 100_000, 2)
    for value in (RATE, RATE + 100_000):
        assert difference_of(CALL_RATE_AVERAGE, DAY, value, notes.fetches) is None
    found = difference_of(CALL_RATE_AVERAGE, DAY, RATE + 1, notes.fetches)
    assert found == "0.72700001 on chain, 0.727, 0.728 in the archive"


def test_a_silent_archive_bears_out_nothing_not_even_that_there_is_no_number() -> None:
    notes = Notes()
    assert difference_of(CALL_RATE_AVERAGE, DAY, RATE, notes.fetches) == "0.727 on chain, nothing in the archive"
    silent = "no number on chain, nothing in the archive"
    assert difference_of(CALL_RATE_AVERAGE, DAY, None, notes.fetches) == silent
    notes.note(Source.BOJ_FINAL, CALL_RATE_AVERAGE, DAY, Truncated("cut off", "md.xlsx"), 1)
    assert difference_of(CALL_RATE_AVERAGE, DAY, None, notes.fetches) == silent
    notes.note(Source.BOJ_API_JSON, CALL_RATE_AVERAGE, DAY, Missing(DAY, passed=True), 2)
    assert difference_of(CALL_RATE_AVERAGE, DAY, None, notes.fetches) is None
    assert difference_of(CALL_RATE_AVERAGE, DAY, RATE, notes.fetches) == "0.727 on chain, no number in the archive"


def test_what_is_derived_is_borne_out_by_its_inputs() -> None:
    notes = Notes()
    notes.says(Source.BOJ_API_JSON, USD_JPY, DAY, 15_000_000_000, 1)
    notes.says(Source.BOJ_API_JSON, EUR_USD, DAY, 110_000_000, 1)
    assert difference_of(EUR_JPY, DAY, 16_500_000_000, notes.fetches) is None
    assert difference_of(EUR_JPY, DAY, 16_500_000_001, notes.fetches) is not None
