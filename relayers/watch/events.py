"""What the contracts log, as the watchtower reads it: written down here again, on purpose, from the contracts' sources.

It shares neither tables nor decoders with the relayer: a mistake there must not blind both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_abi import decode
from eth_utils import keccak

_MESSAGE: Final = "(uint8,uint64,address,address,address,uint128,uint128,bytes)"


@dataclass(frozen=True, slots=True)
class Kind:
    """An event: types and names of what is indexed, then of what is not."""

    name: str
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]

    @property
    def topic(self) -> str:
        """Hash of its signature, 0x-hex."""
        types = ",".join(kind for kind, _ in (*self.indexed, *self.plain))
        return "0x" + keccak(text=f"{self.name}({types})").hex()


@dataclass(frozen=True, slots=True)
class Event:
    """One log, read."""

    chain: int
    emitter: str
    name: str
    fields: Mapping[str, Any]
    block: int
    tx: str


_LEAF: Final = ("bytes32", "leaf")
_BOOKS: Final = (
    Kind("Dispatched", (_LEAF, ("uint256", "chain"), ("uint64", "nonce")), ((_MESSAGE, "message"),)),
    Kind("Executed", (_LEAF, ("uint256", "chain")), (("uint64", "nonce"),)),
    Kind("Held", (_LEAF, ("uint256", "chain")), (("uint64", "nonce"), ("uint64", "epoch"), ("uint8", "reason"))),
    Kind("SentBack", (_LEAF, ("bytes32", "return_leaf")), ()),
    Kind("Returned", (_LEAF, ("bytes32", "return_leaf")), ()),
    Kind("Posted", (("bytes32", "slot"), ("bytes32", "digest"), ("address", "signer")), (("bytes", "signature"),)),
)
_REGISTER: Final = (
    Kind("GuardianSet", (("address", "guardian"),), (("uint8", "rights"),)),
    Kind("DutySet", (("address", "person"),), (("bool", "on_duty"),)),
    Kind("RoleGranted", (("bytes32", "role"), ("address", "account"), ("address", "sender")), ()),
    Kind("RoleRevoked", (("bytes32", "role"), ("address", "account"), ("address", "sender")), ()),
    Kind("MinDelayChange", (), (("uint256", "before"), ("uint256", "after"))),
    Kind("SetChanged", (), (("uint8", "threshold"), ("bytes", "members"))),
    Kind(
        "EpochScheduled",
        (("uint64", "epoch"),),
        (("bytes32", "set_hash"), ("uint8", "threshold"), ("uint48", "activates_at")),
    ),
    Kind("EpochVetoed", (("uint64", "epoch"),), ()),
    Kind("EpochReplaced", (("uint64", "epoch"),), (("bytes32", "set_hash"), ("uint8", "threshold"))),
    Kind("EpochRevoked", (("uint64", "epoch"),), ()),
    Kind("FlowLimitsSet", (("uint256", "chain"), ("address", "asset")), (("(uint16,uint16,uint16)", "limits"),)),
    Kind("CapSet", (("address", "asset"),), (("uint96", "cap"),)),
    Kind("FlowResumed", (("uint256", "chain"), ("address", "asset")), (("uint8", "directions"),)),
    Kind(
        "FlowPaused",
        (("uint256", "chain"), ("address", "asset"), ("address", "guardian")),
        (("uint8", "directions"), ("uint256", "until")),
    ),
    Kind(
        "RouteOpened",
        (("uint256", "chain"),),
        (("address", "gateway"), ("uint32", "window"), ("uint32", "max_batch")),
    ),
)
_PAUSED_ORDER: Final = "FlowPaused(uint256,address,uint8,uint256,address)"
"""The one event whose indexed arguments do not stand first."""

REGISTER: Final = frozenset(kind.name for kind in _REGISTER)
"""Changes of offices and rules."""
_BY_TOPIC: Final = {
    ("0x" + keccak(text=_PAUSED_ORDER).hex() if kind.name == "FlowPaused" else kind.topic): kind
    for kind in (*_BOOKS, *_REGISTER)
}


def read_event(chain: int, log: Mapping[str, Any]) -> Event | None:
    """Read a log as web3 gives it; None if it is of no kind known here."""
    topics = [bytes(topic) for topic in log["topics"]]
    kind = _BY_TOPIC.get("0x" + topics[0].hex()) if topics else None
    if kind is None or len(topics) != len(kind.indexed) + 1:
        return None
    fields = {name: decode((form,), topic)[0] for (form, name), topic in zip(kind.indexed, topics[1:], strict=True)}
    values = decode([form for form, _ in kind.plain], bytes(log["data"]))
    fields |= {name: value for (_, name), value in zip(kind.plain, values, strict=True)}
    return Event(
        chain,
        str(log["address"]).lower(),
        kind.name,
        fields,
        int(log["blockNumber"]),
        "0x" + bytes(log["transactionHash"]).hex(),
    )


def plain(value: object) -> object:
    """Return a field as JSON has it."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
