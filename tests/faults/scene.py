"""What tests of faults act on: the sealer, the stand-ins, and readers that must see through them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.adapters.config import Network, load
from bridge.adapters.config.checks import CHECKPOINTS
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import AgreedReader, Checkpoints, EvmReader, Providers, SealedReader
from bridge.core.errors import Retry
from bridge.core.finality import Heads, Tag
from bridge.core.types import Height
from bridge.devnet.layout import Layout
from tests.e2e.people import until

DEADLINE = 2.0


@dataclass
class Named:
    """Faults that readers have named. A test double of a daemon's health."""

    now: dict[str, str] = field(default_factory=dict)
    ever: dict[str, str] = field(default_factory=dict)

    def failed(self, part: str, fault: Exception) -> None:
        """Note what is wrong."""
        self.now[part] = self.ever[part] = str(fault)

    def worked(self, part: str) -> None:
        """Note that it is over."""
        self.now.pop(part, None)

    def of(self, operator: str) -> list[str]:
        """Return everything that was ever said of a provider."""
        return [why for part, why in self.ever.items() if part.startswith(f"provider {operator} ")]


@dataclass
class Readers:
    """One relayer's view of home and of the first remote."""

    home: SealedReader
    remote: AgreedReader
    named: Named
    sealer: Rpc
    home_second: Rpc
    remote_first: Rpc
    remote_second: Rpc
    remote_third: Rpc
    """The first one's node again: a test double of another operator's."""
    fresh_home: Any

    async def misbehave(self, how: str, since: int) -> None:
        """Have home's validators misbehave from a height on."""
        await self.sealer.result("sealer_misbehave", how, since)

    async def break_(self, second: Rpc, **faults: object) -> None:
        """Have a stand-in fail or lie."""
        await second.result("standin_set", faults)

    async def behave(self) -> None:
        """Let everything be well again."""
        await self.misbehave("honest", 0)
        for second in (self.home_second, self.remote_second):
            await self.break_(second)

    async def home_at(self, height: int) -> Heads:
        """Follow home until a height is verified."""
        return await follow(self.home, height)


async def follow(reader: SealedReader | AgreedReader, height: int, seconds: float = 30.0) -> Heads:
    """Follow a chain until a height is final."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                heads = await reader.heads()
            except Retry:
                await asyncio.sleep(0.2)
                continue
            if heads.finalized is not None and heads.finalized.height >= height:
                return heads
            await asyncio.sleep(0 if heads.is_behind else 0.2)


async def newest(rpc: Rpc) -> Height:
    """Return a node's newest height."""
    return Height(int(str(await rpc.result("eth_blockNumber")), 16))


async def mined(rpc: Rpc, height: int) -> None:
    """Wait until a node has a block."""

    async def there() -> bool:
        return await newest(rpc) >= height

    await until(there, f"block {height}")


@asynccontextmanager
async def readers_of(network: Network, folder: Path, scratch: Path) -> AsyncIterator[Readers]:
    """Open readers over the providers that a relayer of this devnet is configured with."""
    config = load(Layout(folder).config("relayer-1"), {})
    sealed = config.home.sealed
    assert sealed is not None
    named = Named()
    home = [Rpc(node.url, node.operator, deadline=DEADLINE) for node in config.home.providers]
    remote = [Rpc(node.url, node.operator, deadline=DEADLINE) for node in config.remotes[0].providers]
    third = Rpc(config.remotes[0].providers[0].url, "third", deadline=DEADLINE)
    watched = config.watched

    def fresh_home(only: int | None = None) -> SealedReader:
        """Return a reader of home that knows nothing yet, over both providers or one."""
        nodes = home if only is None else [home[only]]
        providers = Providers([EvmReader(rpc, watched[network.home.chain_id]) for rpc in nodes], named)
        path = scratch / CHECKPOINTS
        path.unlink(missing_ok=True)
        return SealedReader(providers, sealed, Checkpoints(path))

    chain = network.remotes[0].chain_id
    agreed = AgreedReader(Providers([EvmReader(rpc, watched[chain]) for rpc in remote], named), 2, Tag())
    readers = Readers(fresh_home(), agreed, named, home[0], home[1], remote[0], remote[1], third, fresh_home)
    try:
        yield readers
    finally:
        for rpc in (*home, *remote, third):
            await rpc.close()
