"""Databases are migrated once and copied: a relayer here starts in milliseconds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.adapters.migrations import migrate


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Put an empty, migrated database at a path."""
    template = tmp_path_factory.mktemp("template") / "empty.sqlite"
    migrate(f"sqlite:///{template}")

    def put(path: Path) -> None:
        shutil.copy(template, path)

    return put
