"""What the contracts log, as the watchtower reads it: written down here again, on purpose, from the contracts' sources.

It shares neither tables nor decoders with the relayer: a mistake there must not blind both.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak

from relayers.watch.rpc import Unreadable

TRANSFER: Final = 1
RETURN: Final = 2
"""Kinds of messages that move value."""
DELAYED: Final = 35
TOTAL_EXCEEDED: Final = 65
"""Reasons for which what is held already may be held again (`Inbox.retry`, `Inbox.veto`)."""
MESSAGE: Final = "(uint8,uint64,address,address,address,uint128,uint128,bytes)"
_TAG: Final = keccak(text="jgb-bridge/message/1")

_BOOKS: Final = f"""
Dispatched(bytes32 indexed leaf, uint256 indexed chain, uint64 indexed nonce, {MESSAGE} message)
Delivered(uint256 indexed chain, uint64 epoch, uint64 first_nonce, uint32 count, uint64 source_height, bytes32 root)
Executed(bytes32 indexed leaf, uint256 indexed chain, uint64 nonce)
Held(bytes32 indexed leaf, uint256 indexed chain, uint64 nonce, uint64 epoch, uint8 reason)
Recertified(bytes32 indexed leaf, uint64 epoch)
SentBack(bytes32 indexed leaf, bytes32 indexed return_leaf)
Returned(bytes32 indexed leaf, bytes32 indexed return_leaf)
Posted(bytes32 indexed slot, bytes32 indexed digest, address indexed signer, bytes signature)
"""
_REGISTER: Final = """
AssetAnnounced(uint256 indexed chain, address indexed asset, bytes12 isin)
AssetDeployed(address indexed asset, bytes12 indexed isin, address wrapped, uint96 cap)
RouteOpened(uint256 indexed chain, address gateway, uint32 window, uint32 max_batch)
LockLimitSet(uint256 indexed chain, uint32 locks_per_block)
FlowLimitsSet(uint256 indexed chain, address indexed asset, (uint16,uint16,uint16) limits)
CapSet(address indexed asset, uint96 cap)
FlowPaused(uint256 indexed chain, address indexed asset, uint8 directions, uint256 until, address indexed guardian)
FlowResumed(uint256 indexed chain, address indexed asset, uint8 directions)
Vetoed(bytes32 indexed leaf, address indexed guardian)
GuardianSet(address indexed guardian, uint8 rights)
DutySet(address indexed person, bool is_on_duty)
SignerRegistered(address indexed signer, address indexed poster)
KeyRegistered(address indexed signer, address indexed poster)
EpochScheduled(uint64 indexed epoch, bytes32 set_hash, uint8 threshold, uint48 activates_at)
EpochVetoed(uint64 indexed epoch)
EpochReplaced(uint64 indexed epoch, bytes32 set_hash, uint8 threshold)
EpochRevoked(uint64 indexed epoch)
SetChanged(uint8 threshold, bytes members)
Acted(uint256 indexed nonce, uint256 actions)
CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 after, uint256 delay)
CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data)
Cancelled(bytes32 indexed id)
MinDelayChange(uint256 before, uint256 after)
RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
RoleAdminChanged(bytes32 indexed role, bytes32 indexed before, bytes32 indexed after)
"""  # noqa: E501 - an event per line


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an event."""

    name: str
    form: str
    is_indexed: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """An event: its arguments in the order of its signature."""

    name: str
    arguments: tuple[Argument, ...]

    @property
    def topic(self) -> str:
        """Hash of its signature, 0x-hex."""
        return "0x" + keccak(text=f"{self.name}({','.join(argument.form for argument in self.arguments)})").hex()


@dataclass(frozen=True, slots=True)
class Event:
    """One log, read. Fields of bytes are 0x-hex, addresses in lower case, a message a tuple."""

    chain: int
    emitter: str
    name: str
    fields: Mapping[str, Any]
    block: int
    index: int
    """Place in the block."""
    tx: str


def _kind(line: str) -> Kind:
    name, _, rest = line.partition("(")
    parts = re.findall(r"((?:\([^)]*\)|\w)+)( indexed)? (\w+)", rest)
    return Kind(name, tuple(Argument(called, form, bool(indexed)) for form, indexed, called in parts))


KINDS: Final = tuple(_kind(line) for line in (_BOOKS + _REGISTER).split("\n") if line)
REGISTER: Final = frozenset(_kind(line).name for line in _REGISTER.split("\n") if line)
"""Changes of offices and rules, and what guardians do."""
_BY_TOPIC: Final = {kind.topic: kind for kind in KINDS}


def read_event(chain: int, log: Mapping[str, Any]) -> Event | None:
    """Read a log as JSON-RPC gives it; None if it is of no kind known here. Raises Unreadable for nonsense."""
    try:
        topics = [str(topic) for topic in log["topics"]]
        kind = _BY_TOPIC.get(topics[0].lower()) if topics else None
        if kind is None:
            return None
        return Event(
            chain,
            str(log["address"]).lower(),
            kind.name,
            _fields(kind, topics[1:], bytes.fromhex(str(log["data"])[2:])),
            int(log["blockNumber"], 16),
            int(log["logIndex"], 16),
            str(log["transactionHash"]),
        )
    except (DecodingError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Unreadable(f"a log on chain {chain} cannot be read ({type(fault).__name__})") from None


def leaf_of(source: tuple[int, str], destination: tuple[int, str], message: tuple[Any, ...]) -> str:
    """Return the id of a message between two gateways, each a chain and an address (SPEC 2.2)."""
    fields = tuple(bytes.fromhex(item[2:]) if index == _DATA else item for index, item in enumerate(message))
    inner = encode(
        ("bytes32", "uint256", "address", "uint256", "address", MESSAGE), (_TAG, *source, *destination, fields)
    )
    return "0x" + keccak(keccak(inner)).hex()


_DATA: Final = 7
"""Place of the data in a message."""


def _fields(kind: Kind, topics: list[str], data: bytes) -> dict[str, Any]:
    indexed = [argument for argument in kind.arguments if argument.is_indexed]
    plain = [argument for argument in kind.arguments if not argument.is_indexed]
    if len(topics) != len(indexed):
        raise ValueError("another number of topics")
    found = {
        argument.name: shown(decode((argument.form,), bytes.fromhex(topic[2:]))[0])
        for argument, topic in zip(indexed, topics, strict=True)
    }
    values = decode([argument.form for argument in plain], data)
    return found | {argument.name: shown(value) for argument, value in zip(plain, values, strict=True)}


def shown(value: Any) -> Any:  # noqa: ANN401 - what eth_abi gives
    """Return a field as JSON has it, tuples kept."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple | list):
        return tuple(shown(item) for item in value)
    return value
