"""Reading back what the board publishes: preimages of digests, and contents. What is no such thing is None."""

from dataclasses import replace
from itertools import pairwise

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from bridge.core.hashing import WORD
from bridge.core.types import Hash32, Timestamp
from oracles.core.calendar import WORD_BITS, Year
from oracles.core.report import (
    CALENDAR,
    CONTENT_TAG,
    CONTENT_TYPES,
    PROPOSAL,
    REPORT,
    CalendarReport,
    Observation,
    Proposal,
    Report,
    day_of,
)
from oracles.core.revisions import Opened
from oracles.core.series import Status

Preimage = Report | Proposal | CalendarReport
_MALFORMED = (DecodingError, ValueError, OverflowError)


def preimage_of(struct: bytes) -> Preimage | None:
    """Return what an encoded struct says; None if it is not the oracle's, or nothing that it could say."""
    kind, fields = struct[:WORD], struct[WORD:]
    try:
        if kind == REPORT.hash:
            set_hash, group, day, status, *rest = decode(REPORT.types, fields)
            return Report(Hash32(set_hash), Hash32(group), day_of(day), Status(status), *rest)
        if kind == PROPOSAL.hash:
            set_hash, group, day, status, content = decode(PROPOSAL.types, fields)
            return Proposal(Hash32(set_hash), Hash32(group), day_of(day), Status(status), Hash32(content))
        if kind == CALENDAR.hash:
            set_hash, year, version, low, high = decode(CALENDAR.types, fields)
            return CalendarReport(Hash32(set_hash), Year(year, version, low | high << WORD_BITS))
    except _MALFORMED:
        pass
    return None


def observations_in(content: bytes, opened: Opened) -> list[Observation] | None:
    """Return what reporters sign in the revision that was opened for this content; None if it is malformed.

    The caller has found the content by its hash, so nobody but k reporters can have chosen it.
    """
    proposal = opened.proposal
    try:
        tag, _, entries = decode(CONTENT_TYPES, content)
    except _MALFORMED:
        return None
    if tag != CONTENT_TAG or not entries or any(one[0] >= other[0] for one, other in pairwise(entries)):
        return None
    found = [
        Observation(Hash32(feed), proposal.day, proposal.status, opened.revision, value, Timestamp(at), *rest)
        for feed, value, at, *rest in entries
    ]
    if proposal.status is Status.CORRECTED:
        return [replace(observation, effective_at=opened.at) for observation in found]
    return found
