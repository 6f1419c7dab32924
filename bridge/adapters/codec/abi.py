"""The ABI as one table of signatures. Selectors and topics are computed from it; a test holds it to the artifacts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.core.hashing import WORD, keccak, padded, word

BATCH: Final = "(uint256,address,uint256,address,uint64,uint64,uint32,bytes32,uint64,bytes32,uint64)"
MESSAGE: Final = "(uint8,uint64,address,address,address,uint128,uint128,bytes)"
POST: Final = "(bytes32,bytes32,bytes)"
UNVERIFIED_POST: Final = "(bytes32,bytes32,address,bytes)"
REPORT: Final = "(bytes32,bytes32,uint32,uint8,uint32,uint32,bytes32)"
ENTRY: Final = "(bytes32,int256,uint64,uint64,bytes32,uint32,uint32)"
CALENDAR_REPORT: Final = "(bytes32,uint16,uint32,uint256,uint256)"
FEED_TERMS: Final = "(string,string,string,string,bool,uint8,uint32)"
FIXING: Final = "(int88,uint24,uint8,uint16,uint40,uint40,uint24,bool)"
POINT: Final = "(uint128,uint24,uint40,int56,bool)"
ACTION: Final = "(address,bytes)"
TERMS: Final = "(bytes12,uint8,uint32,uint32,uint64,uint64,uint64)"

_FUNCTIONS: Final = f"""
deliver({BATCH},{MESSAGE}[],bytes)
deliverOne({BATCH},{MESSAGE},bytes32[],bytes)
retry(uint256,{MESSAGE})
sendBack(uint256,{MESSAGE}) -> (bytes32)
COMMITTEE() -> (address)
DOMAIN_SEPARATOR() -> (bytes32)
RETURN_DELAY() -> (uint48)
isConsumed(uint256,uint64) -> (bool)
held(bytes32) -> (uint64,uint48,uint8)
isReturned(bytes32) -> (bool)
outboundLeaf(uint256,uint64) -> (bytes32)
nextNonce(uint256) -> (uint64)
runningTotal(uint256,address) -> (uint128)
received(uint256,address) -> (uint128,uint128)
route(uint256) -> (address,uint32,uint32)

lock(address,uint256,uint256,address,bytes) -> (bytes32)
announce(address,uint256,uint96) -> (bytes32)
rotate(uint256,bytes32,uint64,uint8,bytes) -> (bytes32)
openRoute(uint256,address,uint32,uint32,uint32)
setLockLimit(uint256,uint32)
locked(uint256,address) -> (uint128)
escrowed(address) -> (uint256)
isAnnounced(uint256,address) -> (bool)
assetOf(bytes12) -> (address)

burn(address,uint256,address,bytes) -> (bytes32)
setCap(address,uint96)
wrappedOf(address) -> (address)
capOf(address) -> (uint96)

preview(uint256,address,uint8,uint256) -> (uint256,uint256)
pausedUntil(uint256,address,uint8) -> (uint256)
opensAt(uint256,address,bytes32) -> (uint256)
setFlowLimits(uint256,address,(uint16,uint16,uint16))
FLOW_PERIOD() -> (uint32)
flowLimits(uint256,address) -> ((uint16,uint16,uint16))
setGuardian(address,uint8)
resume(uint256,address,uint8)
GOVERNOR() -> (address)
GUARDIAN() -> (address)
REGISTRAR() -> (address)
ISSUER() -> (address)
rightsOf(address) -> (uint8)

act({ACTION}[],bytes)
nonce() -> (uint256)
scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)
executeBatch(address[],uint256[],bytes[],bytes32,bytes32)
cancel(bytes32)
isOperationPending(bytes32) -> (bool)
updateDelay(uint256)
getMinDelay() -> (uint256)
hasRole(bytes32,address) -> (bool)
threshold() -> (uint8)
members() -> (bytes)
setDuty(address,bool)
isOnDuty(address) -> (bool)

activeEpoch() -> (uint64)
setOf(uint64) -> (bytes32,uint8,bytes)
isRevoked(uint64) -> (bool)
SCHEDULER() -> (address)
replace(uint8,bytes) -> (uint64)
revoke(uint64)
veto(uint64)

post(bytes32,bytes32,bytes)
postMany({POST}[])
publishAndPost(bytes32[],bytes[],{POST}[])
register(address,address)
posterOf(address) -> (address)
isPosted(bytes32,bytes32,address) -> (bool)
POSTS_PER_BLOCK() -> (uint32)
registerKey(address,address)
keyPosterOf(address) -> (address)
publishAndPostUnverified(bytes32,bytes[],bytes[],{UNVERIFIED_POST}[])

