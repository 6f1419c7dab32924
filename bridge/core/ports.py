"""What the relayer needs of the world, as narrow interfaces. Adapters implement them; tests have fakes.

Every read names the block it was made at or is told at which one to read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.core.boundaries import Boundary
from bridge.core.events import ChainFact
from bridge.core.finality import Heads
from bridge.core.quorum import Committee
from bridge.core.submission import Fees
from bridge.core.types import Address, Block, ChainId, Digest, Height, Timestamp, TxHash, Windowing


class Clock(Protocol):
    """Wall time, for budgets and back-off; never for a protocol decision."""

    def now(self) -> Timestamp:
        """Return UTC seconds."""
        ...


class Probe(Protocol):
    """Told at each boundary; tests crash there, production does nothing."""

    def reached(self, boundary: Boundary) -> None:
        """Return, or never return."""
        ...


class Faults(Protocol):
    """Told what keeps a part from working, and that it works again."""

    def failed(self, part: str, fault: Exception) -> None:
        """A part could not do its work this time."""
        ...

    def worked(self, part: str) -> None:
        """A part did its work."""
        ...


class ChainReader(Protocol):
    """One chain as a relayer reads it. Methods raise errors.Retry when the node does not answer in time.

    What is final is final by the chain's own policy, which the reader holds to.
    """

    @property
    def chain(self) -> ChainId:
        """The chain's id, which was checked at start-up."""
        ...

    async def heads(self) -> Heads:
        """Return the newest block and the highest final one; None if nothing is known to be final."""
        ...

    async def blocks(self, heights: Sequence[Height]) -> Mapping[Height, Block]:
        """Return the headers at these heights. Raises errors.Retry if one is missing."""
        ...

    async def facts(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return what the watched contracts logged in this range of final heights, in order."""
        ...

    async def glimpse(self, first: Height, last: Height) -> Sequence[ChainFact]:
        """Return the same of blocks that are not final, which nobody vouches for: nothing is signed by it."""
        ...

    async def committee(self, at: Block) -> Committee:
        """Return the committee that is active for deliveries to this chain at a block."""
        ...

    async def windowing(self, destination: ChainId) -> Windowing:
        """Return the immutable windowing of the route from this chain to `destination`."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction without its price and account nonce."""

    to: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction as it goes over the wire."""

    hash: TxHash
    raw: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction. A reverted one has `succeeded` False."""

    tx: TxHash
    block: Block
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Account:
    """The state of a sending account at the newest block."""

    transactions: int
    """Mined ones: the lowest account nonce that is still free."""
    balance: int
    """Wei."""
    base_fee: int
    """Wei per gas; zero on a ledger without a price."""
    head: Height


class Reverted(Exception):
    """A simulated call would revert; `error` is the contract's named error, or what the node said."""

    def __init__(self, error: str, arguments: tuple[object, ...] = ()) -> None:
        super().__init__(f"{error}{arguments!r}" if arguments else error)
        self.error = error
        self.arguments = arguments


class BroadcastOutcome:
    """How a node takes a raw transaction, as strings that lanes match on."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already known"
    NONCE_TOO_LOW = "nonce too low"
    UNDERPRICED = "underpriced"
    INSUFFICIENT_FUNDS = "insufficient funds"
    REFUSED = "refused"


class ChainWriter(Protocol):
    """One chain as a sending account uses it. Methods raise errors.Retry when the node does not answer in time."""

    @property
    def chain(self) -> ChainId:
        """The chain's id."""
        ...

    async def account(self, address: Address) -> Account:
        """Return the account's state at the newest block."""
        ...

    async def simulate(self, sender: Address, call: Call) -> int:
        """Return the gas a call needs at the newest block. Raises Reverted if it would revert."""
        ...

    async def broadcast(self, raw: bytes) -> tuple[str, str]:
        """Hand over a raw transaction; return a `BroadcastOutcome` and the node's own words."""
        ...

    async def receipts(self, hashes: Sequence[TxHash]) -> Mapping[TxHash, Receipt]:
        """Return the receipts of those that are mined."""
        ...


class AttestationSigner(Protocol):
    """The key of an organisation in a committee."""

    @property
    def address(self) -> Address:
        """The signer's identity in committees."""
        ...

    def sign_digest(self, digest: Digest) -> bytes:
        """Return an EIP-2098 compact signature. Deterministic (RFC 6979): signing again gives the same bytes."""
        ...


class TransactionSigner(Protocol):
    """The key of a sending account."""

    @property
    def address(self) -> Address:
        """The account."""
        ...

    def sign_transaction(self, chain: ChainId, nonce: int, call: Call, gas: int, fees: Fees) -> SignedTransaction:
        """Return a signed transaction: type 2, or legacy where the fees are zero."""
        ...
