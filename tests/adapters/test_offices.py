"""Offices are read from a node that may refuse or have lost its logs, of contracts that may be others than named."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from eth_abi import encode

from bridge.adapters.codec import View, to_hex, views
from bridge.adapters.codec.desks import OFFICE_EVENTS
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger.offices import OfficeReader
from bridge.core.errors import Refuse, Retry
from bridge.core.hashing import keccak, word
from bridge.core.offices import faults_of, unseen
from bridge.core.types import ZERO_ADDRESS, Address, ChainId, Height

CHAIN = "remote-1"
NAMES = ("timelock", "council", "watch", "officers", "gateway", "committee")
AT = {name: Address(bytes([index]) * 20) for index, name in enumerate(NAMES, 1)}
ROGUE, WATCHMAN, OFFICER = (Address(bytes([byte]) * 20) for byte in (0xAA, 0xE1, 0xE2))
HOME, HOME_GATEWAY = ChainId(1), Address(b"\x77" * 20)
REVERTS = NodeError(3, "execution reverted", "0x")
LIMITED = NodeError(-32005, "request rate limit exceeded", None)
BLOCK = {"number": "0x9", "hash": to_hex(b"\x09" * 32), "timestamp": "0x9"}
ROLES = {
    bytes(32): AT["timelock"],
    keccak(b"PROPOSER_ROLE"): AT["council"],
    keccak(b"CANCELLER_ROLE"): AT["council"],
    keccak(b"EXECUTOR_ROLE"): ZERO_ADDRESS,
}


class Node:
    """A node of a chain on which everything is as it must be, until a test changes an answer."""

    name = "fake"

    def __init__(self) -> None:
        self.answers: dict[tuple[Address, bytes], object] = {}
        self.logs: list[dict[str, object]] = []
        self.code = {*AT.values(), ROGUE}
        for name in ("watch", "officers", "gateway", "committee"):
            self.says(name, views.GOVERNOR, AT["timelock"])
        self.says("committee", views.GUARDIAN, AT["officers"])
        self.says("committee", views.SCHEDULER, AT["gateway"])
        self.says("gateway", views.COMMITTEE, AT["committee"])
        self.answers[AT["gateway"], views.ROUTE.call(HOME)] = to_hex(word(HOME_GATEWAY) + word(1) + word(128))
        for role, holder in ROLES.items():
            self.logs.append(_log("timelock", "RoleGranted", role, word(holder), word(holder)))
            self.answers[AT["timelock"], views.HAS_ROLE.call(role, holder)] = to_hex(word(1))
        for name, rights in (("watch", 1), ("officers", 3)):
            self.logs.append(_log("gateway", "GuardianSet", word(AT[name])))
            self.answers[AT["gateway"], views.RIGHTS_OF.call(AT[name])] = to_hex(word(rights))
        self.has_on_duty("watch", WATCHMAN)
        self.has_on_duty("officers", OFFICER)
        self.answers[AT["council"], views.COUNCIL_MEMBERS.call()] = to_hex(encode(("bytes",), (bytes(range(80)),)))
        self.answers[AT["council"], views.COUNCIL_THRESHOLD.call()] = to_hex(word(3))
        self.answers[AT["timelock"], views.MIN_DELAY.call()] = to_hex(word(86_400))

    def says(self, contract: str, getter: View[Address], holder: Address) -> None:
        self.answers[AT[contract], getter.call()] = to_hex(word(holder))

    def has_on_duty(self, desk: str, person: Address, *, still: bool = True) -> None:
        self.logs.append(_log(desk, "DutySet", word(person)))
        self.answers[AT[desk], views.IS_ON_DUTY.call(person)] = to_hex(word(still))

    async def ask_all(self, requests: Sequence[Request]) -> list[object]:
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> object:
        match request.method:
            case "eth_getBlockByNumber":
                return BLOCK
            case "eth_getCode":
                return "0x60" if _bytes(request.params[0]) in self.code else "0x"
            case "eth_getLogs":
                return self.logs
            case _:
                call = cast("dict[str, Any]", request.params[0])
                return self.answers.get((Address(_bytes(call["to"])), _bytes(call["data"])), REVERTS)


async def faults(node: Node) -> list[str]:
    reader = OfficeReader(CHAIN, cast("Rpc", node), AT, Height(0), {HOME: HOME_GATEWAY})
    offices, councils = await reader.read()
    names = {CHAIN: {address: name for name, address in AT.items()}}
    return [*faults_of(offices, councils, names), *unseen(offices, names)]


async def test_a_deployment_as_it_must_be_has_no_fault() -> None:
    assert await faults(Node()) == []


@pytest.mark.parametrize("refusal", [LIMITED, NodeError(-32000, "out of gas", None), "0x01", "0x"])
async def test_a_node_that_does_not_tell_an_office_proves_nothing(refusal: object) -> None:
    node = Node()
    node.answers[AT["committee"], views.ISSUER.call()] = refusal
    with pytest.raises(Retry, match="ISSUER"):
        await faults(node)


async def test_an_office_that_every_deployment_has_must_be_seen() -> None:
    node = Node()
    node.answers[AT["committee"], views.GOVERNOR.call()] = REVERTS
    assert await faults(node) == [f"{CHAIN}: nobody is seen to be GOVERNOR of committee"]


async def test_a_node_without_its_old_logs_does_not_pass_for_a_chain_without_guardians() -> None:
    node = Node()
    node.logs.clear()
    found = await faults(node)
    assert f"{CHAIN}: nobody is seen to be guardian that may veto of gateway" in found
    assert f"{CHAIN}: nobody is seen to be PROPOSER_ROLE of timelock" in found


async def test_a_committee_that_the_file_does_not_name_is_a_stranger() -> None:
    node = Node()
    node.says("gateway", views.COMMITTEE, ROGUE)
    (fault,) = await faults(node)
    assert fault == f"{CHAIN}: COMMITTEE of gateway is 0x{ROGUE.hex()} (a stranger), and must be committee"


async def test_a_route_that_leads_to_another_gateway_than_the_file_names_is_refused() -> None:
    node = Node()
    node.answers[AT["gateway"], views.ROUTE.call(HOME)] = to_hex(word(ROGUE) + word(1) + word(128))
    with pytest.raises(Refuse, match=f"leads to 0x{ROGUE.hex()}, and the network's file names 0x7777"):
        await faults(node)


async def test_nobody_is_on_duty_at_both_desks() -> None:
    node = Node()
    node.has_on_duty("watch", OFFICER)
    both = f"{CHAIN}: 0x{OFFICER.hex()} is on duty at both desks, and would be two guardians"
    assert await faults(node) == [both]
    node.has_on_duty("watch", OFFICER, still=False)
    assert await faults(node) == []


def _log(contract: str, event: str, *topics: bytes) -> dict[str, object]:
    return {
        "address": to_hex(AT[contract]),
        "topics": [to_hex(topic) for topic in (OFFICE_EVENTS[event].topic, *topics)],
        "blockNumber": "0x2",
        "blockHash": to_hex(b"\x02" * 32),
    }


def _bytes(text: object) -> bytes:
    return bytes.fromhex(str(text)[2:])
