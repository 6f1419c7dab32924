"""A quarter of numbers of our own, over New Year, as every publisher would print them: no real fixing is among them.

`python -m tests.oracles.quarter` writes tests/data.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import holidays
from oracles.core.catalogue import TENORS
from tests.oracles import samples
from tests.oracles.samples import DATA

FIRST: Final = date(2025, 12, 1)
LAST: Final = date(2026, 2, 27)
DAYS: Final = tuple(JAPAN.between(FIRST, LAST))
WORKBOOK_DAYS: Final = (date(2025, 12, 29), date(2025, 12, 30), date(2026, 1, 5), date(2026, 1, 30))


def average(day: date) -> str:
    """The final average call rate: three decimals, never the level of a real day."""
    return f"0.{650 + day.toordinal() * 7 % 9:03}"


def provisional_average(day: date) -> str:
    """The provisional one: revised by a thousandth on 30 December."""
    return "0.649" if day == date(2025, 12, 30) else average(day)


def high(day: date) -> str:
    """The highest call rate."""
    return f"0.{680 + day.toordinal() % 5:03}"


def low(day: date) -> str:
    """The lowest call rate: negative on some days, for it may be."""
    return f"{'-' if day.toordinal() % 6 == 0 else ''}0.{1 + day.toordinal() % 5:03}"


def usd_jpy(day: date) -> str:
    """Dollar/yen."""
    return f"{140 + day.toordinal() % 7}.{day.toordinal() * 13 % 100:02}"


def eur_usd(day: date) -> str:
    """Euro/dollar."""
    return f"1.{1100 + day.toordinal() * 17 % 400:04}"


def curve(day: date) -> list[str]:
    """One row of par yields: some negative, one zero now and then, trailing zeros stripped."""
    printed = [years * 60 - 200 + day.toordinal() * (rank + 3) % 40 for rank, years in enumerate(TENORS)]
    return [stripped(f"{'-' if number < 0 else ''}{abs(number) // 1000}.{abs(number) % 1000:03}") for number in printed]


def stripped(number: str) -> str:
    """A number as the API and the Ministry print it: without trailing zeros."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def documents() -> Iterator[tuple[str, bytes]]:
    """Every text document of the quarter, by its path in tests/data."""
    rates = {
        "STRDCLUCON": {day: stripped(average(day)) for day in DAYS},
        "STRDCLUCONH": {day: stripped(high(day)) for day in DAYS},
        "STRDCLUCONL": {day: stripped(low(day)) for day in DAYS},
    }
    exchange = {
        "FXERD04": {day: stripped(usd_jpy(day)) for day in DAYS},
        "FXERD34": {day: stripped(eur_usd(day)) for day in DAYS},
    }
    loans = {"MADR1Z@D": {day: "1" for day, _ in samples.calendar_days(rates["STRDCLUCON"])}}
    for database, tables in (("FM01", rates), ("FM08", exchange), ("IR01", loans)):
        yield f"boj/{database.lower()}.en.json", samples.api_json(database, tables)
        yield f"boj/{database.lower()}.jp.json", samples.api_json(database, tables, language="JP")
        yield f"boj/{database.lower()}.en.csv", samples.api_csv(database, tables)
        yield f"boj/{database.lower()}.jp.csv", samples.api_csv(database, tables, language="JP", missing="")
    yield "boj/fm01_d_1.csv", samples.preset(rates["STRDCLUCON"])
    yield "boj/fm01_d_1_en.csv", samples.preset(rates["STRDCLUCON"], language="EN")
    rows = {day: curve(day) for day in DAYS}
    month = {day: row for day, row in rows.items() if (day.year, day.month) == (LAST.year, LAST.month)}
    past = {day: row for day, row in rows.items() if day not in month}
    yield "mof/jgbcme.csv", samples.curve_english(month, LAST)
    yield "mof/jgbcme_all.csv", samples.curve_english(past)
    yield "mof/jgbcm.csv", samples.curve_japanese(month, LAST)
    yield "mof/jgbcm_all.csv", samples.curve_japanese(past)
    yield (
        "jsda/S260105.csv",
        samples.reference_prices(
            date(2026, 1, 5), {"003820067": ("1.234", "98.76"), "003830067": ("999.999", "999.99")}
        ),
    )
    yield "calendar/syukujitsu.csv", samples.holiday_list(holidays(2025) | holidays(2026) | holidays(2027))


MISPRINTED: Final = date(2026, 1, 15)
"""A day whose final average is a thousandth too high until it is corrected."""


def stages() -> Iterator[tuple[str, bytes]]:
    """What the demo's publishers show at first, and what they show later: a final number, and a correction."""
    last_but_one = [day for day in DAYS if day < LAST]
    first = {
        "STRDCLUCON": {day: stripped(misprinted(day)) for day in last_but_one},
        "STRDCLUCONH": {day: stripped(high(day)) for day in last_but_one},
        "STRDCLUCONL": {day: stripped(low(day)) for day in last_but_one},
    }
    then = {
        "STRDCLUCON": {day: stripped(average(day)) for day in DAYS},
        "STRDCLUCONH": {day: stripped(high(day)) for day in DAYS},
        "STRDCLUCONL": {day: stripped(low(day)) for day in DAYS},
    }
    for stage, tables in (("stage-0", first), ("stage-1", then)):
        yield f"{stage}/boj/fm01.en.json", samples.api_json("FM01", tables)
        yield f"{stage}/boj/fm01.en.csv", samples.api_csv("FM01", tables)


def misprinted(day: date) -> str:
    """The average as it was printed at first."""
    return f"0.{int(average(day)[2:]) + 1:03}" if day == MISPRINTED else average(day)


def stage_workbooks() -> Iterator[tuple[str, bytes]]:
    """The last day's workbooks: the provisional one at first, then the final one, a thousandth higher."""
    numbers = [float(number) for number in (average(LAST), high(LAST), low(LAST))]
    yield f"stage-1/boj/md{LAST:%Y%m%d}.xlsx", samples.workbook(LAST, *numbers)
    numbers[0] = round(numbers[0] - 0.001, 3)
    yield f"stage-0/boj/mp{LAST:%Y%m%d}.xlsx", samples.workbook(LAST, *numbers, status="provisional")


def workbooks() -> Iterator[tuple[str, bytes]]:
    """Workbooks of a few days: around New Year and at a month end. Their archives carry the time they were made."""
    for day in WORKBOOK_DAYS:
        numbers = [float(number) for number in (average(day), high(day), low(day))]
        yield f"boj/md{day:%Y%m%d}.xlsx", samples.workbook(day, *numbers)
        numbers[0] = float(provisional_average(day))
        yield f"boj/mp{day:%Y%m%d}.xlsx", samples.workbook(day, *numbers, status="provisional")


if __name__ == "__main__":
    for path, body in (*documents(), *workbooks(), *stages(), *stage_workbooks()):
        file = DATA / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
