"""When a block is final, per chain, and what it means when one changes afterwards.

The policies here believe one provider's word. Proof by seals and agreement of providers take their place behind the
same two functions.
"""

from dataclasses import dataclass

from bridge.core.types import Block, Height


@dataclass(frozen=True, slots=True)
class Depth:
    """Final under `blocks` further blocks; zero suits a ledger with instant finality."""

    blocks: int


@dataclass(frozen=True, slots=True)
class Tag:
    """Final where the node says `finalized`."""


Policy = Depth | Tag


@dataclass(frozen=True, slots=True)
class Heads:
    """What a node said of its chain at one moment."""

    latest: Block
    finalized: Block | None
    """None where the chain has no such tag, as QBFT chains have not."""


def final_height(policy: Policy, heads: Heads) -> Height:
    """Return the highest final height, at least 0. A tag that the node does not answer makes nothing final."""
    match policy:
        case Depth(blocks):
            return Height(max(0, heads.latest.height - blocks))
        case Tag():
            return heads.finalized.height if heads.finalized is not None else Height(0)


def is_broken(anchor: Block, observed: Block) -> bool:
    """Tell whether a block that was final has another hash now: the one thing that must never happen."""
    return anchor.height == observed.height and anchor.hash != observed.hash
