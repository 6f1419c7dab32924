"""One look after another: what is new, what must hold, what to say of it. On a breach it has both ends paused, once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, replace

from structlog.typing import FilteringBoundLogger

from relayers.watch.alarms import Alarm, AlarmBook
from relayers.watch.board import Board
from relayers.watch.books import SKEW_SECONDS, Books
from relayers.watch.chain import ChainView, Reading
from relayers.watch.config import WatchConfig, Watched, WatchedHome
from relayers.watch.errands import Errands
from relayers.watch.inquiry import Inquiry, Said
from relayers.watch.ledger import Arrival, Batch, Ledger, Places
from relayers.watch.pausing import Order, Pauser, Pen
from relayers.watch.register import Register
from relayers.watch.rpc import Unreadable
from relayers.watch.sight import WAIT_SECONDS, Sight
from relayers.watch.state import Kept, load, save

_WAIT_TODO = (
    "mend this watchtower's node of the source if it lags. If it does not, nobody has made a block there since: send "
    "any transaction, and the next block decides it"
)


class Tower:
    """A watchtower over one home and its remotes."""

    def __init__(self, config: WatchConfig, log: FilteringBoundLogger, now: Callable[[], float], pen: Pen) -> None:
        self._config = config
        self._now = now
        self._places = _places(config)
        self.views: dict[int, ChainView] = {
            chain.chain_id: ChainView(chain, _contracts(chain), config.deadline_seconds) for chain in config.chains
        }
        config.data_dir.mkdir(parents=True, exist_ok=True)
        kept = load(config.data_dir / "state.json", repr(self._places))
        self.ledger = Ledger(self._places, kept.ledger)
        self.world = self.ledger.copy()
        """The ledger with what is not final yet."""
        self.book = AlarmBook(config.data_dir, log, now)
        self.sight = Sight(config, self.views, kept.cursors, log, now)
        self.pauser = Pauser(config, self.views, pen, log, now)
        self._register = Register(config.data_dir, log)
        self._board = Board(kept.slots)
        self._inquiry = Inquiry(config, self.views, Books(config.home.chain_id), self._board, self.pauser, now)
        self._pauses: Errands[tuple[int, int], None] = Errands()
        self._unsaid: list[Alarm] = []
        """What could not be written yet: what is final is taken but once, and with it what is wrong about it."""
        self._first_seen: dict[Batch, tuple[int, float]] = {}
        self._saved_at = now()
        self.looked_at = now()

    async def close(self) -> None:
        """Save the state and close the connections."""
        await self.sight.close()
        await self._inquiry.close()
        await self._pauses.cancel()
        for view in self.views.values():
            await view.close()
        self._save()

    @property
    def is_busy(self) -> bool:
        """Whether history is still being read, or an answer or a pause is outstanding."""
        return self.sight.is_behind or self._inquiry.is_open or self._pauses.are_out

    async def look(self) -> list[Alarm]:
        """Look once at everything; return what is wrong and was not said before."""
        readings = await self.sight.look()
        if self.sight.broken:
            return await self._start_again()
        found = await self._say_all(self._take(readings))
        # Only now: that this cannot be written must not swallow a breach in what is taken but once.
        self._register.take([event for reading in readings for event in reading.settled])
        self._inquiry.send_out(readings, self.ledger, self.world, self._unknown())
        self._inquire_unsent()
        found += await self._take_back(await self._inquiry.back(WAIT_SECONDS))
        found += await self._pause()
        for chain in self.views:
            found += self.book.settle(f"blind {chain}", self.sight.blind(chain))
            found += self.book.settle(f"stalled {chain}", self.sight.stalled(chain))
        found += self.book.settle("unproven", self._unproven())
        self.looked_at = self._now()
        if self.looked_at - self._saved_at >= self._config.sweep_seconds:
            self._save()
        return found

    def status(self) -> dict[str, object]:
        """Return everything an operator wants on one page."""
        return {
            "looked_at": int(self.looked_at),
            "chains": [
                {
                    "chain": chain,
                    "name": view.chain.name,
                    "head": reading.head.height if (reading := self.sight.readings.get(chain)) else None,
                    "final": self.sight.cursors[chain].height,
                    "caught_up": self.sight.is_caught_up(chain),
                    "blind": bool(self.sight.blind(chain)),
                }
                for chain, view in self.views.items()
            ],
            "on_their_way": len(self.ledger.state.sent),
            "assets": sorted(self.ledger.state.assets),
            "breaches": self.book.breaches,
            "standing": self.book.standing,
            "pauses": [asdict(order) for order in self.pauser.orders.values()],
        }

    def _take(self, readings: Iterable[Reading]) -> list[Alarm]:
        """Take in what is final for good, and what is not for this look."""
        settled = [event for reading in readings for event in reading.settled]
        alarms = self.ledger.take(settled)
        posts = [event for event in settled if event.emitter == _hex(self._config.home.board)]
        alarms += self._board.take(posts, int(self._now()))
        self.world = self.ledger.copy()
        return alarms + self.world.take([event for last in self.sight.readings.values() for event in last.tail])

    def _inquire_unsent(self) -> None:
        """Have asked for what arrived and was not sent, as soon as its source has been read far enough."""
        unsent = self.world.unsent()
        self._first_seen = {key: seen for key, seen in self._first_seen.items() if key in unsent}
        for batch, arrivals in unsent.items():
            if self._is_judged(batch):
                continue
            time = self.sight.readings[batch.chain].head.time if batch.chain in self.sight.readings else 0
            seen_time, _ = self._first_seen.setdefault(batch, (time, self._now()))
            source = self.sight.readings.get(batch.source)
            claims = max(arrival.claims for _, arrival in arrivals)
            # The block it names was read, or everything until it came: it is no longer a matter of a node that lags.
            if source and (source.read_to.height >= claims or source.read_to.time >= seen_time + SKEW_SECONDS):
                self._inquiry.ask_unsent(batch, arrivals, source)

    def _unproven(self) -> list[Alarm]:
        """Say what has waited too long for its source to be read far enough."""
        alarms = []
        for batch, arrivals in self.world.unsent().items():
            _, seen_at = self._first_seen.get(batch, (0, self._now()))
            if not self._is_judged(batch) and self._now() - seen_at > self._config.patience_seconds:
                alarms.append(_waits(batch, arrivals))
        return alarms

    def _unknown(self) -> set[tuple[int, int]]:
        """Return chains and sources of what may have been sent: a forgery excuses nothing that comes after it."""
        return {(batch.chain, batch.source) for batch in self.world.unsent() if not self._is_forged(batch)}

    def _is_judged(self, batch: Batch) -> bool:
        return self._is_forged(batch) or self.book.is_said(f"logs {batch.name}")

    def _is_forged(self, batch: Batch) -> bool:
        return self.book.is_said(f"INV-10 {batch.name}")

    async def _take_back(self, said: Iterable[Said]) -> list[Alarm]:
        parts = list(said)
        found = await self._say_all([alarm for part in parts for alarm in part.alarms])
        for part in parts:
            for group, alarms in part.groups.items():
                found += self.book.settle(group, alarms)
        return found

    async def _say_all(self, alarms: Iterable[Alarm]) -> list[Alarm]:
        """Have pauses begin for all breaches, then keep alarms with their evidence; return those not said before."""
        fresh: dict[str, Alarm] = {}
        for alarm in (*self._unsaid, *alarms):
            if not self.book.is_said(alarm.key):
                fresh.setdefault(alarm.key, alarm)
        self._unsaid = list(fresh.values())
        try:
            # Orders are on disk before the alarms are: after a crash between them they are carried out all the same.
            await self._order([alarm for alarm in fresh.values() if alarm.is_breach])
        finally:
            # What fails about a pause, be it that the disk takes no order, must not swallow what is wrong.
            mined = await asyncio.gather(*map(self._mined, fresh.values()))
            for alarm, evidence in zip(fresh.values(), mined, strict=True):
                self.book.say(replace(alarm, evidence={**alarm.evidence, **evidence}))
                self._unsaid.remove(alarm)
        return list(fresh.values())

    async def _order(self, breaches: Sequence[Alarm]) -> None:
        """Order the pauses that breaches call for, and give them a moment's start."""
        if not breaches:
            return
        try:
            self.pauser.order({alarm.key: alarm.remotes for alarm in breaches}, self.world.state.assets)
        finally:
            self._begin_pauses()
            await self._pauses.wait(WAIT_SECONDS)

    async def _mined(self, alarm: Alarm) -> dict[str, object]:
        """Return the transaction a breach was made by, with its certificate: it may be reorganised away later."""
        chain, tx = alarm.evidence.get("chain"), alarm.evidence.get("tx")
        if not alarm.is_breach or not isinstance(chain, int) or not isinstance(tx, str):
            return {}
        try:
            return dict(await self.views[chain].transaction(tx))
        except Unreadable as fault:
            return {"transaction": str(fault)}

    async def _pause(self) -> list[Alarm]:
        """Carry out what is ordered, and say what stands in the way."""
        self._begin_pauses()
        for result in (await self._pauses.back(WAIT_SECONDS)).values():
            if isinstance(result, Exception) and not isinstance(result, Unreadable):
                raise result
        return self.book.settle("pause", self.pauser.late())

    def _begin_pauses(self) -> None:
        for key, order in [((order.chain, order.other), order) for order in self.pauser.pending]:
            self._pauses.start(key, self._pausing(order, is_all=not self.sight.is_behind))

    def _pausing(self, order: Order, *, is_all: bool) -> Callable[[], Awaitable[None]]:
        assets = set(self.world.state.assets)
        return lambda: self.pauser.advance(order, assets, is_all=is_all)

    async def _start_again(self) -> list[Alarm]:
        """After a final block has changed nothing that was read from its chain can be relied on."""
        broken, self.sight.broken = self.sight.broken, []
        found = await self._say_all(broken)
        self.ledger = Ledger(self._places)
        self.world = self.ledger.copy()
        self.sight.start_again()
        await self._inquiry.start_again()
        return found

    def _save(self) -> None:
        self._saved_at = self._now()
        kept = Kept(
            places=repr(self._places),
            cursors=self.sight.cursors,
            ledger=self.ledger.state,
            slots=self._board.slots,
        )
        save(self._config.data_dir / "state.json", kept)


def _waits(batch: Batch, arrivals: list[tuple[str, Arrival]]) -> Alarm:
    leaf, arrival = arrivals[0]
    why = (
        f"{len(arrivals)} messages have arrived on chain {batch.chain}, the first {leaf}, that name block "
        f"{arrival.claims} of chain {batch.source}, and that block was not shown here"
    )
    evidence = {"chain": batch.chain, "tx": batch.tx}
    return Alarm(f"unproven {batch.name}", why, _WAIT_TODO, evidence=evidence, is_standing=True)


def _places(config: WatchConfig) -> Places:
    return Places(
        config.home.chain_id,
        {chain.chain_id: _hex(chain.gateway) for chain in config.chains},
        {chain.chain_id: _hex(chain.committee) for chain in config.chains},
    )


def _contracts(chain: Watched) -> list[str]:
    board = [chain.board] if isinstance(chain, WatchedHome) else []
    return [_hex(address) for address in (chain.gateway, chain.committee, chain.watch, *chain.others, *board)]


def _hex(address: bytes) -> str:
    return "0x" + bytes(address).hex()
