"""What happened and what must be done: facts in the past tense, effects in the imperative.

Chain facts are what one log says. Progress facts are what the relayer concludes for one transfer; `transfers.step`
takes those.
"""

from dataclasses import dataclass
from typing import TypeAlias

from bridge.core.messages import Message
from bridge.core.types import (
    Address,
    Digest,
    Epoch,
    Hash32,
    Height,
    Leaf,
    Nonce,
    Route,
    Slot,
    TxHash,
)

# --- Where something happened -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Mined:
    """The place of one log. Two logs of one chain are ordered by height, then index."""

    height: Height
    index: int
    block_hash: Hash32
    tx: TxHash


@dataclass(frozen=True, slots=True, order=True)
class BatchKey:
    """Names a batch before and after it is signed: its boundaries depend on the source chain alone."""

    route: Route
    first_nonce: Nonce


# --- Chain facts: one log each ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A source gateway recorded an outbound message."""

    route: Route
    leaf: Leaf
    message: Message
    at: Mined


@dataclass(frozen=True, slots=True)
class Delivered:
    """A destination gateway accepted a certificate; the outcomes of its messages follow in the same transaction."""

    route: Route
    epoch: Epoch
    first_nonce: Nonce
    count: int
    source_height: Height
    root: Hash32
    at: Mined


@dataclass(frozen=True, slots=True)
class Executed:
    """The destination gateway executed a message."""

    route: Route
    leaf: Leaf
    nonce: Nonce
    at: Mined


@dataclass(frozen=True, slots=True)
class Held:
    """The destination gateway consumed a message and keeps it back; `reason` is a code of `reasons.Reason`."""

    route: Route
    leaf: Leaf
    nonce: Nonce
    epoch: Epoch
    reason: int
    at: Mined


@dataclass(frozen=True, slots=True)
class Recertified:
    """A held message of a revoked epoch was certified by the active one."""

    leaf: Leaf
    epoch: Epoch
    at: Mined


@dataclass(frozen=True, slots=True)
class SentBack:
    """A held transfer went back to its sender as the message `return_leaf`."""

    leaf: Leaf
    return_leaf: Leaf
    at: Mined


@dataclass(frozen=True, slots=True)
class Returned:
    """The source gateway took back its own outbound `leaf`, answered by `return_leaf`."""

    leaf: Leaf
    return_leaf: Leaf
    at: Mined


@dataclass(frozen=True, slots=True)
class AttestationPosted:
    """A signer's signature stands on the board."""

    slot: Slot
    digest: Digest
    signer: Address
    signature: bytes
    at: Mined


OutcomeFact: TypeAlias = Executed | Held | Recertified | SentBack | Returned
ChainFact: TypeAlias = Dispatched | Delivered | OutcomeFact | AttestationPosted


# --- Progress facts: what they mean for one transfer ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """Mined, not final: shown to people, never acted on."""

    at: Mined


@dataclass(frozen=True, slots=True)
class MessageFinalized:
    """In a final block of its source."""

    at: Mined


@dataclass(frozen=True, slots=True)
class MessageOrphaned:
    """Its height became final without it."""

    final_height: Height


@dataclass(frozen=True, slots=True)
class BatchFormed:
    """Its window is final, so its batch is known; `epoch` is the destination's active one."""

    batch: BatchKey
    epoch: Epoch


@dataclass(frozen=True, slots=True)
class BatchAttested:
    """Our signature for the batch stands on the board."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class QuorumReached:
    """Enough signatures for the batch stand on the board."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class EpochSuperseded:
    """The destination has another active epoch: what was signed for the old one is worth nothing now."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class DeliverySubmitted:
    """Our delivery of the batch is stored as a transaction of our lane."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class DeliveryIncluded:
    """Somebody's delivery is in a block that is not final yet."""

    at: Mined


@dataclass(frozen=True, slots=True)
class DeliveryLost:
    """Our delivery will not execute the batch: reverted, dropped, or its block vanished."""

    reason: str


@dataclass(frozen=True, slots=True)
class ExecutionFinalized:
    """Executed in a final block of the destination."""

    at: Mined


@dataclass(frozen=True, slots=True)
class HoldFinalized:
    """Held, in a final block of the destination."""

    reason: int
    at: Mined


@dataclass(frozen=True, slots=True)
class ReturnFinalized:
    """Sent back, in a final block of the destination."""

    return_leaf: Leaf
    at: Mined


ProgressFact: TypeAlias = (
    MessageSeen
    | MessageFinalized
    | MessageOrphaned
    | BatchFormed
    | BatchAttested
    | QuorumReached
    | EpochSuperseded
    | DeliverySubmitted
    | DeliveryIncluded
    | DeliveryLost
    | ExecutionFinalized
    | HoldFinalized
    | ReturnFinalized
)


# --- Effects: what must be done, stored with the state that demands it ------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Attest:
    """Sign the batch for `epoch` and post the signature."""

    batch: BatchKey
    epoch: Epoch


@dataclass(frozen=True, slots=True, order=True)
class Submit:
    """Deliver the batch, certified by `epoch`, to its destination."""

    batch: BatchKey
    epoch: Epoch


@dataclass(frozen=True, slots=True, order=True)
class RetryHeld:
    """Execute a held message as soon as its reason is gone."""

    route: Route
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class HaltRoute:
    """Stop acting on a route; an operator must look."""

    route: Route
    why: str


Effect: TypeAlias = Attest | Submit | RetryHeld | HaltRoute
