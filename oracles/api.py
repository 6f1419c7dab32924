"""What a reporter tells anybody who asks over HTTP: how it is, and certificates for those who pull."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import orjson
from aiohttp import web

from bridge.adapters.codec import to_hex
from bridge.core.batches import proof_of
from bridge.core.hashing import keccak
from bridge.core.types import Timestamp
from oracles.assembly import Oracle
from oracles.core.ledger import CertifiedReport, Key
from oracles.core.report import days_of, leaf_of

_JSON: Final = "application/json"


class Api:
    """Read-only; needs no key. Everything it says can be verified by whoever is told."""

    def __init__(self, oracle: Oracle, metrics: Callable[[], bytes], clock: Callable[[], Timestamp]) -> None:
        self._oracle = oracle
        self._metrics = metrics
        self._clock = clock

    async def serve(self, host: str, port: int) -> web.AppRunner:
        """Listen; the caller cleans up."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/status", self._status),
                web.get("/metrics", self._show_metrics),
                web.get("/reports/{day}/{group:.+}", self._reports),
            ]
        )
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        return runner

    async def _status(self, _request: web.Request) -> web.Response:
        ledger = self._oracle.reporter.ledger
        document = {
            "now": self._clock(),
            "reporters": len(ledger.reporters.signers),
            "threshold": ledger.reporters.threshold,
            "certified": sum(len(state.certified) for state in ledger.days.values()),
            "open": sum(state.open is not None for state in ledger.days.values()),
            "unsaid": len(self._oracle.reporter.drafts),
            "undecided": [
                {"group": to_hex(key.group), "date": key.day.isoformat(), "why": why}
                for key, why in self._oracle.reporter.undecided.items()
            ],
            "withheld": [halt.evidence for halt in self._oracle.reporter.withheld.values()],
            "contradictions": [
                {"slot": to_hex(slot), "signer": to_hex(ledger.reporters.signers[member])}
                for slot, member in ledger.contradictions()
            ],
            "remotes": [
                {
                    "name": publisher.remote.name,
                    "pushed": publisher.pushed,
                    "refused": {to_hex(digest): why for digest, why in publisher.refused.items()},
                }
                for publisher in self._oracle.publishers
            ],
        }
        return web.Response(body=orjson.dumps(document), content_type=_JSON)

    async def _show_metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), content_type="text/plain")

    async def _reports(self, request: web.Request) -> web.Response:
        """Return what is certified about one day of one group, such as /reports/2026-01-05/boj/fx."""
        try:
            day = date.fromisoformat(request.match_info["day"])
        except ValueError:
            raise web.HTTPBadRequest(text="write the day as 2026-01-05\n") from None
        key = Key(keccak(request.match_info["group"].encode()), day)
        certified = self._oracle.reporter.ledger.day(key).certified
        if not certified:
            raise web.HTTPNotFound(text=f"nothing is certified about {day} of {request.match_info['group']}\n")
        return web.Response(body=orjson.dumps([self._document(one) for one in certified]), content_type=_JSON)

    def _document(self, certified: CertifiedReport) -> dict[str, Any]:
        report = certified.report
        certificate = self._oracle.reporter.ledger.reporters.certificate(certified.signatures)
        leaves = [leaf_of(one) for one in certified.observations]
        return {
            "report": {
                "setHash": to_hex(report.set_hash),
                "group": to_hex(report.group),
                "date": days_of(report.day),
                "status": report.status,
                "revision": report.revision,
                "count": report.count,
                "root": to_hex(report.root),
            },
            "entries": [
                {
                    "feed": to_hex(one.feed),
                    "value": str(one.value),
                    "effectiveAt": one.effective_at,
                    "validUntil": one.valid_until,
                    "sourceHash": to_hex(one.source_hash),
                    "parserVersion": one.parser_version,
                    "calendarVersion": one.calendar_version,
                    "proof": [to_hex(sibling) for sibling in proof_of(leaves, index)],
                }
                for index, one in enumerate(certified.observations)
            ],
            "certificate": to_hex(certificate or b""),
        }
