"""A JSON-RPC proxy that shows another chain than its node has: a test double, on the loopback of a devnet alone.

From one height on, each header is made anew and hashed again, and so is everything that names a block by its hash, in
answers and, the other way round, in requests. State, transactions and receipts stay the node's own.
"""

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import orjson
from aiohttp import web

from bridge.adapters.codec import read_hash, to_hex
from bridge.adapters.codec.headers import read_header, show_header
from bridge.core.headers import Header
from bridge.core.types import Hash32, Height
from bridge.devnet.processes import LOOPBACK

Answer = dict[str, Any]
_HASH_DIGITS: Final = 66
_BLOCKS: Final = frozenset({"eth_getBlockByNumber", "eth_getBlockByHash"})
_NAMING_BLOCKS: Final = frozenset(
    [
        "eth_getLogs",
        "eth_getFilterLogs",
        "eth_getBlockReceipts",
        "eth_getTransactionReceipt",
        "eth_getTransactionByHash",
    ]
)
_AT_ONCE: Final = 100
_DEADLINE_SECONDS: Final = 60.0
_LARGEST_REQUEST: Final = 16 * 1024 * 1024


class Upstream:
    """The node behind a proxy."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def post(self, requests: Sequence[Answer]) -> list[Answer]:
        """Return the answers to requests, in their order."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_DEADLINE_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=16))
        headers = {"Content-Type": "application/json"}
        async with self._session.post(self._url, data=orjson.dumps(list(requests)), headers=headers) as response:
            answers = {answer["id"]: answer for answer in orjson.loads(await response.read())}
        return [answers[request["id"]] for request in requests]

    async def results(self, method: str, parameters: Sequence[Sequence[object]]) -> list[Any]:
        """Return the results of one method for several parameters."""
        requests = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, params in enumerate(parameters)
        ]
        return [answer["result"] for answer in await self.post(requests)]

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class Proxy:
    """Hands requests to a node, and its answers back. Heirs do otherwise in places."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    def application(self) -> web.Application:
        """Return what is served."""
        application = web.Application(client_max_size=_LARGEST_REQUEST)
        application.add_routes([web.post("/", self._serve)])
        application.on_cleanup.append(self._close)
        return application

    def serve(self, port: int) -> None:
        """Serve on the loopback until a signal."""
        serve_all({port: self})

    async def answers(self, requests: Sequence[Answer]) -> list[Answer]:
        """Return the answers to a batch."""
        return await self.upstream.post(requests)

    async def _serve(self, http: web.Request) -> web.StreamResponse:
        body = orjson.loads(await http.read())
        requests = body if isinstance(body, list) else [body]
        try:
            answers = await self.answers(requests)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return web.Response(status=502, text="the node behind this proxy does not answer\n")
        answer = answers if isinstance(body, list) else answers[0]
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    async def _close(self, _: web.Application) -> None:
        await self.upstream.close()


def serve_all(proxies: Mapping[int, Proxy]) -> None:
    """Serve each on its port of the loopback until a signal; the first of them last, when all others answer."""
    asyncio.run(_serve_all(proxies))


async def _serve_all(proxies: Mapping[int, Proxy]) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    runners = [web.AppRunner(proxy.application(), access_log=None) for proxy in proxies.values()]
    try:
        for runner, port in reversed([*zip(runners, proxies, strict=True)]):
            await runner.setup()
            await web.TCPSite(runner, LOOPBACK, port, shutdown_timeout=1.0).start()
        await stop.wait()
    finally:
        for runner in runners:
            await runner.cleanup()


class Rewriter(ABC):
    """Another chain over a node's own, from one height on."""

    def __init__(self, upstream: Upstream, first: Height) -> None:
        self.upstream = upstream
        self._first = first
        self._raw: list[Hash32] = []
        self._headers: list[Header] = []
        self._hashes: list[Hash32] = []
        self._heights: dict[Hash32, Height] = {}
        """By the node's own hash."""
        self._shown: dict[Hash32, Hash32] = {}
        self._own: dict[Hash32, Hash32] = {}
        self._following = asyncio.Lock()

    @abstractmethod
    def remake(self, raw: Header, parent: Hash32 | None) -> tuple[Header, Hash32]:
        """Return the header that is shown in place of the node's own, and its hash. `parent` is None at block 0."""

    def unmade(self, height: Height) -> None:  # noqa: B027 - heirs may keep more
        """Told that the node has dropped its blocks from this height on."""

    def header_at(self, height: Height) -> Header | None:
        """Return the header that is shown at a height."""
        index = height - self._first
        return self._headers[index] if 0 <= index < len(self._headers) else None

    async def to_own(self, value: object) -> Any:  # noqa: ANN401 - a JSON value
        """Return parameters with the node's own hashes in place of ours."""
        match value:
            case str() if len(value) == _HASH_DIGITS and value.startswith("0x"):
                own = self._own.get(Hash32(bytes.fromhex(value[2:])))
                return value if own is None else to_hex(own)
            case list():
                return [await self.to_own(item) for item in value]
            case dict():
                return {key: await self.to_own(item) for key, item in value.items()}
            case _:
                return value

    async def to_shown(self, method: str, result: object) -> Any:  # noqa: ANN401 - a JSON value
        """Return a node's result as it is shown."""
        if method in _BLOCKS and isinstance(result, dict):
            return await self._block(result)
        if method in _NAMING_BLOCKS:
            return await self._renamed(result)
        return result

    async def _block(self, block: Mapping[str, Any]) -> Answer:
        if block.get("hash") is None or int(block["number"], 16) < self._first:
            return dict(block)
        shown = await self._shown_hash(block["hash"], int(block["number"], 16))
        header = self.header_at(Height(int(block["number"], 16)))
        changed: Answer = {**block, **({} if header is None else show_header(header)), "hash": shown}
        changed["transactions"] = [
            {**tx, "blockHash": shown} if isinstance(tx, dict) else tx for tx in block["transactions"]
        ]
        return changed

    async def _renamed(self, value: object) -> Any:  # noqa: ANN401 - a JSON value
        match value:
            case list():
                return [await self._renamed(item) for item in value]
            case {"blockHash": str(own), "blockNumber": str(number), **rest}:
                logs = {"logs": await self._renamed(rest["logs"])} if "logs" in rest else {}
                return {**value, "blockHash": await self._shown_hash(own, int(number, 16)), **logs}  # type: ignore[dict-item]
            case _:
                return value

    async def _shown_hash(self, own: str, number: int) -> str:
        raw = read_hash(own)
        if number >= self._first and raw not in self._shown:
            async with self._following:
                await self.follow(Height(number))
        return to_hex(self._shown.get(raw, raw))

    async def follow(self, height: Height) -> None:
        """Make headers up to a height, those anew that the node has replaced meanwhile."""
        await self._drop_replaced()
        while (first := self._first + len(self._raw)) <= height:
            heights = range(first, min(height + 1, first + _AT_ONCE))
            blocks = await self.upstream.results("eth_getBlockByNumber", [(to_hex(h), False) for h in heights])
            for block in blocks:
                if block is None or not self._append(read_hash(block["hash"]), read_header(block)):
                    return

    async def _drop_replaced(self) -> None:
        while self._raw:
            height = Height(self._first + len(self._raw) - 1)
            (block,) = await self.upstream.results("eth_getBlockByNumber", [(to_hex(height), False)])
            if block is not None and read_hash(block["hash"]) == self._raw[-1]:
                return
            raw, shown = self._raw.pop(), self._hashes.pop()
            self._headers.pop()
            self._shown.pop(raw, None)
            self._own.pop(shown, None)
            self.unmade(height)

    def _append(self, raw: Hash32, header: Header) -> bool:
        if self._raw and header.parent_hash != self._raw[-1]:
            return False
        parent = self._hashes[-1] if self._hashes else (header.parent_hash if header.height else None)
        made, shown = self.remake(header, parent)
        self._raw.append(raw)
        self._headers.append(made)
        self._hashes.append(shown)
        self._shown[raw] = shown
        self._own[shown] = raw
        return True


class RewritingProxy(Proxy):
    """Shows what a rewriter makes of its node's chain."""

    def __init__(self, upstream: Upstream, rewriter: Rewriter) -> None:
        super().__init__(upstream)
        self.rewriter = rewriter

    async def answers(self, requests: Sequence[Answer]) -> list[Answer]:
        """Return the answers to a batch, as they are shown."""
        rewriter = self.rewriter
        asked = [{**request, "params": await rewriter.to_own(request.get("params", []))} for request in requests]
        found = await self.upstream.post(asked)
        return [
            {**answer, "result": await rewriter.to_shown(request["method"], answer["result"])}
            if "result" in answer
            else answer
            for request, answer in zip(asked, found, strict=True)
        ]
