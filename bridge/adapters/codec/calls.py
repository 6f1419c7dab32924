"""Calldata: what a transaction asks of a contract. The encoders of deliveries and posts are on the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from bridge.adapters.codec.abi import (
    FUNCTIONS,
    Tail,
    dynamic_array,
    dynamic_bytes,
    encode_arguments,
    static_array,
)
from bridge.adapters.codec.wire import read_address
from bridge.core.batches import Batch, encode_struct
from bridge.core.hashing import WORD, word
from bridge.core.messages import Message, encode_message
from bridge.core.types import Address, ChainId, Digest, Epoch, Hash32, Route, Slot, Units

_SELECTORS = {name: function.selector for name, function in FUNCTIONS.items()}
_BRINGING = ("deliver", "deliverOne", "retry")


class Post(NamedTuple):
    """One signature for the board."""

    slot: Slot
    digest: Digest
    signature: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """The arguments of `deliver`, or of `deliverOne` with its proof."""

    batch: Batch
    messages: tuple[Message, ...]
    certificate: bytes
    proof: tuple[Hash32, ...] | None = None


# --- Gateways ---------------------------------------------------------------------------------------------------------


def encode_deliver(batch: Batch, messages: Sequence[Message], certificate: bytes) -> bytes:
    """Deliver a whole batch."""
    encoded = dynamic_array([encode_message(message) for message in messages])
    return _call("deliver", _batch_words(batch), encoded, dynamic_bytes(certificate))


def encode_deliver_one(batch: Batch, message: Message, proof: Sequence[Hash32], certificate: bytes) -> bytes:
    """Deliver one message of a batch, with its siblings from the bottom up."""
    return _call(
        "deliverOne",
        _batch_words(batch),
        Tail(encode_message(message)),
        static_array(proof),
        dynamic_bytes(certificate),
    )


def encode_retry(source_chain: ChainId, message: Message) -> bytes:
    """Execute a held message."""
    return _call("retry", word(source_chain), Tail(encode_message(message)))


def encode_send_back(source_chain: ChainId, message: Message) -> bytes:
    """Send a held transfer back to its sender."""
    return _call("sendBack", word(source_chain), Tail(encode_message(message)))


def encode_lock(asset: Address, amount: Units, chain: ChainId, recipient: Address, reference: bytes = b"") -> bytes:
    """Lock units at home for `chain`."""
    return _call("lock", word(asset), word(amount), word(chain), word(recipient), dynamic_bytes(reference))


def encode_burn(asset: Address, amount: Units, recipient: Address, reference: bytes = b"") -> bytes:
    """Burn wrapped units; `asset` is the home token."""
    return _call("burn", word(asset), word(amount), word(recipient), dynamic_bytes(reference))


def encode_announce(asset: Address, chain: ChainId, supply_cap: Units) -> bytes:
    """Announce a bond to a remote chain."""
    return _call("announce", word(asset), word(chain), word(supply_cap))


def encode_rotate(
    chain: ChainId, previous_set: Hash32, epoch: Epoch, threshold: int, members: Sequence[Address]
) -> bytes:
    """Tell a remote chain its next committee."""
    packed = dynamic_bytes(b"".join(members))
    return _call("rotate", word(chain), previous_set, word(epoch), word(threshold), packed)


def encode_open_route(chain: ChainId, gateway: Address, window: int, max_batch: int, locks_per_block: int) -> bytes:
    """Open the route to a remote gateway."""
    return _call("openRoute", word(chain), word(gateway), word(window), word(max_batch), word(locks_per_block))


def encode_set_lock_limit(chain: ChainId, locks_per_block: int) -> bytes:
    """Set how often one account may lock in one block."""
    return _call("setLockLimit", word(chain), word(locks_per_block))


def encode_set_cap(asset: Address, supply_cap: Units) -> bytes:
    """Set how many units may be wrapped at a time."""
    return _call("setCap", word(asset), word(supply_cap))


# --- Committees and board ---------------------------------------------------------------------------------------------


def encode_replace(threshold: int, members: Sequence[Address]) -> bytes:
    """Put a new set in force at once."""
    return _call("replace", word(threshold), dynamic_bytes(b"".join(members)))


def encode_revoke(epoch: Epoch) -> bytes:
    """End an epoch for good."""
    return _call("revoke", word(epoch))


def encode_veto(epoch: Epoch) -> bytes:
    """Drop a pending epoch."""
    return _call("veto", word(epoch))


def encode_register(signer: Address, poster: Address) -> bytes:
    """Bind a signer to the account that may post for it."""
    return _call("register", word(signer), word(poster))


def encode_register_key(signer: Address, poster: Address) -> bytes:
    """Bind a reporter's key to the account that may post for it."""
    return _call("registerKey", word(signer), word(poster))


