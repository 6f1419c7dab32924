"""What operators elsewhere complain of (tests/faults/INCIDENTS.md), where no other test is about it already."""

import asyncio
import time

import pytest

from bridge.adapters.ledger import AgreedReader, EvmReader, Providers
from bridge.core.errors import Retry
from bridge.core.finality import Tag
from tests.faults.scene import Readers, follow, newest

pytestmark = pytest.mark.faults


def of_three(readers: Readers) -> AgreedReader:
    """A reader of which two of three operators must agree."""
    watched = readers.remote.providers.nodes[0].watched
    rpcs = (readers.remote_second, readers.remote_first, readers.remote_third)
    return AgreedReader(Providers([EvmReader(rpc, watched) for rpc in rpcs], readers.named), 2, Tag())


async def test_a_public_endpoint_that_fails_97_times_of_100_takes_no_quorum_down(readers: Readers) -> None:
    """hyperlane-monorepo #9292: one flaky endpoint in a majority set stopped a validator."""
    reader = of_three(readers)
    await readers.break_(readers.remote_second, errors=0.97)
    at = await newest(readers.remote_first)
    heads = await follow(reader, at + 1)
    assert heads.finalized is not None
    assert readers.named.of("second")


async def test_an_endpoint_a_little_behind_the_others_is_waited_for_and_misleads_nobody(readers: Readers) -> None:
    """hyperlane-monorepo #1099: head from one node, logs from another that has not got there."""
    reader = of_three(readers)
    await readers.break_(readers.remote_second, lag=4)
    at = await newest(readers.remote_first)
    heads = await follow(reader, at)
    assert heads.finalized is not None
    top = heads.finalized.height
    plain = await reader.providers.nodes[1].facts(top, top)
    assert list(await reader.facts(top, top)) == list(plain)


async def test_a_socket_that_never_answers_stalls_no_other_chain_and_is_named(readers: Readers) -> None:
    """hyperlane-monorepo #9195: one RPC that accepts TCP and never answers hung everything, silently."""
    await readers.break_(readers.remote_second, stall=True)
    stuck = asyncio.create_task(readers.remote.heads())
    began = time.monotonic()
    at = await newest(readers.sealer)
    await readers.home_at(at)
    assert time.monotonic() - began < 10
    with pytest.raises(Retry, match="1 of the 2 providers that must agree"):
        await stuck
    assert any("second" in part for part in readers.named.now)
