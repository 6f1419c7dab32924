"""What is wrong right now, said once when it begins and once when it ends."""

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.errors import Retry
from bridge.core.ports import Clock
from bridge.core.types import ChainId, Height, Timestamp


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part that does not do its work."""

    part: str
    why: str
    since: Timestamp
    times: int


class Health:
    """Keeps the troubles of all parts, and knows a stalled chain from an idle one: by its heads, not its events."""

    def __init__(
        self,
        clock: Clock,
        log: Callable[..., None],
        stall_seconds: dict[ChainId, int],
        names: dict[ChainId, str],
    ) -> None:
        self._clock = clock
        self._log = log
        self._stall_seconds = stall_seconds
        self._names = names
        self._troubles: dict[str, Trouble] = {}
        self._heads: dict[ChainId, tuple[Height, Timestamp]] = {}

    def failed(self, part: str, fault: Exception) -> None:
        """Note that a part could not do its work."""
        known = self._troubles.get(part)
        now = self._clock.now()
        if known is None or known.why != str(fault):
            self._log("trouble", part=part, why=str(fault), error=type(fault).__name__)
        since, times = (known.since, known.times + 1) if known else (now, 1)
        self._troubles[part] = Trouble(part, str(fault), since, times)

    def worked(self, part: str) -> None:
        """Note that a part works again."""
        known = self._troubles.pop(part, None)
        if known is not None:
            self._log("recovered", part=part, after_seconds=self._clock.now() - known.since, times=known.times)

    def head(self, chain: ChainId, height: Height) -> None:
        """Note the newest height of a chain."""
        if chain not in self._heads or self._heads[chain][0] != height:
            self._heads[chain] = (height, self._clock.now())

    def look(self) -> None:
        """See which chains stand still for longer than they may: heads count, whatever happens in their blocks."""
        now = self._clock.now()
        for chain, (height, since) in self._heads.items():
            part, longest = f"chain {self._names[chain]}", self._stall_seconds[chain]
            if now - since > longest:
                why = f"no block after {height} for more than {longest} s: see whether its nodes produce blocks"
                self.failed(part, Retry(why))
            else:
                self.worked(part)

    def troubles(self) -> dict[str, Trouble]:
        """Return what is wrong now, by part."""
        self.look()
        return dict(self._troubles)

    def problems(self) -> list[str]:
        """Return everything that is wrong, one sentence each."""
        return [f"{trouble.part}: {trouble.why} ({trouble.times} times)" for trouble in self.troubles().values()]
