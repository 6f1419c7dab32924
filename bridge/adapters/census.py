"""Every transfer of a network, kept up by reading all its chains from the start: a view without any relayer."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.adapters.ledger import EvmReader
from bridge.core.events import Dispatched, Executed, Held, Mined, SentBack
from bridge.core.finality import Policy, final_height
from bridge.core.transfers import State
from bridge.core.types import ChainId, Height, Leaf


@dataclass(slots=True)
class Entry:
    """A transfer: where it left, and where it arrived."""

    sent: Dispatched
    state: State = State.SEEN
    arrived: Mined | None = None


class Census:
    """Reads final blocks only: what it says is settled is settled."""

    def __init__(self, readers: Iterable[tuple[EvmReader, Policy]]) -> None:
        self._readers = list(readers)
        self._next: dict[ChainId, Height] = {}
        self._early: dict[Leaf, Executed | Held | SentBack] = {}
        self.entries: dict[Leaf, Entry] = {}

    async def refresh(self) -> None:
        """Read what has become final since the last time."""
        for reader, policy in self._readers:
            final = final_height(policy, await reader.heads())
            first = self._next.get(reader.chain, Height(1))
            if first > final:
                continue
            for fact in await reader.facts(first, final):
                if isinstance(fact, Dispatched):
                    self._note_sent(fact)
                elif isinstance(fact, Executed | Held | SentBack):
                    self._note_arrival(fact)
            self._next[reader.chain] = Height(final + 1)

    def unsettled(self, leaves: Iterable[Leaf] | None = None) -> list[Leaf]:
        """Return the transfers that are neither executed nor returned, of all or of those named."""
        settled = (State.EXECUTED, State.RETURNED)
        wanted = self.entries if leaves is None else leaves
        return [leaf for leaf in wanted if leaf not in self.entries or self.entries[leaf].state not in settled]

    def _note_sent(self, fact: Dispatched) -> None:
        self.entries.setdefault(fact.leaf, Entry(fact, State.FINAL))
        if (early := self._early.pop(fact.leaf, None)) is not None:
            self._note_arrival(early)

    def _note_arrival(self, fact: Executed | Held | SentBack) -> None:
        entry = self.entries.get(fact.leaf)
        if entry is None:
            self._early[fact.leaf] = fact
            return
        states = {Executed: State.EXECUTED, Held: State.HELD, SentBack: State.RETURNED}
        entry.state, entry.arrived = states[type(fact)], fact.at
