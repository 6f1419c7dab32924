"""Documents say what the code does."""

import json
import re
from pathlib import Path

from bridge.core.diagram import diagram
from bridge.core.reasons import Reason
from tests.bench import windows

ROOT = Path(__file__).parents[1]


def test_the_picture_in_the_readme_is_drawn_from_the_table() -> None:
    drawn = re.search(
        r"<!-- diagram -->\n```mermaid\n(.*?)\n```\n<!-- /diagram -->", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert drawn is not None
    assert drawn[1] == diagram()


def test_every_link_of_a_document_leads_somewhere() -> None:
    for document in (
        ROOT / "README.md",
        *ROOT.glob("bridge/**/*.md"),
        *ROOT.glob("relayers/*.md"),
        *ROOT.glob("contracts/*.md"),
    ):
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_the_specification_lists_every_reason_with_its_number() -> None:
    text = (ROOT / "bridge" / "SPEC.md").read_text()
    for reason in Reason:
        assert f"| {reason.value} | {reason.name}" in text, reason


def test_the_reasons_of_the_contracts_are_the_reasons_of_the_core() -> None:
    source = (ROOT / "contracts" / "src" / "common" / "Protocol.sol").read_text()
    library = source[source.index("library Reason") :]
    constants = dict(re.findall(r"uint8 internal constant (\w+) = (\d+);", library))
    assert {name: int(value) for name, value in constants.items() if name != "NONE"} == {
        r.name: r.value for r in Reason
    }


def test_the_specification_tabulates_what_windows_cost_as_computed() -> None:
    text = (ROOT / "bridge" / "SPEC.md").read_text()
    assert f"<!-- windows -->\n{windows.table()}\n<!-- /windows -->" in text


def test_every_invariant_names_tests_that_exist() -> None:
    sources = "".join(
        source.read_text()
        for folder in ("contracts/test", "tests", "bridge")
        for source in (ROOT / folder).rglob("*.*")
        if source.suffix in {".sol", ".py"}
    )
    rows = re.findall(
        r"^\| (INV-\d\d) \|.*?\|(.*)\|(.*)\|$", (ROOT / "contracts/INVARIANTS.md").read_text(), re.MULTILINE
    )
    assert [row[0] for row in rows] == [f"INV-{number:02}" for number in range(1, len(rows) + 1)]
    for name in re.findall(r"`(?:Handler\.)?(\w+)`", "".join(solidity + python for _, solidity, python in rows)):
        assert name in sources, name


def test_the_committed_gas_figures_keep_their_budgets() -> None:
    """Budgets: gas budgets of README, gas of a whole transaction; in a batch, of one message."""
    budgets = {
        "deliver-5-of-7": {"1 existing": 100_000, "64 existing": 64 * 16_000, "64 new": 64 * 33_000},
        "deliver-13-of-19": {"1 existing": 140_000},
    }
    for name, figures in budgets.items():
        measured = json.loads((ROOT / "contracts" / "snapshots" / f"{name}.json").read_text())
        for what, budget in figures.items():
            assert int(measured[what]) <= budget, (name, what)


def test_every_incident_names_tests_that_exist() -> None:
    sources = "".join(
        source.read_text()
        for folder in ("contracts/test", "tests")
        for source in (ROOT / folder).rglob("*.*")
        if source.suffix in {".sol", ".py"}
    )
    rows = [
        line.split("|")
        for line in (ROOT / "tests/faults/INCIDENTS.md").read_text().splitlines()
        if re.match(r"^\| (?!incident|pain)\w", line)
    ]
    assert len(rows) == 21 + 16
    for row in rows:
        names = re.findall(r"`(test_\w+)`", row[3])
        assert names, row[1]
        for name in names:
            assert re.search(rf"\b(def|function) {name}\b", sources), name
