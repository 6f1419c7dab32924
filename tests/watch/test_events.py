"""Every event the watchtower knows is one of the contracts', and every other one is left out on purpose."""

import pytest
from eth_utils import keccak

from relayers.watch.events import KINDS, REGISTER, Kind, leaf_of, read_event
from relayers.watch.rpc import Unreadable
from tests.watch.model import ABI, BONDS, HOME, LOT, Bridge, form

LEFT_OUT = {
    "Published": "the preimage of a digest: signatures count, and those are Posted",
    "ContentPublished": "the oracle's",
    "PostedUnverified": "the oracle's",
    "CallSalt": "a remark to CallScheduled",
    "Transfer": "tokens are held to their supply, not to their transfers",
    "Approval": "the same",
    "CrosschainMint": "the same",
    "CrosschainBurn": "the same",
    "EIP712DomainChanged": "never emitted",
    "KeyProven": "the oracle's",
    "Advanced": "the oracle's",
    "AnswerUpdated": "the oracle's",
    "GenerationReplaced": "the oracle's",
    "RebuildStarted": "the oracle's",
    "DayRevised": "the oracle's",
    "HoldDeclared": "the oracle's",
    "CalendarUpdated": "the oracle's",
    "EquivocationProven": "the oracle's",
    "FeedCreated": "the oracle's",
    "Accrued": "an example's",
    "RateTaken": "an example's",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_an_event_of_the_contracts_with_the_same_arguments(kind: Kind) -> None:
    inputs = ABI[kind.name]["inputs"]
    assert [(argument.form, argument.is_indexed) for argument in kind.arguments] == [
        (form(part), part["indexed"]) for part in inputs
    ]
    assert kind.topic == "0x" + keccak(text=f"{kind.name}({','.join(form(part) for part in inputs)})").hex()


def test_no_event_of_the_contracts_is_unknown_without_a_reason() -> None:
    assert ABI.keys() - {kind.name for kind in KINDS} == LEFT_OUT.keys()


def test_what_changes_rules_is_registered() -> None:
    assert {
        "RoleGranted",
        "GuardianSet",
        "DutySet",
        "FlowLimitsSet",
        "CapSet",
        "SetChanged",
        "EpochReplaced",
    } <= REGISTER


def test_a_message_is_read_as_it_was_sent() -> None:
    bridge = Bridge()
    parcel = bridge.lock()
    log = bridge.home.mine().logs[-1]
    event = read_event(HOME, log)
    assert event is not None
    assert event.fields["leaf"] == "0x" + parcel.leaf.hex()
    assert event.fields["message"][2:] == (
        "0x" + BONDS[0].hex(),
        "0x" + parcel.message.sender.hex(),
        "0x" + parcel.message.recipient.hex(),
        LOT,
        LOT,
        "0x" + parcel.message.data.hex(),
    )
    route = (HOME, "0x" + bridge.home.gateway.hex()), (bridge.remotes[0].chain, "0x" + bridge.remotes[0].gateway.hex())
    assert leaf_of(*route, event.fields["message"]) == event.fields["leaf"]


def test_a_log_of_another_kind_is_passed_over_and_nonsense_is_no_log() -> None:
    bridge = Bridge()
    bridge.lock()
    log = bridge.home.mine().logs[-1]
    assert read_event(HOME, {**log, "topics": ["0x" + "11" * 32]}) is None
    assert read_event(HOME, {**log, "topics": []}) is None
    for broken in ({"data": "0x12"}, {"topics": log["topics"][:2]}, {"blockNumber": None}, {"data": "nothing"}):
        with pytest.raises(Unreadable):
            read_event(HOME, {**log, **broken})
