"""The providers of one chain: asked together, or in turn until one answers truthfully. Each fault is named."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

from bridge.adapters.evm import Unanswered
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Retry
from bridge.core.ports import Faults

T = TypeVar("T")
Ask = Callable[[EvmReader], Awaitable[T]]

GRACE_SECONDS: Final = 1.0
"""How much longer than the others a provider may take, once enough of them have answered."""
LATE_SECONDS: Final = 60.0
"""How long a provider that failed at something is asked for it after the others."""


class Lie(Retry):
    """A provider said what cannot be true."""


class _Lapse(NamedTuple):
    """When a provider did not answer something, and whether it was waited for in vain."""

    at: float
    is_silence: bool


class Providers:
    """Nodes of one chain, run by different operators."""

    def __init__(self, nodes: Sequence[EvmReader], faults: Faults) -> None:
        self.nodes = tuple(nodes)
        self._faults = faults
        self._late: set[EvmReader] = set()
        self._lapses: dict[EvmReader, dict[str, _Lapse]] = {}
        """By what was asked: who says how far the chain is may still hang on everything else."""
        self._liars: dict[EvmReader, set[str]] = {}
        """With what each has lied about."""

    @staticmethod
    def voices(nodes: Iterable[EvmReader]) -> int:
        """Return how many operators run these nodes: what one of them says through several is said once."""
        return len({node.rpc.operator for node in nodes})

    def has_lapsed(self, node: EvmReader, what: str) -> bool:
        """Tell whether a provider did not answer this a short while ago."""
        lapse = self._lapses.get(node, {}).get(what)
        return lapse is not None and time.monotonic() - lapse.at < LATE_SECONDS

    async def each(self, what: str, ask: Ask[T], enough: int) -> dict[EvmReader, T]:
        """Ask all at once and return the answers that came: those that fail or lag are named, and hold up nobody.

        They are waited for until `enough` operators have answered, and a moment longer.
        """
        asking = {asyncio.ensure_future(ask(node)): node for node in self.nodes}
        answers: dict[EvmReader, T] = {}
        pending = set(asking)
        try:
            while pending:
                patience = None if self.voices(answers) < enough else GRACE_SECONDS
                done, pending = await asyncio.wait(pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    break
                for task in done:
                    self._collect(what, asking[task], task, answers)
            for task in pending:
                self.accuse(asking[task], what, Retry(f"{asking[task].rpc.name} is too slow"))
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return answers

    async def first(self, what: str, ask: Ask[T], among: Sequence[EvmReader] = (), *, hears_again: bool = True) -> T:
        """Ask one after another, those without a fault before others, and return the first answer that stands.

        Who has lied about the same is asked again afterwards, unless an answer may say nothing. Raises the last one's
        Retry if none stands.
        """
        refusal = Retry(f"no provider is left for {what}")
        for node in sorted(among or self.nodes, key=lambda node: self._is_late(node, what) or node in self._liars):
            try:
                answer = await ask(node)
            except Retry as fault:
                self.accuse(node, what, fault)
                refusal = fault
                continue
            self.clear(node, what)
            if hears_again:
                await self._hear_again(what, ask)
            return answer
        raise refusal

    async def _hear_again(self, what: str, ask: Ask[T]) -> None:
        """Let those who lied about this say it again: nobody would ask them otherwise while another one answers."""
        for node in [node for node, lies in self._liars.items() if what in lies and not self._is_late(node, what)]:
            try:
                async with asyncio.timeout(GRACE_SECONDS):
                    await ask(node)
            except TimeoutError:
                self.accuse(node, what, Retry(f"{node.rpc.name} is too slow"))
            except Retry as fault:
                self.accuse(node, what, fault)
            else:
                self.clear(node, what)

    def accuse(self, node: EvmReader, what: str, fault: Exception) -> None:
        """Name a provider that did not answer, or not truthfully.

        The first is over with its next answer, or with the next about the same thing if it was waited for in vain; the
        second when it has told the truth about the same thing.
        """
        if isinstance(fault, Lie):
            self._liars.setdefault(node, set()).add(what)
            self._faults.failed(f"{_part(node)}, {what}", fault)
        else:
            self._late.add(node)
            self._lapses.setdefault(node, {})[what] = _Lapse(time.monotonic(), isinstance(fault, Unanswered))
            self._faults.failed(_part(node), fault)

    def clear(self, node: EvmReader, what: str) -> None:
        """Note that a provider has told the truth about something."""
        self._answered(node, what)
        self._liars.get(node, set()).discard(what)
        if not self._liars.get(node, True):
            del self._liars[node]
        self._faults.worked(f"{_part(node)}, {what}")

    def _answered(self, node: EvmReader, what: str) -> None:
        self._late.discard(node)
        lapses = self._lapses.get(node, {})
        lapses.pop(what, None)
        if not any(lapse.is_silence and self.has_lapsed(node, other) for other, lapse in lapses.items()):
            self._faults.worked(_part(node))

    def _is_late(self, node: EvmReader, what: str) -> bool:
        return node in self._late or self.has_lapsed(node, what)

    def _collect(self, what: str, node: EvmReader, task: "asyncio.Future[T]", answers: dict[EvmReader, T]) -> None:
        try:
            answers[node] = task.result()
        except Retry as fault:
            self.accuse(node, what, fault)
        else:
            self._answered(node, what)


def _part(node: EvmReader) -> str:
    return f"provider {node.rpc.name}"
