"""A council's decision as a file, and in words. The words come from the calls themselves, never from the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from eth_abi import decode
from eth_abi.exceptions import DecodingError

from bridge.adapters.codec import read_address, read_bytes, read_fields, read_hash, read_list, to_checksum, to_hex
from bridge.adapters.codec.abi import FUNCTIONS
from bridge.core.errors import Refuse
from bridge.core.ports import Call
from bridge.core.quorum import split_members
from bridge.core.types import Address, ChainId
from contracts.governing import Decision

VERSION = 2


@dataclass(frozen=True, slots=True)
class Signed:
    """A decision, and who has signed it."""

    decision: Decision
    signatures: Mapping[Address, bytes]


def write_decision(file: Path, signed: Signed) -> None:
    """Write a decision with its signatures."""
    decision = signed.decision
    document = {
        "version": VERSION,
        "chain_id": decision.chain,
        "council": to_checksum(decision.council),
        "timelock": to_checksum(decision.timelock),
        "delay": decision.delay,
        "nonce": decision.nonce,
        "calls": [{"to": to_checksum(call.to), "data": to_hex(call.data)} for call in decision.calls],
        "cancels": [to_hex(operation) for operation in decision.cancels],
        "signatures": {to_checksum(signer): to_hex(signature) for signer, signature in signed.signatures.items()},
    }
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_decision(file: Path) -> Signed:
    """Read what `write_decision` wrote. Raises Refuse in one line."""
    try:
        return _signed(read_fields(orjson.loads(file.read_bytes())))
    except OSError as fault:
        raise Refuse(f"{file}: {fault.strerror}") from None
    except ValueError as fault:
        raise Refuse(f"{file} is no decision of version {VERSION}: {fault}") from None


def described(decision: Decision) -> str:
    """Say what a decision does. Raises Refuse for a call that nobody here can read: it is not to be signed unread."""
    if not decision.calls and not decision.cancels:
        raise Refuse("the decision decides nothing")
    head = f"on chain {decision.chain}, as decision {decision.nonce} of its council"
    cancelled = [f"  cancel operation {to_hex(operation)}, which waits there" for operation in decision.cancels]
    timelock = f"{head}, at once, in timelock {to_checksum(decision.timelock)}:"
    lines = [timelock, *cancelled] if cancelled else []
    if decision.calls:
        lines += [f"{head}, {decision.delay} s later:", *(f"  {_sentence(call)}" for call in decision.calls)]
    return "\n".join(lines)


def _signed(document: Mapping[str, object]) -> Signed:
    if document.get("version") != VERSION:
        raise ValueError(f"version {document.get('version')}")
    calls = [read_fields(call) for call in read_list(document.get("calls"))]
    decision = Decision(
        ChainId(_number(document.get("chain_id"))),
        read_address(document.get("council")),
        read_address(document.get("timelock")),
        _number(document.get("delay")),
        _number(document.get("nonce")),
        tuple(Call(read_address(call.get("to")), read_bytes(call.get("data"))) for call in calls),
        tuple(map(read_hash, read_list(document.get("cancels")))),
    )
    signatures = read_fields(document.get("signatures"))
    return Signed(decision, {read_address(signer): read_bytes(made) for signer, made in signatures.items()})


def _sentence(call: Call) -> str:
    where = to_checksum(call.to)
    for name, function in FUNCTIONS.items():
        if function.selector == call.data[:4] and name in _SENTENCES:
            try:
                return _SENTENCES[name](where, *decode(function.inputs, call.data[4:]))
            except DecodingError:
                break
    raise Refuse(f"the call of {where} is none that a council decides by this command: {to_hex(call.data[:4])}")


def _replaced(where: str, threshold: int, members: bytes) -> str:
    named = ", ".join(map(to_checksum, split_members(members)))
    return f"put in force at once, in committee {where}: {threshold} of {named}"


def _revoked(where: str, epoch: int) -> str:
    return f"end epoch {epoch} of committee {where} for good"


def _registered(where: str, signer: str, poster: str) -> str:
    return f"let {to_checksum(read_address(poster))} post on board {where} for {to_checksum(read_address(signer))}"


def _limited(where: str, chain: int, limit: int) -> str:
    return f"let an account lock {limit} times in a block at gateway {where} for chain {chain}"


_SENTENCES: dict[str, Callable[..., str]] = {
    "replace": _replaced,
    "revoke": _revoked,
    "register": _registered,
    "setLockLimit": _limited,
}


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - one class for all that a file gets wrong
    return value
