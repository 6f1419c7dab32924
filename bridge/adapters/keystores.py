"""Keystore files, Web3 v3 or EIP-2335: a key under a password, the password in a file of its own."""

import json
import secrets
import stat
from pathlib import Path
from typing import Final

from coincurve import PrivateKey

from bridge.core.errors import Refuse

KEY_BYTES: Final = 32
WORK_FACTOR: Final = 1 << 18
"""Cost of one guess at the password (scrypt's N): a second and 256 MiB."""
QUICK_WORK_FACTOR: Final = 1 << 12
"""For keys that guard nothing, such as those of a devnet: they open in a few milliseconds."""
_OWNER_ONLY: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def new_key() -> bytes:
    """Make a private key."""
    return PrivateKey(secrets.token_bytes(KEY_BYTES)).secret


def write_keystore(
    path: Path, key: bytes, password: str, work_factor: int = WORK_FACTOR, *, is_bls: bool = False
) -> None:
    """Encrypt a key into a new file that only its owner reads: Web3 v3, or EIP-2335 for a BLS key."""
    from eth_keyfile.keyfile import create_keyfile_json  # noqa: PLC0415 - it loads py_ecc

    version = 4 if is_bls else 3
    document = create_keyfile_json(key, password.encode(), version, kdf="scrypt", iterations=work_factor)
    write_secret(path, json.dumps(document))


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner reads."""
    path.touch(mode=_OWNER_ONLY, exist_ok=False)
    path.write_text(text)


def read_key(keystore: Path, password_file: Path) -> bytes:
    """Decrypt a key. Raises Refuse with what to do; neither key nor password is in the message."""
    from eth_keyfile.keyfile import decode_keyfile_json  # noqa: PLC0415 - it loads py_ecc

    password = read_password(password_file)
    try:
        document = json.loads(keystore.read_text())
        key = decode_keyfile_json(document, password.encode())
    except OSError as fault:
        raise Refuse(f"{keystore}: {fault.strerror}: name a keystore that this account can read") from None
    except (KeyError, TypeError, AttributeError, NotImplementedError):
        raise Refuse(f"{keystore} is no keystore: name a Web3 v3 file") from None
    except ValueError as fault:
        if "MAC" in str(fault):
            raise Refuse(f"{keystore}: {password_file} has another password: name the one it was made with") from None
        raise Refuse(f"{keystore} is no keystore: name a Web3 v3 file") from None
    return bytes(key)


def read_password(path: Path) -> str:
    """Read a password: the first line of its file. Raises Refuse if there is none."""
    try:
        lines = path.read_text().splitlines()
    except OSError as fault:
        raise Refuse(f"{path}: {fault.strerror}: name a file with the keystore's password") from None
    if not lines or not lines[0]:
        raise Refuse(f"{path} is empty: put the keystore's password on its first line")
    return lines[0]


def keystore_address(path: Path) -> str | None:
    """Return the address that a keystore says it holds, 0x-hex in lower case; None if it does not say.

    It is a label, not a proof.
    """
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    address = document.get("address") if isinstance(document, dict) else None
    return f"0x{address.removeprefix('0x').lower()}" if isinstance(address, str) else None


def is_exposed(path: Path) -> bool:
    """Tell whether others than its owner can read a file."""
    return bool(path.stat().st_mode & _OTHERS)
