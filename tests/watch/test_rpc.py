"""One kind of failure for everything a node can do to whoever asks it, and a deadline for all of it."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from relayers.watch.rpc import Refused, Rpc, Unreadable

_LENGTH = 200_000
_ANSWER = b'[{"id": 0, "result": "' + b"0" * _LENGTH + b'"}]'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def node(handler: Handler, **limits: int) -> AsyncIterator[Rpc]:
    """Serve on the loopback."""
    app = web.Application()
    app.router.add_post("/secret-token", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    rpc = Rpc("home", f"http://127.0.0.1:{port}/secret-token", 0.3, **limits)
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


@pytest.mark.parametrize("is_deflated", [True, False])
async def test_an_answer_longer_than_the_longest_is_unreadable_also_if_it_comes_compressed(
    *, is_deflated: bool
) -> None:
    asked_for = []

    async def say_much(request: web.Request) -> web.Response:
        asked_for.append(request.headers["Accept-Encoding"])
        body = gzip.compress(_ANSWER) if is_deflated else _ANSWER
        return web.Response(body=body, headers={"Content-Encoding": "gzip"} if is_deflated else {})

    async with node(say_much, longest_answer=len(_ANSWER)) as rpc:
        assert await rpc.ask("eth_getLogs") == "0" * _LENGTH
    async with node(say_much, longest_answer=len(_ANSWER) - 1) as rpc:
        with pytest.raises(Unreadable) as fault:
            await rpc.ask("eth_getLogs")
        assert str(fault.value) == f"home answers with more than {len(_ANSWER) - 1} bytes"
    assert asked_for == ["identity"] * 2


async def test_an_answer_without_end_is_given_up_before_its_deadline() -> None:
    async def say_on(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b" " * 1000)
        return response

    async with node(say_on, longest_answer=10_000) as rpc:
        with pytest.raises(Unreadable, match="home answers with more than 10000 bytes"):
            await rpc.ask("eth_getLogs")


async def test_what_a_node_refuses_comes_with_its_reason() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response([{"id": 0, "error": {"code": 3, "message": "reverted", "data": "0xabcd"}}])

    async with node(refuse) as rpc:
        with pytest.raises(Refused) as fault:
            await rpc.ask("eth_call", {})
        assert (fault.value.message, fault.value.data) == ("reverted", "0xabcd")


@pytest.mark.parametrize("before", ["", "x" * 180])
async def test_what_a_proxy_quotes_of_the_node_behind_it_holds_no_credentials(before: str) -> None:
    message = f"{before} Post https://user:hush@node.example/v2/hush?key=hush failed"

    async def quote(_: web.Request) -> web.Response:
        return web.json_response([{"id": 0, "error": {"code": -32000, "message": message}}])

    async with node(quote) as rpc:
        with pytest.raises(Refused) as fault:
            await rpc.ask("eth_call", {})
    assert fault.value.message.startswith(f"{before} Post https://node.")
    assert "hush" not in fault.value.message + str(fault.value)


async def test_a_port_where_nobody_listens_is_named_without_its_address() -> None:
    rpc = Rpc("home", "http://user:secret@127.0.0.1:1/token", 1)
    with pytest.raises(Unreadable) as fault:
        await rpc.ask("eth_chainId")
    assert str(fault.value) == "home cannot be reached (ClientConnectorError)"
    await rpc.close()
