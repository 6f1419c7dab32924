"""What the oracle asks of contracts and how they answer: calldata, views, and the board's logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError

from bridge.adapters.codec import (
    View,
    read_address,
    read_bytes,
    read_fields,
    read_hash,
    read_list,
    read_quantity,
    to_hex,
)
from bridge.adapters.codec.abi import ENTRY, FUNCTIONS, ORACLE_EVENTS, REPORT, UNVERIFIED_POST
from bridge.core.errors import Halt
from bridge.core.types import Address, Digest, Hash32, Height, Slot, Timestamp
from oracles.core.ledger import BoardEvent, ContentShown, PreimageShown, ShareShown
from oracles.core.report import CalendarReport, Observation, Report, days_of
from oracles.core.revisions import Position

TOPICS: Final = {name: to_hex(event.topic) for name, event in ORACLE_EVENTS.items()}
_MALFORMED: Final = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, DecodingError)


class Fixing(NamedTuple):
    """One number of one day as a feed keeps it."""

    value: int
    date: int
    status: int
    revision: int
    updated_at: Timestamp
    valid_until: Timestamp
    round: int
    is_carried: bool


class Point(NamedTuple):
    """One step of one generation of the index."""

    value: int
    date: int
    updated_at: Timestamp
    rate: int
    is_carried: bool


class Members(NamedTuple):
    """A set of reporters, packed as its scheme packs it."""

    set_hash: Hash32
    threshold: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedPost:
    """A share, or a proposal if it has no signature."""

    slot: Slot
    digest: Digest
    signer: Address
    signature: bytes = b""


ORACLE_ID: Final = View("ORACLE_ID", Hash32)
REPORTERS: Final = View("REPORTERS", read_address)
MEMBERS_OF: Final = View("setOf", lambda set_hash, threshold, packed: Members(Hash32(set_hash), threshold, packed))
KEY_POSTER_OF: Final = View("keyPosterOf", read_address)
FEED_OF: Final = View("feedOf", read_address)
LATEST: Final = View("latest", lambda fields: Fixing(*fields))
FIXING_ON: Final = View("fixingOn", lambda fields: Fixing(*fields))
REVISION_ON: Final = View("revisionOn", int)
HOLD: Final = View("hold", lambda date, revision, reason: (date, revision, reason))
FRESHNESS: Final = View("freshness", int)
NEXT_DUE_AT: Final = View("nextDueAt", Timestamp)
LATEST_ROUND: Final = View("latestRound", int)
ROUND_DATA: Final = View("getRoundData", lambda *fields: fields)
CURRENT: Final = View("current", lambda generation, step: (generation, step))
POINT_AT: Final = View("pointAt", lambda fields: Point(*fields))
IS_OUTDATED: Final = View("isOutdated", bool)
ADVANCE: Final = View("advance", int)
"""Called without a transaction it says how many steps it would make."""


class Push(NamedTuple):
    """One report to push."""

    report: Report
    observations: tuple[Observation, ...]
    certificate: bytes


def encode_publish_and_post(
    separator: Hash32, structs: Sequence[bytes], contents: Sequence[bytes], posts: Sequence[UnverifiedPost]
) -> bytes:
    """Publish preimages and contents, and post."""
    items = [(post.slot, post.digest, post.signer, post.signature) for post in posts]
    types = ("bytes32", "bytes[]", "bytes[]", f"{UNVERIFIED_POST}[]")
    return FUNCTIONS["publishAndPostUnverified"].selector + encode(types, (separator, structs, contents, items))


def encode_push_many(pushes: Sequence[Push]) -> bytes:
    """Push reports with all their observations."""
    items = [(_report(push.report), [_entry(one) for one in push.observations], push.certificate) for push in pushes]
    return FUNCTIONS["pushMany"].selector + encode((f"({REPORT},{ENTRY}[],bytes)[]",), (items,))


def encode_push_calendar(report: CalendarReport, certificate: bytes) -> bytes:
    """Push the business days of one year."""
    year = report.year
    fields = (report.set_hash, year.year, year.version, *year.words)
    function = FUNCTIONS["pushCalendar"]
    return function.selector + encode(function.inputs, (fields, certificate))


def encode_advance(steps: int) -> bytes:
    """Compound so many days."""
    return FUNCTIONS["advance"].selector + encode(("uint256",), (steps,))


def encode_rebuild(steps: int) -> bytes:
    """Compound so many days of the generation that replaces an outdated one."""
    return FUNCTIONS["rebuild"].selector + encode(("uint256",), (steps,))


@dataclass(frozen=True, slots=True)
class BoardLog:
    """A log of the board with its place; the time of its block is not in it."""

    height: Height
    index: int
    topics: tuple[str, ...]
    data: bytes

    def event(self, at: Timestamp) -> BoardEvent:
        """Return what it says. Raises Halt for a log that the board cannot have written."""
        try:
            return self._event(at)
        except _MALFORMED as fault:
            raise Halt(f"a log of the board cannot be read: {fault}", {"height": self.height}) from fault

    def _event(self, at: Timestamp) -> BoardEvent:
        kind, *topics = self.topics
        first = read_hash(topics[0])
        if kind == TOPICS["Published"]:
            separator, struct = decode(("bytes32", "bytes"), self.data)
            return PreimageShown(Digest(first), Hash32(separator), struct)
        if kind == TOPICS["ContentPublished"]:
            (content,) = decode(("bytes",), self.data)
            return ContentShown(first, content)
        (signature,) = decode(("bytes",), self.data)
        signer = Address(read_hash(topics[2])[12:])
        position: Position = (self.height, self.index)
        return ShareShown(Slot(first), Digest(read_hash(topics[1])), signer, signature, position, at)


def read_log(log: object) -> BoardLog:
    """Read a raw log. Raises Halt if it is none."""
    try:
        fields = cast("dict[str, Any]", read_fields(log))
        topics = tuple(str(topic) for topic in read_list(fields["topics"]))
        height, index = read_quantity(fields["blockNumber"]), read_quantity(fields["logIndex"])
        return BoardLog(Height(height), index, topics, read_bytes(fields["data"]))
    except _MALFORMED as fault:
        raise Halt(f"a log cannot be read: {fault}", {}) from fault


def _report(report: Report) -> tuple[object, ...]:
    return (
        report.set_hash,
        report.group,
        days_of(report.day),
        report.status,
        report.revision,
        report.count,
        report.root,
    )


def _entry(one: Observation) -> tuple[object, ...]:
    return (
        one.feed,
        one.value,
        one.effective_at,
        one.valid_until,
        one.source_hash,
        one.parser_version,
        one.calendar_version,
    )
