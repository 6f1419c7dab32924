import json
from pathlib import Path
from typing import Any

import pytest
from py_arkworks_bls12381 import G1Point, G2Point, Scalar
from py_ecc.optimized_bls12_381 import FQ

from bridge.core import bls12381
from bridge.core.bls import PROOF_TAG, SIGNATURE_TAG
from bridge.core.bls_refusals import PointFault
from bridge.core.hashing import keccak, word

Json = dict[str, Any]

VECTORS: Json = json.loads((Path(__file__).parents[1] / "vectors" / "bls.json").read_text())
OF_ORDER_THREE = (FQ(0), FQ(2), FQ(1))
"""On the curve: 4 = 0 + 4."""


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


@pytest.mark.parametrize(
    ("message", "x", "y"),
    [
        (
            b"",
            0x052926ADD2207B76CA4FA57A8734416C8DC95E24501772C814278700EED6D1E4E8CF62D9C09DB0FAC349612B759E79A1,
            0x08BA738453BFED09CB546DBB0783DBB3A5F1F566ED67BB6BE0E8C67E2E81A4CC68EE29813BB7994998F3EAE0C9C6A265,
        ),
        (
            b"abc",
            0x03567BC5EF9C690C2AB2ECDF6A96EF1C139CC0B2F284DCA0A9A7943388A49A3AEE664BA5379A7655D3C68900BE2F6903,
            0x0B9C15F3FE6E5CF4211F346271D7B01C8F3B28BE689C8429C85B67AF215533311F0B8DFAAA154FA6B88176C229F2885D,
        ),
        (
            b"abcdef0123456789",
            0x11E0B079DEA29A68F0383EE94FED1B940995272407E3BB916BBF268C263DDD57A6A27200A784CBC248E84F357CE82D98,
            0x03A87AE2CAF14E8EE52E51FA2ED8EEFE80F02457004BA4D486D6AA1F517C0889501DC7413753F9599B099EBCBBD2D709,
        ),
        (
            b"q128_" + b"q" * 128,
            0x15F68EAA693B95CCB85215DC65FA81038D69629F70AEEE0D0F677CF22285E7BF58D7CB86EEFE8F2E9BC3F8CB84FAC488,
            0x1807A1D50C29F430B8CAFC4F8638DFEEADF51211E1602A5F184443076715F91BB90A48BA1E370EDCE6AE1062F5E6DD38,
        ),
        (
            b"a512_" + b"a" * 512,
            0x082AABAE8B7DEDB0E78AEB619AD3BFD9277A2F77BA7FAD20EF6AABDC6C31D19BA5A6D12283553294C1825C4B3CA2DCFE,
            0x05B84AE5A942248EEA39E1D91030458C40153F3B654AB7872D779AD1E942856A20C438E8D99BC8ABFBF74729CE1F7AC8,
        ),
    ],
)
def test_messages_hash_where_appendix_j_9_1_of_rfc_9380_prints(message: bytes, x: int, y: int) -> None:
    point = bls12381.hash1(message, b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_")
    assert bls12381.raw1(point) == x.to_bytes(48, "big") + y.to_bytes(48, "big")


@pytest.mark.parametrize("vector", VECTORS["hashes"])
def test_a_digest_hashes_to_the_point_of_the_vectors(vector: Json) -> None:
    digest = raw(vector["digest"])
    assert bls12381.raw1(bls12381.hash1(digest, SIGNATURE_TAG)) == raw(vector["signaturePoint"])
    assert bls12381.raw1(bls12381.hash1(digest, PROOF_TAG)) == raw(vector["proofPoint"])


@pytest.mark.parametrize("number", range(1, 40))
def test_quick_membership_of_the_subgroup_agrees_with_another_library(number: int) -> None:
    compressed = bytes([0x80]) + keccak(word(number)) + bytes(15)
    try:
        first = G1Point.from_compressed_bytes_unchecked(compressed)
    except ValueError:
        first = G1Point() * Scalar(number)
    try:
        second = G2Point.from_compressed_bytes_unchecked(compressed[:48] + bytes(48))
    except ValueError:
        second = G2Point() * Scalar(number)
    assert isinstance(bls12381.point1(first.to_xy_bytes_be()), tuple) is first.is_in_subgroup()
    assert isinstance(bls12381.point2(second.to_xy_bytes_be()), tuple) is second.is_in_subgroup()


def test_points_of_small_order_are_outside_the_subgroup() -> None:
    assert bls12381.point1(bls12381.raw1(OF_ORDER_THREE)) is PointFault.NOT_IN_SUBGROUP
    assert bls12381.raw1(bls12381.product(OF_ORDER_THREE, 3)) == bytes(96)
