"""What reporters sign: observations, the reports that hold them, and everything else with a digest (SPEC 10).

Nothing here names a chain or a contract: one certificate serves every chain. `tests/vectors/oracle.json` binds these
encodings to the contracts'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NewType, assert_never

from eth_abi import encode

from bridge.core.batches import root_of
from bridge.core.hashing import keccak
from bridge.core.types import Digest, Epoch, Hash32, Leaf, Slot, Timestamp
from oracles.core.calendar import Year
from oracles.core.series import Status

OracleId = NewType("OracleId", Hash32)
"""Names the oracle on every chain."""

_OBSERVATION_TAG: Final = keccak(b"JGB Oracle Observation 1")
CONTENT_TAG: Final = keccak(b"JGB Oracle Content 1")
_SLOT_TAG: Final = keccak(b"JGB Oracle Slot 1")
_CALENDAR_TAG: Final = keccak(b"JGB Oracle Calendar Slot 1")
_PROPOSAL_TAG: Final = keccak(b"JGB Oracle Proposal 1")

_DOMAIN_TYPE: Final = keccak(b"EIP712Domain(string name,string version,bytes32 salt)")
_NAME: Final = keccak(b"JGB Oracle")
_VERSION: Final = keccak(b"1")
_OBSERVATION_TUPLE: Final = "(bytes32,uint32,uint8,uint32,int256,uint64,uint64,bytes32,uint32,uint32)"
_ENTRY_TUPLE: Final = "(bytes32,int256,uint64,uint64,bytes32,uint32,uint32)"
CONTENT_TYPES: Final = ("bytes32", "bytes32", f"{_ENTRY_TUPLE}[]")
"""Tag, root of the report before, entries."""
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Struct:
    """An EIP-712 struct of plain fields, by its type as it is hashed."""

    type: str

    @property
    def types(self) -> list[str]:
        """ABI types of its fields."""
        return [field.split()[0] for field in self.type.partition("(")[2].split(",")]

    @property
    def hash(self) -> bytes:
        """Type hash, which every encoding begins with."""
        return keccak(self.type.encode("ascii"))

    def encoded(self, *fields: object) -> bytes:
        """Return type hash and fields. Raises eth_abi's EncodingError."""
        return self.hash + encode(self.types, fields)


REPORT: Final = Struct(
    "Report(bytes32 setHash,bytes32 group,uint32 date,uint8 status,uint32 revision,uint32 count,bytes32 root)"
)
PROPOSAL: Final = Struct("Proposal(bytes32 setHash,bytes32 group,uint32 date,uint8 status,bytes32 content)")
CALENDAR: Final = Struct("Calendar(bytes32 setHash,uint16 year,uint32 version,uint256 bits0,uint256 bits1)")
_ROTATION: Final = Struct("Rotation(bytes32 setHash,uint64 epoch,uint8 threshold,bytes32 membersHash)")
_STILL_LATEST: Final = Struct("StillLatest(bytes32 setHash,bytes32 leaf,uint64 attestedAt,uint64 expiresAt)")


@dataclass(frozen=True, slots=True)
class Observation:
    """One number of one day: the signed unit. Only what every honest reporter derives identically is in it."""

    feed: Hash32
    """keccak-256 of the series' name."""
    day: date
    """In Japan; encoded as days since 1970-01-01."""
    status: Status
    revision: int
    """Counted per group and day, across statuses, from 1."""
    value: int
    """Times 1e8; zero for NO_FIXING, the number of the reason for HOLD."""
    effective_at: Timestamp
    """When it was due to be published; of a correction, the time of the home block that opened its revision."""
    valid_until: Timestamp
    """After this it is history."""
    source_hash: Hash32
    """keccak-256 of the canonical source record."""
    parser_version: int
    calendar_version: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a quorum signs: all numbers of one group about one day that have one status."""

    set_hash: Hash32
    """Of the reporters."""
    group: Hash32
    day: date
    status: Status
    revision: int
    count: int
    root: Hash32
    """Over the observations in ascending order of their feeds."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a reporter would sign, before the ledger has given it a revision."""

    set_hash: Hash32
    group: Hash32
    day: date
    status: Status
    content: Hash32
    """See `content_of`."""


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """The business days of one year, see `calendar.Year`."""

    set_hash: Hash32
    year: Year


