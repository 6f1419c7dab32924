"""A second operator's node: a test double that hands everything to the first one, and fails or lies on command.

`python -m bridge.devnet.stand_in --upstream URL --port N`, both repeated for several in one process. `standin_set
[{...}]` sets `Faults` by their names; what is not named goes back to normal. It serves tests and rehearsals: a devnet
has one real node per chain.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import click
from aiohttp import web

from bridge.adapters.codec import read_address, read_bytes, read_hash, to_hex
from bridge.adapters.codec.headers import read_receipts
from bridge.core.hashing import keccak
from bridge.core.headers import Header, header_of
from bridge.core.receipts import Log, receipts_root
from bridge.core.types import Hash32, Height
from bridge.devnet.rewriting import Answer, Proxy, Rewriter, Upstream, serve_all

SET: Final = "standin_set"
_TAGS: Final = ("latest", "finalized", "safe")
_PARENT, _RECEIPTS, _BLOOM, _EXTRA = 0, 5, 6, 12
_BLOOM_BYTES: Final = 256
_SERVER_ERROR: Final = -32_000


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the node."""

    latency: float = 0.0
    """Seconds before each answer."""
    stall: bool = False
    """It takes requests and never answers."""
    drop: float = 0.0
    """Share of requests whose connection is closed without an answer."""
    errors: float = 0.0
    """Share of requests that are answered with an error."""
    lag: int = 0
    """Blocks by which it is behind."""
    chain_id: int | None = None
    """The chain it says it is a node of."""
    logs: bool = False
    """It leaves logs out of receipts and of answers to `eth_getLogs`."""
    heads: int | None = None
    """From this height on it shows other blocks than there are, each well formed."""
    forged: dict[str, Any] | None = None
    """A log that never was, in a block that it shows with it: `height`, `address`, `topics`, `data`."""


class Forger(Rewriter):
    """A chain of its own from one height on: hashes, roots and blooms fit, and nothing of it is true."""

    def __init__(self, upstream: Upstream, first: Height, log: Log | None) -> None:
        super().__init__(upstream, first)
        self.log = log
        self.receipts: list[dict[str, Any]] = []

    def remake(self, raw: Header, parent: Hash32 | None) -> tuple[Header, Hash32]:
        """Return a header that differs, above the first by its parent alone."""
        items = list(raw.items)
        if parent is not None:
            items[_PARENT] = parent
        if raw.height == self._first:
            if self.log is None:
                items[_EXTRA] = b"another block"
            else:
                shown = [entry.receipt for entry in read_receipts(self.receipts)]
                items[_RECEIPTS], items[_BLOOM] = receipts_root(shown), b"\xff" * _BLOOM_BYTES
        header = header_of(items)
        return header, header.hash

    async def prepare(self) -> None:
        """Make the receipts of the block that shows the forged log."""
        if self.log is None:
            return
        (own,) = await self.upstream.results("eth_getBlockReceipts", [(to_hex(self._first),)])
        used = int(own[-1]["cumulativeGasUsed"], 16) if own else 0
        tx = to_hex(keccak(b"a transaction that never was"))
        log = {
            "address": to_hex(self.log.address),
            "topics": [to_hex(topic) for topic in self.log.topics],
            "data": to_hex(self.log.data),
            "blockNumber": to_hex(self._first),
            "blockHash": to_hex(bytes(32)),
            "transactionHash": tx,
            "logIndex": "0x0",
        }
        forged = {
            "type": "0x0",
            "status": "0x1",
            "cumulativeGasUsed": to_hex(used + 21_000),
            "logsBloom": "0x" + "ff" * _BLOOM_BYTES,
            "logs": [log],
            "transactionHash": tx,
            "blockNumber": to_hex(self._first),
            "blockHash": to_hex(bytes(32)),
        }
        self.receipts = [*own, forged]


