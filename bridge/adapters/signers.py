"""Keys that sign, each from its keystore file. A key never shows: not in a repr, a log, an exception or an argument."""

from pathlib import Path
from typing import Final

import coincurve
import rlp
from eth_keys import KeyAPI

from bridge.adapters.keystores import read_key
from bridge.core.errors import Refuse
from bridge.core.hashing import keccak
from bridge.core.ports import Call, SignedTransaction
from bridge.core.quorum import SIGNATURE_BYTES
from bridge.core.submission import Fees
from bridge.core.types import Address, ChainId, Digest, TxHash

_DYNAMIC_FEE: Final = b"\x02"
"""Transaction type of EIP-1559."""
_REPLAY_PROTECTION: Final = 35
"""EIP-155: v is this, plus twice the chain's id, plus the parity of y."""
_PARITY_BIT: Final = 0x80
_FAST_BACKEND: Final = "CoinCurveECCBackend"


class _Key:
    """A private key that can sign and nothing else."""

    __slots__ = ("_secret", "address")

    def __init__(self, secret: bytes) -> None:
        self._secret = coincurve.PrivateKey(secret)
        point = self._secret.public_key.format(compressed=False)
        self.address = Address(keccak(point[1:])[12:])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(0x{self.address.hex()})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a key is not copied or stored")

    def sign(self, digest: bytes) -> tuple[bytes, int]:
        """Return r and s, and the parity of y. libsecp256k1 keeps s low and derives its nonce by RFC 6979."""
        signature = self._secret.sign_recoverable(digest, hasher=None)
        return signature[:SIGNATURE_BYTES], signature[SIGNATURE_BYTES]


class LocalAttestationSigner:
    """Implements `core.ports.AttestationSigner`: the key of an organisation in a committee."""

    def __init__(self, secret: bytes) -> None:
        self._key = _Key(secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(0x{self.address.hex()})"

    @property
    def address(self) -> Address:
        """The signer's identity in committees."""
        return self._key.address

    def sign_digest(self, digest: Digest) -> bytes:
        """Return r, then s with the parity of y in its top bit (EIP-2098)."""
        compact, parity = self._key.sign(digest)
        if not parity:
            return compact
        return compact[:32] + bytes([compact[32] | _PARITY_BIT]) + compact[33:]


class LocalTransactionSigner:
    """Implements `core.ports.TransactionSigner`: the key of a sending account."""

    def __init__(self, secret: bytes) -> None:
        self._key = _Key(secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(0x{self.address.hex()})"

    @property
    def address(self) -> Address:
        """The account."""
        return self._key.address

    def sign_transaction(self, chain: ChainId, nonce: int, call: Call, gas: int, fees: Fees) -> SignedTransaction:
        """Return a signed transaction: EIP-1559, or legacy with EIP-155 where the price is zero.

        A call to an empty address creates a contract.
        """
        raw = self._dynamic(chain, nonce, call, gas, fees) if fees.max_fee else self._legacy(chain, nonce, call, gas)
        return SignedTransaction(TxHash(keccak(raw)), raw)

    def _legacy(self, chain: ChainId, nonce: int, call: Call, gas: int) -> bytes:
        fields = (nonce, 0, gas, call.to, 0, call.data)
        r, s, parity = self._sign(_rlp(*fields, chain, 0, 0))
        return _rlp(*fields, _REPLAY_PROTECTION + 2 * chain + parity, r, s)

    def _dynamic(self, chain: ChainId, nonce: int, call: Call, gas: int, fees: Fees) -> bytes:
        fields = (chain, nonce, fees.priority_fee, fees.max_fee, gas, call.to, 0, call.data, ())
        r, s, parity = self._sign(_DYNAMIC_FEE + _rlp(*fields))
        return _DYNAMIC_FEE + _rlp(*fields, parity, r, s)

    def _sign(self, payload: bytes) -> tuple[int, int, int]:
        compact, parity = self._key.sign(keccak(payload))
        return int.from_bytes(compact[:32], "big"), int.from_bytes(compact[32:], "big"), parity


def open_attestation_signer(keystore: Path, password_file: Path) -> LocalAttestationSigner:
    """Decrypt the key of a committee's signer. Raises Refuse with what to do about it."""
    return LocalAttestationSigner(read_key(keystore, password_file))


def open_transaction_signer(keystore: Path, password_file: Path) -> LocalTransactionSigner:
    """Decrypt the key of a sending account. Raises Refuse with what to do about it."""
    return LocalTransactionSigner(read_key(keystore, password_file))


def require_fast_backend() -> None:
    """Raise Refuse unless eth_keys recovers signatures in C: its other backend needs a hundred times as long."""
    backend = type(KeyAPI().backend).__name__
    if backend != _FAST_BACKEND:
        raise Refuse(f"eth_keys runs on {backend}: install coincurve, or unset ECC_BACKEND_CLASS")


def _rlp(*fields: int | bytes | tuple[()]) -> bytes:
    encoded: bytes = rlp.encode(fields)
    return encoded
