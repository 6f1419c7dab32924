"""Which documents say something about which days, where they are fetched, and about which days each may speak."""

from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from oracles.config import Group, PublisherUrls
from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.catalogue import CALL_RATES, JSDA_GROUP, PAR_YIELDS
from oracles.core.parsers.reading import Reading
from oracles.core.series import Publisher, Series, Source

_ENGLISH: Final = "english/policy/jgbs/reference/interest_rate"
_JAPANESE: Final = "jgbs/reference/interest_rate"
_MOF_MONTH: Final = {Source.MOF_ENGLISH: f"{_ENGLISH}/jgbcme.csv", Source.MOF_JAPANESE: f"{_JAPANESE}/jgbcm.csv"}
_MOF_PAST: Final = {
    Source.MOF_ENGLISH: f"{_ENGLISH}/historical/jgbcme_all.csv",
    Source.MOF_JAPANESE: f"{_JAPANESE}/data/jgbcm_all.csv",
}
_CALL_RATE_GROUP: Final = CALL_RATES[0].group
_CURVE_GROUP: Final = PAR_YIELDS[0].group


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a publisher, wanted for its word on some days."""

    source: Source
    url: str
    series: tuple[Series, ...]
    first: date
    """First day that it was asked about."""
    last: date

    def covers(self, reading: Reading | None, day: date) -> bool:
        """Tell whether this document may say something about a day, also that there is no number.

        The Ministry's current file is silent about other months than its own, and its history about the month that
        runs: neither means that there is no number.
        """
        if not self.first <= day <= self.last:
            return False
        if reading is None or self.source not in _MOF_MONTH:
            return True
        if not reading.rows:
            return False
        opens, closes = min(reading.rows), max(reading.rows)
        if self.url.endswith(_MOF_MONTH[self.source]):
            return (day.year, day.month) == (opens.year, opens.month)
        return day <= _end_of_month(closes)


def documents_of(group: Group, days: Collection[date], today: date, urls: PublisherUrls) -> list[Document]:
    """Return what is to be fetched about some days of a group."""
    if not days:
        return []
    series = tuple(one for one in group.series if one.publisher is not Publisher.DERIVED)
    if group.name == _CURVE_GROUP:
        return list(_curve(series, days, today, urls))
    if group.name == JSDA_GROUP:
        return list(_prices(series, days, urls))
    documents = list(_answers(series, days, urls))
    if group.name == _CALL_RATE_GROUP:
        documents += _workbooks(series, days, today, urls)
    return documents


def _workbooks(
    series: tuple[Series, ...], days: Collection[date], today: date, urls: PublisherUrls
) -> Iterator[Document]:
    oldest = today - timedelta(days=urls.workbook_days)
    for day in sorted(days):
        if day < oldest:
            continue
        for source, prefix in ((Source.BOJ_PROVISIONAL, "mp"), (Source.BOJ_FINAL, "md")):
            url = f"{urls.boj_daily}/{prefix}/{day.year}/{prefix}{day:%Y%m%d}.xlsx"
            yield Document(source, url, series, day, day)


def _answers(series: tuple[Series, ...], days: Collection[date], urls: PublisherUrls) -> Iterator[Document]:
    """The API takes months, and answers for every day of them."""
    first, last = min(days).replace(day=1), _end_of_month(max(days))
    database = series[0].code.partition("'")[0]
    query = {
        "db": database,
        "code": ",".join(one.code.partition("'")[2] for one in series),
        "lang": "en",
        "startDate": f"{first:%Y%m}",
        "endDate": f"{last:%Y%m}",
    }
    for source, form in ((Source.BOJ_API_JSON, "json"), (Source.BOJ_API_CSV, "csv")):
        url = f"{urls.boj_api}/getDataCode?{urlencode(query | {'format': form}, safe=',@')}"
        yield Document(source, url, series, first, last)


def _curve(series: tuple[Series, ...], days: Collection[date], today: date, urls: PublisherUrls) -> Iterator[Document]:
    first, last = min(days), max(days)
    for source, path in _MOF_MONTH.items():
        yield Document(source, f"{urls.mof}/{path}", series, first, last)
    if first < today.replace(day=1):
        for source, path in _MOF_PAST.items():
            yield Document(source, f"{urls.mof}/{path}", series, first, last)


def _prices(series: tuple[Series, ...], days: Collection[date], urls: PublisherUrls) -> Iterator[Document]:
    """One file a day, dated the business day after the one it is about."""
    for day in sorted(days):
        try:
            dated = JAPAN.next(day)
        except BeyondHorizon:
            return
        if JAPAN.is_business_day(day):
            url = f"{urls.jsda}/{dated.year}/S{dated:%y%m%d}.csv"
            yield Document(Source.JSDA_PRICES, url, series, day, day)


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
