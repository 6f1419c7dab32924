"""The table of signatures says what the compiled contracts say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.adapters.codec.abi import EVENTS, FUNCTIONS, ORACLE_EVENTS, Signature, table_of
from bridge.adapters.codec.desks import DESK_FUNCTIONS, OFFICE_EVENTS, TIMELOCK_EVENTS
from bridge.adapters.codec.failures import ERRORS

ARTIFACTS = Path(__file__).parents[2] / "contracts" / "artifacts"
OF_SOLIDITY = {"Error", "Panic"}
"""Errors of the language itself stand in no ABI."""


def entries(kind: str) -> Iterator[dict[str, Any]]:
    for artifact in sorted(ARTIFACTS.glob("*/*.json")):
        yield from (entry for entry in json.loads(artifact.read_text())["abi"] if entry["type"] == kind)


def canonical(value: dict[str, Any]) -> str:
    if not value["type"].startswith("tuple"):
        return str(value["type"])
    return f"({','.join(map(canonical, value['components']))}){value['type'].removeprefix('tuple')}"


def signatures(kind: str) -> set[Signature]:
    return {
        Signature(
            entry["name"],
            tuple(map(canonical, entry["inputs"])),
            tuple(map(canonical, entry.get("outputs", []))),
        )
        for entry in entries(kind)
    }


@pytest.mark.parametrize("function", [*FUNCTIONS.values(), *DESK_FUNCTIONS.values()], ids=str)
def test_the_contracts_have_the_function(function: Signature) -> None:
    assert function in signatures("function")


@pytest.mark.parametrize(
    "event",
    [*EVENTS.values(), *ORACLE_EVENTS.values(), *OFFICE_EVENTS.values(), *TIMELOCK_EVENTS.values()],
    ids=str,
)
def test_the_contracts_have_the_event(event: Signature) -> None:
    assert event in signatures("event")


def test_every_error_of_the_contracts_is_known_and_no_other() -> None:
    known = {str(error) for name, error in ERRORS.items() if name not in OF_SOLIDITY}
    assert known == {str(error) for error in signatures("error")}


def test_selectors_are_those_of_the_standards() -> None:
    assert FUNCTIONS["transfer"].selector.hex() == "a9059cbb"
    assert FUNCTIONS["approve"].selector.hex() == "095ea7b3"
    assert ERRORS["Error"].selector.hex() == "08c379a0"
    assert ERRORS["Panic"].selector.hex() == "4e487b71"


def test_a_tuple_is_one_type() -> None:
    table = table_of("f((uint8,(bytes,bool)[])[],bytes) -> ((uint8,bool),uint256)\ng()\n")
    assert table["f"].inputs == ("(uint8,(bytes,bool)[])[]", "bytes")
    assert table["f"].outputs == ("(uint8,bool)", "uint256")
    assert (table["g"].inputs, str(table["g"])) == ((), "g()")


def test_a_name_cannot_stand_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        table_of("f()\nf(uint256)\n")