@dataclass(frozen=True, slots=True)
class Rotation:
    """The reporters hand over to their successors."""

    set_hash: Hash32
    """Of the reporters who sign."""
    epoch: Epoch
    """Of the successors."""
    threshold: int
    members_hash: Hash32
    """keccak-256 of the packed successors."""


@dataclass(frozen=True, slots=True)
class StillLatest:
    """Nothing newer has been published: the latest observation still stands."""

    set_hash: Hash32
    leaf: Leaf
    attested_at: Timestamp
    expires_at: Timestamp


Signable = Report | Proposal | CalendarReport | Rotation | StillLatest


@dataclass(frozen=True, slots=True)
class Statement:
    """An observation that a reporter signed, as proven into the root of a report of that set."""

    oracle: OracleId
    set_hash: Hash32
    observation: Observation


# --- Leaves and reports -----------------------------------------------------------------------------------------------


def encode_observation(observation: Observation) -> bytes:
    """Return the ABI encoding: ten words. Raises eth_abi's EncodingError for a field that does not fit."""
    return encode((_OBSERVATION_TUPLE,), (_fields(observation),))


def leaf_of(observation: Observation) -> Leaf:
    """Return the leaf, hashed twice, so that no inner node of a tree can pass for one."""
    return Leaf(keccak(keccak(_OBSERVATION_TAG + encode_observation(observation))))


def in_order(observations: Sequence[Observation]) -> list[Observation]:
    """Return the observations of one report as its tree holds them: by ascending feed.

    Raises ValueError if there are none, if two are of one feed, or if they differ in day, status or revision.
    """
    ordered = sorted(observations, key=lambda observation: observation.feed)
    if not ordered:
        raise ValueError("a report has at least one observation")
    if any(one.feed == other.feed for one, other in pairwise(ordered)):
        raise ValueError("two observations of one feed")
    if len({(observation.day, observation.status, observation.revision) for observation in ordered}) > 1:
        raise ValueError("the observations of a report share day, status and revision")
    return ordered


def report_of(set_hash: Hash32, group: Hash32, observations: Sequence[Observation]) -> Report:
    """Return the report over observations of one group, in any order. Raises ValueError, see `in_order`."""
    ordered = in_order(observations)
    root = root_of([leaf_of(observation) for observation in ordered])
    first = ordered[0]
    return Report(set_hash, group, first.day, first.status, first.revision, len(ordered), root)


def content_of(observations: Sequence[Observation], previous: Hash32) -> Hash32:
    """Return the hash of what reporters must agree on before a revision can be opened.

    Everything that is signed is in it, but not the revision, and not the effective time of a correction: the ledger
    gives both. `previous` is the root of the report that was certified last about this group and day, zero if none
    was: without it the proposals for an earlier revision would open a later one that says the same again.
    Raises ValueError, see `in_order`.
    """
    return keccak(encode_content(observations, previous))


def encode_content(observations: Sequence[Observation], previous: Hash32) -> bytes:
    """Return what `content_of` hashes, as the board publishes it. Raises ValueError, see `in_order`."""
    entries = [_entry(observation) for observation in in_order(observations)]
    return encode(CONTENT_TYPES, (CONTENT_TAG, previous, entries))


def is_equivocation(one: Statement, other: Statement) -> bool:
    """Tell whether one signer of both said two values of one number.

    Equal in oracle, set, feed, day, status and revision, and two values. Provenance and versions are no values, and a
    hold has none.
    """
    a, b = one.observation, other.observation
    return (
        (one.oracle, one.set_hash, a.feed, a.day, a.status, a.revision)
        == (other.oracle, other.set_hash, b.feed, b.day, b.status, b.revision)
        and a.status is not Status.HOLD
        and a.value != b.value
    )


