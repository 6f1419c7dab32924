"""One node that answers, lies, stalls or hangs up. Real sockets, on the loopback only."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

from bridge.adapters.evm import BATCH, NodeError, Request, Rpc, Unanswered
from bridge.core.errors import Retry

pytestmark = pytest.mark.e2e

Answer = Callable[[Any], Any]


@asynccontextmanager
async def node(answer: Answer, *, status: int = 200, is_packed: bool = False) -> AsyncIterator[str]:
    """Serve HTTP; `answer` turns a request's JSON into the reply's, or into raw text."""

    async def handle(request: web.Request) -> web.Response:
        reply = answer(await request.json())
        text = reply if isinstance(reply, str) else json.dumps(reply)
        response = web.Response(text=text, status=status)
        if is_packed:
            response.enable_compression(web.ContentCoding.gzip)
        return response

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://user:hunter2@127.0.0.1:{runner.addresses[0][1]}/key-hunter2"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def silent(then: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None) -> AsyncIterator[str]:
    """Take connections and never answer, or do as told."""
    release = asyncio.Event()
    handling: set[asyncio.Task[None]] = set()

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        if then is not None:
            await then(writer)
        else:
            await release.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
        release.set()
        await asyncio.gather(*handling)


def echo(asked: Any) -> Any:  # noqa: ANN401 - JSON
    """Answer each request with its own parameters; batches in the wrong order."""
    if isinstance(asked, list):
        return [echo(one) for one in reversed(asked)]
    return {"jsonrpc": "2.0", "id": asked["id"], "result": asked["params"]}


def refuse(asked: Any) -> Any:  # noqa: ANN401 - JSON
    error = {"code": 3, "message": "execution reverted", "data": "0x1234"}
    return {"jsonrpc": "2.0", "id": asked["id"], "error": error}


async def test_a_result_comes_back() -> None:
    async with node(echo) as url, Rpc(url) as rpc:
        assert await rpc.result("eth_call", {"to": "0x1"}, "latest") == [{"to": "0x1"}, "latest"]


async def test_answers_of_a_batch_keep_the_order_of_the_requests() -> None:
    async with node(echo) as url, Rpc(url) as rpc:
        requests = [Request("eth_call", (index,)) for index in range(2 * BATCH + 3)]
        assert await rpc.results(requests) == [[index] for index in range(2 * BATCH + 3)]
        assert await rpc.results([]) == []


async def test_a_node_error_is_data_until_a_result_is_wanted() -> None:
    async with node(refuse) as url, Rpc(url) as rpc:
        assert await rpc.ask("eth_call") == NodeError(3, "execution reverted", "0x1234")
        with pytest.raises(Retry, match=r"refused eth_call: execution reverted \(3\)"):
            await rpc.result("eth_call")


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("https://node.example/v2/hunter2", "https://node.example/…"),
        ("HTTPS://user:hunter2@node.example", "HTTPS://node.example"),
    ],
)
async def test_what_a_proxy_quotes_of_the_node_behind_it_is_cut_down_to_the_host(quoted: str, shown: str) -> None:
    def refuse_quoting(asked: Any) -> Any:  # noqa: ANN401 - JSON
        return {"id": asked["id"], "error": {"code": -32_000, "message": f"upstream {quoted} failed{' ' * 2_000}!"}}

    async with node(refuse_quoting) as url, Rpc(url) as rpc:
        with pytest.raises(Retry, match=f"refused eth_call: upstream {shown} failed") as refusal:
            await rpc.result("eth_call")
        assert len(str(refusal.value)) < 1_100


async def test_one_error_in_a_batch_leaves_the_other_answers() -> None:
    async with node(lambda asked: [refuse(asked[0]), echo(asked[1])]) as url, Rpc(url) as rpc:
        refused, answered = await rpc.ask_all([Request("a"), Request("b", (1,))])
        assert isinstance(refused, NodeError)
        assert answered == [1]


async def test_an_error_that_comes_with_a_bad_status_is_read_all_the_same() -> None:
    async with node(refuse, status=400) as url, Rpc(url) as rpc:
        assert isinstance(await rpc.ask("eth_call"), NodeError)


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: "gibberish",
        lambda _: "null",
        lambda _: "5",
        lambda _: {"jsonrpc": "2.0", "id": 0},
        lambda _: {"jsonrpc": "2.0", "id": 0, "error": "no"},
        lambda _: [{"result": 1}],
        lambda _: [1, 2],
    ],
)
async def test_what_is_no_json_rpc_is_tried_again(answer: Answer) -> None:
    async with node(answer) as url, Rpc(url) as rpc:
        with pytest.raises(Retry):
            await rpc.ask("eth_call")
        with pytest.raises(Retry):
            await rpc.ask_all([Request("a"), Request("b")])


async def test_a_batch_with_an_answer_missing_is_tried_again() -> None:
    async with node(lambda asked: [echo(asked[0])]) as url, Rpc(url) as rpc:
        with pytest.raises(Retry, match="1 of 2"):
            await rpc.ask_all([Request("a"), Request("b")])


async def test_a_batch_that_is_answered_with_one_nested_result_is_tried_again() -> None:
    nested = '{"jsonrpc": "2.0", "id": 1, "result": ' + "[" * 1_000 + "]" * 1_000 + "}"
    async with node(lambda _: nested) as url, Rpc(url) as rpc:
        with pytest.raises(Retry, match="takes no batch: it answers with one result"):
            await rpc.ask_all([Request("a"), Request("b")])


async def test_a_node_that_takes_no_batch_says_so() -> None:
    async with node(lambda _: {"id": None, "error": {"code": -32005, "message": "too many"}}) as url, Rpc(url) as rpc:
        with pytest.raises(Retry, match="takes no batch: too many"):
            await rpc.ask_all([Request("a"), Request("b")])


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_status_without_json_rpc_is_tried_again(status: int) -> None:
    async with node(lambda _: "go away", status=status) as url, Rpc(url) as rpc:
        with pytest.raises(Retry, match=f"HTTP {status}"):
            await rpc.ask("eth_call")


async def test_a_socket_that_never_answers_ends_in_time_and_stalls_no_other() -> None:
    async with silent() as dead, node(echo) as url, Rpc(dead, deadline=0.5, connections=2) as hung, Rpc(url) as alive:
        start = time.monotonic()
        waiting = [asyncio.create_task(hung.ask("eth_call")) for _ in range(5)]
        await asyncio.sleep(0.1)
        assert await alive.result("eth_call", 1) == [1]
        assert time.monotonic() - start < 0.4
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Unanswered] * 5
        assert time.monotonic() - start < 1.5


async def test_an_answer_that_trickles_ends_in_time_too() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(20):
            writer.write(b"x")
            await asyncio.sleep(0.05)

    async with silent(trickle) as url, Rpc(url, deadline=0.3) as rpc:
        with pytest.raises(Unanswered, match=r"did not answer eth_call within 0\.3 s"):
            await rpc.ask("eth_call")


async def test_an_answer_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.adapters.evm.LONGEST_ANSWER", 1 << 20)

    def inflate(asked: Any) -> Any:  # noqa: ANN401 - JSON
        return {"jsonrpc": "2.0", "id": asked["id"], "result": "0" * asked["params"][0]}

    async with node(inflate, is_packed=True) as url, Rpc(url) as rpc:
        assert await rpc.ask("eth_call", 1 << 19) == "0" * (1 << 19)
        with pytest.raises(Retry, match="answered eth_call with more than 1 MiB"):
            await rpc.ask("eth_call", 1 << 20)


async def test_a_request_that_is_cancelled_leaves_the_next_one_free() -> None:
    async with silent() as dead, node(echo) as url, Rpc(dead) as hung, Rpc(url) as alive:
        for _ in range(20):
            task = asyncio.create_task(hung.ask("eth_call"))
            await asyncio.sleep(0)
            task.cancel()
        assert await alive.result("eth_call", 1) == [1]


async def test_a_node_that_hangs_up_is_tried_again() -> None:
    async def hang_up(_: asyncio.StreamWriter) -> None:
        return

    async with silent(hang_up) as url, Rpc(url) as rpc:
        with pytest.raises(Retry, match="broke off eth_call"):
            await rpc.ask("eth_call")


async def test_a_node_that_is_not_there_is_tried_again() -> None:
    async with silent() as url:
        pass
    async with Rpc(url) as rpc:
        with pytest.raises(Retry, match="cannot be reached"):
            await rpc.ask("eth_call")


async def test_a_node_that_comes_back_is_found_again() -> None:
    async with node(echo) as url, Rpc(url) as rpc:
        await rpc.result("eth_call", 1)
        await rpc.close()
        assert await rpc.result("eth_call", 2) == [2]


async def test_credentials_show_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    said = []
    async with node(lambda _: "no", status=500) as url, Rpc(url, "operator") as rpc:
        said += [repr(rpc), rpc.name]
        for ask in (rpc.ask("a"), rpc.ask_all([Request("a")])):
            with pytest.raises(Retry) as fault:
                await ask
            said += [str(fault.value), repr(fault.value.__cause__)]
            assert fault.value.__suppress_context__
    assert rpc.name.startswith("operator (127.0.0.1:")
    assert "hunter2" not in "".join(said) + caplog.text


async def test_it_tells_nobody_what_it_is_made_of() -> None:
    agents = []

    async def handle(request: web.Request) -> web.Response:
        agents.append(request.headers["User-Agent"])
        return web.json_response(echo(await request.json()))

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Rpc(f"http://127.0.0.1:{runner.addresses[0][1]}") as rpc:
        await rpc.result("a")
        await rpc.results([Request("a")])
    await runner.cleanup()
    assert agents == ["jgb-bridge", "jgb-bridge"]
