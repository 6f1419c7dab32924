"""Offices are held by the contracts that the deployment has for them, and by nobody else."""

from dataclasses import replace

import pytest

from bridge.core.offices import LAWFUL, ON_DUTY, Council, Office, faults_of, unseen
from bridge.core.types import ZERO_ADDRESS, Address

NAMES = ("timelock", "council", "watch", "officers", "gateway", "oracle", "committee", "reporters")
CONTRACTS = {Address(bytes([index]) * 20): name for index, name in enumerate(NAMES, 1)}
ADDRESSES = {name: address for address, name in CONTRACTS.items()}
STRANGER = Address(b"\xee" * 20)
COUNCIL = Council("home", 4, 3, 86_400)


def held(office: str, holder: Address, *, has_code: bool = True) -> Office:
    return Office("home", "gateway", office, holder, has_code)


def faults(*offices: Office) -> list[str]:
    return faults_of(offices, [COUNCIL], {"home": CONTRACTS})


@pytest.mark.parametrize(("office", "holders"), LAWFUL.items())
def test_an_office_is_held_by_its_contract_and_by_no_other_and_by_no_person(
    office: str, holders: tuple[str, ...]
) -> None:
    for name in NAMES:
        assert bool(faults(held(office, ADDRESSES[name]))) == (name not in holders)
    assert "the account of a person" in faults(held(office, STRANGER, has_code=False))[0]
    assert "a stranger" in faults(held(office, STRANGER))[0]
    assert faults(held(office, ZERO_ADDRESS, has_code=False))


def test_everybody_may_execute_what_has_waited() -> None:
    assert faults(held("EXECUTOR_ROLE", ZERO_ADDRESS, has_code=False)) == []
    assert faults(held("EXECUTOR_ROLE", STRANGER, has_code=False))


def test_an_office_that_nobody_knows_is_a_fault() -> None:
    assert "must be nobody" in faults(held("0x" + "11" * 32, ADDRESSES["timelock"]))[0]


@pytest.mark.parametrize(("members", "threshold"), [(4, 2), (4, 0), (1, 2), (7, 3)])
def test_a_council_is_a_majority_of_its_organisations(members: int, threshold: int) -> None:
    council = replace(COUNCIL, members=members, threshold=threshold)
    assert "no majority" in faults_of([], [council], {})[0]


def test_a_timelock_waits() -> None:
    assert faults_of([], [replace(COUNCIL, delay=0)], {}) == ["home: the timelock waits for nothing"]
    assert faults_of([], [COUNCIL], {}) == []


def test_a_person_is_on_duty_at_one_desk_of_a_chain() -> None:
    watch, officers = (Office("home", desk, ON_DUTY, STRANGER, has_code=False) for desk in ("watch", "officers"))
    elsewhere = replace(officers, chain="remote-1")
    assert faults_of([watch, elsewhere], [], {"home": {}, "remote-1": {}}) == []
    assert "on duty at both desks" in faults_of([watch, officers], [], {"home": {}})[0]


def test_who_holds_what_every_deployment_has_must_be_seen() -> None:
    token = Address(b"\x22" * 20)
    names = {"home": {token: "JP1743741SB7", ADDRESSES["gateway"]: "gateway"}, "remote-1": {token: "JP1743741SB7"}}
    missing = unseen([Office("home", "gateway", "GOVERNOR", STRANGER, has_code=True)], names)
    assert "home: nobody is seen to be ISSUER of JP1743741SB7" in missing
    assert "remote-1: nobody is seen to be GATEWAY of JP1743741SB7" in missing
    assert "home: nobody is seen to be REGISTRAR of gateway" in missing
    assert "home: nobody is seen to be GOVERNOR of gateway" not in missing
