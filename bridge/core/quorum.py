"""Committees and certificates: who may sign, and how signatures become one certificate (SPEC 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from bridge.core.hashing import keccak
from bridge.core.types import Address, Epoch, Hash32

ADDRESS_BYTES = 20
SIGNATURE_BYTES = 64
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1; a larger s is refused (EIP-2)."""


@dataclass(frozen=True, slots=True)
class Committee:
    """The set of one epoch: an organisation has one signer, and more than half of them must sign."""

    epoch: Epoch
    threshold: int
    members: tuple[Address, ...]
    """Strictly ascending."""

    @property
    def set_hash(self) -> Hash32:
        """keccak256(threshold as one byte, members), which a rotation names as the previous set."""
        return keccak(bytes([self.threshold]) + b"".join(self.members))


def is_set(threshold: int, members: tuple[Address, ...]) -> bool:
    """Tell whether members are ascending, different and not zero, and more than half must sign."""
    ascending = all(a < b for a, b in pairwise(members))
    lawful = len(members) < 2 * threshold <= 2 * len(members)
    return lawful and ascending and members[0] != bytes(ADDRESS_BYTES)


def split_members(packed: bytes) -> tuple[Address, ...]:
    """Split the members of an ECDSA set, 20 bytes each."""
    return tuple(Address(packed[i : i + ADDRESS_BYTES]) for i in range(0, len(packed), ADDRESS_BYTES))


def certificate_of(committee: Committee, signatures: Mapping[Address, bytes]) -> bytes | None:
    """Join the signatures of the first `threshold` members that signed, in their order; None below quorum.

    Signatures are EIP-2098 compact. Those of strangers are left out: they count for nothing.
    """
    signed = [signatures[member] for member in committee.members if member in signatures]
    if committee.threshold == 0 or len(signed) < committee.threshold:
        return None
    return b"".join(signed[: committee.threshold])


def is_canonical(signature: bytes) -> bool:
    """Tell whether a compact signature has the right length and a low s."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    return int.from_bytes(signature[32:], "big") & ((1 << 255) - 1) <= HALF_ORDER
