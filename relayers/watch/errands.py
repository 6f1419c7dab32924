"""Work that may outlive a look: a node that hangs keeps its own errand waiting, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from relayers.watch.rpc import Unreadable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_NONSENSE: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError)
"""What reading an answer raises that is not of the form it must have."""


class Errands(Generic[K, V]):
    """One errand per key at a time."""

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}

    def start(self, key: K, work: Callable[[], Awaitable[V]]) -> bool:
        """Start an errand; False if the one before it is not back yet."""
        if key in self._tasks:
            return False
        self._tasks[key] = asyncio.create_task(_done(work))
        return True

    @property
    def are_out(self) -> bool:
        """Whether any is not back yet."""
        return bool(self._tasks)

    async def wait(self, seconds: float) -> None:
        """Wait for all errands, but no longer than that; leave what they bring."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)

    async def back(self, seconds: float) -> dict[K, V | Exception]:
        """Wait for all errands, but no longer than that; return what those that are back have brought."""
        await self.wait(seconds)
        finished = {key: task for key, task in self._tasks.items() if task.done()}
        for key in finished:
            del self._tasks[key]
        return {key: _result(task) for key, task in finished.items()}

    async def cancel(self) -> None:
        """Give up on all errands."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()


async def _done(work: Callable[[], Awaitable[V]]) -> V:
    try:
        return await work()
    except _NONSENSE as fault:
        raise Unreadable(f"an answer makes no sense ({type(fault).__name__})") from fault


def _result(task: "asyncio.Task[V]") -> "V | Exception":
    fault = task.exception()
    if fault is None:
        return task.result()
    if not isinstance(fault, Exception):
        raise fault
    return fault
