"""JSON-RPC values into core types and back: 0x-hex at the edge, bytes and numbers inside.

Readers raise ValueError for anything that is not what they read.
"""

from collections.abc import Mapping
from typing import cast

from bridge.core.hashing import keccak
from bridge.core.types import Address, Block, Hash32, Height, Timestamp

ADDRESS_BYTES = 20
HASH_BYTES = 32
QUANTITY_DIGITS = 64
"""Of the widest number that a chain knows: 32 bytes. Python refuses to write one of thousands of digits."""
_QUOTED = 80
_UPPER_CASE = 8


def to_hex(value: int | bytes) -> str:
    """Write a quantity without leading zeros, or bytes in full."""
    return hex(value) if isinstance(value, int) else "0x" + value.hex()


def to_checksum(address: Address) -> str:
    """Write an address with the checksum in the case of its letters (EIP-55)."""
    digits = address.hex()
    mask = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= _UPPER_CASE else digit for digit, nibble in zip(digits, mask, strict=False)
    )


def read_quantity(value: object) -> int:
    """Read a number such as `0x1f`."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError(f"{_shown(value)} is not a 0x-quantity")
    if len(value) > len("0x") + QUANTITY_DIGITS:
        raise ValueError(f"{_shown(value)} has more than {QUANTITY_DIGITS} digits")
    return int(value, 16)


def read_bytes(value: object) -> bytes:
    """Read bytes of any length."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError(f"{_shown(value)} is not 0x-hex")
    return bytes.fromhex(value[2:])


def read_hash(value: object) -> Hash32:
    """Read 32 bytes."""
    data = read_bytes(value)
    if len(data) != HASH_BYTES:
        raise ValueError(f"{_shown(value)} is not 32 bytes")
    return Hash32(data)


def read_address(value: object) -> Address:
    """Read 20 bytes, in any case of letters."""
    data = read_bytes(value)
    if len(data) != ADDRESS_BYTES:
        raise ValueError(f"{_shown(value)} is not an address")
    return Address(data)


def read_fields(value: object) -> Mapping[str, object]:
    """Read an object by its names; a missing one reads as None."""
    if not isinstance(value, dict):
        raise ValueError(f"{_shown(value)} is not an object")  # noqa: TRY004 - one class for all that a node gets wrong
    return cast("Mapping[str, object]", value)


def read_list(value: object) -> list[object]:
    """Read an array."""
    if not isinstance(value, list):
        raise ValueError(f"{_shown(value)} is not an array")  # noqa: TRY004 - the same
    return value


def read_block(value: object) -> Block:
    """Read a header's height, hash and time."""
    fields = read_fields(value)
    return Block(
        Height(read_quantity(fields.get("number"))),
        read_hash(fields.get("hash")),
        Timestamp(read_quantity(fields.get("timestamp"))),
    )


def read_base_fee(value: object) -> int:
    """Read a header's base fee, wei per gas; zero before EIP-1559."""
    fee = read_fields(value).get("baseFeePerGas")
    return 0 if fee is None else read_quantity(fee)


def _shown(value: object) -> str:
    """Return what an error quotes of a value. Never a nested one: to write that may take more stack than there is."""
    match value:
        case str():
            return repr(value[:_QUOTED])
        case dict():
            return "an object"
        case list():
            return "an array"
        case _:
            return repr(value)
