"""Which documents are asked for, and about which days each may speak."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bridge.core.types import Timestamp
from oracles.archive import Archive
from oracles.config import Group, PublisherUrls
from oracles.core.calendar import JAPAN
from oracles.core.catalogue import (
    BASIC_LOAN_RATE,
    CALL_RATE_AVERAGE,
    JSDA_GROUP,
    PAR_YIELDS,
    USD_JPY,
    series_named,
)
from oracles.core.parsers import mof_curve
from oracles.core.parsers.reading import Observation
from oracles.core.series import Source
from oracles.documents import documents_of
from oracles.sources import Archived
from tests.oracles import quarter, samples

URLS = PublisherUrls()
TODAY = date(2026, 2, 5)
CURVE = Group(name=PAR_YIELDS[0].group, first=date(2025, 12, 1))
RATES = Group(name=CALL_RATE_AVERAGE.group, first=date(2025, 12, 1))


def test_nothing_is_asked_about_no_day() -> None:
    assert documents_of(RATES, [], TODAY, URLS) == []


def test_workbooks_are_asked_for_by_day_while_they_are_young_and_the_api_by_month() -> None:
    days = [TODAY - timedelta(days=age) for age in (0, 10, 11, 40)]
    documents = documents_of(RATES, days, TODAY, URLS)
    urls = [document.url for document in documents]
    assert sum(url.endswith(".xlsx") for url in urls) == 4
    assert f"{URLS.boj_daily}/md/2026/md20260205.xlsx" in urls
    assert f"{URLS.boj_daily}/mp/2026/mp20260126.xlsx" in urls
    answers = [document for document in documents if "getDataCode" in document.url]
    assert [answer.source for answer in answers] == [Source.BOJ_API_JSON, Source.BOJ_API_CSV]
    assert all("db=FM01" in answer.url and "startDate=202512&endDate=202602" in answer.url for answer in answers)
    assert all("code=STRDCLUCON,STRDCLUCONH,STRDCLUCONL" in answer.url for answer in answers)


def test_a_derived_series_is_asked_of_nobody() -> None:
    documents = documents_of(Group(name=USD_JPY.group, first=TODAY), [TODAY], TODAY, URLS)
    assert len(documents) == 2
    assert all("code=FXERD04,FXERD34" in document.url for document in documents)


def test_a_code_with_a_sign_stands_in_an_address_as_the_manual_has_it() -> None:
    documents = documents_of(Group(name=BASIC_LOAN_RATE.group, first=TODAY), [TODAY], TODAY, URLS)
    assert all("code=MADR1Z@D" in document.url for document in documents)


def test_the_history_is_fetched_only_for_days_before_this_month() -> None:
    assert len(documents_of(CURVE, [TODAY], TODAY, URLS)) == 2
    assert len(documents_of(CURVE, [TODAY, date(2026, 1, 30)], TODAY, URLS)) == 4


def test_neither_file_of_the_ministry_speaks_about_the_other_ones_days() -> None:
    """Else the history would say that yesterday has no number, and the current file that last month had none."""
    days = [date(2026, 1, 30), date(2026, 2, 3)]
    month_doc, _, past_doc, _ = documents_of(CURVE, days, TODAY, URLS)
    month = mof_curve.english(samples.curve_english({days[1]: quarter.curve(days[1])}, days[1]))
    past = mof_curve.english(samples.curve_english({days[0]: quarter.curve(days[0])}))
    assert [month_doc.covers(month, day) for day in days] == [False, True]
    assert [past_doc.covers(past, day) for day in days] == [True, False]


def test_reference_prices_are_asked_for_by_the_next_business_day_and_only_if_issues_are_named() -> None:
    with pytest.raises(ValidationError, match="issues belong"):
        Group(name=JSDA_GROUP, first=TODAY)
    with pytest.raises(ValidationError, match="issues belong"):
        Group(name=RATES.name, first=TODAY, issues=("003820067",))
    group = Group(name=JSDA_GROUP, first=TODAY, issues=("003820067",))
    days = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1)]
    (document,) = documents_of(group, days, TODAY, URLS)
    assert document.url == f"{URLS.jsda}/2026/S260105.csv", "the quotes of 30 December are in the file of 5 January"
    assert [series_named(series.name) for series in document.series] == list(group.series)


def test_archived_reference_prices_become_words_on_their_own_day(tmp_path: Path) -> None:
    group = Group(name=JSDA_GROUP, first=TODAY, issues=("003820067",))
    day = date(2025, 12, 30)
    (document,) = documents_of(group, [day], TODAY, URLS)
    archive = Archive(tmp_path)
    archive.note(document, (samples.DATA / "jsda" / "S260105.csv").read_bytes(), Timestamp(1), {})
    price, compound_yield = group.series
    archived = Archived(archive, JAPAN)
    assert [word.outcome for word in archived.fetches(price, day)] == [Observation(price, day, 9_876_000_000)]
    assert [word.outcome for word in archived.fetches(compound_yield, day)] == [
        Observation(compound_yield, day, 123_400_000)
    ]
