"""A relayer here starts in milliseconds and never waits: its database is a copy, in its own thread, on no disk."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import aiosqlite
import pytest

from bridge.adapters.store import database
from tests.fakes.crew import empty_database

P = ParamSpec("P")
R = TypeVar("R")


@pytest.fixture(scope="session", autouse=True)
def _without_waiting_for_the_disk() -> Iterator[None]:
    """Leave writes to the system: it keeps them when a process dies, and only processes die here.

    What the store really asks of the disk is held by `tests/adapters/test_store_files.py`.
    """
    hasty = (*(pragma for pragma in database._PRAGMAS if not pragma.startswith("synchronous=")), "synchronous=OFF")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_PRAGMAS", hasty)
        yield


@pytest.fixture(scope="session", autouse=True)
def _without_a_thread_per_database() -> Iterator[None]:
    """Ask SQLite at once: relayers take turns here, so nobody else could use the time that a thread would save.

    Handing each call to a thread and back costs more than all the calls. The store's own tests keep the thread.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiosqlite.Connection, "_execute", _at_once)
        yield


@pytest.fixture(scope="session")
def fresh_database() -> Callable[[Path], None]:
    """Put an empty, migrated database at a path."""

    def put(path: Path) -> None:
        path.write_bytes(empty_database())

    return put


async def _at_once(_: aiosqlite.Connection, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return call(*args, **kwargs)
