"""Calldata for the desks of guardians, and logs of offices and of timelocks. No relayer needs any of it."""

from collections.abc import Sequence
from typing import Final

from bridge.adapters.codec.abi import MESSAGE, Tail, encode_arguments, static_array, table_of
from bridge.core.hashing import word
from bridge.core.messages import Message, encode_message
from bridge.core.types import Address, ChainId

INBOUND: Final = 1
OUTBOUND: Final = 2
BOTH: Final = INBOUND | OUTBOUND

DESK_FUNCTIONS: Final = table_of(
    f"""
pause(address,uint256,address[],uint8,uint32)
veto(address,uint256,{MESSAGE}) -> (bytes32)
"""
)
OFFICE_EVENTS: Final = table_of(
    """
GuardianSet(address,uint8)
DutySet(address,bool)
RoleGranted(bytes32,address,address)
RoleRevoked(bytes32,address,address)
"""
)
TIMELOCK_EVENTS: Final = table_of(
    """
CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)
"""
)


def encode_pause(gateway: Address, chain: ChainId, assets: Sequence[Address], directions: int, duration: int) -> bytes:
    """Have a desk pause assets on a gateway's route to `chain` for so many seconds."""
    arguments = (word(gateway), word(chain), static_array(list(map(word, assets))), word(directions), word(duration))
    return DESK_FUNCTIONS["pause"].selector + encode_arguments(*arguments)


def encode_desk_veto(gateway: Address, source_chain: ChainId, message: Message) -> bytes:
    """Have a desk send a delayed transfer back."""
    arguments = (word(gateway), word(source_chain), Tail(encode_message(message)))
    return DESK_FUNCTIONS["veto"].selector + encode_arguments(*arguments)
