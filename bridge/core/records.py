"""What a relayer keeps besides transfers: batches, its own signatures, the outbox, parked outcomes, halts."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.core.batches import Batch
from bridge.core.events import BatchKey, Effect, OutcomeFact
from bridge.core.types import Block, Digest, Epoch, Hash32, Height, Leaf, Route, Slot, Timestamp


@dataclass(frozen=True, slots=True)
class FormedBatch:
    """A batch whose boundaries are known. Its epoch is not part of it."""

    key: BatchKey
    count: int
    root: Hash32
    source: Block
    """The last block of its window."""

    def in_epoch(self, epoch: Epoch) -> Batch:
        """Return what is signed for an epoch."""
        return Batch(
            route=self.key.route,
            epoch=epoch,
            first_nonce=self.key.first_nonce,
            count=self.count,
            root=self.root,
            source_height=self.source.height,
            source_block_hash=self.source.hash,
            source_time=self.source.time,
        )


@dataclass(frozen=True, slots=True)
class OwnSignature:
    """What we signed: at most one digest per slot, ever."""

    slot: Slot
    digest: Digest
    signature: bytes
    batch: BatchKey
    epoch: Epoch
    posted: bool
    """Seen on the board in a final block."""


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """A row of the outbox."""

    effect: Effect
    due: Height
    """Height of the destination chain from which on it may be done; zero is at once."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """An outcome at a destination whose message is not final here yet: our view of the source lags, or it is a lie."""

    leaf: Leaf
    route: Route
    outcome: OutcomeFact
    source_height: Height
    """Height that the delivered batch names. Verified past it without such a leaf, this is a breach."""


@dataclass(frozen=True, slots=True)
class HaltRecord:
    """A route on which nothing is done until an operator resumes it."""

    route: Route
    why: str
    evidence: Mapping[str, object]
    """JSON types."""
    at: Timestamp
