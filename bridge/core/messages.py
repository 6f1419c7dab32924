"""Messages, their wire form and their ids (SPEC 2)."""

from dataclasses import dataclass
from enum import IntEnum

from bridge.core.hashing import WORD, keccak, padded, word
from bridge.core.types import Address, Leaf, Nonce, Route, Units

MAX_DATA = 1024
MAX_REFERENCE = 512
_LEAF_TAG = keccak(b"jgb-bridge/message/1")
_MESSAGE_OFFSET = word(6 * WORD)
_DATA_OFFSET = word(8 * WORD)


class Kind(IntEnum):
    """What a message asks of its destination. Zero is no kind."""

    TRANSFER = 1
    RETURN = 2
    ANNOUNCE = 3
    COMMITTEE = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One instruction of a source gateway, as its `Dispatched` event carries it.

    `kind` is a plain number: a kind of a later version is carried to its destination, which holds it.
    """

    kind: int
    nonce: Nonce
    asset: Address
    sender: Address
    recipient: Address
    amount: Units
    running_total: Units
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class ReturnNotice:
    """What the data of a RETURN says of the transfer it answers (SPEC 2.5)."""

    leaf: Leaf
    nonce: Nonce
    recipient: Address
    running_total: Units
    data: bytes


def encode_message(message: Message) -> bytes:
    """ABI-encode the Message tuple, head and tail, without the offset that leads to it.

    Raises OverflowError if a number does not fit its word.
    """
    return b"".join(
        (
            word(message.kind),
            word(message.nonce),
            word(message.asset),
            word(message.sender),
            word(message.recipient),
            word(message.amount),
            word(message.running_total),
            _DATA_OFFSET,
            word(len(message.data)),
            padded(message.data),
        )
    )


def route_prefix(route: Route) -> bytes:
    """Return what every leaf of a route starts with, so that it is encoded once per route."""
    return b"".join(
        (
            _LEAF_TAG,
            word(route.source_chain),
            word(route.source_gateway),
            word(route.destination_chain),
            word(route.destination_gateway),
            _MESSAGE_OFFSET,
        )
    )


def leaf_under(prefix: bytes, message: Message) -> Leaf:
    """Return the id of `message` on the route of `prefix`; hashed twice, so no inner node passes for a leaf."""
    return Leaf(keccak(keccak(prefix + encode_message(message))))


def leaf_of(route: Route, message: Message) -> Leaf:
    """Return the id of a message: it binds both chains, both gateways and every field."""
    return leaf_under(route_prefix(route), message)


def encode_return(notice: ReturnNotice) -> bytes:
    """Encode the data of a RETURN: four words, then the data of the transfer it answers."""
    return b"".join((notice.leaf, word(notice.nonce), word(notice.recipient), word(notice.running_total), notice.data))


def decode_return(data: bytes) -> ReturnNotice | None:
    """Read the data of a RETURN; None if it is not of that form."""
    if len(data) < 4 * WORD or any(data[2 * WORD : 2 * WORD + 12]):
        return None
    nonce = int.from_bytes(data[WORD : 2 * WORD], "big")
    running_total = int.from_bytes(data[3 * WORD : 4 * WORD], "big")
    if nonce >= 1 << 64 or running_total >= 1 << 128:
        return None
    return ReturnNotice(
        leaf=Leaf(data[:WORD]),  # type: ignore[arg-type]
        nonce=Nonce(nonce),
        recipient=Address(data[2 * WORD + 12 : 3 * WORD]),
        running_total=Units(running_total),
        data=data[4 * WORD :],
    )


def decode_message(encoded: bytes) -> Message:
    """Read what `encode_message` wrote, at the start of `encoded`.

    Raises ValueError if it is cut short, its data is not where canonical ABI encoding puts it, or a number is too
    wide.
    """
    words = [encoded[i : i + WORD] for i in range(0, 9 * WORD, WORD)]
    length = int.from_bytes(words[8], "big")
    if words[7] != _DATA_OFFSET or len(encoded) < 9 * WORD + length:
        raise ValueError("not a canonical encoding of a message")
    return Message(
        kind=_number(words[0], 8),
        nonce=Nonce(_number(words[1], 64)),
        asset=Address(words[2][12:]),
        sender=Address(words[3][12:]),
        recipient=Address(words[4][12:]),
        amount=Units(_number(words[5], 128)),
        running_total=Units(_number(words[6], 128)),
        data=encoded[9 * WORD : 9 * WORD + length],
    )


def _number(data: bytes, bits: int) -> int:
    number = int.from_bytes(data, "big")
    if number >> bits:
        raise ValueError(f"{number} does not fit into {bits} bits")
    return number
