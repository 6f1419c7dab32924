"""A reporter's key, of either scheme, and the set that it is a member of."""

from pathlib import Path
from typing import Protocol

from bridge.adapters.keystores import read_key
from bridge.adapters.signers import LocalAttestationSigner
from bridge.core import bls, quorum
from bridge.core.bls_refusals import SecretRefused, SetRefused
from bridge.core.errors import Refuse
from bridge.core.types import Address, Digest, Epoch
from oracles.core.sets import BlsSet, EcdsaSet, ReporterSet, signer_of
from oracles.wire import Members


class ReportSigner(Protocol):
    """A key that signs reports and nothing else."""

    @property
    def address(self) -> Address:
        """What the board calls it."""
        ...

    def sign_digest(self, digest: Digest) -> bytes:
        """Return the signature; there is one for a digest."""
        ...


class BlsSigner:
    """A BLS key. It never shows: not in a repr, a log, an exception or an argument."""

    __slots__ = ("_secret", "address", "key")

    def __init__(self, secret: bls.SecretKey) -> None:
        self._secret = secret
        self.key = bls.public_key(secret)
        self.address = signer_of(self.key)

    def __repr__(self) -> str:
        return f"BlsSigner(0x{self.address.hex()})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a key is not copied or stored")

    def sign_digest(self, digest: Digest) -> bytes:
        """Return the signature: 96 bytes."""
        return bls.sign(self._secret, digest)


def open_signer(scheme: str, keystore: Path, password_file: Path) -> ReportSigner:
    """Decrypt a reporter's key. Raises Refuse with what to do about it."""
    secret = read_key(keystore, password_file)
    if scheme == "ecdsa":
        return LocalAttestationSigner(secret)
    try:
        return BlsSigner(bls.secret_key(int.from_bytes(secret, "big")))
    except SecretRefused:
        raise Refuse(f"{keystore} holds no BLS key: name an EIP-2335 file") from None


def set_of(scheme: str, epoch: Epoch, members: Members) -> ReporterSet:
    """Return the set that a contract holds; it has seen the proofs of its keys. Raises Refuse if it is none."""
    if scheme == "ecdsa":
        return EcdsaSet(quorum.Committee(epoch, members.threshold, quorum.split_members(members.packed)))
    keys = [
        bls.Key(members.packed[at : at + bls.KEY_BYTES])
        for at in range(bls.KEY_BYTES, len(members.packed), bls.KEY_BYTES)
    ]
    try:
        return BlsSet(bls.committee_of(epoch, members.threshold, members.packed, keys))
    except SetRefused as refusal:
        raise Refuse(f"the reporters' contract holds no set of BLS keys: {refusal}: is the scheme right?") from None
