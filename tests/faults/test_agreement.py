"""A public chain is believed when providers of two operators say the same of it."""

import asyncio
import time

import pytest

from bridge.adapters.codec import TOPICS, to_hex
from bridge.core.errors import Halt, Retry
from bridge.core.types import Height
from tests.faults.scene import Readers, follow, mined, newest

pytestmark = pytest.mark.faults


async def test_two_that_agree_are_believed_and_everything_is_proven(readers: Readers) -> None:
    at = await newest(readers.remote_first)
    heads = await follow(readers.remote, at)
    assert heads.finalized is not None
    top = heads.finalized.height
    assert list(await readers.remote.facts(Height(1), top)) == list(
        await readers.remote.providers.nodes[0].facts(Height(1), top)
    )
    assert not readers.named.now


async def test_one_that_lags_is_waited_for(readers: Readers) -> None:
    first = (await readers.remote.heads()).finalized
    await readers.break_(readers.remote_second, lag=20)
    late = (await readers.remote.heads()).finalized
    await asyncio.sleep(2.5)
    later = (await readers.remote.heads()).finalized
    assert first == late == later
    await readers.break_(readers.remote_second)
    assert first is not None
    await follow(readers.remote, first.height + 1)


@pytest.mark.parametrize("faults", [{"stall": True}, {"errors": 1.0}, {"drop": 1.0}, {"latency": 4.0}])
async def test_a_lone_voice_is_never_enough(readers: Readers, faults: dict[str, object]) -> None:
    await readers.break_(readers.remote_second, **faults)
    begun = time.monotonic()
    with pytest.raises(Retry, match="1 of the 2 providers that must agree on chain 31337 answer"):
        await readers.remote.heads()
    assert time.monotonic() - begun < 3.5
    assert readers.named.of("second")


async def test_two_that_differ_halt_the_routes_and_are_both_named(readers: Readers) -> None:
    at = await newest(readers.remote_first)
    await readers.break_(readers.remote_second, heads=at + 1)
    with pytest.raises(Halt, match="do not agree on its final block") as halt:
        await follow(readers.remote, at + 2)
    shown = halt.value.evidence["shown"]
    assert isinstance(shown, dict)
    assert len(shown) == len(set(shown.values())) == 2
    assert any(name.startswith("second ") for name in shown)


async def test_a_forged_log_under_a_forged_block_is_stopped_by_one_honest_provider(readers: Readers) -> None:
    """KelpDAO 2026-04: what poisoned nodes said was believed, because nobody else was asked."""
    at = await newest(readers.remote_first)
    gateway = readers.remote.providers.nodes[0].watched.gateway
    log = {
        "height": at + 1,
        "address": to_hex(gateway),
        "topics": [TOPICS["Executed"], to_hex(bytes(32)), to_hex((1_010_032).to_bytes(32, "big"))],
        "data": to_hex(bytes(32)),
    }
    await mined(readers.remote_first, at + 1)
    await readers.break_(readers.remote_second, forged=log)
    with pytest.raises(Halt, match="do not agree on its final block"):
        await follow(readers.remote, at + 2)


async def test_a_final_block_that_changes_is_shown_as_it_is_now(readers: Readers) -> None:
    """Whoever has kept the old hash, as a relayer's cursor does, sees that finality was broken."""
    heads = await follow(readers.remote, await newest(readers.remote_first))
    assert heads.finalized is not None
    top = heads.finalized.height
    before = (await readers.remote.blocks([top]))[top]
    await readers.remote_first.result("anvil_reorg", await newest(readers.remote_first) - top + 2, [])
    later = await follow(readers.remote, top + 1)
    assert later.finalized is not None
    await readers.remote.facts(Height(top + 1), later.finalized.height)
    assert (await readers.remote.blocks([top]))[top].hash != before.hash


async def test_a_node_of_another_chain_is_told_by_its_blocks(readers: Readers) -> None:
    """Its id is checked at start-up; should it change afterwards, its blocks lead nowhere."""
    await readers.break_(readers.remote_second, chain_id=1)
    assert await readers.remote_second.result("eth_chainId") == "0x1"
