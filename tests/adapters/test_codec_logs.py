"""Logs into facts. The logs are encoded by eth_abi after the compiled ABI, never by our own encoder."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from bridge.adapters.codec import TOPICS, LogDecoder, Watched, to_checksum, to_hex, watch
from bridge.core.errors import Halt
from bridge.core.events import (
    AttestationPosted,
    ChainFact,
    Delivered,
    Dispatched,
    Executed,
    Held,
    Mined,
    Recertified,
    Returned,
    SentBack,
)
from bridge.core.hashing import word
from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.types import (
    Address,
    ChainId,
    Digest,
    Epoch,
    Hash32,
    Height,
    Leaf,
    Nonce,
    Slot,
    TxHash,
    Units,
)
from tests.adapters.test_codec_table import canonical, entries

HOME, REMOTE, OTHER = ChainId(1_010_032), ChainId(31_337), ChainId(31_338)
GATEWAY, FAR_GATEWAY, BOARD = Address(b"\xa1" * 20), Address(b"\xb2" * 20), Address(b"\xc3" * 20)
WATCHED = watch(HOME, GATEWAY, BOARD, {REMOTE: FAR_GATEWAY})
OUTWARD, HOMEWARD = WATCHED[HOME].routes
A, B, C = (Hash32(bytes([byte]) * 32) for byte in (0xAA, 0xBB, 0xCC))
AT = Mined(Height(31), 7, A, TxHash(B))
MESSAGE = Message(
    Kind.TRANSFER,
    Nonce(5),
    Address(b"\x11" * 20),
    Address(b"\x22" * 20),
    Address(b"\x33" * 20),
    Units(50_000),
    Units(300_000),
    b"invoice 17",
)


def log(event: str, *values: object, address: Address = GATEWAY) -> dict[str, Any]:
    """Return a log as a node serves it, by the ABI's word on what is indexed."""
    abi = next(entry for entry in entries("event") if entry["name"] == event)
    pairs = list(zip(abi["inputs"], values, strict=True))
    indexed = [encode([canonical(kind)], [value]) for kind, value in pairs if kind["indexed"]]
    plain = [(canonical(kind), value) for kind, value in pairs if not kind["indexed"]]
    return {
        "address": to_hex(address),
        "topics": [TOPICS[event], *map(to_hex, indexed)],
        "data": to_hex(encode([kind for kind, _ in plain], [value for _, value in plain])),
        "blockNumber": "0x1f",
        "logIndex": "0x7",
        "blockHash": to_hex(A),
        "transactionHash": to_hex(B),
        "removed": False,
    }


def dispatched_log(message: Message = MESSAGE, chain: ChainId = REMOTE) -> dict[str, Any]:
    leaf = leaf_of(OUTWARD, message)
    fields = tuple(getattr(message, name) for name in Message.__slots__)
    return log("Dispatched", leaf, chain, message.nonce, fields)


CASES: list[tuple[dict[str, Any], ChainFact]] = [
    (dispatched_log(), Dispatched(OUTWARD, leaf_of(OUTWARD, MESSAGE), MESSAGE, AT)),
    (
        log("Delivered", REMOTE, 3, 40, 128, 999, A),
        Delivered(HOMEWARD, Epoch(3), Nonce(40), 128, Height(999), A, AT),
    ),
    (log("Executed", C, REMOTE, 5), Executed(HOMEWARD, Leaf(C), Nonce(5), AT)),
    (log("Held", C, REMOTE, 5, 3, 80), Held(HOMEWARD, Leaf(C), Nonce(5), Epoch(3), 80, AT)),
    (log("Recertified", C, 4), Recertified(Leaf(C), Epoch(4), AT)),
    (log("SentBack", C, A), SentBack(Leaf(C), Leaf(A), AT)),
    (log("Returned", C, A), Returned(Leaf(C), Leaf(A), AT)),
    (
        log("Posted", A, C, to_hex(FAR_GATEWAY), b"s" * 64, address=BOARD),
        AttestationPosted(Slot(A), Digest(C), FAR_GATEWAY, b"s" * 64, AT),
    ),
]


