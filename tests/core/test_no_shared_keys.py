"""THORChain 2026-05, about 10.7 million: key shares of a threshold scheme leaked from one new member."""

from itertools import combinations

from coincurve import PublicKey

from bridge.adapters.signers import LocalAttestationSigner
from bridge.core.hashing import keccak
from bridge.core.quorum import Committee, certificate_of
from bridge.core.types import Address, Digest, Epoch

HALF = 32


def signer_of(digest: bytes, part: bytes) -> Address:
    """Recover who made an EIP-2098 signature: r, then s with the parity of y in its top bit."""
    parity, s = part[HALF] >> 7, bytes([part[HALF] & 0x7F]) + part[HALF + 1 :]
    key = PublicKey.from_signature_and_message(part[:HALF] + s + bytes([parity]), digest, hasher=None)
    return Address(keccak(key.format(compressed=False)[1:])[-20:])


def test_thorchain_2026_05_a_certificate_is_whole_signatures_of_different_keys_and_no_key_has_shares() -> None:
    keys = sorted((LocalAttestationSigner(keccak(bytes([n]))) for n in range(5)), key=lambda key: key.address)
    committee = Committee(Epoch(1), 3, tuple(key.address for key in keys))
    digest = Digest(keccak(b"a batch"))
    for some in combinations(keys, 3):
        certificate = certificate_of(committee, {key.address: key.sign_digest(digest) for key in some})
        assert certificate is not None
        parts = [certificate[at : at + 2 * HALF] for at in range(0, len(certificate), 2 * HALF)]
        assert [signer_of(digest, part) for part in parts] == [key.address for key in some]
    for pair in combinations(keys, 2):
        assert certificate_of(committee, {key.address: key.sign_digest(digest) for key in pair}) is None
