"""Which documents are asked for, and about which days each may speak."""

from datetime import date, timedelta

from oracles.config import Group, PublisherUrls
from oracles.core.catalogue import BASIC_LOAN_RATE, CALL_RATE_AVERAGE, PAR_YIELDS, USD_JPY
from oracles.core.parsers import mof_curve
from oracles.core.series import Source
from oracles.documents import documents_of
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
