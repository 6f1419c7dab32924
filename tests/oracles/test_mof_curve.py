from datetime import date, timedelta
from pathlib import Path

import pytest

from oracles.core.catalogue import PAR_YIELDS, TENORS
from oracles.core.parsers import mof_curve
from oracles.core.parsers.agreement import agreed
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
from oracles.core.series import SCALE, Source
from tests.oracles import samples
from tests.oracles.published import files, numbers, ours_and
from tests.oracles.quarter import DAYS, LAST, curve

TEN_YEARS = PAR_YIELDS[TENORS.index(10)]
ROWS = {day: curve(day) for day in DAYS[:5]}
HISTORY = "mof/jgbcme_all.20260630.csv"


@pytest.mark.parametrize("path", files("mof/jgbcme*.csv"), ids=lambda path: path.name)
def test_every_english_file_is_read(path: Path) -> None:
    reading = mof_curve.english(path.read_bytes())
    assert reading.source is Source.MOF_ENGLISH
    assert len(reading.rows) > 5
    assert list(reading.rows) == sorted(reading.rows)


@pytest.mark.parametrize(
    "path", [path for path in files("mof/jgbcm[_.]*.csv") if "damaged" not in path.name], ids=lambda path: path.name
)
def test_every_japanese_file_is_read(path: Path) -> None:
    assert len(mof_curve.japanese(path.read_bytes()).rows) > 5


@pytest.mark.parametrize("path", ours_and("mof/jgbcm.20251016.damaged-utf8.csv"), ids=lambda path: path.name)
def test_a_file_saved_again_by_a_tool_is_refused_though_its_rows_still_parse(path: Path) -> None:
    with pytest.raises(WrongEncoding):
        mof_curve.japanese(path.read_bytes())


def test_the_whole_file_saved_again_as_utf8_is_refused() -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        body = mark + samples.curve_japanese(ROWS).decode("cp932").encode()
        with pytest.raises(WrongEncoding):
            mof_curve.japanese(body)
    damaged = samples.curve_japanese(ROWS).decode("utf-8", "replace").encode()
    with pytest.raises(WrongEncoding):
        mof_curve.japanese(damaged)


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        *zip(files("mof/jgbcme.csv", "mof/jgbcme_all.csv"), files("mof/jgbcm.csv", "mof/jgbcm_all.csv"), strict=True),
        *zip(ours_and(HISTORY), ours_and("mof/jgbcm_all.20260630.csv"), strict=True),
        *zip(ours_and(HISTORY), ours_and("mof/jgbcm.20251016.csv"), strict=True),
    ],
    ids=lambda path: path.name,
)
def test_the_two_languages_agree_cell_by_cell(english: Path, japanese: Path) -> None:
    first, second = mof_curve.english(english.read_bytes()), mof_curve.japanese(japanese.read_bytes())
    both = agreed(first, second)
    assert len(both.rows) == min(len(first.rows), len(second.rows))
    assert all(first.rows[day] == second.rows[day] == row for day, row in both.rows.items())


def test_both_languages_give_the_same_record() -> None:
    day = DAYS[0]
    readings = (mof_curve.english(samples.curve_english(ROWS)), mof_curve.japanese(samples.curve_japanese(ROWS)))
    records = {found.record for reading in readings if isinstance(found := reading.on(TEN_YEARS, day), Observation)}
    assert len(records) == 1
    assert records.pop().startswith(b"jgb-oracle/1;mof;JGB'10Y;2025-12-01;")


@pytest.mark.parametrize("path", ours_and(HISTORY), ids=lambda path: path.name)
def test_fifty_years_hold_what_was_counted_in_them(path: Path) -> None:
    reading = mof_curve.english(path.read_bytes())
    cells = [value for row in reading.rows.values() for value in row]
    assert len(reading.rows) == 13_248
    assert len(cells) == 198_720
    assert cells.count(None) == 35_783
    assert cells.count(0) == 76
    assert sum(value < 0 for value in cells if value is not None) == 14_434
    assert min(reading.rows) == date(1974, 9, 24)
    assert max(reading.rows) == date(2026, 6, 30)


def test_eras_meet_where_the_law_changed_them() -> None:
    days = (date(1989, 1, 6), date(1989, 1, 9), date(2019, 4, 26), date(2019, 5, 7))
    rows = dict.fromkeys(days, ROWS[DAYS[0]])
    body = samples.curve_japanese(rows)
    assert all(text in body for text in (b"S64.1.6,", b"H1.1.9,", b"H31.4.26,", b"R1.5.7,"))
    assert tuple(mof_curve.japanese(body).rows) == days


@pytest.mark.parametrize("text", ["H1.1.7", "S64.1.8", "H31.5.1", "R1.4.30", "S64.1.9", "H64.1.6"])
def test_a_day_outside_its_era_is_refused(text: str) -> None:
    body = samples.curve_japanese({DAYS[0]: ROWS[DAYS[0]]}).replace(b"R7.12.1,", text.encode() + b",")
    with pytest.raises(DriftedFormat, match="era"):
        mof_curve.japanese(body)


@pytest.mark.parametrize("text", ["R07.12.1", "R7.12.01", "R7.13.1", "R7.12.32", "T14.1.1", "R元.5.7", "2025/12/1", ""])
def test_another_form_of_date_is_drift(text: str) -> None:
    body = samples.curve_japanese({DAYS[0]: ROWS[DAYS[0]]}).replace(b"R7.12.1,", text.encode("cp932") + b",")
    with pytest.raises(DriftedFormat):
        mof_curve.japanese(body)