class StandIn(Proxy):
    """A node that is as good as the first one, until it is told otherwise."""

    def __init__(self, upstream: Upstream, seed: int = 0) -> None:
        super().__init__(upstream)
        self.faults = Faults()
        self._chance = random.Random(seed)  # noqa: S311 - faults, not keys
        self._forger: Forger | None = None

    async def _serve(self, http: web.Request) -> web.StreamResponse:
        faults = self.faults
        is_command = SET.encode() in await http.read()
        if not is_command:
            if faults.stall:
                await asyncio.sleep(3_600)
            if faults.latency:
                await asyncio.sleep(faults.latency)
            if self._chance.random() < faults.drop and http.transport is not None:
                http.transport.close()
        return await super()._serve(http)

    async def answers(self, requests: Sequence[Answer]) -> list[Answer]:
        """Return the answers to a batch, as the faults of the moment would have them."""
        if requests[0]["method"] == SET:
            return [await self._set(request) for request in requests]
        if self._chance.random() < self.faults.errors:
            error = {"code": _SERVER_ERROR, "message": "service temporarily unavailable"}
            return [{"jsonrpc": "2.0", "id": request["id"], "error": error} for request in requests]
        newest = await self._newest() if self.faults.lag else None
        asked = [await self._asked(request, newest) for request in requests]
        found = await self.upstream.post(asked)
        return [await self._told(request, answer, newest) for request, answer in zip(asked, found, strict=True)]

    async def _set(self, request: Answer) -> Answer:
        (wanted,) = request["params"]
        known = {field.name for field in fields(Faults)}
        if unknown := sorted(wanted.keys() - known):
            error = {"code": _SERVER_ERROR, "message": f"there is no fault {unknown[0]}"}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        self.faults = replace(Faults(), **wanted)
        self._forger = await self._forger_of(self.faults)
        return {"jsonrpc": "2.0", "id": request["id"], "result": True}

    async def _forger_of(self, faults: Faults) -> Forger | None:
        if faults.forged is not None:
            made = faults.forged
            topics = tuple(map(read_hash, made["topics"]))
            log = Log(read_address(made["address"]), topics, read_bytes(made["data"]))
            forger = Forger(self.upstream, Height(int(made["height"])), log)
            await forger.prepare()
            return forger
        return None if faults.heads is None else Forger(self.upstream, Height(faults.heads), None)

    async def _newest(self) -> int:
        (height,) = await self.upstream.results("eth_blockNumber", [()])
        return max(0, int(height, 16) - self.faults.lag)

    async def _asked(self, request: Answer, newest: int | None) -> Answer:
        params = request.get("params", [])
        if self._forger is not None:
            params = await self._forger.to_own(params)
        if newest is not None:
            params = [to_hex(newest) if param in _TAGS else param for param in params]
        return {**request, "params": params}

    async def _told(self, request: Answer, answer: Answer, newest: int | None) -> Answer:
        method, result = request["method"], answer.get("result")
        if method == "eth_chainId" and self.faults.chain_id is not None:
            return {**answer, "result": to_hex(self.faults.chain_id)}
        if newest is not None and method == "eth_blockNumber":
            return {**answer, "result": to_hex(newest)}
        if newest is not None and _height_of(method, result) > newest:
            return {**answer, "result": None}
        if self.faults.logs and isinstance(result, list):
            if method == "eth_getLogs":
                return {**answer, "result": []}
            if method == "eth_getBlockReceipts":
                return {**answer, "result": [{**receipt, "logs": []} for receipt in result]}
        if self._forger is None or result is None:
            return answer
        if (
            method == "eth_getBlockReceipts"
            and self._forger.receipts
            and request["params"][0]
            == to_hex(
                self._forger._first  # noqa: SLF001 - its own forger
            )
        ):
            result = self._forger.receipts
        return {**answer, "result": await self._forger.to_shown(method, result)}


def _height_of(method: str, result: object) -> int:
    if method.startswith("eth_getBlockBy") and isinstance(result, dict):
        return int(result["number"], 16)
    return -1


@click.command()
@click.option("--upstream", "upstreams", required=True, multiple=True)
@click.option("--port", "ports", required=True, multiple=True, type=int)
@click.option("--seed", default=0, type=int)
def main(upstreams: tuple[str, ...], ports: tuple[int, ...], seed: int) -> None:
    """Stand in for a second operator's node, or for several."""
    pairs = zip(ports, upstreams, strict=True)
    serve_all({port: StandIn(Upstream(url), seed + index) for index, (port, url) in enumerate(pairs)})


if __name__ == "__main__":
    main()
