"""Fake keys: a signature is a hash that names its signer. Fast, deterministic, worthless outside the tests."""

from dataclasses import dataclass

from bridge.core.hashing import keccak
from bridge.core.ports import Call, SignedTransaction
from bridge.core.submission import Fees
from bridge.core.types import Address, ChainId, Digest, TxHash


def fake_address(name: str) -> Address:
    """Return an address that a name stands for."""
    return Address(keccak(name.encode())[12:])


def recover(digest: Digest, signature: bytes) -> Address | None:
    """Return who signed, or None."""
    signer = Address(signature[:20])
    return signer if signature == _signature(signer, digest) else None


def _signature(signer: Address, digest: Digest) -> bytes:
    return signer + keccak(signer + digest) + bytes(12)


@dataclass(frozen=True)
class FakeAttestationSigner:
    """Signs digests; counts nothing, keeps nothing."""

    address: Address

    def sign_digest(self, digest: Digest) -> bytes:
        return _signature(self.address, digest)


@dataclass(frozen=True)
class FakeTransactionSigner:
    """A raw transaction is its fields, length-prefixed."""

    address: Address

    def sign_transaction(self, chain: ChainId, nonce: int, call: Call, gas: int, fees: Fees) -> SignedTransaction:
        raw = b"".join(
            (
                self.address,
                chain.to_bytes(8, "big"),
                nonce.to_bytes(8, "big"),
                gas.to_bytes(8, "big"),
                fees.max_fee.to_bytes(16, "big"),
                fees.priority_fee.to_bytes(16, "big"),
                call.to,
                call.data,
            )
        )
        return SignedTransaction(TxHash(keccak(raw)), raw)


@dataclass(frozen=True)
class FakeTransaction:
    """What a raw fake transaction says."""

    hash: TxHash
    sender: Address
    nonce: int
    gas: int
    max_fee: int
    priority_fee: int
    call: Call


def read_transaction(raw: bytes) -> FakeTransaction:
    """Read what `FakeTransactionSigner` wrote."""
    return FakeTransaction(
        hash=TxHash(keccak(raw)),
        sender=Address(raw[:20]),
        nonce=int.from_bytes(raw[28:36], "big"),
        gas=int.from_bytes(raw[36:44], "big"),
        max_fee=int.from_bytes(raw[44:60], "big"),
        priority_fee=int.from_bytes(raw[60:76], "big"),
        call=Call(Address(raw[76:96]), raw[96:]),
    )
