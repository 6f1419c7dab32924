"""Validators with keys, and QBFT headers that they seal: written with RLP and secp256k1, not with what is tested."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import rlp
from coincurve import PrivateKey
from eth_utils import keccak

from bridge.core.headers import Header, header_of
from bridge.core.types import Address, Block, Hash32, Height, Timestamp

MIX = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
TIME = 1_800_000_000


@dataclass(frozen=True)
class Validator:
    """One with a key."""

    key: PrivateKey

    @property
    def address(self) -> Address:
        return Address(keccak(self.key.public_key.format(compressed=False)[1:])[-20:])

    def seal(self, digest: bytes) -> bytes:
        return bytes(self.key.sign_recoverable(digest, hasher=None))


def validators(count: int, first: int = 1) -> list[Validator]:
    """By ascending address."""
    made = [Validator(PrivateKey.from_int(number)) for number in range(first, first + count)]
    return sorted(made, key=lambda one: one.address)


def sealed(
    parent: Block,
    members: Sequence[Validator],
    sealers: Sequence[Validator],
    *,
    vote: Sequence[bytes] = (),
    proposer: Validator | None = None,
    **changes: Any,  # noqa: ANN401 - fields by name
) -> Header:
    """Return the header after a parent, sealed. `changes` go in before it is sealed; `late` ones after it was."""
    late: dict[str, Any] = changes.pop("late", {})
    fields: dict[str, Any] = {
        "parent_hash": parent.hash,
        "beneficiary": (proposer or members[0]).address,
        "difficulty": 1,
        "number": parent.height + 1,
        "gas_limit": 30_000_000,
        "gas_used": 0,
        "time": parent.time + 1,
        "mix": MIX,
        "vanity": bytes(32),
        "declared": [member.address for member in members],
        "vote": vote,
        "round": 0,
        "more": (),
    } | changes
    digest = keccak(rlp.encode(_items(fields, [])))
    seals = [sealer.seal(digest) for sealer in sealers]
    if "seals" in late:
        seals = late.pop("seals")(seals)
    return header_of(_items(fields | late, seals))


def hash_of(header: Header) -> Hash32:
    """What the chain calls a block."""
    vanity, declared, vote, *_ = rlp.decode(header.extra_data)
    items = list(header.items)
    items[12] = rlp.encode([vanity, declared, vote, 0, []])
    return Hash32(keccak(rlp.encode(items)))


def genesis(height: int = 0) -> Block:
    """A block that an operator trusts."""
    return Block(Height(height), Hash32(keccak(text="a block")), Timestamp(TIME))


@contextmanager
def little_stack() -> Iterator[None]:
    """As much as Python gives a process in which py_ecc has not raised the limit for everybody."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def nested(depth: int) -> bytes:
    """Lists within lists, in RLP."""
    raw = b""
    for _ in range(depth):
        size = len(raw).to_bytes(2, "big").lstrip(b"\0")
        raw = (bytes([0xC0 + len(raw)]) if len(raw) < 56 else bytes([0xF7 + len(size)]) + size) + raw
    return raw


def _items(fields: dict[str, Any], seals: Sequence[bytes]) -> list[bytes]:
    extra = rlp.encode([fields["vanity"], fields["declared"], fields["vote"], fields["round"], seals, *fields["more"]])
    numbers = [fields[name] for name in ("difficulty", "number", "gas_limit", "gas_used", "time")]
    return [
        fields["parent_hash"],
        bytes(32),
        fields["beneficiary"],
        *[bytes(32)] * 3,
        bytes(256),
        *(number.to_bytes((number.bit_length() + 7) // 8, "big") for number in numbers),
        extra + fields.get("trailing", b""),
        fields["mix"],
        bytes(8),
    ]
