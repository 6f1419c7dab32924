"""One reporter: what it has found out, what the board says, and what it therefore says itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from typing import Final, Protocol

from bridge.core.errors import Halt, Refuse
from bridge.core.types import Address, Digest, Slot, Timestamp
from oracles.config import Group, OracleConfig
from oracles.core import saying
from oracles.core.calendar import Calendar
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.calendar_schedule import japanese_day
from oracles.core.deciding import NEVER, Decisions, Rules, decide_day, is_settled, look_again_at
from oracles.core.ledger import BoardEvent, Key, Ledger
from oracles.core.proposing import Draft, draft_of
from oracles.core.saying import Saying
from oracles.core.series import Series
from oracles.core.words import Fetch, Settling
from oracles.journal import Journal
from oracles.signing import ReportSigner

POSTS: Final = 64
"""Most that is posted in one transaction."""


class Evidence(Protocol):
    """What the publishers have said, as far as it was fetched."""

    async def refresh(self, group: Group, days: Collection[date]) -> bool:
        """Fetch what may say something about these days; return whether any document is another one than before."""
        ...

    def fetches(self, series: Series, day: date) -> Sequence[Fetch]:
        """Return every word on one number of one day."""
        ...


class BoardPort(Protocol):
    """The board."""

    async def read(self) -> tuple[list[BoardEvent], bool]:
        """Return the next events, and whether there may be more."""
        ...

    async def post(
        self, ledger: Ledger, signer: Address, sayings: Sequence[Saying], signed: Mapping[Digest, bytes]
    ) -> None:
        """Post in one transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a reporter works with."""

    board: BoardPort
    evidence: Evidence
    journal: Journal
    calendar: Calendar
    warn: Callable[..., object]


class Reporter:
    """Fetches, decides, proposes and signs. All that it knows is on the board, in its archive and in its journal."""

    def __init__(self, config: OracleConfig, ledger: Ledger, signer: ReportSigner, surroundings: Surroundings) -> None:
        self.ledger = ledger
        self.decisions: dict[Key, Decisions] = {}
        self.drafts: dict[Key, Draft] = {}
        self.undecided: dict[Key, str] = {}
        """Days about which nothing can be concluded until somebody acts, and why."""
        self.withheld: dict[Slot, Halt] = {}
        """Slots for which this reporter was asked to sign a second digest: evidence for an operator."""
        self._config = config
        self._signer = signer
        self._journal = surroundings.journal
        self._board = surroundings.board
        self._evidence = surroundings.evidence
        self._warn = surroundings.warn
        settling = Settling(config.settling.window, config.settling.patience)
        self._rules = Rules(surroundings.calendar, settling)
        self._last_look: dict[Key, tuple[Group, Timestamp]] = {}
        self._fetch_at = {group.name: Timestamp(0) for group in config.groups}
        if signer.address not in ledger.reporters.signers:
            raise Refuse("the reporting key is not in the reporters' set: name the key that is, or have it rotated in")
        self._member = ledger.reporters.signers.index(signer.address)

    def look_now(self, group: str) -> None:
        """Fetch the documents of a group at the next step: something is due."""
        self._fetch_at[group] = Timestamp(0)

    async def step(self, now: Timestamp) -> bool:
        """Read, decide and post once. Return whether anything moved. Raises Retry, Refuse, Halt."""
        more = await self._catch_up()
        for group in self._config.groups:
            if now >= self._fetch_at[group.name]:
                await self._look(group, now)
        said = await self._say()
        return more or said

    async def _catch_up(self) -> bool:
        """Read the board to its end; draft anew what it touched."""
        touched: set[Key] = set()
        moved, more = False, True
        while more:
            events, more = await self._board.read()
            moved = moved or bool(events)
            touched |= self.ledger.read(events)
        for key in touched & self.decisions.keys():
            self._decide_again(key)
        return moved

    def _decide_again(self, key: Key) -> None:
        """The quorum has spoken about a day: statuses follow from what it signed."""
        group, at = self._last_look[key]
        self._decide(group, key.day, at)

    async def _look(self, group: Group, now: Timestamp) -> None:
        """Fetch what may say something new, and decide every day about which it does."""
        days = self._days(group, now)
        wanted = [day for day in days if not self._is_settled(group.key(day), now)]
        changed = await self._evidence.refresh(group, wanted)
        later = Timestamp(now + self._config.recheck_seconds)
        for day in days if changed else wanted:
            later = min(later, self._decide(group, day, now))
        self._fetch_at[group.name] = max(later, Timestamp(now + 1))

    def _days(self, group: Group, now: Timestamp) -> list[date]:
        last = min(japanese_day(now), group.last or date.max)
        return [group.first + timedelta(days=count) for count in range((last - group.first).days + 1)]

    def _is_settled(self, key: Key, now: Timestamp) -> bool:
        return is_settled(key.day, self.decisions.get(key), now, self._config.recheck_days)

    def _decide(self, group: Group, day: date, now: Timestamp) -> Timestamp:
        """Decide about all numbers of a group and day; return when to look again.

        A day about which nothing can be concluded holds up no other day.
        """
        key = group.key(day)
        self._last_look[key] = group, now
        self.drafts.pop(key, None)
        try:
            decisions, draft = self._conclusion(group, key, now)
        except (BeyondHorizon, ValueError) as fault:
            if self.undecided.get(key) != str(fault):
                self._warn("undecided", group=group.name, day=str(day), why=str(fault))
            self.undecided[key] = str(fault)
            return NEVER
        self.undecided.pop(key, None)
        self.decisions[key] = decisions
        if draft is not None:
            self.drafts[key] = draft
        return look_again_at(decisions)

    def _conclusion(self, group: Group, key: Key, now: Timestamp) -> tuple[Decisions, Draft | None]:
        state, words = self.ledger.day(key), self._evidence.fetches
        decisions = decide_day(group.series, key.day, state, words, now, self._rules)
        return decisions, draft_of(key.day, decisions, state, self._rules.calendar)

    async def _say(self) -> bool:
        """Sign what is owed, propose what is missing."""
        first = min(group.first for group in self._config.groups).year
        years = [year for year in self._rules.calendar.years.values() if year.year >= first]
        everything = chain(
            saying.signatures(self.ledger, self._member, self.drafts),
            saying.calendars(self.ledger, self._member, years),
            saying.proposals(self.ledger, self._member, self.drafts),
        )
        sayings = list(islice(filter(self._is_allowed, everything), POSTS))
        if not sayings:
            return False
        signed = {one.digest: self._signer.sign_digest(one.digest) for one in sayings if one.is_signed}
        await self._board.post(self.ledger, self._signer.address, sayings, signed)
        return True

    def _is_allowed(self, saying: Saying) -> bool:
        """Write down what is about to be signed. A second digest for a slot is kept as evidence, and never signed."""
        if not saying.is_signed:
            return True
        try:
            self._journal.commit(saying)
        except Halt as halt:
            if saying.slot not in self.withheld:
                self._warn("signature withheld", why=halt.reason, **halt.evidence)
            self.withheld[saying.slot] = halt
            return False
        return True
