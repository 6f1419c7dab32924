"""The relayer's HTTP face: health, status, transfers, bundles, metrics. Read-only; it signs and sends nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from bridge.adapters.bundles import BundleFolder
from bridge.core.quorum import Committee
from bridge.core.reasons import sentence
from bridge.core.records import HaltRecord
from bridge.core.transfers import Transfer
from bridge.core.types import ChainId, Digest, Hash32, Height, Leaf
from relayers.health import Health
from relayers.relayer import Relayer

LISTED = 200
HASH_BYTES = 32

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Answers from the store and from memory; never asks a chain."""

    def __init__(self, relayer: Relayer, bundles: BundleFolder, health: Health, metrics: Callable[[], bytes]) -> None:
        self._relayer = relayer
        self._bundles = bundles
        self._health = health
        self._metrics = metrics

    def application(self) -> web.Application:
        """Return the application with its routes."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self.healthz),
                web.get("/status", self.status),
                web.get("/digest", self.digest),
                web.get("/transfers", self.transfers),
                web.get("/transfers/{leaf}", self.transfer),
                web.get("/transfers/{leaf}/bundle", self.bundle_of),
                web.get("/bundles/{digest}", self.bundle),
                web.get("/metrics", self.metrics),
            ]
        )
        return app

    async def healthz(self, _: web.Request) -> web.Response:
        """200 while every part works and no route is halted; 503 with the reasons if not."""
        problems = self._health.problems() + [f"route {halt.route.name}: {halt.why}" for halt in self._halts()]
        return _json({"ok": not problems, "problems": problems}, status=503 if problems else 200)

    async def status(self, _: web.Request) -> web.Response:
        """Everything an operator wants on one page."""
        memory, plan = self._relayer.engine.memory, self._relayer.engine.plan
        counts = await self._relayer.store.counts()
        return _json(
            {
                "signer": _hexed(plan.signer),
                "problems": self._health.problems(),
                "chains": [
                    {
                        "name": chain.name,
                        "chain_id": chain.chain,
                        "final_height": self._final(chain.chain),
                        "latest_height": memory.latest.get(chain.chain),
                        "caught_up": chain.chain in memory.caught_up,
                        "committee": _committee(memory.committees.get(chain.chain)),
                        "foreign_use": self._relayer.lanes[chain.chain].foreign_use,
                    }
                    for chain in plan.chains.values()
                ],
                "routes": [
                    {
                        "name": route.name,
                        "halted": _halt(memory.halts.get(route)),
                        "transfers": {state.value: n for (r, state), n in counts.items() if r == route},
                    }
                    for route in plan.routes
                ],
                "outbox": len(memory.effects),
                "refusals": {
                    f"{key.route.name}:{key.first_nonce}": why for key, why in self._relayer.worker.refusals.items()
                },
                "unsigned": [
                    f"{key.route.name}:{key.first_nonce}"
                    for slot in memory.spent
                    if (key := memory.by_slot.get(slot)) is not None
                ],
            }
        )

    async def digest(self, _: web.Request) -> web.Response:
        """A hash of everything the chains have decided: equal for every relayer that has read as far."""
        heights = {chain.name: self._final(chain.chain) for chain in self._relayer.engine.plan.chains.values()}
        return _json({"state_digest": _hexed(await self._relayer.store.state_digest()), "final_heights": heights})

    async def transfers(self, _: web.Request) -> web.Response:
        """The newest transfers."""
        found = await self._relayer.store.newest_transfers(LISTED)
        return _json({"transfers": [_transfer(transfer) for transfer in found]})

    async def transfer(self, request: web.Request) -> web.Response:
        """One transfer by its id."""
        transfer = await self._find(request)
        if transfer is None:
            return _json({"error": "this relayer knows no transfer with that id"}, status=404)
        return _json(_transfer(transfer))

    async def bundle_of(self, request: web.Request) -> web.StreamResponse:
        """The bundle that delivers a transfer."""
        transfer = await self._find(request)
        if transfer is None or transfer.batch is None:
            return _json({"error": "no batch of that transfer is known here"}, status=404)
        digests = await self._relayer.store.digests_of(transfer.batch)
        return self._file(next((digest for digest in digests if self._bundles.path_of(digest).exists()), None))

    async def bundle(self, request: web.Request) -> web.StreamResponse:
        """A bundle by its digest."""
        digest = _hash_in(request.match_info["digest"].removesuffix(".json"))
        return self._file(Digest(digest) if digest else None)

    async def metrics(self, _: web.Request) -> web.Response:
        """Prometheus text."""
        return web.Response(body=self._metrics(), content_type="text/plain", charset="utf-8")

    async def _find(self, request: web.Request) -> Transfer | None:
        leaf = _hash_in(request.match_info["leaf"])
        if leaf is None:
            return None
        return (await self._relayer.store.transfers([Leaf(leaf)])).get(Leaf(leaf))

    def _file(self, digest: Digest | None) -> web.StreamResponse:
        path = self._bundles.path_of(digest) if digest else None
        if path is None or not path.exists():
            return _json({"error": "no certificate for that batch yet"}, status=404)
        return web.FileResponse(path, headers={"Content-Type": "application/json"})

    def _final(self, chain: ChainId) -> Height | None:
        block = self._relayer.engine.memory.final.get(chain)
        return block.height if block is not None else None

    def _halts(self) -> list[HaltRecord]:
        return list(self._relayer.engine.memory.halts.values())


def _transfer(transfer: Transfer) -> dict[str, Any]:
    message = transfer.message
    return {
        "id": _hexed(transfer.leaf),
        "route": transfer.route.name,
        "kind": message.kind,
        "nonce": message.nonce,
        "state": transfer.state.value,
        "reason": sentence(transfer.reason) if transfer.reason is not None else None,
        "asset": _hexed(message.asset),
        "sender": _hexed(message.sender),
        "recipient": _hexed(message.recipient),
        "amount": str(message.amount),
        "source": {"height": transfer.source.height, "tx": _hexed(transfer.source.tx)},
        "included": {"height": transfer.included.height} if transfer.included else None,
        "destination": (
            {"height": transfer.destination.height, "tx": _hexed(transfer.destination.tx)}
            if transfer.destination
            else None
        ),
        "epoch": transfer.epoch,
    }


def _committee(committee: Committee | None) -> dict[str, Any] | None:
    if committee is None:
        return None
    return {
        "epoch": committee.epoch,
        "threshold": committee.threshold,
        "members": [_hexed(member) for member in committee.members],
    }


def _halt(record: HaltRecord | None) -> dict[str, Any] | None:
    return None if record is None else {"why": record.why, "at": record.at, "evidence": dict(record.evidence)}


def _hash_in(text: str) -> Hash32 | None:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
    return Hash32(value) if len(value) == HASH_BYTES else None


def _hexed(data: bytes) -> str:
    return "0x" + data.hex()


def _json(document: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json", status=status)
