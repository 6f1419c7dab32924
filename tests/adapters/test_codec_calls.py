"""Calldata, against eth_abi and the compiled ABI."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode

from bridge.adapters import codec
from bridge.adapters.codec.abi import FUNCTIONS
from bridge.core.batches import Batch, encode_struct
from bridge.core.messages import Message
from bridge.core.types import ChainId, Digest, Epoch, Hash32, Height, Nonce, Slot, Timestamp, Units
from tests.adapters.test_codec_logs import BOARD, FAR_GATEWAY, GATEWAY, HOME, MESSAGE, OUTWARD, REMOTE, A, B, C

BATCH = Batch(OUTWARD, Epoch(3), Nonce(5), 2, A, Height(31), B, Timestamp(1_795_000_000))
LONG = replace(MESSAGE, data=b"r" * 33)
CERTIFICATE = bytes(range(192))
POSTS = [codec.Post(Slot(A), Digest(C), b"s" * 64), codec.Post(Slot(B), Digest(A), b"t" * 64)]
STRUCT = encode_struct(BATCH)


def fields(message: Message) -> tuple[Any, ...]:
    return tuple(getattr(message, name) for name in Message.__slots__)


def words(batch: Batch) -> tuple[Any, ...]:
    route = batch.route
    ends = (route.source_chain, route.source_gateway, route.destination_chain, route.destination_gateway)
    return (*ends, *(getattr(batch, name) for name in Batch.__slots__[1:]))


CALLS: list[tuple[bytes, str, tuple[Any, ...]]] = [
    (
        codec.encode_deliver(BATCH, [MESSAGE, LONG], CERTIFICATE),
        "deliver",
        (words(BATCH), [fields(MESSAGE), fields(LONG)], CERTIFICATE),
    ),
    (
        codec.encode_deliver_one(BATCH, LONG, [A, C], CERTIFICATE),
        "deliverOne",
        (words(BATCH), fields(LONG), [A, C], CERTIFICATE),
    ),
    (codec.encode_retry(HOME, LONG), "retry", (HOME, fields(LONG))),
    (codec.encode_send_back(HOME, MESSAGE), "sendBack", (HOME, fields(MESSAGE))),
    (
        codec.encode_lock(GATEWAY, Units(50_000), REMOTE, BOARD, b"ref"),
        "lock",
        (GATEWAY, 50_000, REMOTE, BOARD, b"ref"),
    ),
    (codec.encode_burn(GATEWAY, Units(50_000), BOARD), "burn", (GATEWAY, 50_000, BOARD, b"")),
    (codec.encode_announce(GATEWAY, REMOTE, Units(10**12)), "announce", (GATEWAY, REMOTE, 10**12)),
    (
        codec.encode_rotate(REMOTE, A, Epoch(2), 2, [GATEWAY, BOARD]),
        "rotate",
        (REMOTE, A, 2, 2, GATEWAY + BOARD),
    ),
    (
        codec.encode_open_route(REMOTE, FAR_GATEWAY, 1, 128, 1_000),
        "openRoute",
        (REMOTE, FAR_GATEWAY, 1, 128, 1_000),
    ),
    (codec.encode_set_lock_limit(REMOTE, 3), "setLockLimit", (REMOTE, 3)),
    (codec.encode_set_cap(GATEWAY, Units(7)), "setCap", (GATEWAY, 7)),
    (codec.encode_replace(2, [GATEWAY, BOARD]), "replace", (2, GATEWAY + BOARD)),
    (codec.encode_revoke(Epoch(4)), "revoke", (4,)),
    (codec.encode_veto(Epoch(4)), "veto", (4,)),
    (codec.encode_register(GATEWAY, BOARD), "register", (GATEWAY, BOARD)),
    (codec.encode_post(POSTS[0]), "post", tuple(POSTS[0])),
    (codec.encode_post_many(POSTS), "postMany", (POSTS,)),
    (codec.encode_post_many([]), "postMany", ([],)),
    (
        codec.encode_publish_and_post([A, B], [STRUCT, b"short"], POSTS),
        "publishAndPost",
        ([A, B], [STRUCT, b"short"], POSTS),
    ),
    (codec.encode_publish_and_post([], [], POSTS), "publishAndPost", ([], [], POSTS)),
    (codec.encode_issue(BOARD, Units(5)), "issue", (BOARD, 5)),
    (codec.encode_approve(BOARD, Units(5)), "approve", (BOARD, 5)),
    (codec.encode_transfer(BOARD, Units(5)), "transfer", (BOARD, 5)),
]


@pytest.mark.parametrize(
    ("data", "name", "arguments"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_calldata_is_what_the_abi_says(data: bytes, name: str, arguments: tuple[Any, ...]) -> None:
    function = FUNCTIONS[name]
    assert data == function.selector + encode(function.inputs, arguments)


def test_a_delivery_is_read_as_it_was_written() -> None:
    data = codec.encode_deliver(BATCH, [MESSAGE, LONG], CERTIFICATE)
    assert codec.decode_deliver(data) == codec.Delivery(BATCH, (MESSAGE, LONG), CERTIFICATE)


def test_a_delivery_of_one_is_read_with_its_proof() -> None:
    data = codec.encode_deliver_one(BATCH, LONG, [A, C], CERTIFICATE)
    assert codec.decode_deliver_one(data) == codec.Delivery(BATCH, (LONG,), CERTIFICATE, (A, C))


def test_a_retry_is_read_as_it_was_written() -> None:
    assert codec.decode_retry(codec.encode_retry(HOME, LONG)) == (HOME, LONG)


def test_posts_are_read_as_they_were_written() -> None:
    data = codec.encode_publish_and_post([A], [STRUCT], POSTS)
    assert codec.decode_publish_and_post(data) == ([A], [STRUCT], POSTS)


def test_messages_are_found_in_a_call_as_leniently_as_contracts_read_it() -> None:
    whole = codec.encode_deliver(BATCH, [MESSAGE, LONG], CERTIFICATE[:-1])
    assert codec.decode_messages(whole) == (MESSAGE, LONG)
    assert codec.decode_messages(whole[:-1]) == (MESSAGE, LONG), "its last bytes are not padded"
    assert codec.decode_messages(whole[:-1] + b"\1") == (MESSAGE, LONG), "or not with zeros"
    one = codec.encode_deliver_one(BATCH, LONG, [Hash32(C)], CERTIFICATE)
    assert codec.decode_messages(one) == codec.decode_messages(codec.encode_retry(HOME, LONG)) == (LONG,)
    assert codec.decode_messages(codec.encode_send_back(HOME, LONG)) == codec.decode_messages(b"") == ()
    assert codec.decode_messages(whole[:500]) == ()


@pytest.mark.parametrize(
    "decode",
    [codec.decode_deliver, codec.decode_deliver_one, codec.decode_retry, codec.decode_publish_and_post],
)
def test_other_calldata_is_refused(decode: Callable[[bytes], object]) -> None:
    with pytest.raises(ValueError, match="not a call"):
        decode(codec.encode_transfer(BOARD, Units(5)))


def test_calldata_that_is_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="not the arguments"):
        codec.decode_deliver(codec.encode_deliver(BATCH, [MESSAGE], CERTIFICATE)[:-64])


def test_an_amount_that_fits_no_word_is_no_calldata() -> None:
    with pytest.raises(OverflowError):
        codec.encode_lock(GATEWAY, Units(2**256), ChainId(1), BOARD)


def test_a_proof_is_hashes() -> None:
    decoded = codec.decode_deliver_one(codec.encode_deliver_one(BATCH, LONG, [Hash32(C)], CERTIFICATE))
    assert decoded.proof == (C,)