@pytest.fixture
def decoder() -> LogDecoder:
    return LogDecoder(WATCHED[HOME])


@pytest.mark.parametrize(("raw", "fact"), CASES, ids=lambda value: type(value).__name__)
def test_a_log_is_the_fact_it_tells(decoder: LogDecoder, raw: dict[str, Any], fact: ChainFact) -> None:
    assert decoder.decode(raw) == fact


def test_there_is_a_case_for_every_event() -> None:
    assert {raw["topics"][0] for raw, _ in CASES} == set(TOPICS.values())


@given(
    kind=st.integers(0, 255),
    nonce=st.integers(0, 2**63 - 1),
    amount=st.integers(0, 2**128 - 1),
    data=st.binary(max_size=1024),
)
def test_any_message_survives_its_log(kind: int, nonce: int, amount: int, data: bytes) -> None:
    message = replace(
        MESSAGE, kind=kind, nonce=Nonce(nonce), amount=Units(amount), running_total=Units(amount), data=data
    )
    fact = LogDecoder(WATCHED[HOME]).decode(dispatched_log(message))
    assert isinstance(fact, Dispatched)
    assert fact.message == message


def test_the_far_end_reads_the_same_routes_from_the_other_side() -> None:
    far = LogDecoder(WATCHED[REMOTE])
    assert far.decode(log("Executed", C, HOME, 5, address=FAR_GATEWAY)) == Executed(OUTWARD, Leaf(C), Nonce(5), AT)


@pytest.mark.parametrize(
    "raw",
    [
        {**dispatched_log(), "topics": [to_hex(A), *dispatched_log()["topics"][1:]]},
        {**dispatched_log(), "topics": []},
        {**dispatched_log(), "address": to_hex(FAR_GATEWAY)},
        dispatched_log(chain=OTHER),
        log("Executed", C, OTHER, 5),
        log("Held", C, OTHER, 5, 3, 80),
        log("Delivered", OTHER, 3, 40, 128, 999, A),
        log("Executed", C, REMOTE, 5, address=BOARD),
        log("Posted", A, C, to_hex(FAR_GATEWAY), b"s" * 64, address=GATEWAY),
    ],
    ids=[
        "unknown event",
        "anonymous event",
        "stranger",
        "another route's message",
        "another route's execution",
        "another route's hold",
        "another route's delivery",
        "a gateway's event from the board",
        "a board's event from a gateway",
    ],
)
def test_what_is_not_ours_is_ignored(decoder: LogDecoder, raw: dict[str, Any]) -> None:
    assert decoder.decode(raw) is None


def mutilated(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    raw = dispatched_log()
    raw["topics"] = list(raw["topics"])
    change(raw)
    return raw


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.pop("topics"),
        lambda raw: raw.pop("data"),
        lambda raw: raw.update(data="0x"),
        lambda raw: raw.update(data=raw["data"][:-64]),
        lambda raw: raw.update(data=raw["data"][:66] + "f" + raw["data"][67:]),
        lambda raw: raw.update(data="0x" + "0" * 62 + "40" + raw["data"][66:]),
        lambda raw: raw.update(data="not hex"),
        lambda raw: raw.update(blockNumber=None),
        lambda raw: raw.update(blockHash=None),
        lambda raw: raw.update(blockHash="0x12"),
        lambda raw: raw.update(logIndex="seven"),
        lambda raw: raw["topics"].pop(),
        lambda raw: raw["topics"].__setitem__(1, to_hex(C)),
        lambda raw: raw["topics"].__setitem__(3, to_hex(bytes(32))),
    ],
)
def test_a_malformed_log_of_ours_halts(decoder: LogDecoder, change: Callable[[dict[str, Any]], None]) -> None:
    raw = mutilated(change)
    with pytest.raises(Halt) as halt:
        decoder.decode(raw)
    assert halt.value.evidence == {"log": raw}


@pytest.mark.parametrize("value", [None, 5, "log", []])
def test_what_is_no_log_halts(decoder: LogDecoder, value: object) -> None:
    with pytest.raises(Halt):
        decoder.decode(value)


