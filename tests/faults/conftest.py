"""Three chains without relayers; readers as relayers have them, over the first providers and their stand-ins."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bridge import devnet
from bridge.adapters.config import Network
from tests.faults.scene import Readers, readers_of


@pytest.fixture(scope="session")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, Path]]:
    folder = tmp_path_factory.mktemp("faults") / "net"
    network = devnet.up(devnet.Options(folder, relayers=0, remotes=1, saves_home=False))
    yield network, folder
    devnet.down(folder)


@pytest.fixture
async def readers(chains: tuple[Network, Path], tmp_path: Path) -> AsyncIterator[Readers]:
    async with readers_of(*chains, tmp_path) as readers:
        yield readers
        await readers.behave()
