"""The watchtower over a whole bridge: quiet while all is honest; when the quorum's keys are stolen, it pauses."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.adapters import codec
from bridge.adapters.codec import views
from bridge.adapters.ledger import EvmChain, Query, read
from bridge.adapters.signers import open_attestation_signer
from bridge.core.events import Held
from bridge.core.ports import Call
from bridge.core.reasons import Reason
from bridge.core.transfers import State
from bridge.core.types import Units
from tests.e2e.people import LOT, People, people_of, until
from tests.e2e.running import Running, raised, run
from tests.e2e.theft import Loot, steal

pytestmark = pytest.mark.e2e
TOWER = "watchtower"
BLOCKS = 2
"""In which a breach must be said and paused."""
_MUCH = 2_000 * LOT
PAUSED_UNTIL = views.View("pausedUntil", int)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with raised(tmp_path_factory.mktemp("watched") / "net", "--watchtower") as bridge:
        asyncio.run(_settled(bridge))
        yield bridge


@pytest.fixture
async def people(guarded: Running) -> AsyncIterator[People]:
    async with people_of(guarded.network) as connected:
        yield connected


async def test_honest_traffic_raises_no_alarm(guarded: Running, people: People) -> None:
    there = await people.lock(*[LOT] * 5) + await people.lock(*[LOT] * 3, remote=1, name="bob", bond=1)
    await people.become(State.EXECUTED, there)
    await people.become(State.EXECUTED, await people.burn(LOT))
    stuck = await people.lock(LOT, recipient=people.wrapped(0))
    await people.become(State.HELD, stuck)
    message = (await people.tracer.find(stuck[0])).message
    data = codec.encode_send_back(people.home.chain, message)
    gateway = people.remote(0).watched.gateway
    back = await people.sent(people.remote(0), await people.send("bob", people.remote(0), Call(gateway, data)))
    await people.become(State.EXECUTED, back)
    await _looks(guarded)
    assert _alarms(guarded) == []
    status, page = await guarded.ask(TOWER, "/healthz")
    assert (status, page) == (200, {"ok": True, "problems": []})


async def test_it_can_be_checked_and_looks_once_from_the_beginning(guarded: Running) -> None:
    """Beside the daemon, on a folder of its own."""
    text = (guarded.layout.watchtower / "watchtower.toml").read_text()
    config = guarded.layout.watchtower / "once.toml"
    config.write_text(text.replace("watchtower/data", "watchtower/once"))
    checked = await run("jgb-watchtower", "check", "--config", str(config), "--json")
    assert (checked.code, json.loads(checked.out)["alarms"]) == (0, []), checked
    looked = await run("jgb-watchtower", "once", "--config", str(config), "--json")
    page = json.loads(looked.out)
    assert (looked.code, page["ok"], page["alarms"]) == (0, True, [])
    assert [chain["caught_up"] for chain in page["chains"]] == [True, True, True]
    config.write_text(config.read_text().replace("chain_id = 31337", "chain_id = 31339"))
    wrong = await run("jgb-watchtower", "check", "--config", str(config))
    assert wrong.code == 1
    assert "the node is of chain 31337" in wrong.out


async def test_a_change_of_rules_is_registered(guarded: Running, people: People) -> None:
    chain = people.remote(1)
    data = codec.encode_set_cap(people.bond(1), Units(10**12))
    await people.govern(chain, Call(chain.watched.gateway, data))

    async def registered() -> bool:
        changes = [(line["chain"], line["event"]) for line in _lines(guarded, "register.jsonl")]
        return {(chain.chain, "CapSet"), (chain.chain, "Acted"), (chain.chain, "CallExecuted")} <= set(changes)

    await until(registered, "the change is registered")
    assert _alarms(guarded) == []


async def test_what_stolen_keys_mint_is_paused_within_two_blocks_and_the_next_theft_is_held(
    guarded: Running, people: People
) -> None:
    chain, thief = people.remote(0), people.address("carol")
    loot = await _steal(guarded, people, count=3, skipped=1_000)
    assert await people.balance(chain, people.wrapped(0), thief) == 3 * _MUCH
    minted = loot.receipt.block.height

    async def paused() -> bool:
        return await _is_paused(people, chain) and await _is_paused(people, people.home)

    await until(paused, "both ends are paused")
    (said,) = [alarm for alarm in _alarms(guarded) if alarm["key"].startswith("INV-10")]
    evidence = _evidence(said)
    assert evidence["recorded_at_source"] == {f"0x{leaf.hex()}": False for leaf in loot.leaves}
    assert evidence["transaction"]["hash"] == f"0x{loot.receipt.tx.hex()}"
    orders = {(order["chain"], order["other"]): order for order in await _pauses(guarded)}
    assert orders.keys() == {(chain.chain, people.home.chain), (people.home.chain, chain.chain)}
    heights = {chain.chain: await _mined_in(chain, orders[chain.chain, people.home.chain])}
    latency = heights[chain.chain] - minted
    print(f"forged mint in block {minted}, pause in block {heights[chain.chain]}: {latency} blocks")  # noqa: T201
    assert latency <= BLOCKS

    again = await _steal(guarded, people, count=2, skipped=2_000)
    held = [fact for fact in await people.facts(chain) if isinstance(fact, Held) and fact.leaf in again.leaves]
    assert [fact.reason for fact in held] == [Reason.PAUSED] * 2
    assert await people.balance(chain, people.wrapped(0), thief) == 3 * _MUCH
    await _looks(guarded)
    assert len([alarm for alarm in _alarms(guarded) if alarm["key"].startswith("INV-10")]) == 2
    nonces = {part: (await people.transactions(TOWER))[part] for part in (chain.chain, people.home.chain)}
    assert nonces == {chain.chain: 1, people.home.chain: 1}
    other = await people.lock(LOT, remote=1)
    await people.are_executed(other)


async def test_a_killed_tower_comes_back_and_says_nothing_twice(guarded: Running, people: People) -> None:
    before = _alarms(guarded)
    sent = await people.transactions(TOWER)
    await guarded.stop(TOWER, kill=True)
    await guarded.start(TOWER)
    await _looks(guarded)
    assert _alarms(guarded) == before
    assert await people.transactions(TOWER) == sent


async def _settled(bridge: Running) -> None:
    async with people_of(bridge.network) as people:
        await people.settle()


async def _steal(guarded: Running, people: People, count: int, skipped: int) -> Loot:
    """Mint with the keys of the whole committee what nobody has locked, under nonces that nobody has used."""
    signers = [open_attestation_signer(*guarded.layout.keys(f"relayer-{number}-attestation")) for number in range(1, 5)]
    return await steal(people, signers, range(skipped, skipped + count), _MUCH, people.address("carol"))


async def _is_paused(people: People, chain: EvmChain) -> bool:
    """Tell whether nothing of the bond goes in or out at one end of the robbed route."""
    other = people.remote(0).chain if chain is people.home else people.home.chain
    block = (await chain.heads()).latest
    queries = [Query(PAUSED_UNTIL, chain.watched.gateway, (other, people.bond(), direction)) for direction in (1, 2)]
    return min([await read(chain.rpc, query, block) for query in queries]) > block.time


async def _pauses(guarded: Running) -> Sequence[dict[str, Any]]:
    _, page = await guarded.ask(TOWER, "/status")
    pauses: list[dict[str, Any]] = page["pauses"]
    return pauses


async def _mined_in(chain: EvmChain, order: dict[str, Any]) -> int:
    (tx,) = order["transactions"]
    receipt = await chain.rpc.result("eth_getTransactionReceipt", tx)
    assert isinstance(receipt, dict)
    return int(receipt["blockNumber"], 16)


async def _looks(guarded: Running, seconds: float = 3.0) -> None:
    """Wait for several looks."""
    _, before = await guarded.ask(TOWER, "/status")

    async def looked() -> bool:
        _, page = await guarded.ask(TOWER, "/status")
        return bool(page["looked_at"] >= before["looked_at"] + seconds)

    await until(looked, "the watchtower looks")


def _evidence(said: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(said["evidence"]).read_text())
    found: dict[str, Any] = document["evidence"]
    return found


def _alarms(guarded: Running) -> list[dict[str, Any]]:
    return _lines(guarded, "alarms.jsonl")


def _lines(guarded: Running, name: str) -> list[dict[str, Any]]:
    path = guarded.layout.watchtower / "data" / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
