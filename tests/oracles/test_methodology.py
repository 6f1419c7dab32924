"""METHODOLOGY says what the catalogue and the contracts do, and shows code that runs."""

import re
from pathlib import Path

import pytest

from oracles.core.catalogue import CATALOGUE
from oracles.core.decisions import HoldReason
from oracles.core.series import SCALE, Role, Status

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "oracles" / "METHODOLOGY.md").read_text()
EXAMPLES = [
    ROOT / "contracts/src/examples/RateReader.sol",
    *sorted((ROOT / "oracles/examples").glob("*.py")),
    *sorted((ROOT / "oracles/examples").glob("*.ts")),
]


def rows() -> dict[str, list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("|")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_feed_stands_in_the_table_as_it_is(name: str) -> None:
    series = CATALOGUE[name]
    final = series.rung(Role.FINAL)
    assert final is not None
    at = final.schedule.at
    assert rows()[name] == [
        series.code,
        series.unit,
        series.day_count.value,
        f"T+{final.schedule.lag} {at // 3600:02}:{at % 3600 // 60:02}",
        f"{series.lowest / SCALE:g} to {series.highest / SCALE:g}",
    ]


def test_every_reason_and_status_is_told() -> None:
    table = rows()
    assert {int(number): row[0] for number, row in table.items() if number.isdigit()} == {
        reason.value: reason.name for reason in HoldReason
    }
    assert all(status.name in table for status in Status)


def test_every_piece_of_code_is_part_of_an_example_that_runs() -> None:
    sources = [path.read_text() for path in EXAMPLES]
    pieces = re.findall(r"```(?:solidity|python|typescript)\n(.*?)```", TEXT, re.DOTALL)
    assert len(pieces) == 6
    for piece in pieces:
        assert any(piece in source for source in sources), piece


def test_no_licensed_benchmark_is_named_as_ours() -> None:
    for name in ("TONA Index", "TONA Averages", "TORF", "TONAR"):
        assert name not in TEXT