def test_a_missing_tenor_is_missing_and_not_zero() -> None:
    row = [*ROWS[DAYS[0]]]
    row[TENORS.index(10)] = "-"
    reading = mof_curve.english(samples.curve_english({**ROWS, DAYS[0]: row}))
    assert reading.on(TEN_YEARS, DAYS[0]) == Missing(DAYS[0], passed=True)
    assert reading.on(TEN_YEARS, DAYS[-1]) == Missing(DAYS[-1], passed=False)


def test_zero_and_negative_yields_are_numbers() -> None:
    row = ["0", "-0.423", *ROWS[DAYS[0]][2:]]
    reading = mof_curve.english(samples.curve_english({DAYS[0]: row}))
    assert reading.rows[DAYS[0]][:2] == (0, -42_300_000)


def test_a_month_with_no_row_yet_is_no_error() -> None:
    assert mof_curve.english(samples.curve_english({}, LAST)).rows == {}


def test_the_notes_are_not_the_latest_row() -> None:
    february = {day: curve(day) for day in DAYS if day.month == 2}
    for read, body in (
        (mof_curve.english, samples.curve_english(february, LAST)),
        (mof_curve.japanese, samples.curve_japanese(february, LAST)),
    ):
        assert max(read(body).rows) == LAST


def test_a_row_of_another_month_than_the_title_is_drift() -> None:
    with pytest.raises(DriftedFormat, match="month"):
        mof_curve.english(samples.curve_english(ROWS, LAST))


REFUSED: list[tuple[bytes, bytes, type[Refused]]] = [
    (b"Interest Rate", b"Interest Rates", NotThisDocument),
    (b"(Unit : %)", b"(Unit : bp)", NotThisDocument),
    (b"Date,1Y,2Y", b"Date,2Y,1Y", DriftedFormat),
    (b",30Y,40Y\r\n", b",30Y,40Y,50Y\r\n", DriftedFormat),
    (b"2025/12/2,", b"2025/12/02,", DriftedFormat),
    (b"2025/12/2,", b"2025/12/1,", DriftedFormat),
    (b"2025/12/2,", b"2025/11/28,", DriftedFormat),
    (b"2025/12/2,", b"2025/12/2,,", DriftedFormat),
    (b"2025/12/2,", b"\r\n2025/12/2,", DriftedFormat),
    (b"\r\n2025/12/2", b"\n2025/12/2", DriftedFormat),
    (b"2025/12/2,", b"2025/12/2,ND,", DriftedFormat),
]


@pytest.mark.parametrize(("old", "new", "refusal"), REFUSED, ids=range(len(REFUSED)))
def test_drift_is_named(old: bytes, new: bytes, refusal: type[Refused]) -> None:
    body = samples.curve_english(ROWS)
    assert old in body
    with pytest.raises(refusal):
        mof_curve.english(body.replace(old, new, 1))


def test_a_slipped_point_is_out_of_bounds() -> None:
    row = ["1564", *ROWS[DAYS[0]][1:]]
    with pytest.raises(OutOfBounds, match="line 3"):
        mof_curve.english(samples.curve_english({DAYS[0]: row}))


@pytest.mark.parametrize("body", [b"", b"\r\n", b"   "])
def test_an_empty_file_is_truncated(body: bytes) -> None:
    with pytest.raises(Truncated):
        mof_curve.english(body)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><title>404</title>", b"\r\n <html>", b'<?xml version="1.0"?>'])
def test_an_error_page_with_status_200_is_not_this_document(body: bytes) -> None:
    for read in (mof_curve.english, mof_curve.japanese):
        with pytest.raises(NotThisDocument):
            read(body)


def test_one_language_is_not_the_other() -> None:
    with pytest.raises(NotThisDocument):
        mof_curve.english(samples.curve_japanese(ROWS))
    with pytest.raises(NotThisDocument):
        mof_curve.japanese(samples.curve_english(ROWS))


# --- Agreement --------------------------------------------------------------------------------------------------------


def _pair() -> tuple[Reading, Reading]:
    return mof_curve.english(samples.curve_english(ROWS)), mof_curve.japanese(samples.curve_japanese(ROWS))


@pytest.mark.parametrize("change", ["0.001", "-", "0"])
def test_one_cell_that_differs_is_named(change: str) -> None:
    row = [*ROWS[DAYS[2]]]
    assert row[9] != change
    row[9] = change
    with pytest.raises(Disagreement, match="jgb-par-yield/10y") as caught:
        agreed(_pair()[0], mof_curve.japanese(samples.curve_japanese({**ROWS, DAYS[2]: row})))
    assert str(DAYS[2]) in str(caught.value)


def test_a_day_that_only_one_of_them_has_in_between_is_named() -> None:
    fewer = {day: row for day, row in ROWS.items() if day != DAYS[2]}
    with pytest.raises(Disagreement, match="only one"):
        agreed(_pair()[0], mof_curve.japanese(samples.curve_japanese(fewer)))


def test_a_day_that_one_of_them_does_not_have_yet_is_left_out() -> None:
    fewer = {day: row for day, row in ROWS.items() if day != DAYS[4]}
    both = agreed(_pair()[0], mof_curve.japanese(samples.curve_japanese(fewer)))
    assert list(both.rows) == list(DAYS[:4])


def test_history_and_current_month_overlap_without_agreeing_on_more() -> None:
    later = {day + timedelta(days=90): row for day, row in ROWS.items()}
    assert agreed(_pair()[0], mof_curve.japanese(samples.curve_japanese(later))).rows == {}
    assert agreed(_pair()[0], mof_curve.japanese(samples.curve_japanese({}))).rows == {}


def test_numbers_are_percent_times_a_hundred_million() -> None:
    reading = mof_curve.english(samples.curve_english({DAYS[0]: ["2.966", *ROWS[DAYS[0]][1:]]}))
    assert numbers(reading)["mof/jgb-par-yield/1y", "2025-12-01"] == 2_966 * SCALE // 1000
