import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar
from py_ecc.optimized_bls12_381 import FQ

from bridge.core import bls, bls12381
from bridge.core.bls import (
    PROOF_TAG,
    SIGNATURE_TAG,
    BlsCommittee,
    Claim,
    Key,
    Signature,
    certificate_of,
    claim_of,
    committee_of,
    in_order,
    possession,
    prove,
    public_key,
    require_key,
    require_proof,
    require_signed,
    secret_key,
    sign,
    verify_together,
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
from bridge.core.hashing import keccak, word
from bridge.core.types import Epoch, Hash32

Json = dict[str, Any]

VECTORS: Json = json.loads((Path(__file__).parents[1] / "vectors" / "bls.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


SECRETS = [secret_key(int(signer["secret"], 16)) for signer in VECTORS["signers"]]
KEYS = tuple(Key(raw(signer["key"])) for signer in VECTORS["signers"])
DOMAIN = Hash32(raw(VECTORS["domain"]))
DIGESTS = [keccak(b"digest %d" % number) for number in range(8)]
COMMITTEE = BlsCommittee(Epoch(1), 3, KEYS[:5])
OF_ORDER_THREE = (FQ(0), FQ(2), FQ(1))
"""On the curve: 4 = 0 + 4."""


def share(signer: int, digest: Hash32) -> Claim:
    return Claim(digest, (KEYS[signer],), sign(SECRETS[signer], digest))


def point1(signature: bytes) -> bls12381.Point1:
    point = bls12381.point1(signature)
    assert not isinstance(point, PointFault)
    return point


def point2(key: bytes) -> bls12381.Point2:
    point = bls12381.point2(key)
    assert not isinstance(point, PointFault)
    return point


def certificate(signers: range, digest: Hash32) -> bytes:
    made = certificate_of(COMMITTEE, {KEYS[signer]: sign(SECRETS[signer], digest) for signer in signers})
    assert made is not None
    return made


# --- The same as RFC 9380, the contracts and another library ----------------------------------------------------------


def test_tags_are_the_ones_of_the_vectors() -> None:
    assert SIGNATURE_TAG.decode() == VECTORS["signatureTag"]
    assert PROOF_TAG.decode() == VECTORS["proofTag"]


@pytest.mark.parametrize("vector", VECTORS["signers"][::5])
def test_a_secret_has_the_key_the_proof_and_the_signature_of_the_vectors(vector: Json) -> None:
    secret, digest = secret_key(int(vector["secret"], 16)), Hash32(raw(vector["digest"]))
    assert public_key(secret) == require_key(raw(vector["key"])) == raw(vector["key"])
    assert sign(secret, digest) == raw(vector["signature"])
    assert prove(secret, DOMAIN) == raw(vector["proof"])


@pytest.mark.parametrize("number", range(4))
def test_another_library_accepts_what_we_sign(number: int) -> None:
    secret, digest = secret_key(int.from_bytes(keccak(word(number)), "big") % bls12381.ORDER), DIGESTS[number]
    key = G2Point() * Scalar(secret)
    assert public_key(secret) == key.to_xy_bytes_be()
    signature = G1Point.from_xy_bytes_be(sign(secret, digest))
    hashed = G1Point.hash_to_curve(digest, SIGNATURE_TAG)
    assert GT.pairing(signature, G2Point()) == GT.pairing(hashed, key)
    assert sign(secret, digest) == (hashed * Scalar(secret)).to_xy_bytes_be()


@pytest.mark.parametrize("vector", VECTORS["certificates"], ids=lambda v: f"{v['threshold']} of {v['count']}")
def test_a_set_and_its_certificate_are_those_of_the_vectors(vector: Json) -> None:
    members, digest = raw(vector["members"]), Hash32(raw(vector["digest"]))
    committee = committee_of(Epoch(1), vector["threshold"], members, KEYS)
    assert committee.members == KEYS[: vector["count"]] == in_order(reversed(committee.members))
    assert committee.packed == members
    assert committee.set_hash == raw(vector["setHash"])
    claim = claim_of(committee, digest, raw(vector["certificate"]))
    signatures = {key: sign(SECRETS[KEYS.index(key)], digest) for key in claim.keys}
    strangers = {KEYS[-1]: signatures[claim.keys[0]]} if vector["count"] < len(KEYS) else {}
    assert certificate_of(committee, signatures | strangers) == raw(vector["certificate"])


def test_all_certificates_of_the_vectors_are_true_and_none_is_for_another_digest() -> None:
    claims = []
    for vector in VECTORS["certificates"]:
        committee = committee_of(Epoch(1), vector["threshold"], raw(vector["members"]), KEYS)
        claims.append(claim_of(committee, Hash32(raw(vector["digest"])), raw(vector["certificate"])))
    assert verify_together(claims) == [True] * len(claims)
    require_signed(claims[4])
    with pytest.raises(SignatureFalse):
        require_signed(Claim(DIGESTS[0], claims[4].keys, claims[4].signature))
    with pytest.raises(SignatureFalse):
        require_signed(Claim(claims[4].digest, claims[4].keys[1:], claims[4].signature))


# --- What is no key, signature, set or certificate --------------------------------------------------------------------


@pytest.mark.parametrize("scalar", [0, -1, bls12381.ORDER, bls12381.ORDER + 1, 2**256 - 1])
def test_a_number_that_is_no_secret_is_refused_and_never_reduced_or_named(scalar: int) -> None:
    with pytest.raises(SecretRefused) as caught:
        secret_key(scalar)
    assert str(scalar) not in str(caught.value).split()


BAD_SIGNATURES = [
    (bytes(95), PointFault.LENGTH),
    (bytes(192), PointFault.LENGTH),
    (bytes(96), PointFault.AT_INFINITY),
    *((raw(point), PointFault.NOT_ON_CURVE) for point in VECTORS["bad"]["g1OffCurve"]),
    *((raw(point), PointFault.NOT_ON_CURVE) for point in VECTORS["bad"]["g1NotCanonical"]),
    *((raw(point), PointFault.NOT_IN_SUBGROUP) for point in VECTORS["bad"]["g1OutsideSubgroup"]),
]
BAD_KEYS = [
    (bytes(96), PointFault.LENGTH),
    (bytes(192), PointFault.AT_INFINITY),
    *((raw(point), PointFault.NOT_ON_CURVE) for point in VECTORS["bad"]["g2OffCurve"]),
    *((raw(point), PointFault.NOT_ON_CURVE) for point in VECTORS["bad"]["g2NotCanonical"]),
    *((raw(point), PointFault.NOT_IN_SUBGROUP) for point in VECTORS["bad"]["g2OutsideSubgroup"]),
]


@pytest.mark.parametrize(("signature", "fault"), BAD_SIGNATURES)
def test_bytes_that_are_no_signature_are_refused_for_the_reason(signature: bytes, fault: PointFault) -> None:
    claim = Claim(DIGESTS[0], KEYS[:1], Signature(signature))
    for verify in (require_signed, lambda claim: require_proof(DOMAIN, claim.keys[0], claim.signature)):
        with pytest.raises(SignatureRefused) as caught:
            verify(claim)
        assert caught.value.fault is fault
    with pytest.raises(SignatureRefused):
        certificate_of(BlsCommittee(Epoch(1), 1, KEYS[:1]), {KEYS[0]: Signature(signature)})


@pytest.mark.parametrize(("key", "fault"), BAD_KEYS)
def test_bytes_that_are_no_key_are_refused_for_the_reason(key: bytes, fault: PointFault) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: require_key(key),
        lambda: require_signed(Claim(DIGESTS[0], (KEYS[0], Key(key)), Signature(raw(VECTORS["signers"][0]["proof"])))),
        lambda: require_proof(DOMAIN, Key(key), Signature(raw(VECTORS["signers"][0]["proof"]))),
    ]
    for attempt in attempts:
        with pytest.raises(KeyRefused) as caught:
            attempt()
        assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("threshold", "members", "fault", "index"),
    [
        (3, b"", SetFault.LENGTH, 0),
        (3, COMMITTEE.packed[:-1], SetFault.LENGTH, 0),
        (100, bytes(192 * 128), SetFault.LENGTH, 0),
        (0, COMMITTEE.packed[:192], SetFault.THRESHOLD, 0),
        (2, COMMITTEE.packed, SetFault.THRESHOLD, 0),
        (6, COMMITTEE.packed, SetFault.THRESHOLD, 0),
        (0, COMMITTEE.packed, SetFault.THRESHOLD, 0),
        (3, bls.packed(KEYS[:4] + KEYS[3:4]), SetFault.NOT_ASCENDING, 4),
        (3, bls.packed((KEYS[1], KEYS[0], *KEYS[2:5])), SetFault.NOT_ASCENDING, 1),
        (3, COMMITTEE.packed[:960] + KEYS[6], SetFault.NOT_PROVEN, 4),
        (3, bls.packed(KEYS[:4]) + KEYS[4], SetFault.SUM, 0),
    ],
)
def test_a_set_is_refused_for_the_reason(threshold: int, members: bytes, fault: SetFault, index: int) -> None:
    with pytest.raises(SetRefused) as caught:
        committee_of(Epoch(1), threshold, members, KEYS[:5])
    assert (caught.value.fault, caught.value.index) == (fault, index)


def test_a_key_chosen_to_cancel_the_others_is_no_member_for_nobody_can_prove_it() -> None:
    chosen = SECRETS[9]
    others = bls12381.total(map(point2, KEYS[:4]), bls12381.NOTHING2)
    rogue = Key(bls12381.raw2(bls12381.total([bls12381.minus(others)], point2(KEYS[9]))))
    require_signed(Claim(DIGESTS[0], (*KEYS[:4], rogue), sign(chosen, DIGESTS[0])))  # all five "signed"
    with pytest.raises(ProofFalse):
        require_proof(DOMAIN, rogue, prove(chosen, DOMAIN))
    with pytest.raises(SetRefused) as caught:
        committee_of(Epoch(1), 3, bls.packed(in_order([*KEYS[:4], rogue])), KEYS)
    assert caught.value.fault is SetFault.NOT_PROVEN


def test_a_proof_is_for_one_key_in_one_deployment_and_no_signature() -> None:
    proof = Signature(raw(VECTORS["signers"][0]["proof"]))
    require_proof(DOMAIN, KEYS[0], proof)
    signature = sign(SECRETS[0], keccak(DOMAIN + KEYS[0]))
    claims = [
        possession(DOMAIN, KEYS[0], proof),
        possession(keccak(b"another deployment"), KEYS[0], proof),
        possession(DOMAIN, KEYS[1], proof),
        possession(DOMAIN, KEYS[0], signature),
        Claim(keccak(DOMAIN + KEYS[0]), KEYS[:1], proof),
        Claim(keccak(DOMAIN + KEYS[0]), KEYS[:1], signature),
    ]
    assert verify_together(claims) == [True, False, False, False, False, True]


@pytest.mark.parametrize(
    ("certificate_", "fault"),
    [
        (b"", CertificateFault.LENGTH),
        (bytes(127), CertificateFault.LENGTH),
        (bytes(129), CertificateFault.LENGTH),
        (bytes(128), CertificateFault.BITMAP_EMPTY),
        (word(0b100111) + bytes(96), CertificateFault.BITMAP_BEYOND_SET),
        (word(1 << 255 | 0b111) + bytes(96), CertificateFault.BITMAP_BEYOND_SET),
        (word(0b11000) + bytes(96), CertificateFault.TOO_FEW_SIGNERS),
    ],
)
def test_a_certificate_is_refused_for_the_reason(certificate_: bytes, fault: CertificateFault) -> None:
    with pytest.raises(CertificateRefused) as caught:
        claim_of(COMMITTEE, DIGESTS[0], certificate_)
    assert caught.value.fault is fault


def test_a_revoked_set_certifies_nothing() -> None:
    revoked = BlsCommittee(Epoch(1), 0, KEYS[:5])
    assert certificate_of(revoked, {key: Signature(bytes(96)) for key in KEYS[:5]}) is None
    with pytest.raises(CertificateRefused):
        claim_of(revoked, DIGESTS[0], certificate(range(5), DIGESTS[0]))


def test_there_is_no_certificate_below_quorum() -> None:
    signature = sign(SECRETS[0], DIGESTS[0])
    assert certificate_of(COMMITTEE, {KEYS[0]: signature, KEYS[1]: signature, KEYS[7]: signature}) is None


# --- Many at once -----------------------------------------------------------------------------------------------------


class Counted:
    """Counts products of pairings and their loops."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loops: list[int] = []
        self._is_one = bls12381.is_one
        monkeypatch.setattr(bls, "is_one", self)

    def __call__(self, pairs: list[Any]) -> bool:
        self.loops.append(len(pairs))
        return self._is_one(pairs)


def test_shares_over_one_digest_take_two_pairings_and_one_exponentiation(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [share(signer, DIGESTS[0]) for signer in range(7)]
    counted = Counted(monkeypatch)
    assert verify_together(claims) == [True] * 7
    assert counted.loops == [2]


def test_certificates_take_a_pairing_for_each_member_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [claim_of(COMMITTEE, digest, certificate(range(i % 3, 5), digest)) for i, digest in enumerate(DIGESTS)]
    counted = Counted(monkeypatch)
    assert verify_together(claims) == [True] * 8
    assert counted.loops == [1 + 5]


def test_what_is_false_is_found_among_what_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [share(signer, DIGESTS[signer % 2]) for signer in range(8)]
    claims[5] = Claim(claims[5].digest, claims[5].keys, claims[4].signature)
    counted = Counted(monkeypatch)
    assert verify_together(claims) == [True] * 5 + [False] + [True] * 2
    assert len(counted.loops) <= 1 + 2 * 3, "halved, not one by one"


@pytest.mark.parametrize("digests", [(DIGESTS[0], DIGESTS[0]), (DIGESTS[0], DIGESTS[1])])
def test_two_false_shares_do_not_make_up_for_each_other(digests: tuple[Hash32, Hash32]) -> None:
    shift = bls12381.hash1(b"a shift", SIGNATURE_TAG)
    claims = []
    for signer, (digest, change) in enumerate(zip(digests, (shift, bls12381.minus(shift)), strict=True)):
        point = point1(share(signer, digest).signature)
        moved = Signature(bls12381.raw1(bls12381.total([point, change], bls12381.NOTHING1)))
        claims.append(Claim(digest, KEYS[signer : signer + 1], moved))
    moved_points = [point1(claim.signature) for claim in claims]
    honest = [point1(share(signer, digest).signature) for signer, digest in enumerate(digests)]
    sums = [bls12381.raw1(bls12381.total(points, bls12381.NOTHING1)) for points in (moved_points, honest)]
    assert sums[0] == sums[1], "together they are the honest sum"
    assert verify_together(claims) == [False, False]


def test_malformed_signatures_are_false_and_harm_no_other() -> None:
    true = [share(signer, DIGESTS[0]) for signer in range(2)]
    malformed = [Claim(DIGESTS[0], KEYS[:1], Signature(signature)) for signature, _ in BAD_SIGNATURES]
    assert verify_together([true[0], *malformed, true[1]]) == [True, *[False] * len(malformed), True]
    assert verify_together(malformed) == [False] * len(malformed)


def test_an_honest_signature_plus_a_point_of_small_order_is_false() -> None:
    honest = share(0, DIGESTS[0])
    moved = Signature(bls12381.raw1(bls12381.total([OF_ORDER_THREE], point1(honest.signature))))
    assert verify_together([Claim(DIGESTS[0], KEYS[:1], moved), honest]) == [False, True]


def test_nobody_at_all_signed_nothing() -> None:
    assert verify_together([]) == []
    assert verify_together([Claim(DIGESTS[0], (), share(0, DIGESTS[0]).signature)]) == [False]


def test_a_claim_made_twice_is_true_twice() -> None:
    claims = [share(0, DIGESTS[0])] * 2 + [share(1, DIGESTS[1])]
    assert verify_together(claims) == [True] * 3


def test_commands_start_without_loading_curves() -> None:
    program = "import sys, bridge.cli, relayers.cli; sys.exit('py_ecc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
