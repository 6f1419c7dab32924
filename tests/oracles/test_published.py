"""Every file that a publisher made and that is kept here is read, and they say what the calendar and each other say."""

import csv
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from oracles.core import calendar_law
from oracles.core.calendar import FIRST_DAY, JAPAN, changed_days, from_holidays, succeeded
from oracles.core.catalogue import CALL_RATE_AVERAGE
from oracles.core.editions import off_calendar, rewritten
from oracles.core.index import Fixing, levels
from oracles.core.parsers import boj_api_csv, boj_api_json, boj_preset, cabinet_office, dates, mof_curve
from oracles.core.parsers.agreement import agreed
from oracles.core.parsers.numbers import scaled
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import ErrorAnswer, Refused, WrongEncoding
from tests.oracles.published import PUBLISHED

pytestmark = pytest.mark.skipif(
    not (PUBLISHED / "mof").is_dir(), reason="no copy of the publishers' files here; JGB_PUBLISHED_DATA names one"
)

READERS: dict[str, Callable[[bytes], object]] = {
    "boj/api_getDataCode_FM01*.csv": lambda body: boj_api_csv.read(body, (CALL_RATE_AVERAGE,)),
    "boj/api_getDataCode_*.json": boj_api_json.answer,
    "boj/api_getDataLayer_*.json": boj_api_json.answer,
    "boj/api_getMetadata_*.json": boj_api_json.metadata,
    "boj/fm01_d_1*.csv": lambda body: boj_preset.read(body, CALL_RATE_AVERAGE),
    "calendar/syukujitsu*.csv": cabinet_office.read,
    "mof/jgbcme*.csv": mof_curve.english,
    "mof/jgbcm[_.]*.csv": mof_curve.japanese,
}
REFUSED: dict[str, type[Refused]] = {
    "boj/api_error_400_missing_db.ja.reserialised.json": ErrorAnswer,
    "mof/jgbcm.20251016.damaged-utf8.csv": WrongEncoding,
}
OTHERS = ("*README*", "qbft/*", "*/*_availability.csv", "boj/tona_daily*.csv")
"""Not a publisher's own: notes, other tests' inputs, and what somebody derived."""


def published() -> list[str]:
    paths = (path for path in sorted(PUBLISHED.rglob("*")) if path.is_file())
    return [
        path.relative_to(PUBLISHED).as_posix() for path in paths if not any(path.match(pattern) for pattern in OTHERS)
    ]


@cache
def english(name: str = "mof/jgbcme_all.20260630.csv") -> Reading:
    return mof_curve.english((PUBLISHED / name).read_bytes())


@cache
def japanese() -> Reading:
    return mof_curve.japanese((PUBLISHED / "mof/jgbcm_all.20260630.csv").read_bytes())


def call_rates() -> dict[date, int]:
    """Fixings from 2021 on that somebody collected day by day."""
    with (PUBLISHED / "boj/tona_daily.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {dates.compact(row["DATE"], "DATE"): scaled(row["CLOSE"], CALL_RATE_AVERAGE, row["DATE"]) for row in rows}


def holiday_lists() -> list[tuple[date, dict[date, str]]]:
    """Every edition of the Cabinet Office's list, by the day it appeared."""
    return [
        (date.fromisoformat(path.name.split(".")[1]), cabinet_office.read(path.read_bytes()))
        for path in sorted((PUBLISHED / "calendar").glob("syukujitsu.*.csv"))
    ]


# --- Every file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", published())
def test_every_published_file_is_read_or_refused_for_a_known_reason(name: str) -> None:
    body = (PUBLISHED / name).read_bytes()
    if name in REFUSED:
        for pattern, read in READERS.items():
            if Path(name).suffix == Path(pattern).suffix and "FM01" not in pattern:
                with pytest.raises(Refused):
                    read(body)
        with pytest.raises(REFUSED[name]):
            (boj_api_json.answer if name.endswith("json") else mof_curve.japanese)(body)
        return
    readers = [read for pattern, read in READERS.items() if Path(name).match(pattern)]
    assert len(readers) == 1, "a file that nobody reads, or two do"
    assert readers[0](body)


# --- The Ministry's curve ---------------------------------------------------------------------------------------------


def test_fifty_years_of_the_curve_are_read_to_the_last_cell() -> None:
    reading = english()
    cells = [value for row in reading.rows.values() for value in row]
    assert (len(reading.rows), min(reading.rows), max(reading.rows)) == (13_248, date(1974, 9, 24), date(2026, 6, 30))
    assert cells.count(None) == 35_783
    assert cells.count(0) == 76
    assert sum(value < 0 for value in cells if value is not None) == 14_434
    assert None not in [value for day, row in reading.rows.items() if day >= date(2007, 11, 6) for value in row]


def test_both_languages_agree_on_all_of_them() -> None:
    assert agreed(english(), japanese()).rows == english().rows == japanese().rows


def test_the_newer_edition_begins_with_the_older_one() -> None:
    names = "mof/jgbcme_all.20241031.csv", "mof/jgbcme_all.20260630.csv"
    old, new = ((PUBLISHED / name).read_bytes() for name in names)
    assert rewritten(old, new, english(names[0]), english()) is None
    found = rewritten(new, old, english(), english(names[0]))
    assert found is not None
    assert found.offset == len(old)
    assert len(found.changes) == 15 * (13_248 - 12_845)


def test_the_curve_has_a_row_for_every_business_day_and_for_no_other() -> None:
    assert off_calendar(english(), JAPAN, FIRST_DAY) == ([], [])


# --- The call rate ----------------------------------------------------------------------------------------------------


def test_the_call_rate_has_a_fixing_for_every_business_day_and_for_no_other() -> None:
    fixings = call_rates()
    assert list(fixings) == list(JAPAN.between(min(fixings), max(fixings)))
    assert len(fixings) == 1_226
    assert min(fixings.values()) < 0


def test_the_index_over_real_fixings_is_the_exact_one_to_the_last_digit_published() -> None:
    fixings = call_rates()
    *_, last = levels(min(fixings), [Fixing(day, rate) for day, rate in fixings.items()], JAPAN)
    exactly = Fraction(1)
    for day, after in pairwise([*fixings, last.day]):
        exactly *= 1 + Fraction(fixings[day], 100 * 10**8) * Fraction((after - day).days, 365)
    assert last.published == int(exactly * 10**8)
    assert 0 <= exactly * 10**27 - last.value < len(fixings) * exactly * 2


# --- Holidays ---------------------------------------------------------------------------------------------------------


def test_the_law_gives_every_holiday_of_the_newest_list() -> None:
    _, newest = holiday_lists()[-1]
    for year in calendar_law.GAZETTED:
        assert calendar_law.holidays(year) == {day for day in newest if day.year == year}, year


def test_the_calendar_is_the_one_that_the_newest_list_makes() -> None:
    _, newest = holiday_lists()[-1]
    made = from_holidays(JAPAN.edition, range(FIRST_DAY.year, max(newest).year + 1), newest.keys())
    assert made == JAPAN
    assert changed_days(made, JAPAN) == []


def test_every_list_added_a_year_and_rewrote_none() -> None:
    calendars = [
        (appeared, from_holidays(int(f"{appeared:%Y%m%d}"), range(FIRST_DAY.year, max(days).year + 1), days.keys()))
        for appeared, days in holiday_lists()
    ]
    assert len(calendars) == 6
    for (_, old), (appeared, new) in pairwise(calendars):
        after = succeeded(old, new, appeared)
        assert {year.version for year in after.years.values()} == {1}
        assert after.horizon.year == old.horizon.year + 1
