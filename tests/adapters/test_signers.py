"""Keys: what they sign is what everybody else's libraries sign, and they show nothing of themselves."""

import json
import pickle
import stat
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys import keys
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.adapters import signers
from bridge.adapters.keystores import (
    QUICK_WORK_FACTOR,
    is_exposed,
    keystore_address,
    new_key,
    read_key,
    write_keystore,
    write_secret,
)
from bridge.adapters.signers import (
    LocalAttestationSigner,
    LocalTransactionSigner,
    open_attestation_signer,
    open_transaction_signer,
    require_fast_backend,
)
from bridge.core.errors import Refuse
from bridge.core.hashing import keccak
from bridge.core.ports import Call
from bridge.core.quorum import is_canonical
from bridge.core.submission import Fees
from bridge.core.types import Address, ChainId, Digest

SECRET = keccak(b"a key of these tests")
CHAIN = ChainId(1_010_032)
TO = Address(b"\x11" * 20)


def recovered(digest: Digest, compact: bytes) -> bytes:
    """Return who made an EIP-2098 signature, by another library."""
    parity, low = compact[32] >> 7, bytes([compact[32] & 0x7F]) + compact[33:]
    signature = keys.Signature(signature_bytes=compact[:32] + low + bytes([parity]))
    return signature.recover_public_key_from_msg_hash(digest).to_canonical_address()


@given(digest=st.binary(min_size=32, max_size=32))
@settings(max_examples=50)
def test_an_attestation_is_compact_low_and_recovers_to_its_signer(digest: bytes) -> None:
    signer = LocalAttestationSigner(SECRET)
    signature = signer.sign_digest(Digest(digest))  # type: ignore[arg-type]
    assert is_canonical(signature)
    assert recovered(Digest(digest), signature) == signer.address  # type: ignore[arg-type]


def test_signing_again_gives_the_same_bytes() -> None:
    digest = Digest(keccak(b"a batch"))
    assert len({LocalAttestationSigner(SECRET).sign_digest(digest) for _ in range(3)}) == 1


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 70_000])
@pytest.mark.parametrize("data", [b"", b"\x00", b"\x7f", b"\x80", b"calldata " * 300])
@pytest.mark.parametrize("to", [TO, Address(b"")], ids=["call", "creation"])
@pytest.mark.parametrize("fees", [Fees(0, 0), Fees(30 * 10**9, 10**9)], ids=["free", "priced"])
def test_a_transaction_is_signed_as_eth_account_signs_it(nonce: int, data: bytes, to: Address, fees: Fees) -> None:
    fields = {"nonce": nonce, "gas": 90_000, "data": data, "chainId": CHAIN, "value": 0, "to": to or ""}
    price = (
        {"type": 2, "maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.priority_fee}
        if fees.max_fee
        else {"gasPrice": 0}
    )
    expected = Account.from_key(SECRET).sign_transaction({**fields, **price})
    signed = LocalTransactionSigner(SECRET).sign_transaction(CHAIN, nonce, Call(to, data), 90_000, fees)
    assert signed.raw == bytes(expected.raw_transaction)
    assert signed.hash == bytes(expected.hash)


@pytest.mark.parametrize("kind", [LocalAttestationSigner, LocalTransactionSigner])
def test_a_key_shows_only_its_address(kind: type[LocalAttestationSigner]) -> None:
    signer = kind(SECRET)
    assert signer.address.hex() == Account.from_key(SECRET).address[2:].lower()
    for shown in (repr(signer), str(signer), f"{signer!r}", repr(vars(signer))):
        assert SECRET.hex() not in shown
        assert signer.address.hex() in shown
    with pytest.raises(TypeError):
        pickle.dumps(signer)


def test_recovery_runs_in_c() -> None:
    require_fast_backend()


def test_a_slow_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class NativeECCBackend:
        pass

    monkeypatch.setattr(signers, "KeyAPI", type("Api", (), {"backend": NativeECCBackend()}))
    with pytest.raises(Refuse, match="NativeECCBackend: install coincurve"):
        require_fast_backend()


# --- Keystores ---


@pytest.fixture
def keystore(tmp_path: Path) -> tuple[Path, Path]:
    files = tmp_path / "key.json", tmp_path / "password"
    write_keystore(files[0], SECRET, "open sesame", QUICK_WORK_FACTOR)
    write_secret(files[1], "open sesame\n")
    return files


def test_a_key_comes_back_out_of_its_keystore(keystore: tuple[Path, Path]) -> None:
    assert read_key(*keystore) == SECRET
    assert open_attestation_signer(*keystore).address == open_transaction_signer(*keystore).address
    assert keystore_address(keystore[0]) == "0x" + LocalTransactionSigner(SECRET).address.hex()


def test_another_program_reads_our_keystore(keystore: tuple[Path, Path]) -> None:
    assert bytes(Account.decrypt(json.loads(keystore[0].read_text()), "open sesame")) == SECRET


def test_keystores_belong_to_their_owner_alone(keystore: tuple[Path, Path]) -> None:
    for path in keystore:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not is_exposed(path)
    keystore[1].chmod(0o644)
    assert is_exposed(keystore[1])


def test_a_keystore_is_never_overwritten(keystore: tuple[Path, Path]) -> None:
    with pytest.raises(FileExistsError):
        write_keystore(keystore[0], new_key(), "another", QUICK_WORK_FACTOR)


def test_keys_differ() -> None:
    assert new_key() != new_key()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda _, password: password.write_text("wrong"), "has another password"),
        (lambda _, password: password.write_text(""), "is empty"),
        (lambda _, password: password.unlink(), "name a file with the keystore's password"),
        (lambda keystore, _: keystore.unlink(), "name a keystore"),
        (lambda keystore, _: keystore.write_text("no json"), "is no keystore"),
        (lambda keystore, _: keystore.write_text("[]"), "is no keystore"),
        (lambda keystore, _: keystore.write_text('{"version": 9}'), "is no keystore"),
        (lambda keystore, _: keystore.write_text('{"version": 3}'), "is no keystore"),
    ],
)
def test_a_keystore_that_does_not_open_says_why_and_shows_nothing(
    keystore: tuple[Path, Path], break_it: object, said: str
) -> None:
    assert callable(break_it)
    break_it(*keystore)
    with pytest.raises(Refuse, match=said) as refusal:
        read_key(*keystore)
    assert "sesame" not in str(refusal.value)
    assert refusal.value.__context__ is None or refusal.value.__suppress_context__
