"""A full year of documents, Golden Week and New Year in it, from printed bytes to certificates and the index."""

from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

from bridge.core.types import Timestamp
from oracles.archive import Archive
from oracles.config import Group, PublisherUrls
from oracles.core import index
from oracles.core.calendar import JAPAN
from oracles.core.catalogue import CALL_RATE_AVERAGE, CALL_RATES
from oracles.core.ledger import Key, Ledger
from oracles.core.series import SCALE, Source, Status
from oracles.documents import documents_of
from oracles.sources import Archived
from tests.oracles import quarter, samples
from tests.oracles.crew import ORACLE, Crew
from tests.oracles.test_schedule import japan

FIRST: Final = date(2025, 4, 1)
LAST: Final = date(2026, 3, 31)
DAYS: Final = tuple(JAPAN.between(FIRST, LAST))
NOW: Final = japan("2026-04-06T12:00")
GROUP: Final = Group(name=CALL_RATE_AVERAGE.group, first=FIRST, last=LAST)


class Shelf(Archived):
    """An archive that has everything already: nothing is fetched."""

    async def refresh(self, _group: Group, _days: object) -> bool:
        return False


def filled(folder: Path) -> Archive:
    archive = Archive(folder)
    tables = {
        "STRDCLUCON": {day: samples_of(quarter.average(day)) for day in DAYS},
        "STRDCLUCONH": {day: samples_of(quarter.high(day)) for day in DAYS},
        "STRDCLUCONL": {day: samples_of(quarter.low(day)) for day in DAYS},
    }
    bodies = {
        Source.BOJ_API_JSON: samples.api_json("FM01", tables),
        Source.BOJ_API_CSV: samples.api_csv("FM01", tables),
    }
    for document in documents_of(GROUP, DAYS, date(2026, 4, 6), PublisherUrls(workbook_days=0)):
        archive.note(document, bodies[document.source], Timestamp(NOW - 100), {})
    return archive


def samples_of(printed: str) -> str:
    return quarter.stripped(printed)


async def test_a_year_is_certified_day_by_day_and_compounds_exactly(tmp_path: Path) -> None:
    shelf = Shelf(filled(tmp_path / "archive"), JAPAN)
    crew = Crew(tmp_path, GROUP, evidence=[shelf] * 4)
    await crew.work(NOW, rounds=20)
    ledger = Ledger(ORACLE, crew.set)
    ledger.read(crew.board.events)
    certified = {day: ledger.day(Key(CALL_RATE_AVERAGE.group_id, day)).signed(CALL_RATE_AVERAGE.feed) for day in DAYS}
    numbers = {day: Fraction(quarter.average(day)) for day in DAYS}
    assert all(one is not None and one.status is Status.FINAL for one in certified.values())
    assert {day: one.value for day, one in certified.items() if one} == {
        day: number * SCALE for day, number in numbers.items()
    }
    assert len(ledger.days) == len(DAYS), "nothing is said about closed days"
    assert len(DAYS) == sum(1 for _ in JAPAN.between(FIRST, LAST)) > 240

    fixings = [index.Fixing(day, one.value) for day, one in certified.items() if one]
    levels = list(index.levels(FIRST, fixings, JAPAN))
    exact = Fraction(1)
    for (day, number), following in zip(numbers.items(), [*DAYS[1:], JAPAN.next(LAST)], strict=True):
        exact *= 1 + number * (following - day).days / Fraction(36_500)
    error = exact * index.START - levels[-1].value
    assert 0 <= error < len(DAYS) * exact
    assert max((after.day - before.day).days for before, after in pairwise(levels)) == 6, "New Year"
    assert {series.group for series in CALL_RATES} == {GROUP.name}
