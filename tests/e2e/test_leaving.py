"""Every relayer dies after the quorum and before the delivery: users deliver from their own keys."""

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from bridge.adapters.bundles import decode_bundle
from bridge.core.boundaries import Boundary
from bridge.core.types import Address, Leaf
from tests.e2e.people import LOT, People, people_of, stranger
from tests.e2e.running import Running, death_of, run

pytestmark = pytest.mark.e2e
RELAYERS = ("relayer-1", "relayer-2", "relayer-3", "relayer-4")
DEATH_SECONDS = 180.0


@pytest.fixture(scope="module")
def payee() -> Address:
    return stranger()


@pytest.fixture(scope="module")
def abandoned(running: Running, payee: Address) -> Iterator[list[Leaf]]:
    """Four transfers of one batch with a quorum, and no relayer left: each died when it was its turn to deliver."""

    async def abandon() -> list[Leaf]:
        async with people_of(running.network) as people:
            await people.settle()
            await running.stop(*RELAYERS, kill=True)
            dying = [running.begin(name, "--crash-at", Boundary.SUBMIT_BEFORE_COMMIT.value) for name in RELAYERS]
            leaves = await people.lock(LOT, LOT, LOT, LOT, recipient=payee)
        assert None not in await asyncio.gather(*(death_of(process, DEATH_SECONDS) for process in dying))
        return leaves

    yield asyncio.run(abandon())
    asyncio.run(running.start(*RELAYERS))


async def test_a_user_delivers_from_the_board(running: Running, people: People, abandoned: list[Leaf]) -> None:
    assert (await running.answer("status", id_of(abandoned[0])))["state"] == "QUORATE"
    done = await running.answer("deliver", id_of(abandoned[0]), "--as", "carol")
    assert (done["state"], done["destination"]["final"]) == ("EXECUTED", True)
    assert await people.executions(abandoned[:1]) == [1]


async def test_a_user_delivers_from_a_file_without_home(
    running: Running, people: People, abandoned: list[Leaf], tmp_path: Path
) -> None:
    document = json.loads(running.layout.network.read_text())
    document["home"]["rpc"] = "http://127.0.0.1:9"
    cut_off = tmp_path / "network.json"
    cut_off.write_text(json.dumps(document))
    keystore, password_file = map(str, running.layout.keys("carol"))
    key = ("--keystore", keystore, "--password-file", password_file)
    bundle = str(bundle_with(running, abandoned[1]))
    said = await run("jgb-bridge", "--network", str(cut_off), "deliver", id_of(abandoned[1]), "--bundle", bundle, *key)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("delivered on remote-1 in transaction 0x")
    assert await people.executions(abandoned[1:2]) == [1]


async def test_a_user_delivers_from_a_mirror_of_the_bundles(
    running: Running, people: People, abandoned: list[Leaf]
) -> None:
    bundle = bundle_with(running, abandoned[2])
    with served(bundle.parent) as url:
        where = f"{url}/{bundle.name}"
        done = await running.answer("deliver", id_of(abandoned[2]), "--bundle", where, "--as", "bob")
    assert done["delivered"]
    assert await people.executions(abandoned[2:3]) == [1]


async def test_nobody_delivers_what_no_quorum_has_signed(
    running: Running, people: People, abandoned: list[Leaf]
) -> None:
    (unsigned,) = await people.lock(LOT)
    said = await running.bridge("deliver", id_of(unsigned), "--as", "carol")
    assert said == (2, "", "it cannot be delivered yet: 0 signatures are on the board, 3 are needed\n")
    said = await running.bridge("deliver", id_of(unsigned), "--as", "carol", "--bundle", "nowhere.json")
    assert said == (2, "", "nowhere.json: No such file or directory\n")
    bundle = bundle_with(running, abandoned[0])
    said = await running.bridge("deliver", id_of(unsigned), "--as", "carol", "--bundle", str(bundle))
    assert said.code == 2
    assert said.err.startswith("the bundle does not hold 0x")


async def test_relayers_that_come_back_deliver_the_rest(
    running: Running, people: People, abandoned: list[Leaf], payee: Address
) -> None:
    assert await people.executions(abandoned) == [1, 1, 1, 0]
    await running.start(*RELAYERS)
    await people.are_executed(abandoned)
    assert await people.executions(abandoned) == [1] * 4
    assert await people.balance(people.remote(0), people.wrapped(0), payee) == 4 * LOT
    assert await running.books_balance()


async def test_a_user_is_released_at_home_by_a_key_of_his_own(running: Running, people: People) -> None:
    """The way back, too: what was burned and has a quorum needs no relayer any more."""
    await people.are_executed(await people.lock(2 * LOT, recipient=people.address("alice")))
    await people.settle()
    await running.stop(*RELAYERS, kill=True)
    dying = [running.begin(name, "--crash-at", Boundary.SUBMIT_BEFORE_COMMIT.value) for name in RELAYERS]
    (burned,) = await people.burn(LOT)
    assert None not in await asyncio.gather(*(death_of(process, DEATH_SECONDS) for process in dying))
    before = await people.balance(people.home, people.bond(), people.address("alice"))
    done = await running.answer("deliver", id_of(burned), "--as", "carol")
    assert (done["state"], done["destination"]["final"]) == ("EXECUTED", True)
    assert await people.executions([burned]) == [1]
    assert await people.balance(people.home, people.bond(), people.address("alice")) == before + LOT
    await running.start(*RELAYERS)
    await people.settle()
    assert await people.executions([burned]) == [1]


def id_of(leaf: Leaf) -> str:
    return f"0x{leaf.hex()}"


def bundle_with(running: Running, leaf: Leaf) -> Path:
    """Return the file of the first relayer that delivers a transfer."""
    files = (running.layout.relayer(RELAYERS[0]) / "data" / "bundles").glob("*/*.json")
    return next(path for path in files if leaf in decode_bundle(path.read_bytes()).leaves())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback, as any static host does."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
