from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from oracles.core.catalogue import CALL_RATE_AVERAGE, CALL_RATES
from oracles.core.parsers import boj_workbook, workbook
from oracles.core.parsers.reading import Observation, Reading
from oracles.core.parsers.refusals import (
    Disagreement,
    DriftedFormat,
    NoFixing,
    NotThisDocument,
    OutOfBounds,
    Refused,
    Truncated,
)
from oracles.core.series import Source
from tests.oracles import quarter, samples
from tests.oracles.quarter import WORKBOOK_DAYS

DAY = date(2026, 1, 30)
BODY = samples.workbook(DAY, 0.727, 0.73, 0.72)
VALUES = (72_700_000, 73_000_000, 72_000_000)
EXCEL = samples.excel_workbook(DAY, "0.72699999999999998", "0.73", "0.71999999999999997")


def values(body: bytes, day: date = DAY) -> tuple[int | None, ...]:
    return boj_workbook.final(body, day).rows[day]


def changed(body: bytes, member: str, old: str, new: str) -> bytes:
    """The archive with a text of one member replaced, everything else and the checksums being right."""
    with ZipFile(BytesIO(body)) as reader:
        members = {name: reader.read(name).decode() for name in reader.namelist()}
    assert old in members[member]
    return samples.archive({**members, member: members[member].replace(old, new)})


# --- What is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", WORKBOOK_DAYS)
def test_the_workbooks_of_the_quarter_are_read(day: date) -> None:
    kinds: list[tuple[str, Callable[[bytes, date], Reading], str]] = [
        ("md", boj_workbook.final, quarter.average(day)),
        ("mp", boj_workbook.provisional, quarter.provisional_average(day)),
    ]
    for kind, read, average in kinds:
        reading = read((samples.DATA / f"boj/{kind}{day:%Y%m%d}.xlsx").read_bytes(), day)
        assert reading.series == CALL_RATES
        found = reading.on(CALL_RATE_AVERAGE, day)
        assert isinstance(found, Observation)
        assert found.record == f"jgb-oracle/1;boj;FM01'STRDCLUCON;{day};{average}".encode()


def test_a_workbook_holds_average_highest_and_lowest_of_one_day() -> None:
    reading = boj_workbook.final(BODY, DAY)
    assert reading.source is Source.BOJ_FINAL
    assert reading.rows == {DAY: VALUES}
    assert "2026" in reading.stamp


def test_doubles_as_excel_writes_them_are_the_printed_numbers() -> None:
    assert values(EXCEL) == VALUES


@pytest.mark.parametrize("average", [0, -0.079, -0.001, 0.7, 1])
def test_negative_zero_and_short_numbers_are_read(average: float) -> None:
    assert values(samples.workbook(DAY, average, 1.5, -0.1))[0] == round(average * 1000) * 100_000


def test_numbers_stored_as_text_are_read_as_they_stand() -> None:
    assert values(samples.workbook(DAY, "0.727", " 0.730 ", "0.72")) == VALUES


@pytest.mark.parametrize(
    "dated",
    [
        "令和8年1月30日",
        "2026年1月30日(金)",
        "２０２６年１月３０日",
        "1月30日",
        "2026/1/30",
        "2026.01.30",
        "Jan. 30, 2026",
        "January 30",
        "Published Feb. 2, 2026, for Jan. 30, 2026",
    ],
)
def test_the_day_is_found_in_whatever_words_name_it(dated: str) -> None:
    assert values(samples.workbook(DAY, 0.727, 0.73, 0.72, dated=dated)) == VALUES


# --- What is refused --------------------------------------------------------------------------------------------------


def test_the_provisional_workbook_is_not_the_final_one() -> None:
    with pytest.raises(NotThisDocument, match="final one"):
        boj_workbook.provisional(BODY, DAY)
    with pytest.raises(NotThisDocument, match="provisional one"):
        boj_workbook.final(samples.workbook(DAY, 0.727, 0.73, 0.72, status="provisional"), DAY)


def test_a_workbook_that_names_no_status_is_what_it_was_asked_for() -> None:
    body = samples.workbook(DAY, 0.727, 0.73, 0.72, status="")
    assert boj_workbook.provisional(body, DAY).rows == boj_workbook.final(body, DAY).rows


@pytest.mark.parametrize("days", [-1, 1, 365])
def test_a_workbook_about_another_day_is_refused(days: int) -> None:
    with pytest.raises(NotThisDocument, match="another day"):
        values(BODY, DAY + timedelta(days=days))


def test_a_workbook_that_names_no_day_is_refused() -> None:
    with pytest.raises(DriftedFormat, match="no day"):
        values(samples.workbook(DAY, 0.727, 0.73, 0.72, dated="本日"))


@pytest.mark.parametrize("blank", [None, "-", "ー", "...", "n.a.", "NA"])
def test_a_blank_number_is_no_fixing(blank: str | None) -> None:
    with pytest.raises(NoFixing, match="C10"):
        values(samples.workbook(DAY, blank, 0.73, 0.72))


