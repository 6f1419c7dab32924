"""BLS vectors: computed with py_arkworks_bls12381 from the texts of SPEC alone, and RFC 9380's own.

python -m tests.vectors.bls [--check]   write tests/vectors/bls.json, or say that it is stale
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count, islice
from typing import Any, Final

from eth_utils import keccak
from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from tests.vectors.files import write_or_check

Json = dict[str, Any]

SIGNATURE_TAG: Final = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"
PROOF_TAG: Final = b"BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"
DOMAIN: Final = keccak(text="a deployment of the vectors")
SIGNERS: Final = 31
FIELD: Final = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

RFC_TAG: Final = b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_"
RFC_POINTS: Final = (
    (
        b"",
        (
            "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1"
            "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265"
        ),
    ),
    (
        b"abc",
        (
            "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903"
            "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d"
        ),
    ),
    (
        b"abcdef0123456789",
        (
            "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98"
            "03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709"
        ),
    ),
    (
        b"q128_" + b"q" * 128,
        (
            "15f68eaa693b95ccb85215dc65fa81038d69629f70aeee0d0f677cf22285e7bf58d7cb86eefe8f2e9bc3f8cb84fac488"
            "1807a1d50c29f430b8cafc4f8638dfeeadf51211e1602a5f184443076715f91bb90a48ba1e370edce6ae1062f5e6dd38"
        ),
    ),
    (
        b"a512_" + b"a" * 512,
        (
            "082aabae8b7dedb0e78aeb619ad3bfd9277a2f77ba7fad20ef6aabdc6c31d19ba5a6d12283553294c1825c4b3ca2dcfe"
            "05b84ae5a942248eea39e1d91030458c40153f3b654ab7872d779ad1e942856a20c438e8d99bc8abfbf74729ce1f7ac8"
        ),
    ),
)
"""RFC 9380, appendix J.9.1: message and point, as printed there."""


def all_vectors() -> Json:
    """Return the content of bls.json."""
    return {
        "signatureTag": SIGNATURE_TAG.decode(),
        "proofTag": PROOF_TAG.decode(),
        "domain": hexed(DOMAIN),
        "rfc9380": {
            "tag": RFC_TAG.decode(),
            "vectors": [{"message": hexed(message), "point": "0x" + point} for message, point in RFC_POINTS],
        },
        "hashes": [hash_vector(digest_of(index)) for index in range(16)],
        "signers": [signer_vector(secret) for secret in secrets()],
        "certificates": [certificate_vector(*case) for case in certificate_cases()],
        "bad": bad_points(),
    }


def secrets() -> list[int]:
    """Return the secret keys of all signers in the order of a set: by keccak256 of the public key."""
    unordered = (int.from_bytes(sha256(b"vector signer %d" % i).digest(), "big") % ORDER for i in range(SIGNERS))
    return sorted(unordered, key=lambda secret: keccak(raw_key(secret)))


def certificate_cases() -> list[tuple[int, int, int]]:
    """Return (members, threshold, bitmap): nobody missing, one, as many as may be, at either end."""
    return [
        (1, 1, 0b1),
        (4, 3, 0b1111),
        (4, 3, 0b1101),
        (7, 5, 0b0011111),
        (7, 5, 0b1111100),
        (7, 5, 0b1010111),
        (7, 4, 0b1101001),
        (31, 21, (1 << 21) - 1),
        (31, 21, ((1 << 21) - 1) << 10),
        (31, 16, 0x55555555 & (1 << 31) - 1),
        (31, 21, (1 << 31) - 1),
    ]


def hash_vector(digest: bytes) -> Json:
    """Return where a digest lands under both tags."""
    return {
        "digest": hexed(digest),
        "signaturePoint": hexed(hashed(digest, SIGNATURE_TAG).to_xy_bytes_be()),
        "proofPoint": hexed(hashed(digest, PROOF_TAG).to_xy_bytes_be()),
    }


def signer_vector(secret: int) -> Json:
    """Return a key, its proof of possession in DOMAIN and one signature, raw and compressed."""
    key, digest = raw_key(secret), digest_of(secret % 1000)
    signature = hashed(digest, SIGNATURE_TAG) * Scalar(secret)
    return {
        "secret": hexed(secret.to_bytes(32, "big")),
        "key": hexed(key),
        "compressedKey": hexed((G2Point() * Scalar(secret)).to_compressed_bytes()),
        "proof": hexed((hashed(keccak(DOMAIN + key), PROOF_TAG) * Scalar(secret)).to_xy_bytes_be()),
        "digest": hexed(digest),
        "signature": hexed(signature.to_xy_bytes_be()),
        "compressedSignature": hexed(signature.to_compressed_bytes()),
    }


def certificate_vector(members: int, threshold: int, bitmap: int) -> Json:
    """Return a set of the signers that come first in the order, and a certificate of those in the bitmap."""
    chosen, digest = secrets()[:members], digest_of(members * bitmap)
    total = sum(chosen) % ORDER
    packed = (-(G2Point() * Scalar(total))).to_xy_bytes_be() + b"".join(raw_key(secret) for secret in chosen)
    signing = sum(secret for i, secret in enumerate(chosen) if bitmap >> i & 1) % ORDER
    signature = (hashed(digest, SIGNATURE_TAG) * Scalar(signing)).to_xy_bytes_be()
    return {
        "count": members,
        "threshold": threshold,
        "members": hexed(packed),
        "setHash": hexed(keccak(bytes([threshold]) + packed)),
        "digest": hexed(digest),
        "certificate": hexed(bitmap.to_bytes(32, "big") + signature),
    }


def bad_points() -> Json:
    """Return points that no decoder may accept, each wrong in one way."""
    key, signature = raw_key(secrets()[0]), bytes.fromhex(RFC_POINTS[1][1])
    return {
        "g1OffCurve": [hexed(signature[:-1] + bytes([signature[-1] ^ 1])), hexed(bytes(95) + b"\x01")],
        "g1OutsideSubgroup": [hexed(point) for point in islice(g1_outside(), 3)],
        "g1NotCanonical": [hexed(beyond_field(signature, place)) for place in range(2)],
        "g2OffCurve": [hexed(key[:-1] + bytes([key[-1] ^ 1])), hexed(bytes(191) + b"\x01")],
        "g2OutsideSubgroup": [hexed(point) for point in islice(g2_outside(), 3)],
        "g2NotCanonical": [hexed(beyond_field(key, place)) for place in range(4)],
    }


def g1_outside() -> Iterator[bytes]:
    """Yield points of the curve of G1 that are not in G1, raw."""
    for x in count(1):
        try:
            point = G1Point.from_compressed_bytes_unchecked(bytes([0x80]) + x.to_bytes(47, "big"))
        except ValueError:
            continue
        if not point.is_in_subgroup():
            yield point.to_xy_bytes_be()


def g2_outside() -> Iterator[bytes]:
    """Yield points of the twist that are not in G2, raw."""
    for x in count(1):
        try:
            point = G2Point.from_compressed_bytes_unchecked(bytes([0x80]) + bytes(47) + x.to_bytes(48, "big"))
        except ValueError:
            continue
        if not point.is_in_subgroup():
            yield point.to_xy_bytes_be()


def beyond_field(point: bytes, place: int) -> bytes:
    """Add the field's modulus to one coordinate: the same number, another encoding."""
    start = 48 * place
    value = int.from_bytes(point[start : start + 48], "big") + FIELD
    return point[:start] + value.to_bytes(48, "big") + point[start + 48 :]


def hashed(digest: bytes, tag: bytes) -> G1Point:
    """RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO_."""
    return G1Point.hash_to_curve(digest, tag)


def raw_key(secret: int) -> bytes:
    """Return the public key, 192 bytes."""
    return (G2Point() * Scalar(secret)).to_xy_bytes_be()


def digest_of(index: int) -> bytes:
    """Return some digest."""
    return keccak(text=f"digest {index}")


def hexed(data: bytes) -> str:
    """0x-hex."""
    return "0x" + data.hex()


if __name__ == "__main__":
    raise SystemExit(write_or_check("bls.json", all_vectors(), "tests.vectors.bls"))