@pytest.mark.parametrize("event", ["Executed", "Held", "Delivered", "Recertified"])
def test_a_number_that_does_not_fit_halts(decoder: LogDecoder, event: str) -> None:
    raw = next(raw for raw, _ in CASES if raw["topics"][0] == TOPICS[event])
    with pytest.raises(Halt, match="does not fit"):
        decoder.decode({**raw, "data": "0x" + "f" * (len(raw["data"]) - 2)})


@pytest.mark.parametrize(
    ("field", "bits"), [("kind", 8), ("nonce", 63), ("nonce", 64), ("amount", 128), ("running_total", 128)]
)
def test_a_message_with_a_number_that_does_not_fit_halts(decoder: LogDecoder, field: str, bits: int) -> None:
    changes: dict[str, Any] = {field: 1 << bits}
    message = replace(MESSAGE, **changes)
    fields = tuple(getattr(message, name) for name in Message.__slots__)
    kinds = ("uint256", "uint256", "address", "address", "address", "uint256", "uint256", "bytes")
    topics = [
        dispatched_log()["topics"][0],
        *map(to_hex, (leaf_of(OUTWARD, message), word(REMOTE), word(message.nonce))),
    ]
    data = to_hex(encode([f"({','.join(kinds)})"], [fields]))
    with pytest.raises(Halt, match=f"does not fit into {bits} bits"):
        decoder.decode({**dispatched_log(), "topics": topics, "data": data})


@pytest.mark.parametrize(("field", "bits"), [("blockNumber", 63), ("logIndex", 32)])
def test_a_place_that_no_log_can_have_halts(decoder: LogDecoder, field: str, bits: int) -> None:
    assert decoder.decode({**dispatched_log(), field: hex((1 << bits) - 1)}) is not None
    with pytest.raises(Halt, match=f"does not fit into {bits} bits"):
        decoder.decode({**dispatched_log(), field: hex(1 << bits)})


@pytest.mark.parametrize("event", ["Executed", "Held", "Delivered", "Recertified"])
def test_a_log_with_a_word_too_many_halts(decoder: LogDecoder, event: str) -> None:
    raw = next(raw for raw, _ in CASES if raw["topics"][0] == TOPICS[event])
    with pytest.raises(Halt):
        decoder.decode({**raw, "data": raw["data"] + "0" * 64})


def test_a_signature_that_is_cut_short_halts(decoder: LogDecoder) -> None:
    raw = CASES[-1][0]
    with pytest.raises(Halt):
        decoder.decode({**raw, "data": raw["data"][:-2]})


def test_addresses_are_ours_in_any_case_of_letters(decoder: LogDecoder) -> None:
    assert decoder.decode({**dispatched_log(), "address": to_checksum(GATEWAY)}) is not None


def test_facts_come_in_the_order_of_the_chain(decoder: LogDecoder) -> None:
    places = [("0x2", "0x0"), ("0x1", "0xa"), ("0x1", "0x9"), ("0xb", "0x0")]
    logs = [{**dispatched_log(), "blockNumber": height, "logIndex": index} for height, index in places]
    assert [(fact.at.height, fact.at.index) for fact in decoder.decode_all(logs)] == [(1, 9), (1, 10), (2, 0), (11, 0)]


def test_only_home_has_a_board() -> None:
    assert WATCHED[HOME].addresses == (GATEWAY, BOARD)
    assert WATCHED[REMOTE].addresses == (FAR_GATEWAY,)


def test_a_gateway_serves_several_routes() -> None:
    wide = watch(HOME, GATEWAY, BOARD, {REMOTE: FAR_GATEWAY, OTHER: FAR_GATEWAY})
    facts = [LogDecoder(wide[HOME]).decode(log("Executed", C, chain, 5)) for chain in (REMOTE, OTHER)]
    assert [fact.route.source_chain for fact in facts if isinstance(fact, Executed)] == [REMOTE, OTHER]
    assert isinstance(wide[OTHER], Watched)
