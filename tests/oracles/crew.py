"""Test doubles of the oracle's world: a board in memory, evidence that a test writes, and reporters over both.

Keys and signatures are real (ECDSA, for speed); the ledger, the guard and the journals are the product's own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bridge.adapters.signers import LocalAttestationSigner
from bridge.core.hashing import keccak
from bridge.core.quorum import Committee
from bridge.core.types import Address, Digest, Epoch, Timestamp
from oracles.config import Group, OracleConfig, SettlingTimes
from oracles.core.calendar import JAPAN
from oracles.core.ledger import BoardEvent, CertifiedReport, ContentShown, Key, Ledger, PreimageShown, ShareShown
from oracles.core.parsers.reading import Missing, Observation
from oracles.core.parsers.refusals import Refused
from oracles.core.report import OracleId, digest_of, encode_struct
from oracles.core.saying import Saying
from oracles.core.series import Series, Source
from oracles.core.sets import EcdsaSet
from oracles.core.words import Fetch
from oracles.journal import Journal
from oracles.reporter import Reporter, Surroundings

ORACLE = OracleId(keccak(b"an oracle"))
START = Timestamp(0)


@dataclass
class BoardInMemory:
    """A stand-in for the board: keeps its events in order; every step of a test is a block."""

    height: int = 1
    now: Timestamp = START
    events: list[BoardEvent] = field(default_factory=list)
    is_silent: set[Address] = field(default_factory=set)
    """Signers whose posts are lost."""

    def view(self) -> "View":
        return View(self)


@dataclass
class View:
    """One reporter's view of the board."""

    board: BoardInMemory
    at: int = 0

    async def read(self) -> tuple[list[BoardEvent], bool]:
        new = self.board.events[self.at :]
        self.at = len(self.board.events)
        return new, False

    async def post(
        self, ledger: Ledger, signer: Address, sayings: Sequence[Saying], signed: Mapping[Digest, bytes]
    ) -> None:
        if signer in self.board.is_silent:
            return
        events = self.board.events
        for saying in sayings:
            assert digest_of(ledger.separator, saying.signable) == saying.digest
            events.append(PreimageShown(saying.digest, ledger.separator, encode_struct(saying.signable)))
            if saying.content is not None:
                events.append(ContentShown(keccak(saying.content), saying.content))
        for saying in sayings:
            signature = signed.get(saying.digest, b"")
            position = (self.board.height, len(events))
            events.append(ShareShown(saying.slot, saying.digest, signer, signature, position, self.board.now))


@dataclass
class Notes:
    """A stand-in for fetched documents: words on numbers, as a test writes them down."""

    words: dict[tuple[Series, date], list[Fetch]] = field(default_factory=dict)
    changed: bool = False

    async def refresh(self, _group: Group, _days: Collection[date]) -> bool:
        changed, self.changed = self.changed, False
        return changed

    def fetches(self, series: Series, day: date) -> Sequence[Fetch]:
        return self.words.get((series, day), [])

    def says(self, source: Source, series: Series, day: date, value: int, at: int) -> None:
        self.note(source, series, day, Observation(series, day, value), at)

    def note(self, source: Source, series: Series, day: date, what: Observation | Missing | Refused, at: int) -> None:
        self.words.setdefault((series, day), []).append(Fetch(source, Timestamp(at), what))
        self.changed = True


class Crew:
    """Four reporters, three of whom must sign."""

    def __init__(self, folder: Path, group: Group, *, size: int = 4, evidence: Sequence[object] | None = None) -> None:
        self.folder = folder
        self.group = group
        signers = [LocalAttestationSigner(keccak(bytes([index + 1]))) for index in range(size)]
        self.signers = sorted(signers, key=lambda signer: signer.address)
        committee = Committee(Epoch(1), size // 2 + 1, tuple(signer.address for signer in self.signers))
        self.set = EcdsaSet(committee)
        self.board = BoardInMemory()
        self.notes = [Notes() for _ in self.signers]
        self.evidence = list(evidence) if evidence is not None else list(self.notes)
        self.warnings: list[str] = []
        self.reporters = [self.hired(index) for index in range(size)]

    def hired(self, index: int) -> Reporter:
        """A reporter as it is after a start: from the board, its journal and its evidence."""
        config = OracleConfig.model_construct(
            groups=(self.group,),
            settling=SettlingTimes(),
            recheck_days=400,
            recheck_seconds=1,
        )
        journal = Journal(self.folder / f"journal-{index}.db")
        around = Surroundings(self.board.view(), self.evidence[index], journal, JAPAN, self.warn)  # type: ignore[arg-type]
        return Reporter(config, Ledger(ORACLE, self.set), self.signers[index], around)

    def warn(self, what: str, **_details: object) -> None:
        """Keep what a reporter warns about."""
        self.warnings.append(what)

    async def work(self, now: int, rounds: int = 6) -> None:
        """Have everybody step in turn, a block each."""
        for step in range(rounds):
            for reporter in self.reporters:
                self.board.height += 1
                self.board.now = Timestamp(now + step)
                await reporter.step(Timestamp(now + step))

    def certified(self, day: date) -> list[CertifiedReport]:
        """What the quorum has signed about a day: the same for every reader."""
        key = Key(self.group.series[0].group_id, day)
        views = []
        for _ in range(2):
            ledger = Ledger(ORACLE, self.set)
            ledger.read(self.board.events)
            views.append(ledger.day(key).certified)
        return views[0]