# --- Digests and slots ------------------------------------------------------------------------------------------------


def domain_separator(oracle: OracleId) -> Hash32:
    """Return the EIP-712 domain separator, whose salt is the oracle's id: no chain, no contract."""
    return keccak(_DOMAIN_TYPE + _NAME + _VERSION + oracle)


def encode_struct(signable: Signable) -> bytes:
    """Return the EIP-712 encoding, type hash first. It is what the board publishes."""
    match signable:
        case Report(set_hash, group, day, status, revision, count, root):
            return REPORT.encoded(set_hash, group, days_of(day), status, revision, count, root)
        case Proposal(set_hash, group, day, status, content):
            return PROPOSAL.encoded(set_hash, group, days_of(day), status, content)
        case CalendarReport(set_hash, year):
            return CALENDAR.encoded(set_hash, year.year, year.version, *year.words)
        case Rotation(set_hash, epoch, threshold, members_hash):
            return _ROTATION.encoded(set_hash, epoch, threshold, members_hash)
        case StillLatest(set_hash, leaf, attested_at, expires_at):
            return _STILL_LATEST.encoded(set_hash, leaf, attested_at, expires_at)
        case _:
            assert_never(signable)


def digest_of(separator: Hash32, signable: Signable) -> Digest:
    """Return what is signed: keccak256(0x1901, separator, keccak256(struct)) (EIP-712)."""
    return Digest(keccak(b"\x19\x01" + separator + keccak(encode_struct(signable))))


def slot_of(oracle: OracleId, report: Report) -> Slot:
    """Return the signing slot of a report: an honest reporter signs one digest for it, ever."""
    types = ("bytes32", "bytes32", "bytes32", "bytes32", "uint32", "uint8", "uint32")
    fields = (report.set_hash, report.group, days_of(report.day), report.status, report.revision)
    return Slot(keccak(encode(types, (_SLOT_TAG, oracle, *fields))))


def calendar_slot_of(oracle: OracleId, report: CalendarReport) -> Slot:
    """Return the signing slot of the business days of one year in one version."""
    types = ("bytes32", "bytes32", "bytes32", "uint16", "uint32")
    fields = (report.set_hash, report.year.year, report.year.version)
    return Slot(keccak(encode(types, (_CALENDAR_TAG, oracle, *fields))))


def proposal_slot_of(oracle: OracleId, set_hash: Hash32, group: Hash32, day: date) -> Slot:
    """Return the slot of all proposals about one group and day. A reporter may change its mind in it."""
    types = ("bytes32", "bytes32", "bytes32", "bytes32", "uint32")
    return Slot(keccak(encode(types, (_PROPOSAL_TAG, oracle, set_hash, group, days_of(day)))))


def day_of(days: int) -> date:
    """Return the day that is encoded so. Raises OverflowError beyond the year 9999."""
    return _EPOCH + timedelta(days=days)


def days_of(day: date) -> int:
    """Return how a day is encoded: days since 1970-01-01."""
    return (day - _EPOCH).days


def _fields(observation: Observation) -> tuple[object, ...]:
    return (
        observation.feed,
        days_of(observation.day),
        observation.status,
        observation.revision,
        observation.value,
        observation.effective_at,
        observation.valid_until,
        observation.source_hash,
        observation.parser_version,
        observation.calendar_version,
    )


def _entry(observation: Observation) -> tuple[object, ...]:
    """What an observation says beyond its report."""
    is_correction = observation.status is Status.CORRECTED
    return (
        observation.feed,
        observation.value,
        0 if is_correction else observation.effective_at,
        observation.valid_until,
        observation.source_hash,
        observation.parser_version,
        observation.calendar_version,
    )
