"""No file of the repository holds a private key: a bridge has been lost to a signing key in a public one."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
KEY: Final = "5e" * 32

FORBIDDEN_NAMES: Final = re.compile(
    r"(^|/)(UTC--|\.env$|id_(rsa|ecdsa|ed25519)$|.*\.(pem|key|p12|pfx|jks)$)", re.IGNORECASE
)
FORBIDDEN_TEXTS: Final = {
    "a PEM private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "an encrypted keystore": re.compile(r'"cipher(text|params)"\s*:|"kdf(params)?"\s*:', re.IGNORECASE),
    "a cloud access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a mnemonic": re.compile(r"mnemonic[^a-z]{1,6}([a-z]{3,8} ){11,}[a-z]{3,8}", re.IGNORECASE),
    "32 bytes named a key": re.compile(
        r"(key|secret|seed|password|token)\w*[\"']?\s*[:=(]{1,2}\s*[\"']?(0x)?[0-9a-f]{64}\b", re.IGNORECASE
    ),
}
WORD: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)
SOURCES: Final = frozenset({".py", ".sol", ".toml", ".md", ".sh", ".js", ".ts", ".html", ".yaml", ".yml", ".cfg", ""})

KNOWN_KEYS: Final = {
    "tests/vectors/bls.json": "keys made by tests/vectors for anyone to check encoders with; they sign for nobody",
}
"""Files that hold keys on purpose -> why that is no leak."""
KNOWN_WORDS: Final = {
    "bridge/core/qbft.py": "a constant of the protocol",
    "bridge/core/quorum.py": "half the order of the curve",
    "contracts/src/common/Bls12381.sol": "constants of the curve",
    "contracts/src/common/QuorumEcdsa.sol": "half the order of the curve",
    "contracts/test/PlainBls.sol": "a constant of the curve",
    "contracts/test/home/Quorum.t.sol": "a constant of the curve",
    "tests/core/sealing.py": "a hash that every header carries",
    "tests/core/test_qbft.py": "the order of the curve",
    "tests/core/test_receipts.py": "a published root",
    "tests/core/test_rules.py": "half the order of the curve",
    "tests/oracles/test_catalogue.py": "identifiers of feeds",
    "tests/vectors/bls.py": "constants of the curve",
}
"""Sources in which 32 bytes stand in full -> what they are. Anywhere else they could be a key."""


def test_no_tracked_file_holds_a_key() -> None:
    found = [finding for path in tracked() for finding in secrets_in(path, text_of(path))]
    assert found == []


def test_every_exception_is_needed() -> None:
    for path in KNOWN_WORDS:
        assert WORD.search(text_of(path)), path
    for path in KNOWN_KEYS:
        assert FORBIDDEN_TEXTS["32 bytes named a key"].search(text_of(path)), path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("keys/UTC--2026-06-22T00-00-00Z--ab", ""),
        ("deploy/.env", ""),
        ("relayers/signer.pem", ""),
        ("relayers/notes.txt", "-----BEGIN EC " + "PRIVATE KEY-----"),
        ("relayers/signer.json", '{"crypto": {"' + 'ciphertext": "00"}}'),
        ("relayers/app.py", "access = 'AKIA" + "ABCDEFGHIJKLMNOP'"),
        ("deploy/compose.yaml", "MNEMONIC" + ": " + "test " * 11 + "junk"),
        ("deploy/signer.ini", "signing_key=" + KEY),
        ("deploy/values.json", '"privateKey": "0x' + KEY + '"'),
        ("bridge/devnet/accounts.py", "FIRST = 0x" + KEY),
    ],
)
def test_a_key_is_noticed_in(path: str, text: str) -> None:
    assert list(secrets_in(path, text)) != []


def test_a_hash_in_a_data_file_is_no_key() -> None:
    assert list(secrets_in("tests/vectors/messages.json", f'"leaf": "0x{KEY}"')) == []


def secrets_in(path: str, text: str) -> Iterator[str]:
    """Name everything in a file that is a key or may be one."""
    if FORBIDDEN_NAMES.search(path):
        yield f"{path}: a file of this name holds keys"
    if path not in KNOWN_KEYS:
        yield from (f"{path}: {what}" for what, pattern in FORBIDDEN_TEXTS.items() if pattern.search(text))
    if PurePosixPath(path).suffix in SOURCES and path not in KNOWN_WORDS and (word := WORD.search(text)):
        yield f"{path}: {word[0][:8]}... is 32 bytes that could be a key"


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return [path for path in listed.stdout.split("\0") if path and not (ROOT / path).is_symlink()]


def text_of(path: str) -> str:
    return (ROOT / path).read_text(errors="replace")