def encode_post(post: Post) -> bytes:
    """Post one signature."""
    return _call("post", post.slot, post.digest, dynamic_bytes(post.signature))


def encode_post_many(posts: Sequence[Post]) -> bytes:
    """Post several signatures."""
    return _call("postMany", _posts(posts))


def encode_publish_and_post(separators: Sequence[Hash32], structs: Sequence[bytes], posts: Sequence[Post]) -> bytes:
    """Publish preimages, each in the domain at its index, and post signatures."""
    encoded = dynamic_array([dynamic_bytes(struct).content for struct in structs])
    return _call("publishAndPost", static_array(separators), encoded, _posts(posts))


# --- Tokens -----------------------------------------------------------------------------------------------------------


def encode_issue(account: Address, amount: Units) -> bytes:
    """Book units that the custodian has received."""
    return _call("issue", word(account), word(amount))


def encode_approve(spender: Address, amount: Units) -> bytes:
    """Let `spender` take units."""
    return _call("approve", word(spender), word(amount))


def encode_transfer(recipient: Address, amount: Units) -> bytes:
    """Pay units on the same chain."""
    return _call("transfer", word(recipient), word(amount))


# --- Reading calldata -------------------------------------------------------------------------------------------------


def decode_deliver(data: bytes) -> Delivery:
    """Read what `encode_deliver` wrote. Raises ValueError if it is something else."""
    batch, messages, certificate = _arguments("deliver", data)
    return Delivery(_batch(batch), tuple(map(_message, messages)), certificate)


def decode_deliver_one(data: bytes) -> Delivery:
    """Read what `encode_deliver_one` wrote. Raises ValueError if it is something else."""
    batch, message, proof, certificate = _arguments("deliverOne", data)
    return Delivery(_batch(batch), (_message(message),), certificate, tuple(map(Hash32, proof)))


def decode_retry(data: bytes) -> tuple[ChainId, Message]:
    """Read what `encode_retry` wrote. Raises ValueError if it is something else."""
    source_chain, message = _arguments("retry", data)
    return ChainId(source_chain), _message(message)


def decode_messages(data: bytes) -> tuple[Message, ...]:
    """Return the messages that a call brings to a gateway; none if it is another call.

    Read as leniently as contracts do: what pads `bytes`, or whether the last is padded, is of no matter to them.
    """
    name = next((name for name in _BRINGING if data[:4] == _SELECTORS[name]), None)
    if name is None:
        return ()
    try:
        arguments = decode(FUNCTIONS[name].inputs, data[4:], strict=False)
    except (DecodingError, OverflowError):
        # eth_abi takes a length of 2**64 and more for an index.
        return ()
    brought = arguments[1] if name == "deliver" else [arguments[1]]
    return tuple(map(_message, brought))


def decode_publish_and_post(data: bytes) -> tuple[list[Hash32], list[bytes], list[Post]]:
    """Read what `encode_publish_and_post` wrote. Raises ValueError if it is something else."""
    separators, structs, posts = _arguments("publishAndPost", data)
    return list(separators), list(structs), [Post(*post) for post in posts]


def _call(name: str, *arguments: bytes | Tail) -> bytes:
    return _SELECTORS[name] + encode_arguments(*arguments)


def _batch_words(batch: Batch) -> bytes:
    """Return the eleven words of the struct: what is signed, without the type hash before them."""
    return encode_struct(batch)[WORD:]


def _posts(posts: Sequence[Post]) -> Tail:
    return dynamic_array([encode_arguments(post.slot, post.digest, dynamic_bytes(post.signature)) for post in posts])


def _arguments(name: str, data: bytes) -> tuple[Any, ...]:
    if data[:4] != _SELECTORS[name]:
        raise ValueError(f"not a call of {name}")
    try:
        return decode(FUNCTIONS[name].inputs, data[4:])
    except DecodingError as fault:
        raise ValueError(f"not the arguments of {name}: {fault}") from fault


def _batch(fields: tuple[Any, ...]) -> Batch:
    route = Route(fields[0], read_address(fields[1]), fields[2], read_address(fields[3]))
    return Batch(route, *fields[4:])


def _message(fields: tuple[Any, ...]) -> Message:
    kind, nonce, asset, sender, recipient, amount, total, data = fields
    return Message(kind, nonce, read_address(asset), read_address(sender), read_address(recipient), amount, total, data)
