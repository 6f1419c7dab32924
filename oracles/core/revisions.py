"""Which revision reporters sign: one ledger counts, so that all of them sign the same number (SPEC 10).

Revisions are numbered per group and day, across statuses. As soon as k reporters have posted one and the same proposal
after the last revision was certified, the next one is open, for that proposal alone. What a proposal holds, see
`report.content_of`: it names the report that it follows, so an old one never opens a later revision.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.types import Hash32, Timestamp
from oracles.core.report import Proposal

Position = tuple[int, int]
"""On the ledger: height, and the number of the event in its block."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A proposal that a reporter posted, its signature verified."""

    reporter: int
    """Index in the set."""
    proposal: Proposal
    position: Position
    at: Timestamp
    """Of the block."""


@dataclass(frozen=True, slots=True)
class Certified:
    """The last report about a group and day that k reporters have signed."""

    revision: int
    root: Hash32
    position: Position
    """Of the signature that was the k-th."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A revision that reporters may sign."""

    revision: int
    at: Timestamp
    """Time of the block in which it was opened: the effective time of a correction."""
    proposal: Proposal


def opened(posts: Iterable[Posted], threshold: int, last: Certified | None) -> Opened | None:
    """Return the revision that is open about one group and day, None if none is.

    `posts` are of one set and of one group and day, in any order; those before the last certificate have had their
    turn. Only the latest post of a reporter counts. The proposal that k reporters share first is opened, and it alone:
    whoever is of another mind proposes again once that is certified. Raises ValueError for posts about several days or
    sets, and for a threshold of zero.
    """
    later = sorted((post for post in posts if last is None or post.position > last.position), key=lambda p: p.position)
    if len({(post.proposal.set_hash, post.proposal.group, post.proposal.day) for post in later}) > 1:
        raise ValueError("proposals of one set about one group and day are counted together, and no others")
    if threshold < 1:
        raise ValueError("nobody opens no revision")
    revision = 1 if last is None else last.revision + 1
    minds: dict[int, Proposal] = {}
    for post in later:
        minds[post.reporter] = post.proposal
        if list(minds.values()).count(post.proposal) == threshold:
            return Opened(revision, post.at, post.proposal)
    return None
