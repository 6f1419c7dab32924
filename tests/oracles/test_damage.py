"""What every parser of text promises of a damaged document (see `oracles.core.parsers`)."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.core.calendar import JAPAN
from oracles.core.catalogue import BASIC_LOAN_RATE, CALL_RATE_AVERAGE, CALL_RATES, EUR_USD, USD_JPY, jsda_price
from oracles.core.parsers import boj_api_csv, boj_api_json, boj_preset, jsda_prices, mof_curve
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import Refused
from oracles.core.series import Series
from tests.oracles import quarter
from tests.oracles.published import numbers
from tests.oracles.samples import DATA

Read = Callable[[bytes], Reading]


def _json(*wanted: Series) -> Read:
    return lambda body: boj_api_json.read(body, wanted)


def _csv(*wanted: Series) -> Read:
    return lambda body: boj_api_csv.read(body, wanted)


READERS: dict[str, Read] = {
    "boj/fm01.en.json": _json(*CALL_RATES),
    "boj/fm08.jp.json": _json(USD_JPY, EUR_USD),
    "boj/ir01.en.json": _json(BASIC_LOAN_RATE),
    "boj/fm01.en.csv": _csv(*CALL_RATES),
    "boj/fm01.jp.csv": _csv(*CALL_RATES),
    "boj/fm08.en.csv": _csv(USD_JPY, EUR_USD),
    "boj/fm01_d_1.csv": lambda body: boj_preset.read(body, CALL_RATE_AVERAGE),
    "boj/fm01_d_1_en.csv": lambda body: boj_preset.read(body, CALL_RATE_AVERAGE),
    "mof/jgbcme.csv": mof_curve.english,
    "mof/jgbcme_all.csv": mof_curve.english,
    "mof/jgbcm.csv": mof_curve.japanese,
    "mof/jgbcm_all.csv": mof_curve.japanese,
    "jsda/S260105.csv": lambda body: jsda_prices.read(body, (jsda_price("003820067"),), JAPAN),
}
BODIES = {name: (DATA / name).read_bytes() for name in READERS}
WHOLE = {name: numbers(read(BODIES[name])) for name, read in READERS.items()}
EACH = pytest.mark.parametrize("name", READERS)


def found_in(name: str, body: bytes) -> dict[tuple[str, str], int] | None:
    """Every number, None if the document is refused: nothing else may come out of a parser."""
    try:
        return numbers(READERS[name](body))
    except Refused:
        return None


def test_the_sample_files_are_what_the_quarter_writes() -> None:
    written = dict(quarter.documents())
    assert {name: (DATA / name).read_bytes() for name in written} == written
    assert READERS.keys() <= written.keys()


@EACH
def test_a_document_cut_short_anywhere_is_refused_or_holds_only_whole_rows(name: str) -> None:
    body, whole = BODIES[name], WHOLE[name]
    assert whole
    for length in range(0, len(body), max(1, len(body) // 200)):
        found = found_in(name, body[:length])
        assert found is None or found.items() <= whole.items(), length
    ends = [place for place in range(len(body)) if body[place : place + 1] == b"\n"]
    for end in ends[:: max(1, len(ends) // 60)]:
        found = found_in(name, body[: end + 1])
        assert found is None or found.items() <= whole.items(), end


@pytest.mark.parametrize("name", [name for name in READERS if name.endswith(".csv")])
@given(data=st.data())
def test_rows_swapped_repeated_or_left_out_give_no_number_to_another_day(name: str, data: st.DataObject) -> None:
    lines = BODIES[name].splitlines(keepends=True)
    one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    swapped = [*lines]
    swapped[one], swapped[other] = lines[other], lines[one]
    repeated = [*lines[: one + 1], lines[other], *lines[one + 1 :]]
    without = [*lines[:one], *lines[one + 1 :]]
    for changed in (swapped, repeated, without):
        found = found_in(name, b"".join(changed))
        assert found is None or found.items() <= WHOLE[name].items()


@EACH
@given(data=st.data())
def test_a_byte_that_changes_touches_few_numbers_and_stays_in_bounds(name: str, data: st.DataObject) -> None:
    body = bytearray(BODIES[name])
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    found = found_in(name, bytes(body))
    if found is None:
        return
    whole = WHOLE[name]
    changed = [key for key in found.keys() & whole.keys() if found[key] != whole[key]]
    assert len(changed) <= 1
    assert all(date(1974, 1, 1) <= date.fromisoformat(day) for _, day in found)


@EACH
@given(body=st.binary(max_size=400))
def test_anything_at_all_is_refused_by_name(name: str, body: bytes) -> None:
    assert found_in(name, body) is None
