"""One kind of failure for everything a node can do to whoever asks it, and a deadline for all of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from relayers.watch.rpc import Refused, Rpc, Unreadable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def node(handler: Handler) -> AsyncIterator[Rpc]:
    """Serve on the loopback."""
    app = web.Application()
    app.router.add_post("/secret-token", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    rpc = Rpc("home", f"http://127.0.0.1:{port}/secret-token", 0.3)
    try:
        yield rpc
    finally:
        await rpc.close()
        await runner.cleanup()


async def test_answers_come_in_the_order_of_the_questions_however_the_node_orders_them() -> None:
    async def backwards(request: web.Request) -> web.Response:
        asked = await request.json()
        return web.json_response([{"id": item["id"], "result": item["method"]} for item in reversed(asked)])

    async with node(backwards) as rpc:
        assert await rpc.ask_all([(name, ()) for name in map(str, range(120))]) == list(map(str, range(120)))


async def test_a_node_that_never_answers_costs_its_deadline() -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.json_response([])

    async with node(hang) as rpc:
        began = time.monotonic()
        with pytest.raises(Unreadable, match=r"home did not answer within 0.3 s"):
            await rpc.ask("eth_chainId")
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("body", ["", "nothing", "{}", "[]", "[1]", '[{"id": 7, "result": 1}]', '[{"id": 0}]', "null"])
async def test_an_answer_that_is_none_is_unreadable(body: str) -> None:
    async def say(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async with node(say) as rpc:
        with pytest.raises(Unreadable) as fault:
            await rpc.ask("eth_chainId")
        assert "secret-token" not in str(fault.value)


async def test_what_a_node_refuses_comes_with_its_reason() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response([{"id": 0, "error": {"code": 3, "message": "reverted", "data": "0xabcd"}}])

    async with node(refuse) as rpc:
        with pytest.raises(Refused) as fault:
            await rpc.ask("eth_call", {})
        assert (fault.value.message, fault.value.data) == ("reverted", "0xabcd")


async def test_a_port_where_nobody_listens_is_named_without_its_address() -> None:
    rpc = Rpc("home", "http://user:secret@127.0.0.1:1/token", 1)
    with pytest.raises(Unreadable) as fault:
        await rpc.ask("eth_chainId")
    assert str(fault.value) == "home cannot be reached (ClientConnectorError)"
    await rpc.close()
