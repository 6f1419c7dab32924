"""What contracts answer: one typed view per function that is read. Arguments are words; none is dynamic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from bridge.adapters.codec.abi import FUNCTIONS
from bridge.adapters.codec.wire import read_address
from bridge.core.bonds import BondTerms
from bridge.core.hashing import word
from bridge.core.quorum import split_members
from bridge.core.types import Address, Epoch, Hash32, Leaf, Nonce, Timestamp, Units

T = TypeVar("T")

OKU: Final = 100_000_000
"""Units in which contracts keep flow limits: JPY 100 million."""


class EpochSet(NamedTuple):
    """A committee's set of one epoch."""

    set_hash: Hash32
    threshold: int
    members: tuple[Address, ...]


class RouteEnd(NamedTuple):
    """What a gateway says of one of its routes; a zero gateway means that there is none."""

    gateway: Address
    window: int
    max_batch: int


class HeldMessage(NamedTuple):
    """A hold; `held_at` zero means that there is none."""

    epoch: Epoch
    held_at: Timestamp
    reason: int


class Received(NamedTuple):
    """What a gateway has taken in of one route and asset: executed or sent back, both count as settled."""

    highest_total: Units
    settled: Units


class Room(NamedTuple):
    """What may move in one direction under limits and pauses."""

    fits: Units
    fits_at: Timestamp
    """When the amount asked about may move; zero: never under these limits."""


class Flow(NamedTuple):
    """Limits of a bond on a route, in units."""

    inbound: Units
    outbound: Units
    delay_above: Units


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """A function that is read: how it is called and what its answer means."""

    name: str
    meaning: Callable[..., T]

    def call(self, *arguments: int | bytes) -> bytes:
        """Return the calldata."""
        function = FUNCTIONS[self.name]
        if len(arguments) != len(function.inputs):
            raise TypeError(f"{function} takes {len(function.inputs)} arguments")
        return function.selector + b"".join(map(word, arguments))

    def result(self, output: bytes) -> T:
        """Read the answer. Raises ValueError if it is none, such as that of an account without code."""
        try:
            values = decode(FUNCTIONS[self.name].outputs, output)
        except (DecodingError, OverflowError) as fault:
            # eth_abi takes a length of 2**64 and more for an index.
            raise ValueError(f"{len(output)} bytes are no answer to {self.name}") from fault
        return self.meaning(*values)


def _terms(fields: tuple[Any, ...]) -> BondTerms:
    isin, *numbers = fields
    return BondTerms(isin.decode("ascii", "replace"), *numbers)


def _set(set_hash: bytes, threshold: int, packed: bytes) -> EpochSet:
    return EpochSet(Hash32(set_hash), threshold, split_members(packed))


def _route(gateway: str, window: int, max_batch: int) -> RouteEnd:
    return RouteEnd(read_address(gateway), window, max_batch)


def _flow(limits: tuple[int, int, int]) -> Flow:
    return Flow(*(Units(limit * OKU) for limit in limits))


COMMITTEE: Final = View("COMMITTEE", read_address)
DOMAIN_SEPARATOR: Final = View("DOMAIN_SEPARATOR", Hash32)
RETURN_DELAY: Final = View("RETURN_DELAY", int)
IS_CONSUMED: Final = View("isConsumed", bool)
IS_RETURNED: Final = View("isReturned", bool)
HELD: Final = View("held", HeldMessage)
OUTBOUND_LEAF: Final = View("outboundLeaf", lambda leaf: Leaf(Hash32(leaf)))
NEXT_NONCE: Final = View("nextNonce", Nonce)
RUNNING_TOTAL: Final = View("runningTotal", Units)
RECEIVED: Final = View("received", Received)
ROUTE: Final = View("route", _route)

PREVIEW: Final = View("preview", Room)
FLOW_LIMITS: Final = View("flowLimits", _flow)
FLOW_PERIOD: Final = View("FLOW_PERIOD", int)
PAUSED_UNTIL: Final = View("pausedUntil", Timestamp)
OPENS_AT: Final = View("opensAt", Timestamp)
RIGHTS_OF: Final = View("rightsOf", int)
IS_ON_DUTY: Final = View("isOnDuty", bool)
GOVERNOR: Final = View("GOVERNOR", read_address)
GUARDIAN: Final = View("GUARDIAN", read_address)
REGISTRAR: Final = View("REGISTRAR", read_address)
ISSUER: Final = View("ISSUER", read_address)
REPORTERS: Final = View("REPORTERS", read_address)
IS_OPERATION_PENDING: Final = View("isOperationPending", bool)
MIN_DELAY: Final = View("getMinDelay", int)
HAS_ROLE: Final = View("hasRole", bool)
COUNCIL_THRESHOLD: Final = View("threshold", int)
COUNCIL_MEMBERS: Final = View("members", split_members)

LOCKED: Final = View("locked", Units)
ESCROWED: Final = View("escrowed", Units)
IS_ANNOUNCED: Final = View("isAnnounced", bool)
WRAPPED_OF: Final = View("wrappedOf", read_address)
CAP_OF: Final = View("capOf", Units)

ACTIVE_EPOCH: Final = View("activeEpoch", Epoch)
SET_OF: Final = View("setOf", _set)
IS_REVOKED: Final = View("isRevoked", bool)
SCHEDULER: Final = View("SCHEDULER", read_address)

POSTER_OF: Final = View("posterOf", read_address)
IS_POSTED: Final = View("isPosted", bool)
POSTS_PER_BLOCK: Final = View("POSTS_PER_BLOCK", int)

CALENDAR_OF: Final = View("calendarOf", lambda version, _low, _high: int(version))
"""Version of the business days of a year that an oracle knows; zero if it does not."""

TERMS: Final = View("terms", _terms)
GATEWAY: Final = View("GATEWAY", read_address)
ALLOWANCE: Final = View("allowance", Units)
BALANCE_OF: Final = View("balanceOf", Units)
TOTAL_SUPPLY: Final = View("totalSupply", Units)
