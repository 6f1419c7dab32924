"""The life of a transfer. Everything that changes its state lives in this file.

`MOVES` is the whole law: a pair that is not in it is either an echo (`ECHOES`, changes nothing) or a breach (halts
the route). The diagram in README is drawn from it.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from bridge.core import reasons
from bridge.core.events import (
    Attest,
    BatchAttested,
    BatchFormed,
    BatchKey,
    DeliveryIncluded,
    DeliveryLost,
    DeliverySubmitted,
    Effect,
    EpochSuperseded,
    ExecutionFinalized,
    HaltRoute,
    HoldFinalized,
    MessageFinalized,
    MessageOrphaned,
    MessageSeen,
    Mined,
    ProgressFact,
    QuorumReached,
    RetryHeld,
    ReturnFinalized,
    Submit,
)
from bridge.core.messages import Message
from bridge.core.types import Epoch, Leaf, Route


class State(Enum):
    """How far a transfer is, as everyone sees it."""

    SEEN = "SEEN"
    FINAL = "FINAL"
    ATTESTED = "ATTESTED"
    QUORATE = "QUORATE"
    SUBMITTED = "SUBMITTED"
    EXECUTED = "EXECUTED"
    HELD = "HELD"
    ORPHANED = "ORPHANED"
    RETURNED = "RETURNED"


TERMINAL = frozenset({State.EXECUTED, State.RETURNED})
"""Nothing moves a transfer from here."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One message and how far it is. Times are places: blocks, not clocks."""

    leaf: Leaf
    route: Route
    message: Message
    state: State
    source: Mined
    batch: BatchKey | None = None
    epoch: Epoch | None = None
    """Of the certificate that is being gathered or was submitted."""
    included: Mined | None = None
    """In a destination block that is not final."""
    destination: Mined | None = None
    reason: int | None = None
    return_leaf: Leaf | None = None

    @property
    def formed(self) -> tuple[BatchKey, Epoch]:
        """The batch and the epoch it is gathered for. Raises ValueError before the batch is formed."""
        if self.batch is None or self.epoch is None:
            raise ValueError("the batch of this transfer is not formed yet")
        return self.batch, self.epoch


_SIGNING = (State.FINAL, State.ATTESTED, State.QUORATE, State.SUBMITTED)
"""Final at the source, undecided at the destination: its outcome is welcome in each of these."""

MOVES: dict[tuple[State, type[ProgressFact]], State] = {
    (State.SEEN, MessageFinalized): State.FINAL,
    (State.SEEN, MessageOrphaned): State.ORPHANED,
    (State.ORPHANED, MessageSeen): State.SEEN,
    (State.ORPHANED, MessageFinalized): State.FINAL,
    (State.FINAL, BatchFormed): State.FINAL,
    (State.FINAL, BatchAttested): State.ATTESTED,
    (State.FINAL, QuorumReached): State.QUORATE,
    (State.ATTESTED, QuorumReached): State.QUORATE,
    (State.QUORATE, DeliverySubmitted): State.SUBMITTED,
    (State.SUBMITTED, DeliveryLost): State.QUORATE,
    **{(state, EpochSuperseded): State.FINAL for state in _SIGNING},
    **{(state, DeliveryIncluded): state for state in _SIGNING},
    **{(state, ExecutionFinalized): State.EXECUTED for state in (*_SIGNING, State.HELD)},
    **{(state, HoldFinalized): State.HELD for state in _SIGNING},
    (State.HELD, ReturnFinalized): State.RETURNED,
}

_LATE = (MessageSeen, BatchAttested, QuorumReached, DeliverySubmitted, DeliveryIncluded, DeliveryLost, EpochSuperseded)

