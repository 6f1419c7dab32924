"""Documents say what the code does."""

import re
from pathlib import Path

from bridge.core.diagram import diagram
from bridge.core.reasons import Reason

ROOT = Path(__file__).parents[1]


def test_the_picture_in_the_readme_is_drawn_from_the_table() -> None:
    drawn = re.search(
        r"<!-- diagram -->\n```mermaid\n(.*?)\n```\n<!-- /diagram -->", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert drawn is not None
    assert drawn[1] == diagram()


def test_every_link_of_a_document_leads_somewhere() -> None:
    for document in (ROOT / "README.md", *ROOT.glob("bridge/**/*.md"), *ROOT.glob("relayers/*.md")):
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
