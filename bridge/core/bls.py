"""k-of-n BLS over BLS12-381: keys in G2, signatures in G1, byte for byte as `QuorumBls.sol` has them (SPEC 4.3).

The scheme is the proof-of-possession one of draft-irtf-cfrg-bls-signature: sums of keys mean nothing unless every key
was proven to be somebody's own. A set is packed as minus the sum of all keys and then the keys, strictly ascending by
their keccak-256. A certificate is a bitmap in 32 bytes, whose bit i is the key i, and the sum of the signatures.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NewType

from bridge.core.bls12381 import (
    G1_BYTES,
    G2_BYTES,
    GENERATOR2,
    NOTHING1,
    NOTHING2,
    ORDER,
    Point1,
    Point2,
    hash1,
    is_one,
    minus,
    point1,
    point2,
    product,
    raw1,
    raw2,
    total,
    weighted,
)
from bridge.core.bls_refusals import (
    CertificateFault,
    CertificateRefused,
    KeyRefused,
    PointFault,
    ProofFalse,
    SecretRefused,
    SetFault,
    SetRefused,
    SignatureFalse,
    SignatureRefused,
)
from bridge.core.hashing import WORD, keccak, word
from bridge.core.types import Epoch, Hash32

SecretKey = NewType("SecretKey", int)
"""A whole number from 1 to the order of the groups, exclusive."""
Key = NewType("Key", bytes)
"""A point of G2, raw: 192 bytes."""
Signature = NewType("Signature", bytes)
"""A point of G1, raw: 96 bytes."""

SIGNATURE_TAG: Final = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"
PROOF_TAG: Final = b"BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"
KEY_BYTES: Final = G2_BYTES
SIGNATURE_BYTES: Final = G1_BYTES
CERTIFICATE_BYTES: Final = WORD + SIGNATURE_BYTES
MAX_MEMBERS: Final = 126
"""With one more, a set would not fit into the code of a contract (EIP-170)."""

_WEIGHT_BYTES: Final = 16
_MINUS_GENERATOR: Final = minus(GENERATOR2)


@dataclass(frozen=True, slots=True)
class BlsCommittee:
    """The set of one epoch, see `quorum.Committee`. Its keys are proven."""

    epoch: Epoch
    threshold: int
    members: tuple[Key, ...]
    """Strictly ascending by keccak-256."""

    @property
    def packed(self) -> bytes:
        """What contracts store. Raises KeyRefused."""
        return packed(self.members)

    @property
    def set_hash(self) -> Hash32:
        """keccak256(threshold as one byte, packed members). Raises KeyRefused."""
        return keccak(bytes([self.threshold]) + self.packed)


@dataclass(frozen=True, slots=True)
class Claim:
    """That these keys together made a signature over a digest. A share has one key, a certificate several."""

    digest: Hash32
    keys: tuple[Key, ...]
    signature: Signature
    tag: bytes = SIGNATURE_TAG


# --- One key ----------------------------------------------------------------------------------------------------------


def secret_key(scalar: int) -> SecretKey:
    """Return the number as a secret key. Raises SecretRefused unless it is one: nothing is reduced."""
    if not 0 < scalar < ORDER:
        raise SecretRefused("a secret key lies between zero and the order of the groups")
    return SecretKey(scalar)


def public_key(secret: SecretKey) -> Key:
    """Return the public key."""
    return Key(raw2(product(GENERATOR2, secret)))


def sign(secret: SecretKey, digest: Hash32) -> Signature:
    """Return the signature over a digest: there is one, whoever computes it."""
    return Signature(raw1(product(hash1(digest, SIGNATURE_TAG), secret)))


def prove(secret: SecretKey, domain: Hash32) -> Signature:
    """Return the proof that somebody in the deployment `domain` holds the secret."""
    return Signature(raw1(product(hash1(_possession(domain, public_key(secret)), PROOF_TAG), secret)))


def require_key(key: bytes) -> Key:
    """Return the key. Raises KeyRefused."""
    _key_point(key)
    return Key(key)


def require_signed(claim: Claim) -> None:
    """Raise KeyRefused, SignatureRefused or SignatureFalse unless the claim is true."""
    if not _hold([_prepared(claim)]):
        raise SignatureFalse(f"the keys did not sign {claim.digest.hex()}")


def require_proof(domain: Hash32, key: Key, proof: Signature) -> None:
    """Raise KeyRefused, SignatureRefused or ProofFalse unless somebody in the deployment `domain` holds the key."""
    if not _hold([_prepared(possession(domain, key, proof))]):
        raise ProofFalse(f"nobody has proven the key {keccak(key).hex()}")


def possession(domain: Hash32, key: Key, proof: Signature) -> Claim:
    """Return what a proof of possession claims."""
    return Claim(_possession(domain, key), (key,), proof, PROOF_TAG)


# --- Sets and certificates --------------------------------------------------------------------------------------------


def in_order(keys: Iterable[Key]) -> tuple[Key, ...]:
    """Return keys in the order of a set."""
    return tuple(sorted(keys, key=keccak))


def packed(members: Sequence[Key]) -> bytes:
    """Return minus the sum of the keys, then the keys. Raises KeyRefused."""
    return raw2(minus(total(map(_key_point, members), NOTHING2))) + b"".join(members)


def committee_of(epoch: Epoch, threshold: int, members: bytes, proven: Collection[Key]) -> BlsCommittee:
    """Return the committee of a packed set. Raises SetRefused exactly where the contract refuses the set.

    `proven` are the keys whose possession was proven; the contract keeps their hashes.
    """
    count = len(members) // KEY_BYTES - 1
    if len(members) % KEY_BYTES or not 0 <= count <= MAX_MEMBERS:
        raise SetRefused(SetFault.LENGTH)
    if not count < 2 * threshold <= 2 * count:
        raise SetRefused(SetFault.THRESHOLD)
    keys = [Key(members[i : i + KEY_BYTES]) for i in range(KEY_BYTES, len(members), KEY_BYTES)]
    previous = bytes(WORD)
    for index, key in enumerate(keys):
        if keccak(key) <= previous:
            raise SetRefused(SetFault.NOT_ASCENDING, index)
        if key not in proven:
            raise SetRefused(SetFault.NOT_PROVEN, index)
        previous = keccak(key)
    if packed(keys) != members:
        raise SetRefused(SetFault.SUM)
    return BlsCommittee(epoch, threshold, tuple(keys))


def certificate_of(committee: BlsCommittee, signatures: Mapping[Key, Signature]) -> bytes | None:
    """Return the certificate of all members that signed, None below quorum.

    Who is missing costs the verifier, so nobody is left out, except strangers, who count for nothing. Signatures must
    have been verified: a false one among them makes the certificate false. Raises SignatureRefused.
    """
    signed = [(index, signatures[key]) for index, key in enumerate(committee.members) if key in signatures]
    if committee.threshold == 0 or len(signed) < committee.threshold:
        return None
    bitmap = sum(1 << index for index, _ in signed)
    return word(bitmap) + raw1(total((_signature_point(signature) for _, signature in signed), NOTHING1))


def claim_of(committee: BlsCommittee, digest: Hash32, certificate: bytes) -> Claim:
    """Return what a certificate claims: who signed, and their signature. Raises CertificateRefused.

    It is not verified: see `require_signed` and `verify_together`.
    """
    if len(certificate) != CERTIFICATE_BYTES:
        raise CertificateRefused(CertificateFault.LENGTH)
    bitmap = int.from_bytes(certificate[:WORD], "big")
    if bitmap == 0:
        raise CertificateRefused(CertificateFault.BITMAP_EMPTY)
    if bitmap >> len(committee.members):
        raise CertificateRefused(CertificateFault.BITMAP_BEYOND_SET)
    if committee.threshold == 0 or bitmap.bit_count() < committee.threshold:
        raise CertificateRefused(CertificateFault.TOO_FEW_SIGNERS)
    keys = tuple(key for index, key in enumerate(committee.members) if bitmap >> index & 1)
    return Claim(digest, keys, Signature(certificate[WORD:]))


# --- Many at once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Prepared:
    hashed: Point1
    signature: Point1
    keys: tuple[Key, ...]
    message: Hash32
    """Of tag and digest: claims with one message share a pairing."""
    fingerprint: Hash32
    """Of everything."""


def verify_together(claims: Sequence[Claim]) -> list[bool]:
    """Tell of each claim whether it is true. Raises KeyRefused for a key that is none.

    All are verified in one product of pairings, each with a weight that depends on all of them, so that false ones
    cannot make up for each other. Only if that fails the claims are halved, until those that fail stand alone.
    """
    verdicts = [False] * len(claims)
    prepared: list[tuple[int, _Prepared]] = []
    for index, claim in enumerate(claims):
        try:
            prepared.append((index, _prepared(claim)))
        except SignatureRefused:
            continue
    false = set(_false_among(prepared, known=False))
    for index, _ in prepared:
        verdicts[index] = index not in false
    return verdicts


def _false_among(claims: Sequence[tuple[int, _Prepared]], *, known: bool) -> list[int]:
    """Return the indices of the false claims. `known` says that there is one."""
    if not claims or (not known and _hold([claim for _, claim in claims])):
        return []
    if len(claims) == 1:
        return [claims[0][0]]
    middle = len(claims) // 2
    first = _false_among(claims[:middle], known=False)
    return first + _false_among(claims[middle:], known=not first)


def _hold(claims: Sequence[_Prepared]) -> bool:
    """Tell whether all claims are true: e(sum of w s, -G) times the product of e(w H, K) is one."""
    seed = keccak(b"".join(claim.fingerprint for claim in claims))
    weights = [int.from_bytes(keccak(seed + word(i))[:_WEIGHT_BYTES], "big") | 1 for i in range(len(claims))]
    signature = weighted([claim.signature for claim in claims], weights, NOTHING1)
    weighed = list(zip(claims, weights, strict=True))
    keys = {key for claim in claims for key in claim.keys}
    by_key = len(keys) < len({claim.message for claim in claims})
    return is_one([(signature, _MINUS_GENERATOR), *(_by_key(weighed) if by_key else _by_message(weighed))])


def _by_message(weighed: Sequence[tuple[_Prepared, int]]) -> list[tuple[Point1, Point2]]:
    """One pairing for each message: its point, and the weighted keys of all who claim it."""
    sums: dict[Hash32, tuple[Point1, list[Point2], list[int]]] = {}
    for claim, weight in weighed:
        _, points, weights = sums.setdefault(claim.message, (claim.hashed, [], []))
        points.append(total(map(_key_point, claim.keys), NOTHING2))
        weights.append(weight)
    return [(hashed, weighted(points, weights, NOTHING2)) for hashed, points, weights in sums.values()]


def _by_key(weighed: Sequence[tuple[_Prepared, int]]) -> list[tuple[Point1, Point2]]:
    """One pairing for each key, however many certificates it signed: the weighted points of all its messages."""
    sums: dict[Key, list[Point1]] = {}
    for claim, weight in weighed:
        part = product(claim.hashed, weight)
        for key in claim.keys:
            sums.setdefault(key, []).append(part)
    return [(total(parts, NOTHING1), _key_point(key)) for key, parts in sums.items()]


def _prepared(claim: Claim) -> _Prepared:
    for key in claim.keys:
        _key_point(key)
    signature = _signature_point(claim.signature)
    message = keccak(word(len(claim.tag)) + claim.tag + claim.digest)
    fingerprint = keccak(message + word(len(claim.keys)) + b"".join(claim.keys) + claim.signature)
    return _Prepared(_hashed(claim.digest, claim.tag), signature, claim.keys, message, fingerprint)


def _possession(domain: Hash32, key: Key) -> Hash32:
    return keccak(domain + key)


@lru_cache(maxsize=1024)
def _key_point(key: bytes) -> Point2:
    point = point2(key)
    if isinstance(point, PointFault):
        raise KeyRefused(point)
    return point


def _signature_point(signature: bytes) -> Point1:
    point = point1(signature)
    if isinstance(point, PointFault):
        raise SignatureRefused(point)
    return point


@lru_cache(maxsize=64)
def _hashed(digest: Hash32, tag: bytes) -> Point1:
    return hash1(digest, tag)
