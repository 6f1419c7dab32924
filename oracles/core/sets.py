"""Sets of reporters of either scheme behind one face: who they are, whose shares are true, what certifies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from eth_keys.datatypes import Signature as RecoverableSignature
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from bridge.core import bls, quorum
from bridge.core.hashing import keccak
from bridge.core.types import Address, Digest, Epoch, Hash32

_PARITY: Final = 1 << 255


class Share(NamedTuple):
    """One reporter's signature over a digest."""

    member: int
    """Index in the set."""
    digest: Digest
    signature: bytes


class ReporterSet(Protocol):
    """The reporters of one epoch."""

    @property
    def epoch(self) -> Epoch:
        """Its number on chain."""
        ...

    @property
    def threshold(self) -> int:
        """How many must sign."""
        ...

    @property
    def set_hash(self) -> Hash32:
        """What reports name it by."""
        ...

    @property
    def signers(self) -> tuple[Address, ...]:
        """What the board calls each member, in the order of the set."""
        ...

    def verify(self, shares: Sequence[Share]) -> list[bool]:
        """Tell of each share whether its member made it."""
        ...

    def certificate(self, signatures: Mapping[int, bytes]) -> bytes | None:
        """Join true signatures by member; None below quorum."""
        ...


@dataclass(frozen=True)
class _OnChain:
    """What both schemes know of their set."""

    committee: bls.BlsCommittee | quorum.Committee

    @property
    def epoch(self) -> Epoch:
        """Its number on chain."""
        return self.committee.epoch

    @property
    def threshold(self) -> int:
        """How many must sign."""
        return self.committee.threshold

    @property
    def set_hash(self) -> Hash32:
        """What reports name it by."""
        return self.committee.set_hash


@dataclass(frozen=True)
class BlsSet(_OnChain):
    """Reporters with BLS keys: one small certificate, whatever the size of the set."""

    committee: bls.BlsCommittee

    @property
    def signers(self) -> tuple[Address, ...]:
        """The last 20 bytes of each key's hash."""
        return tuple(map(signer_of, self.committee.members))

    def verify(self, shares: Sequence[Share]) -> list[bool]:
        """Verify all in one product of pairings."""
        members = self.committee.members
        return bls.verify_together(
            [bls.Claim(share.digest, (members[share.member],), bls.Signature(share.signature)) for share in shares]
        )

    def certificate(self, signatures: Mapping[int, bytes]) -> bytes | None:
        """Sum the signatures."""
        members = self.committee.members
        return bls.certificate_of(
            self.committee, {members[index]: bls.Signature(signature) for index, signature in signatures.items()}
        )


@dataclass(frozen=True)
class EcdsaSet(_OnChain):
    """Reporters with secp256k1 keys: cheaper to verify on chain up to about 40 of them."""

    committee: quorum.Committee

    @property
    def signers(self) -> tuple[Address, ...]:
        """The members themselves."""
        return self.committee.members

    def verify(self, shares: Sequence[Share]) -> list[bool]:
        """Recover each signer."""
        return [_signer(share) == self.committee.members[share.member] for share in shares]

    def certificate(self, signatures: Mapping[int, bytes]) -> bytes | None:
        """Join k signatures in the order of the set."""
        members = self.committee.members
        return quorum.certificate_of(
            self.committee, {members[index]: signature for index, signature in signatures.items()}
        )


def signer_of(key: bls.Key) -> Address:
    """Return what the board calls a BLS key."""
    return Address(keccak(key)[-quorum.ADDRESS_BYTES :])


def _signer(share: Share) -> Address | None:
    if not quorum.is_canonical(share.signature):
        return None
    r, vs = (int.from_bytes(half, "big") for half in (share.signature[:32], share.signature[32:]))
    try:
        recoverable = RecoverableSignature(vrs=(int(vs >= _PARITY), r, vs % _PARITY))
        return Address(recoverable.recover_public_key_from_msg_hash(share.digest).to_canonical_address())
    except (BadSignature, ValidationError):
        return None
