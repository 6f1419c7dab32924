"""A block that was final is another one now: routes halt with the evidence on disk, until an operator resumes them."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from bridge.adapters.codec import encode_approve
from bridge.adapters.ledger import EvmChain
from bridge.cli.accounting import read_books
from bridge.core.finality import Tag, final_height
from bridge.core.ports import Call
from bridge.core.types import Units
from tests.e2e.people import LOT, People, people_of, until
from tests.e2e.running import Running, raised, run

pytestmark = [pytest.mark.e2e, pytest.mark.faults]
RELAYERS = ("relayer-1", "relayer-2")
HOME = "1010032"
FIRST, SECOND = "31337", "31338"
ROUTES_OF_FIRST = {f"{HOME}-{FIRST}", f"{FIRST}-{HOME}"}
ROUTES_OF_SECOND = {f"{HOME}-{SECOND}", f"{SECOND}-{HOME}"}
BLOCKS_LOST = 2


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with raised(tmp_path_factory.mktemp("fragile") / "net", "--relayers", str(len(RELAYERS))) as bridge:
        yield bridge


@pytest.fixture
async def people(fragile: Running) -> AsyncIterator[People]:
    async with people_of(fragile.network) as connected:
        yield connected


async def test_home_that_stops_and_starts_is_no_breach(fragile: Running, people: People) -> None:
    before = await people.lock(LOT)
    await fragile.stop("home")
    await fragile.start("home")
    leaves = before + await people.lock(LOT, remote=1)
    await people.are_executed(leaves)
    assert await people.executions(leaves) == [1, 1]
    assert await _halted(fragile) == [set(), set()]


async def test_a_public_chain_that_breaks_its_finality_halts_its_routes_and_no_other(
    fragile: Running, people: People
) -> None:
    chain = people.remote(0)
    await _is_quiet(chain)
    heads = await chain.heads()
    final = final_height(Tag(), heads)
    await _everyone_has_seen(fragile, "remote-1", final)
    # So many blocks are taken back, and others are mined in their place.
    await chain.rpc.result("anvil_reorg", heads.latest.height - final + BLOCKS_LOST, [])
    await _everyone_halts(fragile, ROUTES_OF_FIRST)
    for name in RELAYERS:
        code, health = await fragile.ask(name, "/healthz")
        assert code == 503
        assert any(f"route {HOME}-{FIRST}: block" in problem for problem in health["problems"])
        assert {found["route"] for found in _evidence(fragile, name)} == ROUTES_OF_FIRST
        for found in _evidence(fragile, name):
            assert found["evidence"]["chain"] == int(FIRST)
            shown = found["evidence"].get("shown")
            assert shown is not None or found["evidence"]["final_hash"] != found["evidence"]["observed_hash"]
    stuck, carried = await people.lock(LOT), await people.lock(LOT, remote=1)
    await people.are_executed(carried)
    assert await people.executions(stuck) == [0]

    await _resume(fragile, ROUTES_OF_FIRST)
    await people.are_executed(stuck)
    assert await people.executions(stuck) == [1]
    assert await _are_well(fragile)


async def test_home_killed_before_it_wrote_its_last_blocks_halts_everything(
    fragile: Running, people: People, tmp_path: Path
) -> None:
    state = fragile.layout.node("home") / "state.json"
    kept = await _copied(state, tmp_path)
    # Empty blocks would be mined again as they were; these hold something that will never have been.
    approval = Call(people.bond(), encode_approve(people.address("bob"), Units(1)))
    (lost,) = await people.send("carol", people.home, approval)
    await _everyone_has_seen(fragile, "home", lost.block.height + BLOCKS_LOST)
    await fragile.stop("home", kill=True)
    shutil.copy(kept, state)
    await fragile.start("home")
    await _everyone_halts(fragile, ROUTES_OF_FIRST | ROUTES_OF_SECOND)
    stuck = await people.lock(LOT)
    for name in RELAYERS:
        assert (await fragile.ask(name, "/healthz"))[0] == 503
        newest = [found for found in _evidence(fragile, name) if found["evidence"]["chain"] == int(HOME)]
        assert {found["route"] for found in newest} == ROUTES_OF_FIRST | ROUTES_OF_SECOND

    await _resume(fragile, ROUTES_OF_FIRST | ROUTES_OF_SECOND)
    await people.are_executed(stuck)
    assert await people.executions(stuck) == [1]
    assert await people.nobody_signed_twice()
    assert await _are_well(fragile)
    assert (await read_books(fragile.network))["ok"]


async def test_a_daemon_must_be_stopped_and_its_route_halted_to_be_resumed(fragile: Running) -> None:
    config = str(fragile.layout.config(RELAYERS[0]))
    resume = ("resume", f"{HOME}-{FIRST}", "--config", config, "--reason", "none")
    said = await run("jgb-relayer", *resume)
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("relayer.sqlite: stop it first\n")
    await fragile.stop(RELAYERS[0])
    said = await run("jgb-relayer", *resume)
    assert said == (2, "", f"route {HOME}-{FIRST} is not halted: halted are none\n")


async def _copied(state: Path, folder: Path) -> Path:
    """Copy what home has written so far; it may be writing just now."""

    async def whole() -> bool:
        shutil.copy(state, folder)
        try:
            json.loads((folder / state.name).read_bytes())
        except ValueError:
            return False
        return True

    await until(whole, f"{state} is whole")
    return folder / state.name


async def _resume(fragile: Running, routes: set[str]) -> None:
    """Do what OPERATIONS.md says: stop the daemon, resume each route, start the daemon."""
    await fragile.stop(*RELAYERS)

    async def resume_all(name: str) -> None:
        for route in sorted(routes):
            words = ("resume", route, "--config", str(fragile.layout.config(name)), "--reason", "nodes compared")
            assert (await run("jgb-relayer", *words)).code == 0

    await asyncio.gather(*(resume_all(name) for name in RELAYERS))
    await fragile.start(*RELAYERS)


async def _is_quiet(chain: EvmChain) -> None:
    """Wait until the blocks that will be lost hold nothing: an announcement among them would be lost with them."""
    begin = (await chain.heads()).latest.height

    async def is_so() -> bool:
        return (await chain.heads()).latest.height > begin + 2 * BLOCKS_LOST + 2

    await until(is_so, "some blocks without a transaction")


async def _everyone_has_seen(fragile: Running, chain: str, height: int) -> None:
    async def seen() -> bool:
        finals = [(await fragile.ask(name, "/digest"))[1]["final_heights"][chain] for name in RELAYERS]
        return all(final >= height for final in finals)

    await until(seen, f"everyone has seen block {height} of {chain}")


async def _everyone_halts(fragile: Running, routes: set[str]) -> None:
    async def halted() -> bool:
        return await _halted(fragile) == [routes] * len(RELAYERS)

    await until(halted, f"{sorted(routes)} halt")


async def _halted(fragile: Running) -> list[set[str]]:
    pages = [(await fragile.ask(name, "/status"))[1] for name in RELAYERS]
    return [{route["name"] for route in page["routes"] if route["halted"]} for page in pages]


async def _are_well(fragile: Running) -> bool:
    return all([(await fragile.ask(name, "/healthz"))[0] == HTTPStatus.OK for name in RELAYERS])


def _evidence(fragile: Running, name: str) -> list[dict[str, Any]]:
    folder = fragile.layout.relayer(name) / "data" / "evidence"
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
