"""One bridge for all tests that leave it as they found it: three chains, four relayers, started by the commands."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.people import People, people_of
from tests.e2e.running import Running, raised

RESTING = "relayer-4"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with raised(tmp_path_factory.mktemp("shared") / "net") as bridge:
        asyncio.run(_settled(bridge))
        yield bridge


async def _settled(bridge: Running) -> None:
    """Wait until the bonds are announced, so that the first thing that moves is a test's own."""
    async with people_of(bridge.network) as people:
        await people.settle()


@pytest.fixture(scope="module")
def three_relayers(running: Running) -> Iterator[None]:
    """Have relayer 4 rest: the threshold of three then needs everyone else, so that nobody signs in another's place."""
    asyncio.run(running.stop(RESTING))
    yield
    asyncio.run(running.start(RESTING))


@pytest.fixture
async def people(running: Running) -> AsyncIterator[People]:
    async with people_of(running.network) as connected:
        yield connected
