"""What tests of relayers share: a bridge in memory, three relayers of it that are not started, databases in no time."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fakes.crew import Member, crew, empty_database
from tests.fakes.haste import hasty_stores
from tests.fakes.world import World, world

FreshDatabase = Callable[[Path], None]


@pytest.fixture(scope="package", autouse=True)
def _haste() -> Iterator[None]:
    """Databases are migrated once and copied, and never waited for: a relayer here starts in milliseconds."""
    with hasty_stores():
        yield


@pytest.fixture(scope="session")
def fresh_database() -> FreshDatabase:
    """Put an empty, migrated database at a path."""

    def put(path: Path) -> None:
        path.write_bytes(empty_database())

    return put


@pytest.fixture
def bridge() -> World:
    return world(relayers=3, remotes=2)


@pytest_asyncio.fixture
async def members(bridge: World, tmp_path: Path, fresh_database: FreshDatabase) -> AsyncIterator[list[Member]]:
    found = crew(bridge, tmp_path)
    for member in found:
        fresh_database(member.path)
    yield found
    for member in found:
        await member.stop()
