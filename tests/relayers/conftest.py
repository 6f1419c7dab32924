"""Databases are migrated once and copied, and never waited for: a relayer here starts in milliseconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.crew import empty_database
from tests.fakes.haste import hasty_stores


@pytest.fixture(scope="package", autouse=True)
def _haste() -> Iterator[None]:
    with hasty_stores():
        yield


@pytest.fixture(scope="session")
def fresh_database() -> Callable[[Path], None]:
    """Put an empty, migrated database at a path."""

    def put(path: Path) -> None:
        path.write_bytes(empty_database())

    return put
