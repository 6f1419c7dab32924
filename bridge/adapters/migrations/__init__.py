"""Brings a database up to the tables of this version."""

from pathlib import Path
from threading import Lock
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DatabaseError, OperationalError

from bridge.core.errors import Refuse

FOLDER: Final = Path(__file__).parent
VERSION_TABLE: Final = "jgb_bridge_version"
"""Not Alembic's usual name, so that another program's database is not taken for ours."""
_ASYNC_DRIVERS: Final = {"sqlite+aiosqlite": "sqlite"}
_TURN: Final = Lock()
"""Alembic keeps what it works on in its own modules: one migration at a time in a process."""


def migrate(url: str) -> None:
    """Run every migration that a database has not seen, all in one transaction. It blocks: call it in a thread.

    Raises Refuse if the database was written by a newer version, or is not a relayer's.
    """
    driver, _, rest = url.partition("://")
    # Autocommit, and a BEGIN of our own: the driver would commit each CREATE TABLE by itself.
    engine = create_engine(f"{_ASYNC_DRIVERS.get(driver, driver)}://{rest}", isolation_level="AUTOCOMMIT")
    try:
        with _TURN, engine.connect() as connection:
            _upgrade(connection, rest)
    except OperationalError as fault:
        raise Refuse(f"the database {rest} cannot be opened: {fault.orig}") from None
    except DatabaseError as fault:
        raise Refuse(f"{rest} is not a database of a relayer: {fault.orig}") from None
    finally:
        engine.dispose()


def _upgrade(connection: Connection, name: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    tables = inspect(connection).get_table_names()
    if tables and VERSION_TABLE not in tables:
        raise Refuse(f"{name} is not a database of a relayer: it holds {', '.join(sorted(tables)[:3])}")
    connection.exec_driver_sql("BEGIN")
    try:
        command.upgrade(config, "head")
    except CommandError as fault:
        raise Refuse(f"the database {name} was written by a newer version: {fault}") from None
    connection.exec_driver_sql("COMMIT")
