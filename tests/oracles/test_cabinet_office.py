from collections.abc import Callable
from datetime import date

import pytest

from oracles.core import calendar_law
from oracles.core.parsers import cabinet_office, dates
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Refused, Truncated, WrongEncoding
from tests.oracles import samples

DAYS = sorted(calendar_law.holidays(2026))
BODY = samples.holiday_list(DAYS)


def test_the_list_is_read_by_date() -> None:
    assert list(cabinet_office.read(BODY)) == DAYS
    sample = cabinet_office.read((samples.DATA / "calendar/syukujitsu.csv").read_bytes())
    assert set(sample) == {day for year in (2025, 2026, 2027) for day in calendar_law.holidays(year)}


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("月日,", "日,", NotThisDocument),
        ("2026/2/11", "2026/02/11", DriftedFormat),
        ("2026/2/11", "2026/2/30", DriftedFormat),
        ("2026/2/11", "2026/1/11", DriftedFormat),
        ("2026/2/11", "2026/1/12", DriftedFormat),
        ("2026/2/11,休日", "2026/2/11,", DriftedFormat),
        ("2026/2/11,休日", "2026/2/11", DriftedFormat),
        ("2026/2/11,休日", "2026/2/11,休日,x", DriftedFormat),
        ("2026/2/11,休日", "", DriftedFormat),
    ],
)
def test_drift_is_named(old: str, new: str, refusal: type[Refused]) -> None:
    text = BODY.decode("cp932")
    assert old in text
    with pytest.raises(refusal):
        cabinet_office.read(text.replace(old, new, 1).encode("cp932"))


def test_other_documents_are_named() -> None:
    for other, refusal in (
        (b"", Truncated),
        (BODY[:-1], Refused),
        (b"<html></html>", NotThisDocument),
        (BODY.decode("cp932").encode(), WrongEncoding),
        (b"\xef\xbb\xbf" + BODY, WrongEncoding),
    ):
        with pytest.raises(refusal):
            cabinet_office.read(other)


@pytest.mark.parametrize(
    ("read", "text", "day"),
    [
        (dates.unpadded, "2026/4/30", date(2026, 4, 30)),
        (dates.padded, "2026/04/30", date(2026, 4, 30)),
        (dates.compact, "20260430", date(2026, 4, 30)),
        (dates.era, "R8.4.30", date(2026, 4, 30)),
        (dates.era, "S64.1.7", date(1989, 1, 7)),
        (dates.era, "H1.1.8", date(1989, 1, 8)),
        (dates.era, "H31.4.30", date(2019, 4, 30)),
        (dates.era, "R1.5.1", date(2019, 5, 1)),
    ],
)
def test_each_form_of_a_date_is_read(read: Callable[[str, str], date], text: str, day: date) -> None:
    assert read(text, "here") == day


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (dates.unpadded, "2026/04/30"),
        (dates.unpadded, "2026/4/31"),
        (dates.padded, "2026/4/30"),
        (dates.compact, "2026043"),
        (dates.compact, "20260431"),
        (dates.compact, "２０２６０４３０"),
        (dates.compact, "00000101"),
        (dates.era, "H31.5.1"),
        (dates.era, "R1.4.30"),
        (dates.era, "H1.1.7"),
        (dates.era, "S64.1.8"),
        (dates.era, "R元.5.1"),
        (dates.era, "T15.12.24"),
        (dates.era, "R8.04.30"),
    ],
)
def test_another_form_of_a_date_is_drift(read: Callable[[str, str], date], text: str) -> None:
    with pytest.raises(DriftedFormat, match="here"):
        read(text, "here")
