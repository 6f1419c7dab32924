"""What contracts answer, and what they say when they refuse."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from eth_abi import encode

from bridge.adapters.codec import decode_revert, read_block, to_checksum, to_hex, views
from bridge.adapters.codec.abi import FUNCTIONS, Signature
from bridge.adapters.codec.failures import ERRORS
from bridge.adapters.codec.views import EpochSet, HeldMessage, Received, RouteEnd, View
from bridge.adapters.codec.wire import (
    read_address,
    read_base_fee,
    read_bytes,
    read_fields,
    read_hash,
    read_list,
    read_quantity,
)
from bridge.core.bonds import BondTerms
from bridge.core.hashing import word
from bridge.core.types import Block, Height, Timestamp, Units
from tests.adapters.test_codec_logs import BOARD, GATEWAY, A, B

TERMS = BondTerms("JP1103821S45", 2, 382, 2_100, Timestamp(1_776_006_000), Timestamp(2_089_378_800), Units(50_000))
VIEWS = [view for view in vars(views).values() if isinstance(view, View)]
ANSWERS: list[tuple[View[Any], tuple[Any, ...], object]] = [
    (views.COMMITTEE, (BOARD,), BOARD),
    (views.DOMAIN_SEPARATOR, (A,), A),
    (views.ACTIVE_EPOCH, (4,), 4),
    (views.SET_OF, (A, 2, GATEWAY + BOARD), EpochSet(A, 2, (GATEWAY, BOARD))),
    (views.ROUTE, (GATEWAY, 10, 128), RouteEnd(GATEWAY, 10, 128)),
    (views.IS_CONSUMED, (True,), True),
    (views.HELD, (3, 99, 80), HeldMessage(3, 99, 80)),  # type: ignore[arg-type]
    (views.RECEIVED, (7, 5), Received(Units(7), Units(5))),
    (views.OUTBOUND_LEAF, (A,), A),
    (views.BALANCE_OF, (2**255,), 2**255),
    (
        views.TERMS,
        ((TERMS.isin.encode(), 2, 382, 2_100, TERMS.issue_date, TERMS.maturity_date, 50_000),),
        TERMS,
    ),
]


@pytest.mark.parametrize(("view", "values", "meaning"), ANSWERS, ids=lambda value: getattr(value, "name", ""))
def test_an_answer_means_what_the_view_says(view: View[Any], values: tuple[Any, ...], meaning: object) -> None:
    assert view.result(encode(FUNCTIONS[view.name].outputs, values)) == meaning


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_an_answer_and_only_words_as_arguments(view: View[Any]) -> None:
    function = FUNCTIONS[view.name]
    assert function.outputs
    assert not any("[" in kind or kind in ("bytes", "string") for kind in function.inputs)
    arguments = (1,) * len(function.inputs)
    assert view.call(*arguments) == function.selector + word(1) * len(arguments)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_an_account_without_code_answers_no_view(view: View[Any]) -> None:
    with pytest.raises(ValueError, match="no answer"):
        view.result(b"")


def test_a_view_is_not_called_with_too_few_arguments() -> None:
    with pytest.raises(TypeError):
        views.LOCKED.call(1)


# --- Named errors ---


@pytest.mark.parametrize("error", ERRORS.values(), ids=str)
def test_every_known_error_is_named(error: Signature) -> None:
    samples = {"string": "why", "address": to_hex(BOARD), "bytes32": A, "bytes12": b"JP1103821S45", "bytes": A}
    arguments = [samples.get(kind, 7) for kind in error.inputs]
    reverted = decode_revert(error.selector + encode(error.inputs, arguments))
    if error.name in ("Error", "Panic"):
        return
    assert reverted.error == error.name
    assert len(reverted.arguments) == len(arguments)


def test_a_message_of_require_is_shown_as_it_is() -> None:
    reverted = decode_revert(ERRORS["Error"].selector + encode(["string"], ["too early"]))
    assert (reverted.error, reverted.arguments) == ("too early", ())


def test_a_panic_is_said_in_words() -> None:
    reverted = decode_revert(ERRORS["Panic"].selector + word(0x11))
    assert (reverted.error, reverted.arguments) == ("Panic", ("an arithmetic overflow",))


def test_bytes_in_an_error_are_hex() -> None:
    reverted = decode_revert(ERRORS["NotHeld"].selector + A)
    assert reverted.arguments == (to_hex(A),)
    assert str(reverted) == f"NotHeld('{to_hex(A)}',)"


@pytest.mark.parametrize("data", [b"\x01\x02\x03\x04", b"\x01", ERRORS["NotHeld"].selector + b"short"])
def test_unknown_revert_data_is_shown(data: bytes) -> None:
    assert decode_revert(data).arguments == (to_hex(data),)


def test_a_revert_without_data_says_so() -> None:
    assert decode_revert(b"").error == "reverted without a reason"


# --- Values on the wire ---


def test_a_checksum_is_that_of_eip_55() -> None:
    for text in ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"):
        assert to_checksum(read_address(text.lower())) == text


def test_a_header_is_read_with_its_base_fee() -> None:
    header = {"number": "0x10", "hash": to_hex(B), "timestamp": "0x6b", "baseFeePerGas": "0x7"}
    assert read_block(header) == Block(Height(16), B, Timestamp(107))
    assert read_base_fee(header) == 7
    assert read_base_fee({**header, "baseFeePerGas": None}) == 0


@pytest.mark.parametrize("value", [None, 16, "16", "0x", "0xzz", {}, [], "0x1" + "0" * 64])
def test_what_is_no_quantity_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its own text or that of int
        read_quantity(value)


def test_the_widest_quantity_has_32_bytes() -> None:
    assert read_quantity("0x" + "f" * 64) == 2**256 - 1


@pytest.mark.parametrize("read", [read_quantity, read_bytes, read_hash, read_address, read_fields])
def test_what_is_nested_as_deeply_as_json_goes_is_refused_like_any_other(read: Callable[[object], object]) -> None:
    with pytest.raises(ValueError, match=r"^an array is not"):
        read(orjson.loads(b"[" * 1_000 + b"]" * 1_000))
    with pytest.raises(ValueError, match=r"^an object is not"):
        read_list(orjson.loads(b'{"a":' * 1_000 + b"1" + b"}" * 1_000))


def test_an_answer_with_a_length_beyond_any_memory_is_none() -> None:
    length = b"\0" * 24 + b"\x7f" + b"\xff" * 7
    for claimed in (length, b"\xff" * 32):
        with pytest.raises(ValueError, match="are no answer to setOf"):
            views.SET_OF.result(bytes(64) + word(96) + claimed)


@pytest.mark.parametrize("value", [None, "0x12", "0x" + "g" * 64, "12" * 32])
def test_what_is_no_hash_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its own text or that of fromhex
        read_hash(value)
