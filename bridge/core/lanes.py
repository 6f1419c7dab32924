"""What one sending account has to do: intents, the transactions that carry them out, and how they end.

An intent is done exactly once: it holds one account nonce until some attempt with that nonce is final.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count

from bridge.core.events import BatchKey
from bridge.core.ports import Call, SignedTransaction
from bridge.core.submission import Fees
from bridge.core.types import ChainId, Epoch, Height, Leaf, Slot


@dataclass(frozen=True, slots=True)
class PostSignatures:
    """Post our signatures for these slots on the board."""

    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class DeliverBatch:
    """Deliver a batch with a certificate of `epoch`."""

    batch: BatchKey
    epoch: Epoch


@dataclass(frozen=True, slots=True)
class RetryTransfer:
    """Execute a held message."""

    leaf: Leaf


@dataclass(frozen=True, slots=True)
class FillGap:
    """Use up an account nonce that later ones wait behind."""


Purpose = PostSignatures | DeliverBatch | RetryTransfer | FillGap


@dataclass(frozen=True, slots=True)
class Intent:
    """A transaction that must be sent, stored in the same commit as the state that demands it."""

    id: int
    """Given by the store; zero before it is stored."""
    chain: ChainId
    purpose: Purpose
    call: Call
    gas: int


class Ending(Enum):
    """How an intent ended. Each ending is a final fact of the chain, or gives the intent up before it had a nonce."""

    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    REFUSED = "refused"
    """The node takes no transaction like it, whatever the price."""
    WITHDRAWN = "withdrawn"
    """What demanded it is not believed any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction for an account nonce. It may go out again, as it is, at any time."""

    transaction: SignedTransaction
    fees: Fees
    sent_at: Height | None = None
    """Head of the chain when it last went out; None if it is not known to have gone out."""


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """An intent that is not ended, with the account nonce it holds and all attempts made with that nonce."""

    intent: Intent
    nonce: int | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def last(self) -> Attempt:
        """The newest attempt. Raises IndexError before the first."""
        return self.attempts[-1]


def free_nonces(lowest: int, held: Collection[int]) -> Iterator[int]:
    """Yield the account nonces from `lowest` on that no intent holds: first the gaps, then what follows for ever."""
    return (nonce for nonce in count(lowest) if nonce not in held)


def gaps(lowest: int, held: Collection[int]) -> int:
    """Return how many free nonces the highest held one waits for. `lowest` is the account's next nonce."""
    waiting = {nonce for nonce in held if nonce >= lowest}
    return max(waiting) + 1 - lowest - len(waiting) if waiting else 0
