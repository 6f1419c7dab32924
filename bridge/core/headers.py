"""Block headers as their chain hashes them: an RLP list whose length says under which fork it was made.

Source of the field lists: Ethereum execution specs, `BlockHeader` of berlin (15 fields), london (base fee), shanghai
(withdrawals root), cancun (blob gas used, excess blob gas, parent beacon root) and prague (requests hash).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import rlp

from bridge.core.hashing import keccak
from bridge.core.types import Address, Block, Hash32, Height, Timestamp

FIELD_COUNTS: Final = frozenset({15, 16, 17, 20, 21})
_HASHES: Final = (0, 1, 3, 4, 5, 13, 16, 19, 20)
_SCALARS: Final = (7, 8, 9, 10, 11, 15, 17, 18)
_SIZES: Final = dict.fromkeys(_HASHES, 32) | {2: 20, 6: 256, 14: 8}
_PARENT, _BENEFICIARY, _RECEIPTS, _BLOOM = 0, 2, 5, 6
_DIFFICULTY, _NUMBER, _GAS_LIMIT, _GAS_USED, _TIME, _EXTRA, _MIX = 7, 8, 9, 10, 11, 12, 13


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a header in their order, as RLP items. Made by `header_of`, which checks their shapes."""

    items: tuple[bytes, ...]

    @property
    def parent_hash(self) -> Hash32:
        """Hash of the block before."""
        return Hash32(self.items[_PARENT])

    @property
    def beneficiary(self) -> Address:
        """Who proposed the block, where proposers name themselves."""
        return Address(self.items[_BENEFICIARY])

    @property
    def receipts_root(self) -> Hash32:
        """Root of the trie of receipts."""
        return Hash32(self.items[_RECEIPTS])

    @property
    def bloom(self) -> bytes:
        """Which addresses and topics may have logged: 256 bytes."""
        return self.items[_BLOOM]

    @property
    def difficulty(self) -> int:
        """Difficulty."""
        return int.from_bytes(self.items[_DIFFICULTY], "big")

    @property
    def height(self) -> Height:
        """Number of the block."""
        return Height(int.from_bytes(self.items[_NUMBER], "big"))

    @property
    def gas(self) -> tuple[int, int]:
        """Gas used, and its limit."""
        return int.from_bytes(self.items[_GAS_USED], "big"), int.from_bytes(self.items[_GAS_LIMIT], "big")

    @property
    def time(self) -> Timestamp:
        """UTC seconds."""
        return Timestamp(int.from_bytes(self.items[_TIME], "big"))

    @property
    def extra_data(self) -> bytes:
        """What the proposer added."""
        return self.items[_EXTRA]

    @property
    def mix_hash(self) -> Hash32:
        """Mix hash, or what took its place."""
        return Hash32(self.items[_MIX])

    @property
    def hash(self) -> Hash32:
        """Hash of the header as it stands: that of its block on every chain but those of the BFT family."""
        return keccak(self.encoded())

    def encoded(self, extra_data: bytes | None = None) -> bytes:
        """Return the RLP of the header, or of one that has other extra data."""
        if extra_data is None:
            return bytes(rlp.encode(self.items))
        return bytes(rlp.encode((*self.items[:_EXTRA], extra_data, *self.items[_EXTRA + 1 :])))


def header_of(items: Sequence[bytes]) -> Header:
    """Return a header of RLP items. Raises ValueError for a number of fields that no fork has, or a field out of shape.

    Numbers are big-endian without leading zeros.
    """
    if len(items) not in FIELD_COUNTS:
        raise ValueError(f"no fork has headers of {len(items)} fields")
    for index, size in _SIZES.items():
        if index < len(items) and len(items[index]) != size:
            raise ValueError(f"field {index} of a header has {len(items[index])} bytes instead of {size}")
    for index in _SCALARS:
        if index < len(items) and items[index][:1] == b"\0":
            raise ValueError(f"field {index} of a header is a number with a leading zero")
    return Header(tuple(items))


def linked(headers: Sequence[Header], last: Block) -> bool:
    """Tell whether headers in ascending order, each the next one's parent, end in a block known by its hash."""
    hashes = chain((header.parent_hash for header in headers[1:]), [last.hash])
    return all(header.hash == expected for header, expected in zip(headers, hashes, strict=True))
