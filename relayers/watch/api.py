"""The watchtower's HTTP face: is it well, what does it see, metrics. It takes no orders."""

from collections.abc import Callable
from typing import Final

import orjson
from aiohttp import web
from prometheus_client import Gauge

from bridge.adapters.telemetry import Metrics
from relayers.watch.tower import Tower

_LATE_SECONDS: Final = 30


class Face:
    """Answers from memory; never asks a chain."""

    def __init__(self, tower: Tower, now: Callable[[], float]) -> None:
        self._tower = tower
        self._now = now
        self._metrics = Metrics()
        registry = self._metrics.registry
        self._looked = Gauge("jgb_watch_last_look_seconds", "UTC seconds of the last whole look", registry=registry)
        self._head = Gauge("jgb_watch_head", "Newest block seen", ["chain"], registry=registry)
        self._breaches = Gauge("jgb_watch_breaches", "Breaches ever said", registry=registry)
        self._standing = Gauge("jgb_watch_standing", "Conditions that stand now", registry=registry)
        self._pending = Gauge("jgb_watch_pauses_pending", "Pauses ordered and not seen on chain", registry=registry)

    def application(self) -> web.Application:
        """Return the application with its routes."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self.healthz),
                web.get("/status", self.status),
                web.get("/metrics", self.metrics),
            ]
        )
        return app

    async def healthz(self, _: web.Request) -> web.Response:
        """200 while it looks and nothing stands; 503 with the reasons if not. A breach stands for good."""
        problems = self._tower.book.standing
        if self._tower.book.breaches:
            problems.append(f"{self._tower.book.breaches} breaches: see alarms.jsonl")
        if (age := int(self._now() - self._tower.looked_at)) > _LATE_SECONDS:
            problems.append(f"the last look was {age} s ago")
        return _json({"ok": not problems, "problems": problems}, 503 if problems else 200)

    async def status(self, _: web.Request) -> web.Response:
        """Everything on one page."""
        return _json(self._tower.status(), 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """Prometheus text."""
        tower = self._tower
        self._looked.set(tower.looked_at)
        for chain, reading in tower.sight.readings.items():
            self._head.labels(tower.views[chain].chain.name).set(reading.head.height)
        self._breaches.set(tower.book.breaches)
        self._standing.set(len(tower.book.standing))
        self._pending.set(len(tower.pauser.pending))
        return web.Response(body=self._metrics.render(), content_type="text/plain", charset="utf-8")


def _json(document: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json", status=status)
