from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from oracles.core.calendar import JAPAN
from oracles.core.catalogue import BASIC_LOAN_RATE, CALL_RATE_AVERAGE, CALL_RATES, EUR_JPY, EUR_USD, USD_JPY
from oracles.core.parsers import Wanted, boj_answer, boj_api_csv, boj_api_json, derived, read
from oracles.core.parsers.agreement import agreed
from oracles.core.parsers.boj_answer import Answer
from oracles.core.parsers.reading import Missing, Observation, Reading
from oracles.core.parsers.refusals import (
    DriftedFormat,
    ErrorAnswer,
    NotThisDocument,
    OutOfBounds,
    Refused,
    Truncated,
    WrongEncoding,
)
from oracles.core.series import Source
from tests.oracles import quarter, samples
from tests.oracles.published import files, numbers, ours_and
from tests.oracles.quarter import DAYS

NUMBERS = {day: quarter.stripped(quarter.average(day)) for day in DAYS[:5]}
RATES = {"STRDCLUCON": NUMBERS}
CAPTURED = "boj/api_getDataCode_FM08_FXERD04_FXERD34_202603.en.json"
CAPTURED_CSV = "boj/api_getDataCode_FM01_STRDCLUCON_202608.en.excerpt.csv"
ONLY_AVERAGE = (CALL_RATE_AVERAGE,)

Read = Callable[[bytes], Reading]
BOTH: list[tuple[Read, bytes]] = [
    (lambda body: boj_api_json.read(body, ONLY_AVERAGE), samples.api_json("FM01", RATES)),
    (lambda body: boj_api_csv.read(body, ONLY_AVERAGE), samples.api_csv("FM01", RATES)),
]
JSON_AND_CSV = pytest.mark.parametrize(("parse", "body"), BOTH, ids=["json", "csv"])


# --- The publishers' own answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [path for path in files("boj/*.json") if "error" not in path.name and "Metadata" not in path.name],
    ids=lambda path: path.name,
)
def test_every_answer_is_followed(path: Path) -> None:
    answer = boj_api_json.answer(path.read_bytes())
    assert answer.database
    assert all(len(table.dates) == len(table.values) > 3 for table in answer.tables)


@pytest.mark.parametrize("path", ours_and(CAPTURED), ids=lambda path: path.name)
def test_a_captured_month_of_exchange_rates_is_read(path: Path) -> None:
    reading = boj_api_json.read(path.read_bytes(), (USD_JPY, EUR_USD))
    assert len(reading.rows) == 31
    assert reading.stamp == "2026-04-01T04:23:52.923+09:00"
    assert numbers(reading)["boj/fx/usd-jpy-1700", "2026-03-12"] == 15_880_000_000
    assert reading.on(USD_JPY, date(2026, 3, 20)) == Missing(date(2026, 3, 20), passed=True), "a holiday"
    assert reading.on(USD_JPY, date(2026, 3, 30)) == Missing(date(2026, 3, 30), passed=False), "not published yet"
    held = {day for day, row in reading.rows.items() if row[0] is not None}
    assert held == set(JAPAN.between(date(2026, 3, 2), date(2026, 3, 27)))


@pytest.mark.parametrize("path", ours_and(CAPTURED), ids=lambda path: path.name)
def test_euro_yen_is_the_exact_product(path: Path) -> None:
    reading = boj_api_json.read(path.read_bytes(), (USD_JPY, EUR_USD))
    usd, eur = (reading.on(series, date(2026, 3, 27)) for series in (USD_JPY, EUR_USD))
    assert isinstance(usd, Observation)
    assert isinstance(eur, Observation)
    euro_yen = derived.eur_jpy(usd, eur)
    assert euro_yen.series == EUR_JPY
    assert euro_yen.value == 18_423_041_000, "159.95 x 1.1518 = 184.230410"
    assert euro_yen.record == (
        b"jgb-oracle/1;derived;FM08'FXERD04*FXERD34;2026-03-27;184.230410"
        b"|jgb-oracle/1;boj;FM08'FXERD04;2026-03-27;159.95|jgb-oracle/1;boj;FM08'FXERD34;2026-03-27;1.1518"
    )


@pytest.mark.parametrize("path", ours_and(CAPTURED_CSV), ids=lambda path: path.name)
def test_a_quoted_answer_in_csv_is_read(path: Path) -> None:
    reading = boj_api_csv.read(path.read_bytes(), ONLY_AVERAGE)
    assert list(reading.rows.values()) == [(97_700_000,), (None,), (None,), (97_700_000,), (97_700_000,)]


@pytest.mark.parametrize("path", ours_and("boj/api_error_400_missing_db.ja.reserialised.json"), ids=lambda p: p.name)
def test_a_captured_error_is_an_error_answer(path: Path) -> None:
    for parse, _ in BOTH:
        with pytest.raises(ErrorAnswer) as caught:
            parse(path.read_bytes())
        assert (caught.value.code, caught.value.passing) == ("M181004E", False)


