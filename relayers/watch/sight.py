"""How far each chain was read, and which cannot be read: each for itself, so that one that hangs stops no other."""

from collections.abc import Callable, Mapping
from typing import Final

from structlog.typing import FilteringBoundLogger

from relayers.watch.alarms import Alarm
from relayers.watch.chain import Block, ChainView, FinalChanged, Reading
from relayers.watch.config import WatchConfig, Watched
from relayers.watch.errands import Errands
from relayers.watch.rpc import Unreadable

WAIT_SECONDS: Final = 0.5
"""How long a look waits for a chain; what comes later is taken by a later look."""
_NODE: Final = "see whether this watchtower's node of that chain answers; until then nobody watches that chain"
_STALL: Final = (
    "look at another node of that chain: if it moves on there, mend this one; if not, call the chain's operators"
)


class Sight:
    """The readings of all chains."""

    def __init__(
        self,
        config: WatchConfig,
        views: Mapping[int, ChainView],
        cursors: Mapping[int, Block],
        log: FilteringBoundLogger,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._views = views
        self._log = log
        self._now = now
        self._errands: Errands[int, Reading] = Errands()
        self._trouble: dict[int, str] = {}
        self._well_at: dict[int, float] = {chain.chain_id: now() for chain in config.chains}
        self.cursors: dict[int, Block] = {
            chain.chain_id: cursors.get(chain.chain_id, _start(chain)) for chain in config.chains
        }
        """What is done with: its events are in the ledger."""
        self.readings: dict[int, Reading] = {}
        """The last of each chain."""
        self.broken: list[Alarm] = []
        """Final blocks that changed since this was last emptied: everything is to be read again."""

    async def look(self) -> list[Reading]:
        """Read on wherever possible; return what is new. A chain far ahead of the others in time waits for them."""
        for chain in self._wanted():
            self._errands.start(chain, lambda chain=chain: self._views[chain].read(self.cursors[chain]))  # type: ignore[misc]
        found = []
        for chain, result in (await self._errands.back(WAIT_SECONDS)).items():
            match result:
                case Reading():
                    self._well(chain)
                    self.readings[chain] = result
                    self.cursors[chain] = result.final
                    found.append(result)
                case FinalChanged():
                    self._well(chain)
                    self.broken.append(_broken(self._name(chain), self.cursors[chain], result))
                case Unreadable():
                    self._unwell(chain, str(result))
                case _:
                    raise result
        return found

    def start_again(self) -> None:
        """Forget everything that was read."""
        self.cursors = {chain.chain_id: _start(chain) for chain in self._config.chains}
        self.readings.clear()

    async def close(self) -> None:
        """Give up on what is being read."""
        await self._errands.cancel()

    def is_caught_up(self, chain: int) -> bool:
        """Tell whether a chain was read up to its newest block."""
        return chain in self.readings and self.readings[chain].is_caught_up

    @property
    def is_behind(self) -> bool:
        """Whether history is still being read, of a chain that can be read."""
        return any(not self.is_caught_up(chain) for chain in self._views if chain not in self._trouble)

    def blind(self, chain: int) -> list[Alarm]:
        """Say so if a chain has not been read for too long."""
        since = self._now() - self._well_at[chain]
        if since <= self._config.blind_seconds:
            return []
        trouble = self._trouble.get(chain, f"{self._name(chain)} did not answer")
        return [_blind(chain, trouble)]

    def unread(self) -> list[Alarm]:
        """Name the chains that could not be read the last time, however short a time ago."""
        return [_blind(chain, trouble) for chain, trouble in self._trouble.items()]

    def stalled(self, chain: int) -> list[Alarm]:
        """Say so if the newest block of a chain is too old. Heads are judged, not events: an idle chain is none."""
        view, reading = self._views[chain], self.readings.get(chain)
        if reading is None or not view.chain.stall_seconds:
            return []
        age = int(self._now()) - reading.head.time
        if age <= view.chain.stall_seconds:
            return []
        why = f"{self._name(chain)} stands still: its newest block {reading.head.height} is {age} s old"
        return [Alarm(f"stalled {chain}", why, _STALL, is_standing=True)]

    def _wanted(self) -> list[int]:
        behind = [chain for chain in self._views if not self.is_caught_up(chain) and chain not in self._trouble]
        if not behind:
            return list(self._views)
        # What has arrived waits in memory for what has left: read chains side by side, by time.
        oldest = min(behind, key=lambda chain: self.cursors[chain].time)
        return [chain for chain in self._views if chain not in behind or chain == oldest]

    def _well(self, chain: int) -> None:
        self._well_at[chain] = self._now()
        if (trouble := self._trouble.pop(chain, None)) is not None:
            self._log.info("sees again", chain=chain, after=trouble)

    def _unwell(self, chain: int, trouble: str) -> None:
        if chain not in self._trouble:
            self._log.warning("blind", chain=chain, error=trouble, todo=_NODE)
        self._trouble[chain] = trouble

    def _name(self, chain: int) -> str:
        return self._views[chain].chain.name


def _blind(chain: int, trouble: str) -> Alarm:
    return Alarm(f"blind {chain}", f"blind on chain {chain}: {trouble}", _NODE, is_standing=True)


def _start(chain: Watched) -> Block:
    return Block(max(0, int(chain.start_height) - 1), "", 0)


def _broken(name: str, done: Block, fault: FinalChanged) -> Alarm:
    todo = (
        "compare nodes of that chain; if all of them show it, its finality is broken: have the officers pause. "
        "Everything is read again from the start"
    )
    evidence = {"chain": name, "height": done.height, "hash_before": done.hash}
    return Alarm(f"finality {name} {done.height} {done.hash}", str(fault), todo, evidence=evidence)
