from datetime import date

import pytest

from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.catalogue import CALL_RATE_AVERAGE, jsda_price, jsda_yield
from oracles.core.parsers import jsda_prices
from oracles.core.parsers.reading import Missing, Observation, Reading
from oracles.core.parsers.refusals import (
    Disagreement,
    DriftedFormat,
    NotThisDocument,
    OutOfBounds,
    Refused,
    Truncated,
    WrongEncoding,
)
from tests.oracles import samples

FIRST, SECOND, ABSENT = "003820067", "003830067", "003840067"
WANTED = (jsda_price(FIRST), jsda_yield(FIRST), jsda_price(SECOND), jsda_yield(SECOND), jsda_price(ABSENT))
PUBLISHED = date(2026, 1, 5)
QUOTED = date(2025, 12, 30)
BODY = samples.reference_prices(PUBLISHED, {FIRST: ("1.234", "98.76"), SECOND: ("-0.012", "100.05")})


def read(body: bytes) -> Reading:
    return jsda_prices.read(body, WANTED, JAPAN)


def test_quotes_are_of_the_business_day_before_the_date_of_the_file() -> None:
    assert read(BODY).rows == {QUOTED: (9_876_000_000, 123_400_000, 10_005_000_000, -1_200_000, None)}
    found = read(BODY).on(jsda_price(FIRST), QUOTED)
    assert isinstance(found, Observation)
    assert found.record == b"jgb-oracle/1;jsda;OTC'003820067'average-price;2025-12-30;98.76"


def test_an_issue_that_is_not_quoted_and_one_of_nines_have_no_number() -> None:
    reading = jsda_prices.read((samples.DATA / "jsda/S260105.csv").read_bytes(), WANTED, JAPAN)
    assert reading.on(jsda_price(ABSENT), QUOTED) == Missing(QUOTED, passed=False)
    assert reading.on(jsda_price(SECOND), QUOTED) == reading.on(jsda_yield(SECOND), QUOTED)
    assert isinstance(reading.on(jsda_yield(FIRST), QUOTED), Observation)


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (b"20260105", b"20260103", DriftedFormat),
        (b"20260105,02,003830067", b"20260106,02,003830067", DriftedFormat),
        (b"20260105,02,003830067", b"20260105,003830067", DriftedFormat),
        (b"20260105,02,003820067", b"20260105,003820067", NotThisDocument),
        (FIRST.encode(), SECOND.encode(), DriftedFormat),
        (b',"03/09"', b',"03/09', DriftedFormat),
        (b",98.76,-0.10,", b",98.765,-0.10,", DriftedFormat),
        (b",98.76,-0.10,", b",9876,-0.10,", OutOfBounds),
        (b",98.76,-0.10,", b",98.75,-0.10,", Disagreement),
        (b",98.76,-0.10,", b",-98.76,-0.10,", OutOfBounds),
        (b"1.234,", b"1,234,", NotThisDocument),
    ],
)
def test_drift_is_named(old: bytes, new: bytes, refusal: type[Refused]) -> None:
    assert old in BODY
    with pytest.raises(refusal):
        read(BODY.replace(old, new, 1))


def test_other_documents_are_named() -> None:
    for other, refusal in (
        (b"", Truncated),
        (BODY[:-1], Refused),
        (BODY[: len(BODY) // 2], Refused),
        (b"<html>429 Too Many Requests</html>", NotThisDocument),
        (BODY.decode("cp932").encode(), WrongEncoding),
    ):
        with pytest.raises(refusal):
            read(other)


def test_a_file_of_a_year_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BeyondHorizon):
        read(samples.reference_prices(date(2028, 1, 4), {FIRST: ("1.234", "98.76")}))


def test_another_publishers_series_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="no reference price"):
        jsda_prices.read(BODY, (CALL_RATE_AVERAGE,), JAPAN)
