import pytest

from oracles.core.catalogue import BASIC_LOAN_RATE, CALL_RATE_AVERAGE, CATALOGUE, PAR_YIELDS, jsda_price, jsda_yield
from oracles.core.series import SCALE, Kind, Role, Series, Source

EVERY = (*CATALOGUE.values(), jsda_price("003820067"), jsda_yield("003820067"))


def test_ids_of_feeds_never_change() -> None:
    assert CALL_RATE_AVERAGE.name == "boj/overnight-call-rate/average"
    assert CALL_RATE_AVERAGE.feed.hex() == "26eab79bee02b06931df669120434980ca66a2ac096d30ea51f29d523470a702"
    assert CALL_RATE_AVERAGE.group_id.hex() == "0f88194a23c1ea25c0bcb81c644d2760cda0f8507895ce2cf23e7ba3491791ab"


def test_no_two_series_share_a_name_or_a_code() -> None:
    assert len({series.name for series in EVERY}) == len({series.code for series in EVERY}) == len(EVERY) == 24
    assert len({series.feed for series in EVERY}) == len(EVERY)


@pytest.mark.parametrize("series", EVERY, ids=lambda series: series.name)
def test_a_series_is_sane(series: Series) -> None:
    assert series.name.isascii()
    assert series.code.isascii()
    assert ";" not in series.name + series.code
    assert series.lowest < series.highest
    assert 0 < series.revision_bound < series.highest - series.lowest
    assert 0 < series.decimals <= 8
    assert series.rung(Role.FINAL) is not None
    assert series.kind is Kind.RATE or series.lowest > 0, "a price is strictly positive"


@pytest.mark.parametrize("series", EVERY, ids=lambda series: series.name)
def test_a_number_is_final_only_where_checksums_or_two_documents_stand_behind_it(series: Series) -> None:
    final = series.rung(Role.FINAL)
    assert final is not None
    assert final.sources == (Source.BOJ_FINAL,) or len(final.sources) > 1 or series.operator_enabled


def test_rates_may_be_negative_and_zero() -> None:
    rates = [series for series in EVERY if series.kind is Kind.RATE]
    assert all(series.lowest < -SCALE < 0 for series in rates)


def test_one_cache_of_printed_numbers_serves_every_tenor() -> None:
    assert len({(series.lowest, series.highest, series.decimals) for series in PAR_YIELDS}) == 1


def test_the_curve_has_fifteen_tenors() -> None:
    assert [series.name.rpartition("/")[2] for series in PAR_YIELDS][::7] == ["1y", "8y", "40y"]
    assert len(PAR_YIELDS) == 15


def test_names_of_licensed_benchmarks_are_not_used() -> None:
    words = " ".join(f"{series.name} {series.unit}" for series in EVERY).lower()
    assert not any(name in words for name in ("tona", "torf", "tibor", "quick"))


def test_a_series_shows_its_name() -> None:
    assert repr(BASIC_LOAN_RATE) == "<boj/basic-loan-rate>"


@pytest.mark.parametrize("issue", ["", "12345678", "1234567890", "12345678x", "１２３４５６７８９"])
def test_an_issue_has_nine_digits(issue: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        jsda_price(issue)
