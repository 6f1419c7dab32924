"""KelpDAO 2026-04, about 292 million: one verifier believed poisoned nodes, and the honest ones were driven away.

Here a relayer's nodes are captured: some lie, the rest is silenced; or all of one relayer's lie alike. Three relayers,
of whom two must sign; each has two providers of its own per chain, test doubles that lie on command.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from bridge import devnet
from bridge.adapters.config import Network
from bridge.adapters.ledger import EvmChain
from bridge.core.types import Leaf
from bridge.devnet.lifecycle import FLOW
from tests.e2e.people import LOT, until
from tests.e2e.running import run
from tests.faults.plagues import forgery
from tests.faults.rig import Rig, rig_of

pytestmark = [pytest.mark.e2e, pytest.mark.faults]
RELAYERS = 3
BLOCKS_OF_LYING = 8


@pytest.fixture(scope="module")
def captured_net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, Path]]:
    folder = tmp_path_factory.mktemp("captured") / "net"
    network = devnet.up(devnet.Options(folder, relayers=RELAYERS, remotes=1, own_providers=True, saves_home=False))
    yield network, folder
    devnet.down(folder)


@pytest.fixture
async def rig(captured_net: tuple[Network, Path]) -> AsyncIterator[Rig]:
    async with rig_of(*captured_net, FLOW) as rig:
        await rig.people.settle()
        yield rig


@asynccontextmanager
async def lying(rig: Rig, chain: EvmChain, relayers: list[str], silenced: int | None = None) -> AsyncIterator[None]:
    """Have all providers of some relayers show a transfer that never was; or one of the two hang instead."""
    faults = await forgery(rig, chain, "Dispatched", Random(1))  # noqa: S311 - no secret
    async with AsyncExitStack() as stack:
        for name in relayers:
            for index, provider in enumerate(rig.providers_of(name, chain.chain)):
                said: dict[str, object] = {"stall": True} if index == silenced else faults
                await stack.enter_async_context(provider.broken(0, said))
        yield
        if silenced is not None:
            # The lie ends before the truth is heard again: who waited for a second voice has nothing to resume.
            for name in relayers:
                poisoned = rig.providers_of(name, chain.chain)[1 - silenced]
                await poisoned.control.result("standin_set", {"stall": True})


async def several_blocks(chain: EvmChain) -> None:
    end = (await chain.heads()).latest.height + BLOCKS_OF_LYING

    async def there() -> bool:
        return (await chain.heads()).latest.height >= end

    await until(there, f"block {end}")


async def signed(rig: Rig) -> int:
    """Return how many signatures stand on the board."""
    return len(await rig.people.posts())


async def unsent(rig: Rig) -> list[Leaf]:
    """Return what was executed anywhere and sent nowhere."""
    await rig.chronicle.refresh()
    return list(rig.chronicle._early)


async def test_with_the_honest_node_silenced_and_the_other_poisoned_nobody_signs_and_nothing_moves(rig: Rig) -> None:
    chain, before = rig.people.remote(0), await signed(rig)
    async with lying(rig, chain, rig.relayers, silenced=0):
        await several_blocks(chain)
        assert await signed(rig) == before
        pages = [await rig.ask(name, "/healthz") for name in rig.relayers]
        assert all(page is not None and page[0] == 503 for page in pages)
        assert all("must agree" in str(page) or "did not answer" in str(page) for page in pages), pages
    leaves = await rig.people.lock(LOT)
    await rig.people.are_executed(leaves)
    assert await unsent(rig) == []


async def test_a_relayer_all_of_whose_home_nodes_lie_signs_nothing_false(rig: Rig) -> None:
    """Not even all relayers together: what home's validators have not sealed is believed by nobody."""
    chain, before = rig.people.home, await signed(rig)
    async with lying(rig, chain, rig.relayers):
        await several_blocks(chain)
        assert await signed(rig) == before
        pages = [await rig.ask(name, "/healthz") for name in rig.relayers]
        assert all("sealed" in str(page) or "another block" in str(page) for page in pages), pages
    leaves = await rig.people.lock(LOT)
    await rig.people.are_executed(leaves)
    assert await unsent(rig) == []


async def test_one_honest_provider_of_another_operator_stops_a_lie_and_names_it(rig: Rig) -> None:
    chain, victim, before = rig.people.remote(0), rig.relayers[0], await signed(rig)
    faults = await forgery(rig, chain, "Dispatched", Random(1))  # noqa: S311 - no secret
    first, _ = rig.providers_of(victim, chain.chain)
    async with first.broken(0, faults):
        await several_blocks(chain)
        page = await rig.ask(victim, "/status")
        assert page is not None
        halted = [route["halted"] for route in page[1]["routes"] if route["halted"]]
        assert len(halted) == 2
        assert all("do not agree on its final block" in str(halt) or "was final" in str(halt) for halt in halted)
    assert await signed(rig) == before
    await _resume(rig, victim)


async def test_k_minus_1_relayers_all_of_whose_public_nodes_lie_alike_sign_a_lie_and_move_nothing(rig: Rig) -> None:
    chain, victim = rig.people.remote(0), rig.relayers[0]
    at_home = await rig.people.balance(rig.people.home, rig.people.bond(), rig.people.home.watched.gateway)
    before = await signed(rig)
    async with lying(rig, chain, [victim]):
        await several_blocks(chain)
        assert await signed(rig) - before == 1, "the captured one believes its nodes, the others do not"
    held = await rig.people.balance(rig.people.home, rig.people.bond(), rig.people.home.watched.gateway)
    assert held == at_home
    assert await unsent(rig) == []
    await _resume(rig, victim)


async def _resume(rig: Rig, name: str) -> None:
    """Do what OPERATIONS.md says about halted routes, and see the relayer well again."""
    page = await rig.ask(name, "/status")
    assert page is not None
    halted = [route["name"] for route in page[1]["routes"] if route["halted"]]
    await rig.running.stop(name)
    config = str(rig.running.layout.config(name))
    for route in halted:
        assert (await run("jgb-relayer", "resume", route, "--config", config, "--reason", "nodes compared")).code == 0
    await rig.revive(name)
    leaves = await rig.people.lock(LOT)
    await rig.people.are_executed(leaves)


async def test_a_relayer_starts_again_while_one_of_its_providers_is_down_and_says_which(rig: Rig) -> None:
    name, chain = rig.relayers[1], rig.people.home
    second = rig.providers_of(name, chain.chain)[1]
    await rig.running.stop(name, kill=True)
    async with second.broken(0, {"errors": 1.0}):
        await rig.running.start(name)
        said = await run("jgb-relayer", "check", "--config", str(rig.running.layout.config(name)))
        assert (said.code, "home.providers[1]: " in said.err) == (2, True)
        leaves = await rig.people.lock(LOT)
        await rig.people.are_executed(leaves)