@pytest.mark.parametrize("path", ours_and("boj/api_getDataCode_CO_no_data_195001.ja.reserialised.json"))
def test_no_data_is_a_success_without_values(path: Path) -> None:
    answer = boj_api_json.answer(path.read_bytes())
    assert [table.values for table in answer.tables] == [(None,) * 4]


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("boj/api_getDataLayer_MD10_page1.excerpt.json", 255),
        ("boj/api_getDataLayer_MD10_page2.excerpt.json", 507),
        (CAPTURED, None),
    ],
)
def test_the_next_page_is_where_the_answer_says(name: str, position: int | None) -> None:
    for path in ours_and(name):
        assert boj_api_json.answer(path.read_bytes()).next_position == position


@pytest.mark.parametrize("path", ours_and("boj/api_getMetadata_FM08.ja.reserialised.json"))
def test_metadata_tells_how_far_the_daily_series_are(path: Path) -> None:
    notices = boj_api_json.metadata(path.read_bytes())
    assert len(notices) == 58, "62 entries, 4 of them headings"
    live = [notice for notice in notices if notice.frequency == "DAILY" and notice.last_update == "20260219"]
    assert {notice.last for notice in live} == {"20260217"}


# --- Our own, in every form -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["fm01", "fm08", "ir01"])
def test_json_and_csv_and_both_languages_hold_the_same_numbers(database: str) -> None:
    wanted = {"fm01": CALL_RATES, "fm08": (USD_JPY, EUR_USD), "ir01": (BASIC_LOAN_RATE,)}[database]
    readings = [
        boj_api_json.read((samples.DATA / f"boj/{database}.{language}.json").read_bytes(), wanted)
        for language in ("en", "jp")
    ] + [
        boj_api_csv.read((samples.DATA / f"boj/{database}.{language}.csv").read_bytes(), wanted)
        for language in ("en", "jp")
    ]
    for reading in readings[1:]:
        assert agreed(readings[0], reading).rows == readings[0].rows


def test_records_do_not_depend_on_the_form() -> None:
    found = [parse(body).on(CALL_RATE_AVERAGE, DAYS[0]) for parse, body in BOTH]
    assert isinstance(found[0], Observation)
    assert isinstance(found[1], Observation)
    assert found[0].record == found[1].record == b"jgb-oracle/1;boj;FM01'STRDCLUCON;2025-12-01;0.655"


@pytest.mark.parametrize("missing", ["null", ""])
def test_both_words_for_no_value_are_read(missing: str) -> None:
    body = samples.api_csv("FM01", {"STRDCLUCON": {DAYS[4]: "0.65", DAYS[5]: "0.651"}}, missing=missing)
    assert list(boj_api_csv.read(body, ONLY_AVERAGE).rows.values()) == [(65_000_000,), (None,), (None,), (65_100_000,)]


@JSON_AND_CSV
def test_negative_and_zero_are_numbers(parse: Read, body: bytes) -> None:
    changed = body.replace(NUMBERS[DAYS[0]].encode(), b"-0.079").replace(NUMBERS[DAYS[1]].encode(), b"0")
    rows = parse(changed).rows
    assert (rows[DAYS[0]], rows[DAYS[1]]) == ((-7_900_000,), (0,))


@JSON_AND_CSV
@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (b"FM01", b"FM02", NotThisDocument),
        (b"STRDCLUCON", b"STRDCLUCV", NotThisDocument),
        (b"percent per annum", b"basis points", DriftedFormat),
        (b"DAILY", b"MONTHLY", DriftedFormat),
        (b"20251203", b"20251204", DriftedFormat),
        (b"20251203", b"20251233", DriftedFormat),
        (b"20251203", b"202512", DriftedFormat),
        (b"0.655", b"65.5", OutOfBounds),
        (b"0.655", b"0.6555", DriftedFormat),
        (b"0.655", b"6.55e-1", DriftedFormat),
        (b"0.655", b'"0.655 "', DriftedFormat),
        (b"M181000I", b"M181090S", ErrorAnswer),
        (b"M181000I", b"M181999I", ErrorAnswer),
    ],
)
def test_drift_is_named(parse: Read, body: bytes, old: bytes, new: bytes, refusal: type[Refused]) -> None:
    assert old in body
    with pytest.raises(refusal):
        parse(body.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (b'"STATUS":200,', b"", DriftedFormat),
        (b'"STATUS":200', b'"STATUS":"200"', ErrorAnswer),
        (b'"UNIT"', b'"UNITS"', DriftedFormat),
        (b'"NEXTPOSITION":null', b'"NEXTPOSITION":-1', DriftedFormat),
        (b'"NEXTPOSITION":null', b'"NEXTPOSITION":"12"', DriftedFormat),
        (b"0.655", b"NaN", DriftedFormat),
        (b"0.655", b"true", DriftedFormat),
        (b"0.655", b"[0.655]", DriftedFormat),
        (b"[0.655,", b"[", DriftedFormat),
        (b'"VALUES":[', b'"VALUES":[0.1],"VALUES":[', DriftedFormat),
        (b'"RESULTSET":[', b'"RESULTSET":{"a":[', NotThisDocument),
    ],
)
def test_drift_in_json_is_named(old: bytes, new: bytes, refusal: type[Refused]) -> None:
    body = BOTH[0][1]
    assert old in body
    with pytest.raises(refusal):
        BOTH[0][0](body.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (b"SURVEY_DATES,VALUES", b"VALUES,SURVEY_DATES", DriftedFormat),
        (b"PARAMETER,DB,FM01\n", b"", DriftedFormat),
        (b"STATUS,200", b"STATUS,200\nSTATUS,200", DriftedFormat),
        (b"NEXTPOSITION,\n", b"NEXTPOSITION,here\n", DriftedFormat),
        (b'"Call Rate,', b"Call Rate,", DriftedFormat),
        (b'"Call Rate,', b'""Call Rate,', DriftedFormat),
        (b",null\n", b",NA\n", DriftedFormat),
    ],
)
def test_drift_in_csv_is_named(old: bytes, new: bytes, refusal: type[Refused]) -> None:
    body = samples.api_csv("FM01", {"STRDCLUCON": {DAYS[4]: "0.65", DAYS[5]: "0.651"}})
    assert old in body
    with pytest.raises(refusal):
        boj_api_csv.read(body.replace(old, new, 1), ONLY_AVERAGE)


