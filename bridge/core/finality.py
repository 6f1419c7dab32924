"""When a block is final, per chain, and what it means when one changes afterwards.

`Depth` and `Tag` are one provider's word: what several of them say alike is believed. `Seals` is proof.
"""

from dataclasses import dataclass

from bridge.core.qbft import Terms
from bridge.core.types import Block, Hash32, Height


@dataclass(frozen=True, slots=True)
class Depth:
    """Final under `blocks` further blocks; zero suits a ledger with instant finality."""

    blocks: int


@dataclass(frozen=True, slots=True)
class Tag:
    """Final where the node says `finalized`."""


@dataclass(frozen=True, slots=True)
class Seals:
    """Final as soon as the validators have sealed it, as they follow from a block that the operator trusts."""

    height: Height
    """Of the trusted block: a multiple of the epoch's length, where no vote is pending."""
    hash: Hash32
    terms: Terms


Policy = Depth | Tag
"""How one provider's word is read where headers carry no proof."""


@dataclass(frozen=True, slots=True)
class Heads:
    """What a node said of its chain at one moment."""

    latest: Block
    finalized: Block | None
    """None where the chain has no such tag, as QBFT chains have not."""
    is_behind: bool = False
    """Whether more blocks were there than could be verified in one step."""


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