@pytest.mark.parametrize(
    ("cells", "refusal"),
    [
        ((72.7, 73, 72), OutOfBounds),
        ((0.7275, 0.73, 0.72), DriftedFormat),
        (("0.7275", 0.73, 0.72), DriftedFormat),
        (("7.27e-1", 0.73, 0.72), DriftedFormat),
        (("about 0.7", 0.73, 0.72), DriftedFormat),
        (("０．７２７", 0.73, 0.72), DriftedFormat),
        ((True, 0.73, 0.72), DriftedFormat),
        ((date(2026, 1, 30), 0.73, 0.72), Refused),
        ((0.74, 0.73, 0.72), Disagreement),
        ((0.71, 0.73, 0.72), Disagreement),
        ((0.727, 0.72, 0.73), Disagreement),
    ],
)
def test_a_number_that_cannot_be_is_refused(cells: tuple[object, object, object], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        values(samples.workbook(DAY, *cells))


@pytest.mark.parametrize("number_format", ["0.0", "0", "0.00", "#,##0.00"])
def test_decimals_that_the_sheet_hides_are_a_disagreement(number_format: str) -> None:
    with pytest.raises(Disagreement, match="shows"):
        values(samples.workbook(DAY, 0.727, 0.73, 0.72, number_format=number_format))


def test_a_percentage_of_one_is_drift() -> None:
    with pytest.raises(DriftedFormat, match="percentage"):
        values(samples.workbook(DAY, 0.727, 0.73, 0.72, number_format="0.0%"))


@pytest.mark.parametrize(
    "labels",
    [
        ("平均\r\nMean", "最高\r\nMaximum", "最低\r\nMinimum"),
        ("平均\r\nAverage", "平均\r\nAverage", "最低\r\nMinimum"),
        ("平均 of all\r\nAverage", "最高\r\nMaximum", "最低\r\nMinimum"),
    ],
)
def test_labels_that_are_gone_or_stand_twice_are_drift(labels: tuple[str, str, str]) -> None:
    with pytest.raises(DriftedFormat, match="times"):
        values(samples.workbook(DAY, 0.727, 0.73, 0.72, labels=labels))


def test_other_documents_are_named() -> None:
    for other, refusal in (
        (b"", Truncated),
        (b"<html><body>404</body></html>", NotThisDocument),
        (b"Date,1Y,2Y\r\n", NotThisDocument),
        (samples.workbook(DAY, 0.727, 0.73, 0.72, sheet="Sheet1"), NotThisDocument),
        (samples.archive({"a.txt": "a"}), DriftedFormat),
        (samples.archive({"a.txt": "a" * (2**23 + 1)}), NotThisDocument),
        (BODY + bytes(2**20), DriftedFormat),
    ):
        with pytest.raises(refusal):
            values(other)


@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", "<sheetData>", '<!DOCTYPE x [<!ENTITY a "0.1">]><sheetData>'),
        ("xl/worksheets/sheet1.xml", "</sheetData>", ""),
        ("xl/worksheets/sheet1.xml", 'r="C10"', 'r="C11"'),
        ("xl/worksheets/sheet1.xml", 'r="C10"', 'r="10C"'),
        ("xl/worksheets/sheet1.xml", '<c r="B10" t="s"><v>2</v>', '<c r="B10" t="s"><v>99</v>'),
        ("xl/worksheets/sheet1.xml", '<c r="B10" t="s"><v>2</v>', '<c r="B10" t="s"><v>-1</v>'),
        ("xl/worksheets/sheet1.xml", '<c r="B10" t="s">', '<c r="B10" t="e">'),
        ("xl/worksheets/sheet1.xml", "0.73<", "inf<"),
        ("xl/workbook.xml", 'r:id="rId1"', 'r:id="rId9"'),
        ("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "worksheets/sheet2.xml"),
    ],
)
def test_an_archive_with_right_checksums_and_wrong_insides_is_refused(member: str, old: str, new: str) -> None:
    with pytest.raises(Refused):
        values(changed(EXCEL, member, old, new))


def test_two_readers_must_see_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = workbook._their_cells(EXCEL, "コール")
    without = {place: cell for place, cell in theirs.items() if place != "C11"}
    monkeypatch.setattr(workbook, "_their_cells", lambda *_: without)
    with pytest.raises(DriftedFormat, match="only one of two readers"):
        values(EXCEL)
    monkeypatch.setattr(workbook, "_their_cells", lambda *_: {**theirs, "C11": ("0.731", "0.000")})
    with pytest.raises(Disagreement, match="openpyxl reads"):
        values(EXCEL)


# --- Damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [BODY, EXCEL], ids=["openpyxl", "excel"])
def test_a_workbook_cut_short_anywhere_is_refused(body: bytes) -> None:
    for length in range(0, len(body), max(1, len(body) // 150)):
        with pytest.raises(Refused):
            values(body[:length])


@pytest.mark.parametrize("body", [BODY, EXCEL], ids=["openpyxl", "excel"])
def test_a_byte_changed_anywhere_is_a_refusal_or_changes_no_number(body: bytes) -> None:
    refused = 0
    for place in range(0, len(body), max(1, len(body) // 300)):
        damaged = bytearray(body)
        damaged[place] ^= 1 << place % 8
        try:
            assert values(bytes(damaged)) == VALUES
        except Refused:
            refused += 1
    assert refused > 150
