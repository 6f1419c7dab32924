"""A decision as a file and in words: calls that wait, and cancellations that do not."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.adapters.codec import encode_revoke
from bridge.adapters.codec.abi import FUNCTIONS
from bridge.core.errors import Refuse
from bridge.core.hashing import keccak
from bridge.core.ports import Call
from bridge.core.types import ZERO_HASH, Address, ChainId, Epoch
from contracts.decisions import Signed, described, read_decision, write_decision
from contracts.governing import Decision, actions_digest

COUNCIL, TIMELOCK, COMMITTEE = (Address(bytes([byte]) * 20) for byte in (0x11, 0x22, 0x33))
OPERATION = keccak(b"replace")
REVOKES = Decision(ChainId(5), COUNCIL, TIMELOCK, 86_400, 3, (Call(COMMITTEE, encode_revoke(Epoch(2))),))
CANCELS = replace(REVOKES, calls=(), cancels=(OPERATION,))


@pytest.mark.parametrize("decision", [REVOKES, CANCELS, replace(REVOKES, cancels=(OPERATION, ZERO_HASH))])
def test_a_decision_is_read_as_it_was_written(decision: Decision, tmp_path: Path) -> None:
    file = tmp_path / "decision.json"
    write_decision(file, Signed(decision, {COUNCIL: b"signature"}))
    assert read_decision(file) == Signed(decision, {COUNCIL: b"signature"})


def test_a_cancellation_is_the_councils_own_call_and_waits_for_nothing() -> None:
    cancel = (TIMELOCK, FUNCTIONS["cancel"].selector + OPERATION)
    assert CANCELS.digest == actions_digest(5, COUNCIL, 3, [cancel])
    assert replace(REVOKES, cancels=(OPERATION,)).digest not in (REVOKES.digest, CANCELS.digest)


def test_signers_are_told_what_is_cancelled_and_what_waits() -> None:
    both = described(replace(REVOKES, cancels=(OPERATION,))).splitlines()
    at_once = f"on chain 5, as decision 3 of its council, at once, in timelock 0x{'22' * 20}:"
    assert both[:2] == [at_once, f"  cancel operation 0x{OPERATION.hex()}, which waits there"]
    assert both[2] == "on chain 5, as decision 3 of its council, 86400 s later:"
    assert both[3].startswith("  end epoch 2 of committee")
    assert described(CANCELS).splitlines() == both[:2]


def test_a_decision_of_nothing_is_not_signed() -> None:
    with pytest.raises(Refuse, match="decides nothing"):
        described(replace(REVOKES, calls=()))
