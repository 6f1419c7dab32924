"""What tests of chains share: one devnet without relayers, started by the first test that wants it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bridge import devnet
from bridge.adapters.config import Network
from tests.adapters.scene import Scene, scene_of


@pytest.fixture(scope="session")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("ledgers") / "net"
    yield devnet.up(devnet.Options(folder, relayers=0, remotes=1))
    devnet.down(folder)


@pytest.fixture
async def scene(ledgers: Network) -> AsyncIterator[Scene]:
    async with scene_of(ledgers) as scene:
        yield scene
