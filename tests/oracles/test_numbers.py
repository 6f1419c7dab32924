from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.core.catalogue import CALL_RATE_AVERAGE, EUR_USD, PAR_YIELDS, USD_JPY
from oracles.core.parsers.numbers import printed, scaled
from oracles.core.parsers.refusals import DriftedFormat, OutOfBounds
from oracles.core.series import Series


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.477", 47_700_000),
        ("-0.043", -4_300_000),
        ("2", 200_000_000),
        ("2.2", 220_000_000),
        ("2.20", 220_000_000),
        ("0", 0),
        ("0.000", 0),
        ("-0.000", 0),
        ("0.4770", 47_700_000),
        ("10.327", 1_032_700_000),
    ],
)
def test_a_percentage_is_scaled_by_a_hundred_million(text: str, value: int) -> None:
    assert scaled(text, CALL_RATE_AVERAGE, "here") == value


@pytest.mark.parametrize(
    "text",
    ["", "-", " 0.477", "0.477 ", "+0.477", ".477", "0.", "00.477", "0,477", "4.77e-1", "0.4775", "０.477", "NaN",
     "inf", "0.477%", "--1", "0x1", "1_0", "0.477\n", "null", "NA"],
)  # fmt: skip
def test_anything_but_a_printed_number_is_drift(text: str) -> None:
    with pytest.raises(DriftedFormat):
        scaled(text, CALL_RATE_AVERAGE, "here")


@pytest.mark.parametrize(("text", "series"), [("47.7", CALL_RATE_AVERAGE), ("1.15", USD_JPY), ("158.8", EUR_USD)])
def test_a_slipped_decimal_point_is_out_of_bounds(text: str, series: Series) -> None:
    with pytest.raises(OutOfBounds, match=series.name):
        scaled(text, series, "here")


@given(st.integers(-2_000, 15_000))
def test_a_number_survives_printing(thousandths: int) -> None:
    text = f"{Decimal(thousandths).scaleb(-3):f}"
    value = scaled(text, PAR_YIELDS[0], "here")
    assert value == thousandths * 100_000
    assert Decimal(printed(value, 3)) == Decimal(text)
    assert scaled(printed(value, 3), PAR_YIELDS[0], "here") == value


@given(st.text())
def test_whatever_stands_in_a_cell_it_is_a_number_or_refused(text: str) -> None:
    try:
        value = scaled(text, CALL_RATE_AVERAGE, "here")
    except (DriftedFormat, OutOfBounds):
        return
    assert Decimal(text).scaleb(8) == value


def test_printing_never_rounds() -> None:
    with pytest.raises(ValueError, match="decimals"):
        printed(47_710_000, 3)
