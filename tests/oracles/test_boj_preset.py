from datetime import date
from pathlib import Path

import pytest

from oracles.core.catalogue import CALL_RATE_AVERAGE, USD_JPY
from oracles.core.parsers import boj_preset
from oracles.core.parsers.refusals import DriftedFormat, NotThisDocument, Refused, Truncated, WrongEncoding
from tests.oracles import quarter, samples
from tests.oracles.published import files
from tests.oracles.quarter import DAYS

NUMBERS = {day: quarter.stripped(quarter.average(day)) for day in DAYS[:5]}


@pytest.mark.parametrize("path", files("boj/fm01_d_1*.csv"), ids=lambda path: path.name)
def test_every_preset_file_is_read(path: Path) -> None:
    reading = boj_preset.read(path.read_bytes(), CALL_RATE_AVERAGE)
    assert len(reading.rows) >= 3
    assert None in {value for (value,) in reading.rows.values()}, "each holds a closed day"
    assert reading.rows[max(reading.rows)][0] is not None


@pytest.mark.parametrize("language", ["JP", "EN"])
@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (b"FM01'STRDCLUCON", b"FM01'STRDCLUCONH", NotThisDocument),
        (b'2025/12/05"', b'2025/12/08"', Truncated),
        (b"2025/12/03,", b"2025/12/02,", DriftedFormat),
        (b"2025/12/03,", b"2025/12/3,", DriftedFormat),
        (b"2025/12/03,", b"2025-12-03,", DriftedFormat),
        (b"2025/12/03,", b"", DriftedFormat),
        (b"2025/12/01,0.655", b"2025/12/01,null", DriftedFormat),
        (b'"",', b'"x",', DriftedFormat),
    ],
)
def test_drift_is_named(language: str, old: bytes, new: bytes, refusal: type[Refused]) -> None:
    body = samples.preset(NUMBERS, language=language)
    assert old in body
    with pytest.raises(refusal):
        boj_preset.read(body.replace(old, new, 1), CALL_RATE_AVERAGE)


def test_a_file_cut_at_the_end_of_a_line_is_noticed() -> None:
    lines = samples.preset(NUMBERS).split(b"\r\n")
    for count in range(1, len(lines) - 1):
        with pytest.raises(Truncated):
            boj_preset.read(b"\r\n".join(lines[:count]) + b"\r\n", CALL_RATE_AVERAGE)


def test_another_unit_is_drift() -> None:
    body = samples.preset(NUMBERS, code=USD_JPY.code)
    with pytest.raises(DriftedFormat, match="unit"):
        boj_preset.read(body, USD_JPY)


def test_the_japanese_file_saved_again_is_refused() -> None:
    with pytest.raises(WrongEncoding):
        boj_preset.read(samples.preset(NUMBERS).decode("cp932").encode(), CALL_RATE_AVERAGE)


def test_another_title_or_stamp_is_named() -> None:
    body = samples.preset(NUMBERS, language="EN")
    with pytest.raises(NotThisDocument):
        boj_preset.read(body.replace(b"BOJ's Main", b"BOJ Main"), CALL_RATE_AVERAGE)
    with pytest.raises(DriftedFormat, match="stamp"):
        boj_preset.read(body.replace(b" AM ", b" am "), CALL_RATE_AVERAGE)


def test_numbers_are_read_as_printed() -> None:
    rows = boj_preset.read(samples.preset({date(2026, 1, 5): "-0.079", date(2026, 1, 6): "0"}), CALL_RATE_AVERAGE).rows
    assert list(rows.values()) == [(-7_900_000,), (0,)]
