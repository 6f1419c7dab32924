"""The one place that knows which database this is: SQLite, one file per relayer, one process at a time.

A commit is on the disk before it is answered (synchronous=FULL), because the world is told right after it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import Connection, Table, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bridge.core.errors import Refuse, Retry

BUSY_SECONDS: Final = 10.0
"""How long a commit waits for another process, such as a backup, to let go of the file."""
_BEGIN: Final = "jgb_begin"
WRITES: Final = {_BEGIN: "BEGIN IMMEDIATE"}
"""Execution options of a transaction that will write: it has the file to itself from its first statement on."""
READS: Final = {_BEGIN: "BEGIN"}
"""Execution options of several reads that must see one state. A single read needs none."""
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=4000",
    "cache_size=-16384",
)
_PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")
"""Errors of the disk or of other processes: they end when somebody looks after the machine, without a restart."""


def create(url: str, busy_seconds: float = BUSY_SECONDS) -> AsyncEngine:
    """Return an engine whose transactions begin as their execution options say."""
    engine = create_async_engine(url, connect_args={"timeout": busy_seconds})
    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def upsert(table: Table) -> sqlite.Insert:
    """Return an INSERT that can say what happens on a conflict."""
    return sqlite.insert(table)


@contextmanager
def faults() -> Iterator[None]:
    """Raise Retry for what passes by itself or by an operator's hand, such as a full disk."""
    try:
        yield
    except NoConnectionError as fault:
        raise Retry("the database has no connection free") from fault
    except OperationalError as fault:
        name = getattr(fault.orig, "sqlite_errorname", "")
        if name.startswith(_PASSING):
            raise Retry(f"the database cannot be used: {fault.orig} ({name})") from fault
        raise


def claim(url: str) -> TextIO | None:
    """Take the database file for this process; hold on to what is returned, and close it at the end.

    The system takes a claim back when its process ends, however it ends. Raises Refuse if another process has it.
    """
    path = file_of(url)
    if path is None:
        return None
    try:
        held = path.with_name(f"{path.name}.lock").open("a+")
    except OSError as fault:
        raise Refuse(f"the database {path} cannot be opened: {fault.strerror}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.seek(0)
        owner = held.read().strip() or "unknown"
        held.close()
        raise Refuse(f"process {owner} works on the database {path}: stop it first") from None
    held.truncate(0)
    held.write(f"{os.getpid()}\n")
    held.flush()
    return held


def file_of(url: str) -> Path | None:
    """Return the database file; None for a database in memory."""
    name = make_url(url).database
    return Path(name) if name and name != ":memory:" else None


def snapshot(source: Path, target: Path) -> None:
    """Copy a database as its last commit left it, while another process may go on writing. The original is only read.

    Raises Refuse if it cannot be read.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing)
    except sqlite3.Error as fault:
        raise Refuse(f"the database {source} cannot be read: {fault}") from None


def _configure(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's connection
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin` does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get(_BEGIN)
    if statement is not None:
        connection.exec_driver_sql(statement)
