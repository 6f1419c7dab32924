"""Brings a database up to the tables of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import create_engine

from bridge.core.errors import Refuse

FOLDER = Path(__file__).parent
_ASYNC_DRIVERS = {"sqlite+aiosqlite": "sqlite"}


def migrate(url: str) -> None:
    """Run every migration that a database has not seen. It blocks: call it in a thread.

    Raises Refuse if the database was written by a newer version.
    """
    driver, _, rest = url.partition("://")
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    engine = create_engine(f"{_ASYNC_DRIVERS.get(driver, driver)}://{rest}")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (CommandError, ResolutionError) as fault:
        head = ScriptDirectory.from_config(config).get_current_head()
        raise Refuse(f"this database is not of this version (tables {head}): {fault}") from None
    finally:
        engine.dispose()
