"""Which questions are out, and what is made of the answers. What is slow or fails is asked again, and said."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from relayers.watch.alarms import Alarm
from relayers.watch.board import Board
from relayers.watch.books import RULES, Books, Reckoned, Side, judge_escrow, judge_set
from relayers.watch.chain import Block, ChainView, Reading
from relayers.watch.config import WatchConfig
from relayers.watch.errands import Errands
from relayers.watch.ledger import CALL, COMPARE, Arrival, Batch, Ledger
from relayers.watch.pausing import Pauser
from relayers.watch.questions import Questions
from relayers.watch.rpc import Unreadable

_EPOCHS: Final = ("EpochReplaced", "EpochScheduled", "EpochRevoked")
_OF_ONE: Final = ("unsent", "across")
"""Questions about one matter, asked again as long as it is open: what fails for long is said of the other questions."""
_NODE: Final = "see what this watchtower's node of that chain says; until then that is not watched"


@dataclass(slots=True)
class Said:
    """What an answer amounts to."""

    alarms: list[Alarm] = field(default_factory=list)
    groups: dict[str, list[Alarm]] = field(default_factory=dict)
    """Conditions by group: what is not among them any more has ended."""


class _Judged(NamedTuple):
    """Samples of one chain at one block, and what is wrong with them."""

    sides: Sequence[Side]
    alarms: Sequence[Alarm]

    @property
    def keys(self) -> set[str]:
        """What the alarms are about."""
        return {alarm.key for alarm in self.alarms}


Key = tuple[str, int, str]
"""What is asked, of which chain, about what."""


class Inquiry:
    """The questions of one watchtower."""

    def __init__(
        self,
        config: WatchConfig,
        views: dict[int, ChainView],
        books: Books,
        board: Board,
        pauser: Pauser,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._views = views
        self._books = books
        self._board = board
        self._pauser = pauser
        self._now = now
        self._home = config.home.chain_id
        self._questions = Questions(config, views)
        self._errands: Errands[Key, Said] = Errands()
        self._failing: dict[Key, tuple[float, str]] = {}
        self._due: dict[int, set[tuple[int, str]]] = {chain: set() for chain in views}
        """Per chain, what is to be sampled: the chain at the other end, and the asset."""
        self._moved: dict[tuple[int, int, str, str], int] = {}
        """Chains, those at the other end and assets, with what has moved their rules and the last block in which."""
        self._swept: dict[int, float] = {}
        self._doubted: dict[int, set[str]] = {chain: set() for chain in views}
        """Per chain, the keys of what one sample of it accuses somebody of and no other has confirmed."""

    async def close(self) -> None:
        """Give up on what is asked."""
        await self._errands.cancel()

    async def start_again(self) -> None:
        """Forget everything that was answered."""
        await self._errands.cancel()
        for chain in self._views:
            self._books.forget(chain, self._books.blocks(chain).keys() | self._books.earlier(chain).keys())
        self._swept.clear()
        self._doubted = {chain: set() for chain in self._views}

    @property
    def is_open(self) -> bool:
        """Whether a question is not answered yet."""
        return self._errands.are_out

    def send_out(
        self, readings: Iterable[Reading], ledger: Ledger, world: Ledger, unknown: AbstractSet[tuple[int, int]]
    ) -> None:
        """Ask what the new readings call for: of what moved at every look, of everything now and then.

        `unknown`: chains and sources of arrivals that may be sound and of which only the leaf is known.
        """
        self._note(ledger.touched | world.touched)
        ledger.touched.clear()
        for reading in readings:
            for event in (*reading.settled, *reading.tail):
                if event.name in RULES:
                    other = int(event.fields.get("chain", self._home))
                    self._moved[reading.chain, other, event.fields["asset"], event.name] = event.block
            if reading.is_caught_up:
                self._ask(reading, world, unknown)

    def ask_unsent(self, batch: Batch, arrivals: Sequence[tuple[str, Arrival]], source: Reading) -> None:
        """Ask the source's gateway whether it has recorded what has arrived: logs alone may be incomplete."""
        self._errands.start(("unsent", batch.chain, batch.name), lambda: self._unsent(batch, arrivals, source))

    async def back(self, seconds: float) -> list[Said]:
        """Return what is answered by now, and which questions fail for too long."""
        said = []
        for key, result in (await self._errands.back(seconds)).items():
            match result:
                case Said():
                    self._failing.pop(key, None)
                    said.append(result)
                case Unreadable():
                    since, _ = self._failing.get(key, (self._now(), ""))
                    self._failing[key] = (since, str(result))
                    if key[0] == "sides":
                        self._swept.pop(key[1], None)
                case _:
                    raise result
        self._failing = {key: fault for key, fault in self._failing.items() if key[0] not in _OF_ONE}
        return [*said, Said(groups={"unanswered": self._unanswered()})]

    # --- What is asked ----------------------------------------------------------------------------------------------

    def _ask(self, reading: Reading, world: Ledger, unknown: AbstractSet[tuple[int, int]]) -> None:
        chain, at = reading.chain, reading.head
        is_sweep = self._now() - self._swept.get(chain, float("-inf")) >= self._config.sweep_seconds
        if is_sweep:
            self._swept[chain] = self._now()
            self._note((remote.chain_id, asset) for remote in self._config.remotes for asset in world.state.assets)
            self._start("balances", chain, lambda: self._grouped("balance", chain, self._questions.balances(chain)))
            disarmed, assets = self._pauser.disarmed, set(world.state.assets)
            self._start("disarmed", chain, lambda: self._grouped("disarmed", chain, disarmed(chain, assets)))
        if self._due[chain] and self._start("sides", chain, self._sampling(chain, at, world, unknown)):
            self._due[chain] = set()
        if is_sweep or any(event.name in _EPOCHS for event in (*reading.settled, *reading.tail)):
            self._start("committee", chain, lambda: self._committee(chain, at))
        self._start("probes", chain, lambda: self._grouped("probes", chain, self._questions.probes(chain, at.height)))

    def _note(self, touched: Iterable[tuple[int, str]]) -> None:
        for remote, asset in touched:
            if remote in self._due:
                self._due[remote].add((self._home, asset))
                self._due[self._home].add((remote, asset))

    def _start(self, what: str, chain: int, work: Callable[[], Awaitable[Said]]) -> bool:
        return self._errands.start((what, chain, ""), work)

    def _sampling(
        self, chain: int, at: Block, world: Ledger, unknown: AbstractSet[tuple[int, int]]
    ) -> Callable[[], Awaitable[Said]]:
        """Return the question for samples, with what the logs say of the same block."""
        reckoned = {
            (other, asset): Reckoned(
                None if (chain, other) in unknown else world.backing(chain, other, asset),
                world.unmetered(chain, other, asset),
                self._moved_since(self._books.sampled_at(chain, other, asset), chain, other, asset),
            )
            for other, asset in self._due[chain]
        }
        is_all = world.state.routes <= self._views.keys()
        return lambda: self._sides(at, chain, reckoned, world, is_all=is_all)

    def _moved_since(self, height: int, chain: int, other: int, asset: str) -> frozenset[str]:
        return frozenset(name for name in RULES if self._moved.get((chain, other, asset, name), 0) > height)

    # --- What is made of the answers --------------------------------------------------------------------------------

    async def _sides(
        self, at: Block, chain: int, reckoned: dict[tuple[int, str], Reckoned], world: Ledger, *, is_all: bool
    ) -> Said:
        doubted = self._doubted[chain]
        judged = await self._judged(at, chain, reckoned, is_all=is_all)
        if not judged.keys <= doubted:
            # A node that is taking in the next block, or several behind one address, mix the states of two blocks now
            # and then. A pause stops a bridge for a day: what looks wrong is asked again, of the same block. Should
            # that fail, it stays doubted, and whatever sample is taken next confirms it.
            doubted |= judged.keys
            judged = await self._judged(at, chain, reckoned, is_all=is_all)
        self._doubted[chain] = judged.keys - doubted
        if self._doubted[chain]:
            # Kept, these samples would be what the next ones are held to, and what they did would be lost.
            self._due[chain] |= reckoned.keys()
        else:
            for side in judged.sides:
                self._books.keep(side, reckoned[side.other, side.asset])
        for side in list(self._books.sides.values()):
            if self._books.is_ahead(side):
                self._note([(side.other if side.chain == self._home else side.chain, side.asset)])
                self._ask_across(side, world)
        return Said([alarm for alarm in judged.alarms if alarm.key in doubted])

    def _ask_across(self, side: Side, world: Ledger) -> None:
        """Have both ends read again where one saw what the other did not send: a node that hangs holds up no more."""
        source = self._books.sides.get((side.other, side.chain, side.asset))
        alarms = self._books.across(side, world.claimed(side.chain, side.other))
        if alarms and source is not None:
            key = ("across", side.chain, f"{side.other} {side.asset}")
            self._errands.start(key, lambda: self._across((side, source), alarms))

    async def _across(self, samples: Sequence[Side], alarms: list[Alarm]) -> Said:
        return Said(alarms if all([await self._stands(side) for side in samples]) else [])

    async def _stands(self, side: Side) -> bool:
        """Read a sample again, of the same block. It is dropped if it was not so."""
        at = Block(side.block, side.block_hash, side.time)
        if await self._questions.sides(side.chain, [(side.other, side.asset)], at) == [side]:
            return True
        self._books.drop(side)
        return False

    async def _judged(
        self, at: Block, chain: int, reckoned: dict[tuple[int, str], Reckoned], *, is_all: bool
    ) -> _Judged:
        """Sample books and escrows of a chain, and hold them to what must be true."""
        wanted = sorted(reckoned)
        sides = await self._questions.sides(chain, wanted, at)
        assets = sorted({asset for _, asset in wanted}) if chain == self._home else []
        escrows = await self._questions.escrows(assets, at)

        # Asked after the samples: if both stand now, they are of one chain, and what fell has fallen.
        replaced = await self._views[chain].replaced(self._books.blocks(chain))
        if replaced:
            replaced |= await self._views[chain].replaced(self._books.earlier(chain))
        self._books.forget(chain, replaced)
        alarms = [alarm for side in sides for alarm in self._books.judge(side, reckoned[side.other, side.asset])]
        for escrow in escrows:
            alarms += judge_escrow(escrow.asset, escrow.escrowed, escrow.held, escrow.locked, is_all=is_all)
        return _Judged(sides, alarms)

    async def _committee(self, chain: int, at: Block) -> Said:
        found = await self._questions.committee(chain, at)
        silent = self._board.silent(found, int(self._now()), self._config.silent_seconds)
        alarms = judge_set(chain, found.epoch, found.threshold, found.members)
        return Said(alarms, {f"silent {chain}": silent})

    async def _grouped(self, group: str, chain: int, question: Awaitable[list[Alarm]]) -> Said:
        return Said(groups={f"{group} {chain}": await question})

    async def _unsent(self, batch: Batch, arrivals: Sequence[tuple[str, Arrival]], source: Reading) -> Said:
        chain, origin, tx = batch
        recorded = await self._questions.was_recorded(origin, arrivals, source.head)
        evidence: dict[str, Any] = {
            "chain": chain,
            "tx": tx,
            "arrivals": [{"leaf": leaf, **asdict(arrival)} for leaf, arrival in arrivals],
            "source_head": asdict(source.head),
            "recorded_at_source": recorded,
        }
        forged = [(leaf, arrival) for leaf, arrival in arrivals if not recorded[leaf]]
        if not forged:
            why = f"INV-10: chain {origin} sent what arrived in {tx}, and its node has not shown the logs"
            return Said([Alarm(f"logs {batch.name}", why, COMPARE, evidence=evidence)])
        leaf, arrival = forged[0]
        why = (
            f"INV-10: chain {chain} has {arrival.name.lower()} {len(forged)} messages that chain {origin} never sent, "
            f"the first {leaf}, in block {arrival.block}"
        )
        return Said([Alarm(f"INV-10 {batch.name}", why, CALL, (chain, origin), evidence)])

    def _unanswered(self) -> list[Alarm]:
        return [
            Alarm(f"unanswered {chain} {what}", f"`{what}` of chain {chain}: {fault}", _NODE, is_standing=True)
            for (what, chain, _), (since, fault) in self._failing.items()
            if self._now() - since > self._config.blind_seconds
        ]
