"""What a reporter says next on the board, given what the board says and what it has found out itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.core.types import Digest, Slot
from oracles.core.calendar import Year
from oracles.core.ledger import Key, Ledger
from oracles.core.proposing import Draft
from oracles.core.report import CalendarReport, Proposal, Report, calendar_slot_of, proposal_slot_of, slot_of


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing to post."""

    slot: Slot
    digest: Digest
    signable: Report | Proposal | CalendarReport
    content: bytes | None = None
    """What a proposal is about."""

    @property
    def is_signed(self) -> bool:
        """Whether it needs a signature: a proposal is vouched for by its transaction."""
        return not isinstance(self.signable, Proposal)


def signatures(ledger: Ledger, member: int, drafts: Mapping[Key, Draft]) -> Iterator[Saying]:
    """Every report that is open and that this member has proposed, whatever came since, or would propose itself.

    A reporter that proposed and then kept back its signature would block the day for everybody, unless others who
    found out the same may sign in its place.
    """
    set_hash = ledger.reporters.set_hash
    for key, state in ledger.days.items():
        current = state.open
        if current is None or current.report is None or current.digest is None or member in current.shares:
            continue
        draft = drafts.get(key)
        is_ours = draft is not None and draft.proposal(set_hash, key.group, key.day) == current.opened.proposal
        if is_ours or member in current.proposers:
            yield Saying(slot_of(ledger.oracle, current.report), current.digest, current.report)


def calendars(ledger: Ledger, member: int, years: Iterable[Year]) -> Iterator[Saying]:
    """Every year of our own calendar that the quorum has not certified and this member has not signed."""
    for year in years:
        known = ledger.calendars.get(year.year)
        if known is not None and known.report.year.version >= year.version:
            continue
        report = CalendarReport(ledger.reporters.set_hash, year)
        slot = calendar_slot_of(ledger.oracle, report)
        if not ledger.shares.get((slot, member)):
            yield Saying(slot, ledger.digest_of(report), report)


def proposals(ledger: Ledger, member: int, drafts: Mapping[Key, Draft]) -> Iterator[Saying]:
    """Every draft about a day for which no revision is open, unless it is what this member proposed last."""
    set_hash = ledger.reporters.set_hash
    for key, draft in drafts.items():
        state = ledger.day(key)
        proposal = draft.proposal(set_hash, key.group, key.day)
        if state.open is not None or state.mind(member) == proposal:
            continue
        slot = proposal_slot_of(ledger.oracle, set_hash, key.group, key.day)
        shown = None if ledger.has_content(proposal.content) else draft.content
        yield Saying(slot, ledger.digest_of(proposal), proposal, shown)
