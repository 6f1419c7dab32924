"""One reporter: what it has found out, what the board says, and what it therefore says itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from typing import Final, Protocol

from bridge.core.errors import Refuse
from bridge.core.types import Address, Digest, Timestamp
from oracles.config import Group, OracleConfig
from oracles.core import saying
from oracles.core.calendar import Calendar
from oracles.core.calendar_schedule import japanese_day
from oracles.core.catalogue import CATALOGUE
from oracles.core.decisions import Decision, Question, Wait
from oracles.core.guard import decide, decide_derived
from oracles.core.ledger import BoardEvent, Key, Ledger
from oracles.core.proposing import Draft, draft_of
from oracles.core.saying import Saying
from oracles.core.series import Publisher, Series
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


class Reporter:
    """Fetches, decides, proposes and signs. All that it knows is on the board, in its archive and in its journal."""

    def __init__(self, config: OracleConfig, ledger: Ledger, signer: ReportSigner, surroundings: Surroundings) -> None:
        self.ledger = ledger
        self.decisions: dict[Key, dict[Series, Decision]] = {}
        self.drafts: dict[Key, Draft] = {}
        self._config = config
        self._signer = signer
        self._journal = surroundings.journal
        self._board = surroundings.board
        self._evidence = surroundings.evidence
        self._calendar = surroundings.calendar
        self._settling = Settling(config.settling.window, config.settling.patience)
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
        wanted = [day for day in days if not self._is_settled(group, day, now)]
        changed = await self._evidence.refresh(group, wanted)
        later = Timestamp(now + self._config.recheck_seconds)
        for day in days if changed else wanted:
            later = min(later, self._decide(group, day, now))
        self._fetch_at[group.name] = max(later, Timestamp(now + 1))

    def _days(self, group: Group, now: Timestamp) -> list[date]:
        last = min(japanese_day(now), group.last or date.max)
        return [group.first + timedelta(days=count) for count in range((last - group.first).days + 1)]

    def _is_settled(self, group: Group, day: date, now: Timestamp) -> bool:
        """Tell whether a day is too old to be looked at again, and nothing is missing about it."""
        key = Key(group.series[0].group_id, day)
        recent = japanese_day(now) - timedelta(days=self._config.recheck_days)
        decisions = self.decisions.get(key)
        return day < recent and decisions is not None and not any(isinstance(d, Wait) for d in decisions.values())

    def _decide(self, group: Group, day: date, now: Timestamp) -> Timestamp:
        """Decide about all numbers of a group and day; return when to look again."""
        key = Key(group.series[0].group_id, day)
        state = self.ledger.day(key)
        decisions: dict[Series, Decision] = {}
        for series in sorted(group.series, key=lambda series: bool(series.inputs)):
            question = Question(series, day, state.signed(series.feed))
            if series.publisher is Publisher.DERIVED:
                one, other = (decisions[CATALOGUE[name]] for name in series.inputs)
                decisions[series] = decide_derived(question, one, other)
            else:
                fetches = self._evidence.fetches(series, day)
                decisions[series] = decide(question, fetches, now, self._calendar, self._settling)
        self.decisions[key] = decisions
        self._last_look[key] = group, now
        draft = draft_of(day, decisions, state, self._calendar)
        if draft is None:
            self.drafts.pop(key, None)
        else:
            self.drafts[key] = draft
        return min((d.until for d in decisions.values() if isinstance(d, Wait)), default=Timestamp(2**62))

    async def _say(self) -> bool:
        """Sign what is owed, propose what is missing."""
        years = [year for year in self._calendar.years.values() if year.year in self._calendar_years()]
        everything = chain(
            saying.signatures(self.ledger, self._member),
            saying.calendars(self.ledger, self._member, years),
            saying.proposals(self.ledger, self._member, self.drafts),
        )
        sayings = list(islice(everything, POSTS))
        if not sayings:
            return False
        to_sign = [one for one in sayings if one.is_signed]
        self._journal.commit(to_sign)
        signed = {one.digest: self._signer.sign_digest(one.digest) for one in to_sign}
        await self._board.post(self.ledger, self._signer.address, sayings, signed)
        return True

    def _calendar_years(self) -> set[int]:
        first = min(group.first for group in self._config.groups).year
        return {year for year in self._calendar.years if year >= first}
