"""What the board on the home ledger says, folded in its order: the one place that counts revisions (SPEC 10.4).

Everybody who reads the same events comes to the same state. Shares are verified here; a proposal is vouched for by the
transaction of the poster whom the governor has registered for its author.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from bridge.core.types import ZERO_HASH, Address, Digest, Hash32, Slot, Timestamp
from oracles.core.decisions import Signed
from oracles.core.preimages import Preimage, observations_in, preimage_of
from oracles.core.report import (
    CalendarReport,
    Observation,
    OracleId,
    Proposal,
    Report,
    calendar_slot_of,
    digest_of,
    domain_separator,
    proposal_slot_of,
    report_of,
    slot_of,
)
from oracles.core.revisions import Certified, Opened, Position, Posted, opened
from oracles.core.series import Status
from oracles.core.sets import ReporterSet, Share


class Key(NamedTuple):
    """What reports are about: one group, one day."""

    group: Hash32
    day: date


@dataclass(frozen=True, slots=True)
class PreimageShown:
    """The board has published what a digest was taken over."""

    digest: Digest
    separator: Hash32
    struct: bytes


@dataclass(frozen=True, slots=True)
class ContentShown:
    """The board has published a content."""

    hash: Hash32
    content: bytes


@dataclass(frozen=True, slots=True)
class ShareShown:
    """Somebody has posted for a signer: a share, or a proposal if there is no signature."""

    slot: Slot
    digest: Digest
    signer: Address
    signature: bytes
    position: Position
    at: Timestamp


BoardEvent = PreimageShown | ContentShown | ShareShown


@dataclass(slots=True)
class CertifiedReport:
    """A report that k reporters have signed, with all that is needed to push, pull or check it."""

    report: Report
    digest: Digest
    observations: tuple[Observation, ...]
    """By ascending feed."""
    signatures: dict[int, bytes]
    """By member. Those that come after the k-th are added: each makes a certificate cheaper to verify."""
    position: Position
    at: Timestamp
    """Of the k-th signature."""


@dataclass(slots=True)
class CertifiedCalendar:
    """The business days of a year, signed by k reporters."""

    report: CalendarReport
    digest: Digest
    signatures: dict[int, bytes]
    at: Timestamp
    """Of the k-th signature."""


@dataclass(slots=True)
class Open:
    """A revision that waits for its signatures."""

    opened: Opened
    proposers: frozenset[int]
    """Members whose word it was when it was opened: they owe it their signatures."""
    report: Report | None
    """None if the content is not there, or malformed: nobody can sign it."""
    observations: tuple[Observation, ...]
    digest: Digest | None
    shares: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class DayState:
    """All about one group and day."""

    posts: list[Posted] = field(default_factory=list)
    certified: list[CertifiedReport] = field(default_factory=list)
    open: Open | None = None

    @property
    def previous(self) -> Hash32:
        """Root of the report that was certified last; zero if none was."""
        return self.certified[-1].report.root if self.certified else ZERO_HASH

    def said(self, feed: Hash32) -> Observation | None:
        """Return what the quorum said last about a feed, holds included."""
        return next(
            (one for report in reversed(self.certified) for one in report.observations if one.feed == feed), None
        )

    def signed(self, feed: Hash32) -> Signed | None:
        """Return what the quorum signed last about a feed, but for holds."""
        for report in reversed(self.certified):
            for one in report.observations:
                if one.feed == feed and one.status is not Status.HOLD:
                    return Signed(one.status, None if one.status is Status.NO_FIXING else one.value)
        return None

    def mind(self, member: int) -> Proposal | None:
        """Return what a member proposed last since the last certificate."""
        since = self.certified[-1].position if self.certified else None
        later = [post for post in self.posts if post.reporter == member and (since is None or post.position > since)]
        return later[-1].proposal if later else None


class Ledger:
    """The state of the board for one oracle under one set of reporters."""

    def __init__(self, oracle: OracleId, reporters: ReporterSet) -> None:
        self.oracle = oracle
        self.reporters = reporters
        self.separator = domain_separator(oracle)
        self.days: dict[Key, DayState] = {}
        self.calendars: dict[int, CertifiedCalendar] = {}
        """By year, of the highest version that is certified."""
        self.shares: dict[tuple[Slot, int], set[Digest]] = {}
        """Which digests a member has truly signed for a slot: two are evidence."""
        self._members = {signer: index for index, signer in enumerate(reporters.signers)}
        self._preimages: dict[Digest, Preimage] = {}
        self._contents: dict[Hash32, bytes] = {}
        self._calendar_shares: dict[Digest, dict[int, bytes]] = {}

    def day(self, key: Key) -> DayState:
        """Return what is known of one group and day."""
        return self.days.get(key) or DayState()

    def is_published(self, digest: Digest) -> bool:
        """Tell whether the board has the preimage of a digest."""
        return digest in self._preimages

    def has_content(self, content: Hash32) -> bool:
        """Tell whether the board has a content."""
        return content in self._contents

    def contradictions(self) -> list[tuple[Slot, int]]:
        """Return the slots for which a member signed two digests."""
        return [slot for slot, digests in self.shares.items() if len(digests) > 1]

    def read(self, events: Sequence[BoardEvent]) -> set[Key]:
        """Take in events in the order of the board; return the keys that they touched."""
        verified = self._verify(events)
        touched: set[Key] = set()
        for event in events:
            match event:
                case PreimageShown():
                    self._note_preimage(event)
                case ContentShown(hash_, content):
                    self._contents[hash_] = content
                case ShareShown():
                    touched |= self._note_post(event, verified)
        return touched

    # --- Taking in ---

    def _verify(self, events: Sequence[BoardEvent]) -> set[ShareShown]:
        """Verify all shares at once: together they cost a fraction. Only the set's own members are looked at."""
        shares = [
            event
            for event in events
            if isinstance(event, ShareShown) and event.signature and event.signer in self._members
        ]
        verdicts = self.reporters.verify(
            [Share(self._members[event.signer], event.digest, event.signature) for event in shares]
        )
        return {event for event, is_true in zip(shares, verdicts, strict=True) if is_true}

    def _note_preimage(self, event: PreimageShown) -> None:
        preimage = preimage_of(event.struct) if event.separator == self.separator else None
        if preimage is not None and preimage.set_hash == self.reporters.set_hash:
            self._preimages[event.digest] = preimage

    def _note_post(self, event: ShareShown, verified: set[ShareShown]) -> set[Key]:
        """Take in a post. One whose preimage came later, or that stands in the wrong slot, counts for nothing."""
        member, preimage = self._members.get(event.signer), self._preimages.get(event.digest)
        if member is None or preimage is None or event.slot != self._slot_of(preimage):
            return set()
        match preimage:
            case Proposal(_, group, day) if not event.signature:
                key = Key(group, day)
                self._propose(key, Posted(member, preimage, event.position, event.at))
                return {key}
            case Report(_, group, day) if event in verified:
                self.shares.setdefault((event.slot, member), set()).add(event.digest)
                key = Key(group, day)
                self._sign(key, preimage, member, event)
                return {key}
            case CalendarReport() if event in verified:
                self.shares.setdefault((event.slot, member), set()).add(event.digest)
                self._sign_calendar(preimage, member, event)
        return set()

    def _slot_of(self, preimage: Preimage) -> Slot:
        match preimage:
            case Report():
                return slot_of(self.oracle, preimage)
            case CalendarReport():
                return calendar_slot_of(self.oracle, preimage)
            case Proposal(set_hash, group, day):
                return proposal_slot_of(self.oracle, set_hash, group, day)

    def _propose(self, key: Key, post: Posted) -> None:
        state = self.days.setdefault(key, DayState())
        state.posts.append(post)
        if state.open is not None:
            return
        last = state.certified[-1] if state.certified else None
        found = opened(
            state.posts,
            self.reporters.threshold,
            None if last is None else Certified(last.report.revision, last.report.root, last.position),
        )
        if found is not None:
            state.open = self._opened(key, state, found)

    def _opened(self, key: Key, state: DayState, found: Opened) -> Open:
        members = range(len(self.reporters.signers))
        proposers = frozenset(member for member in members if state.mind(member) == found.proposal)
        content = self._contents.get(found.proposal.content)
        observations = None if content is None else observations_in(content, found)
        if observations is None:
            return Open(found, proposers, None, (), None)
        report = report_of(self.reporters.set_hash, key.group, observations)
        return Open(found, proposers, report, tuple(observations), self.digest_of(report))

    def digest_of(self, signable: Report | Proposal | CalendarReport) -> Digest:
        """Return what is signed."""
        return digest_of(self.separator, signable)

    def _sign(self, key: Key, report: Report, member: int, event: ShareShown) -> None:
        state = self.days.setdefault(key, DayState())
        for done in state.certified:
            if done.digest == event.digest:
                done.signatures.setdefault(member, event.signature)
                return
        current = state.open
        if current is None or current.report != report:
            return
        current.shares.setdefault(member, event.signature)
        if len(current.shares) == self.reporters.threshold:
            signed = CertifiedReport(
                report, event.digest, current.observations, current.shares, event.position, event.at
            )
            state.certified.append(signed)
            state.open = None

    def _sign_calendar(self, report: CalendarReport, member: int, event: ShareShown) -> None:
        shares = self._calendar_shares.setdefault(event.digest, {})
        shares.setdefault(member, event.signature)
        known = self.calendars.get(report.year.year)
        is_newer = known is None or known.report.year.version < report.year.version
        if len(shares) >= self.reporters.threshold and is_newer:
            self.calendars[report.year.year] = CertifiedCalendar(report, event.digest, shares, event.at)