@JSON_AND_CSV
def test_other_documents_are_named(parse: Read, body: bytes) -> None:
    for other, refusal in (
        (b"", Truncated),
        (b"<html><body>Service Unavailable</body></html>", NotThisDocument),
        (b"hello\n", NotThisDocument),
        (b"\xef\xbb\xbf" + body, WrongEncoding),
    ):
        with pytest.raises(refusal):
            parse(other)


@pytest.mark.parametrize("times", [100, 500_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"STATUS":[{"b":'])
def test_nesting_is_refused_before_it_is_followed_whatever_the_interpreter_would_bear(
    opening: bytes, times: int
) -> None:
    import py_ecc  # noqa: F401, PLC0415 - it raises the interpreter's bound beyond what its stack can hold

    with pytest.raises(NotThisDocument, match="nested"):
        BOTH[0][0](opening * times)


def test_a_passing_error_says_so() -> None:
    body = b'{"STATUS":503,"MESSAGEID":"M181091S","MESSAGE":"busy","DATE":"2026-02-19T9:00:06.669+09:00"}'
    for parse, _ in BOTH:
        with pytest.raises(ErrorAnswer) as caught:
            parse(body)
        assert caught.value.passing


def test_an_answer_in_json_is_not_one_in_csv() -> None:
    with pytest.raises(NotThisDocument, match="in JSON"):
        BOTH[1][0](BOTH[0][1])


def test_japanese_csv_is_shift_jis_and_nothing_else() -> None:
    body = samples.api_csv("FM01", RATES, language="JP")
    assert len(boj_api_csv.read(body, ONLY_AVERAGE).rows) == 5
    with pytest.raises(WrongEncoding):
        boj_api_csv.read(body.decode("cp932").encode(), ONLY_AVERAGE)


def test_a_last_line_without_an_end_is_not_believed() -> None:
    whole = BOTH[1][1]
    assert list(BOTH[1][0](whole[:-1]).rows) == list(BOTH[1][0](whole).rows)[:-1]


def test_a_second_series_of_the_same_code_is_refused() -> None:
    twice = Answer("FM01", "", None, boj_api_json.answer(BOTH[0][1]).tables * 2)
    with pytest.raises(NotThisDocument, match="2 times"):
        boj_answer.reading(twice, Source.BOJ_API_JSON, ONLY_AVERAGE)


def test_euro_yen_needs_both_of_one_day() -> None:
    usd, eur = Observation(USD_JPY, DAYS[0], 14_000_000_000), Observation(EUR_USD, DAYS[0], 115_000_000)
    assert derived.eur_jpy(usd, eur).value == 16_100_000_000
    for wrong in (
        (eur, usd),
        (usd, Observation(EUR_USD, DAYS[1], 115_000_000)),
        (Observation(USD_JPY, DAYS[0], 14_001_000_000), Observation(EUR_USD, DAYS[0], 115_000_001)),
    ):
        with pytest.raises(NotThisDocument):
            derived.eur_jpy(*wrong)


def test_one_door_leads_to_every_parser() -> None:
    wanted = Wanted(ONLY_AVERAGE, DAYS[0], JAPAN)
    assert read(Source.BOJ_API_JSON, BOTH[0][1], wanted).rows == read(Source.BOJ_API_CSV, BOTH[1][1], wanted).rows
    with pytest.raises(ValueError, match="no document"):
        read(Source.DERIVED, b"", wanted)
