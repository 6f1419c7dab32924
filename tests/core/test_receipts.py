"""Receipts give the root that their block's header has; whatever is changed in one gives another."""

import json
from dataclasses import replace
from typing import Any

import pytest
import rlp
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.headers import Header, header_of, linked
from bridge.core.receipts import (
    EMPTY_ROOT,
    Log,
    Receipt,
    affordable,
    encode_receipt,
    list_root,
    may_have_logged,
    most_receipts,
    receipt_gas,
    receipts_root,
)
from bridge.core.types import Address, Block, Hash32
from tests.core.sealing import genesis, sealed, validators
from tests.oracles.published import PUBLISHED

FILE = PUBLISHED / "qbft" / "published.json"
ANCHORS: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
published = pytest.mark.skipif(not ANCHORS, reason="the folder with publishers' files is not there")
TOPIC = Hash32(keccak(text="Dispatched"))


def receipt(number: int) -> Receipt:
    log = Log(Address(bytes([number % 256]) * 20), (TOPIC,), bytes([number % 256]) * (number % 70))
    return Receipt(number % 3, b"\x01", 21_000 * (number + 1), bytes(256), (log,))


def test_a_block_without_transactions_has_the_empty_root() -> None:
    expected = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    assert receipts_root([]).hex() == EMPTY_ROOT.hex() == expected


def test_one_value_is_one_leaf() -> None:
    value = b"a value that is longer than a hash, so that nothing is embedded"
    assert list_root([value]) == keccak(rlp.encode([b"\x20\x80", value]))


def test_two_values_are_a_branch() -> None:
    """Keys 0x80 and 0x01: their first nibbles are 8 and 0."""
    zero, one = b"zero" * 10, b"one" * 11
    children = [b""] * 17
    children[8] = keccak(rlp.encode([b"\x30", zero]))
    children[0] = keccak(rlp.encode([b"\x31", one]))
    assert list_root([zero, one]) == keccak(rlp.encode(children))


@given(count=st.integers(1, 300), data=st.data())
def test_nothing_can_be_changed_left_out_or_exchanged(count: int, data: st.DataObject) -> None:
    receipts = [receipt(number) for number in range(count)]
    root = receipts_root(receipts)
    index = data.draw(st.integers(0, count - 1))
    changed = data.draw(
        st.sampled_from(
            [
                replace(receipts[index], outcome=b""),
                replace(receipts[index], cumulative_gas=receipts[index].cumulative_gas + 1),
                replace(receipts[index], kind=(receipts[index].kind + 1) % 3),
                replace(receipts[index], logs=()),
                replace(receipts[index], logs=(replace(receipts[index].logs[0], data=b"other"),)),
                replace(receipts[index], logs=(replace(receipts[index].logs[0], address=Address(bytes(20))),) * 2),
            ]
        )
    )
    assert receipts_root([*receipts[:index], changed, *receipts[index + 1 :]]) != root
    assert receipts_root([*receipts[:index], *receipts[index + 1 :]]) != root
    assert receipts_root([*receipts, receipts[index]]) != root


def test_a_type_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no type 128"):
        encode_receipt(replace(receipt(1), kind=128))


def test_headers_of_no_fork_and_fields_out_of_shape_are_refused() -> None:
    members = validators(1)
    items = list(sealed(genesis(), members, members).items)
    for count in (14, 18, 19, 22):
        with pytest.raises(ValueError, match="no fork"):
            header_of([*items, *[bytes(32)] * 7][:count])
    with pytest.raises(ValueError, match="field 0"):
        header_of([bytes(31), *items[1:]])
    with pytest.raises(ValueError, match="leading zero"):
        header_of([*items[:8], b"\0\x01", *items[9:]])


def test_headers_are_linked_up_to_a_known_block_or_not_at_all() -> None:
    members = validators(1)
    first = sealed(genesis(), members, members)
    second = sealed(Block(first.height, first.hash, first.time), members, members)
    end = Block(second.height, second.hash, second.time)
    assert linked([first, second], end)
    assert not linked([second, first], end)
    assert not linked([sealed(genesis(), members, members, gas_used=1), second], end)
    assert not linked([first], end)


# --- What others have published ---------------------------------------------------------------------------------------


def _hex(text: str) -> bytes:
    digits = text[2:]
    return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")


def _receipt(fields: dict[str, Any]) -> Receipt:
    logs = tuple(
        Log(Address(_hex(log["address"])), tuple(Hash32(_hex(topic)) for topic in log["topics"]), _hex(log["data"]))
        for log in fields["logs"]
    )
    outcome = _hex(fields["root"]) if "root" in fields else _hex(fields["status"]).lstrip(b"\0")
    bloom = _hex(fields["logsBloom"])
    return Receipt(int(fields.get("type", "0x0"), 16), outcome, int(fields["cumulativeGasUsed"], 16), bloom, logs)


def test_half_of_what_a_block_spent_may_have_been_refunded_and_a_chain_does_some_things_for_nothing() -> None:
    logs = [(4, 32), (3, 288)]
    assert list(receipt_gas(logs)) == [10_000, 5 * 375 + 8 * 32, 4 * 375 + 8 * 288]
    gross = 21_000 + sum(list(receipt_gas(logs))[1:])
    assert affordable(gross // 2 + 1) >= gross
    assert most_receipts(0) == 100
    assert most_receipts(30_000_000) == 6_100


@published
@pytest.mark.parametrize("anchor", ANCHORS.get("receipt_roots", ()), ids=lambda anchor: anchor["name"])
def test_roots_as_published(anchor: dict[str, Any]) -> None:
    receipts = [_receipt(fields) for fields in anchor["receipts"]]
    assert f"0x{receipts_root(receipts).hex()}" == anchor["receiptsRoot"]
    for one in receipts:
        assert all(may_have_logged(one.bloom, log.address) for log in one.logs)


@published
@pytest.mark.parametrize(
    "anchor", ANCHORS.get("fork_headers", {}).get("headers", ()), ids=lambda anchor: anchor["name"]
)
def test_headers_of_every_fork_as_published(anchor: dict[str, Any]) -> None:
    assert f"0x{_header(anchor['header']).hash.hex()}" == anchor["header"]["hash"]


FIELDS = [
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
]
SCALARS = ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"]


def _header(fields: dict[str, Any]) -> Header:
    present = [name for name in FIELDS if fields.get(name) is not None]
    return header_of([_hex(fields[name]).lstrip(b"\0") if name in SCALARS else _hex(fields[name]) for name in present])
