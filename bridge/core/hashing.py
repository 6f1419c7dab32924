"""Keccak-256 and ABI words. One implementation of each for the whole project.

`sha3` is the C implementation of the safe-pysha3 package: 2 us a hash, a sixth of the default back end.
"""

import sha3

from bridge.core.types import Hash32

WORD = 32


def keccak(data: bytes) -> Hash32:
    """Keccak-256 as Ethereum uses it (not NIST SHA3-256)."""
    return Hash32(sha3.keccak_256(data).digest())


def word(value: int | bytes) -> bytes:
    """Encode a number or an address as one ABI word: big-endian, left-padded to 32 bytes."""
    if isinstance(value, int):
        return value.to_bytes(WORD, "big")
    return value.rjust(WORD, b"\0")


def padded(data: bytes) -> bytes:
    """Right-pad `data` with zeros to whole words, as ABI `bytes` are."""
    return data.ljust(-(-len(data) // WORD) * WORD, b"\0")