createFeed({FEED_TERMS}) -> (address)
pushMany(({REPORT},{ENTRY}[],bytes)[])
pushCalendar({CALENDAR_REPORT},bytes)
ORACLE_ID() -> (bytes32)
REPORTERS() -> (address)
feedOf(bytes32) -> (address)
calendarOf(uint16) -> (uint32,uint256,uint256)

description() -> (string)
unit() -> (string)
latest() -> ({FIXING})
fixingOn(uint32) -> ({FIXING})
revisionOn(uint32) -> (uint32)
hold() -> (uint32,uint32,uint16)
freshness() -> (uint8)
nextDueAt() -> (uint64)
latestRound() -> (uint256)
getRoundData(uint80) -> (uint80,int256,uint256,uint256,uint80)

advance(uint256) -> (uint256)
rebuild(uint256) -> (bool)
isOutdated() -> (bool)
current() -> (uint256,uint256)
pointAt(uint256,uint256) -> ({POINT})
BASE_DATE() -> (uint24)
accrue(uint32,uint32)
grown() -> (uint256)

issue(address,uint256)
terms() -> ({TERMS})
GATEWAY() -> (address)
approve(address,uint256) -> (bool)
transfer(address,uint256) -> (bool)
allowance(address,address) -> (uint256)
balanceOf(address) -> (uint256)
totalSupply() -> (uint256)
"""

_EVENTS: Final = f"""
Dispatched(bytes32,uint256,uint64,{MESSAGE})
Delivered(uint256,uint64,uint64,uint32,uint64,bytes32)
Executed(bytes32,uint256,uint64)
Held(bytes32,uint256,uint64,uint64,uint8)
Recertified(bytes32,uint64)
SentBack(bytes32,bytes32)
Returned(bytes32,bytes32)
Posted(bytes32,bytes32,address,bytes)
"""

_ORACLE_EVENTS: Final = """
Published(bytes32,bytes32,bytes)
ContentPublished(bytes32,bytes)
PostedUnverified(bytes32,bytes32,address,bytes)
"""


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, event or error: its name, the types of its inputs and, for functions, of its outputs."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    @property
    def topic(self) -> bytes:
        """Hash of the signature: first topic of an event's logs."""
        return keccak(str(self).encode())

    @property
    def selector(self) -> bytes:
        """First four bytes of calldata, or of a named error's revert data."""
        return self.topic[:4]


def table_of(lines: str) -> dict[str, Signature]:
    """Read one `name(types)` or `name(types) -> (types)` per line, by name. No name stands twice."""
    signatures = [_signature(line) for line in lines.split("\n") if line]
    table = {signature.name: signature for signature in signatures}
    if len(table) != len(signatures):
        raise ValueError("a name stands twice in a table of signatures")
    return table


@dataclass(frozen=True, slots=True)
class Tail:
    """An argument of dynamic size: its place in the head holds the offset to it."""

    content: bytes


def encode_arguments(*arguments: bytes | Tail) -> bytes:
    """ABI-encode a sequence: static arguments in place, dynamic ones behind them in order."""
    offset = sum(WORD if isinstance(argument, Tail) else len(argument) for argument in arguments)
    head, tails = [], []
    for argument in arguments:
        if isinstance(argument, Tail):
            head.append(word(offset))
            tails.append(argument.content)
            offset += len(argument.content)
        else:
            head.append(argument)
    return b"".join((*head, *tails))


def dynamic_bytes(data: bytes) -> Tail:
    """Return an argument of type `bytes`."""
    return Tail(word(len(data)) + padded(data))


def static_array(items: Sequence[bytes]) -> Tail:
    """Return an array of items of static size, each encoded already."""
    return Tail(word(len(items)) + b"".join(items))


def dynamic_array(items: Sequence[bytes]) -> Tail:
    """Return an array of items of dynamic size, each encoded already."""
    return Tail(word(len(items)) + encode_arguments(*map(Tail, items)))


def _signature(line: str) -> Signature:
    call, _, outputs = line.partition(" -> ")
    name, _, inputs = call.partition("(")
    return Signature(name, tuple(_split(inputs[:-1])), tuple(_split(outputs[1:-1])))


def _split(types: str) -> Iterator[str]:
    """Split at the commas that are not inside a tuple."""
    depth, start = 0, 0
    for index, character in enumerate(types):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield types[start:index]
            start = index + 1
    if types:
        yield types[start:]


FUNCTIONS: Final = table_of(_FUNCTIONS)
EVENTS: Final = table_of(_EVENTS)
"""What relayers watch."""
ORACLE_EVENTS: Final = table_of(_ORACLE_EVENTS)
"""What reporters watch on the board."""
