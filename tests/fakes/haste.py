"""A store that waits for nothing, for tests in which only processes die and relayers take turns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import aiosqlite
import pytest

from bridge.adapters.store import database

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def hasty_stores() -> Iterator[None]:
    """Leave writes to the system, and ask SQLite at once instead of handing each call to a thread and back.

    The system keeps what it was given when a process dies, so a crash means what it means with a disk; and where
    relayers take turns, nobody could use the time that a thread would save. What the store really asks of the disk
    is held by `tests/adapters/test_store_files.py`, whose stores are not hasty.
    """
    lasting = (pragma for pragma in database._PRAGMAS if not pragma.startswith("synchronous="))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_PRAGMAS", (*lasting, "synchronous=OFF"))
        patch.setattr(aiosqlite.Connection, "_execute", _at_once)
        yield


async def _at_once(_: aiosqlite.Connection, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return call(*args, **kwargs)