ECHOES: frozenset[tuple[State, type[ProgressFact]]] = frozenset(
    {
        *((state, fact) for state in (State.EXECUTED, State.HELD, State.RETURNED) for fact in _LATE),
        *((state, MessageSeen) for state in (State.SEEN, *_SIGNING)),
        (State.ORPHANED, MessageOrphaned),
        *((state, MessageFinalized) for state in State if state not in (State.SEEN, State.ORPHANED)),
        *((state, BatchFormed) for state in State if state not in (State.SEEN, State.ORPHANED, State.FINAL)),
        *((state, BatchAttested) for state in (State.ATTESTED, State.QUORATE, State.SUBMITTED)),
        *((state, QuorumReached) for state in (State.QUORATE, State.SUBMITTED)),
        *((state, DeliverySubmitted) for state in (State.FINAL, State.ATTESTED, State.SUBMITTED)),
        *((state, DeliveryLost) for state in (State.FINAL, State.ATTESTED, State.QUORATE)),
        (State.EXECUTED, ExecutionFinalized),
        (State.EXECUTED, HoldFinalized),
        (State.HELD, HoldFinalized),
        (State.RETURNED, HoldFinalized),
        (State.RETURNED, ReturnFinalized),
    }
)
"""What may be heard again or too late: ranges are scanned twice, relayers race, databases come back from yesterday."""

Step = tuple[Transfer, tuple[Effect, ...]]


def begin(leaf: Leaf, route: Route, message: Message, at: Mined) -> Transfer:
    """Return a transfer as first heard of."""
    return Transfer(leaf, route, message, State.SEEN, at)


def step(transfer: Transfer, fact: ProgressFact) -> Step:
    """Return the transfer after `fact`, and what must be done about it.

    A fact that the table does not know in this state halts the route: nothing is guessed.
    """
    key = (transfer.state, type(fact))
    if key in ECHOES:
        return transfer, ()
    if key not in MOVES:
        why = f"{type(fact).__name__} in state {transfer.state.value} of transfer 0x{transfer.leaf.hex()}"
        return transfer, (HaltRoute(transfer.route, why),)
    if _is_outdated(transfer, fact):
        return transfer, ()
    return _moved(replace(transfer, state=MOVES[key]), fact)


def _is_outdated(transfer: Transfer, fact: ProgressFact) -> bool:
    """Tell whether the fact speaks of another epoch than the one that is being gathered."""
    match fact:
        case BatchAttested(epoch) | QuorumReached(epoch) | DeliverySubmitted(epoch):
            return epoch != transfer.epoch
        case EpochSuperseded(epoch):
            return transfer.batch is None or epoch == transfer.epoch
        case _:
            return False


def _moved(transfer: Transfer, fact: ProgressFact) -> Step:
    match fact:
        case MessageSeen(at) | MessageFinalized(at):
            return replace(transfer, source=at), ()
        case BatchFormed(batch, epoch):
            return replace(transfer, batch=batch, epoch=epoch), (Attest(batch, epoch),)
        case EpochSuperseded(epoch):
            return replace(transfer, epoch=epoch), (Attest(transfer.formed[0], epoch),)
        case QuorumReached() | DeliveryLost():
            return transfer, (Submit(*transfer.formed),)
        case DeliveryIncluded(at):
            return replace(transfer, included=at), ()
        case ExecutionFinalized(at):
            return replace(transfer, destination=at, included=None, reason=None), ()
        case HoldFinalized(reason, at):
            held = replace(transfer, destination=at, included=None, reason=reason)
            return held, _retry_of(held)
        case ReturnFinalized(return_leaf, at):
            return replace(transfer, destination=at, return_leaf=return_leaf), ()
        case MessageOrphaned() | BatchAttested() | DeliverySubmitted():
            return transfer, ()
        case _:
            assert_never(fact)


def _retry_of(transfer: Transfer) -> tuple[Effect, ...]:
    if transfer.reason is None or reasons.class_of(transfer.reason) is reasons.HoldClass.QUARANTINE:
        return ()
    return (RetryHeld(transfer.route, transfer.leaf),)
