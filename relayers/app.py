"""The daemon: a loop for every part, one supervisor over all, a clean end on a signal.

This is the one place that catches whatever was not foreseen: the part is restarted, the trouble is named.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.typing import FilteringBoundLogger

from bridge.adapters.bundles import BundleFolder
from bridge.adapters.config import RelayerConfig
from bridge.adapters.telemetry import Metrics
from bridge.core.finality import Heads
from bridge.core.ports import Probe
from bridge.core.types import ChainId, Timestamp
from relayers.api import Api
from relayers.assembly import Surroundings, assembled
from relayers.evidence import Evidence
from relayers.health import Health
from relayers.meters import Meters
from relayers.relayer import Relayer

WORK_SECONDS = 1.0
"""The worker looks at the outbox this often even if nothing woke it."""
REPOST_SECONDS = 15
LOOK_SECONDS = 10
"""How often it is seen whether a chain stands still."""
RESTART_SECONDS = 1.0
MAX_RESTART_SECONDS = 30.0


class SystemClock:
    """Wall time."""

    def now(self) -> Timestamp:
        """Return UTC seconds."""
        return Timestamp(int(time.time()))


async def run(config: RelayerConfig, log: FilteringBoundLogger, probe: Probe) -> None:
    """Run a relayer until SIGINT or SIGTERM. What was begun is finished from the store at the next start."""
    clock = SystemClock()
    health = Health(
        clock,
        log.warning,
        {chain.chain_id: chain.stall_seconds for chain in config.chains},
        {chain.chain_id: chain.name for chain in config.chains},
    )
    async with assembled(config, Surroundings(clock, probe, health)) as relayer:
        await Daemon(config, relayer, health, log).run()


class Daemon:
    """The loops of one relayer."""

    def __init__(self, config: RelayerConfig, relayer: Relayer, health: Health, log: FilteringBoundLogger) -> None:
        self._config = config
        self._relayer = relayer
        self._health = health
        self._log = log
        self._metrics = Metrics()
        self._meters = Meters(self._metrics.registry)
        self._stop = asyncio.Event()
        self._work = asyncio.Event()
        self._deliver = {chain: asyncio.Event() for chain in relayer.lanes}
        self._send = {chain: asyncio.Event() for chain in relayer.lanes}
        self._evidence = Evidence(config.data_dir / "evidence", log)

    async def run(self) -> None:
        """Start every loop; return when a signal has stopped them."""
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, self._stop.set)
        await self._relayer.start()
        scheduler = AsyncIOScheduler()
        scheduler.add_job(self._repost, "interval", seconds=REPOST_SECONDS)
        scheduler.add_job(self._health.look, "interval", seconds=LOOK_SECONDS)
        scheduler.start()
        runner = await self._serve()
        tasks = [asyncio.create_task(loop) for loop in self._loops()]
        self._log.info("started", signer=self._relayer.engine.plan.signer, routes=len(self._relayer.engine.plan.routes))
        try:
            await self._stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()
            self._log.info("stopped")

    def _loops(self) -> list[Coroutine[None, None, None]]:
        loops = [self._supervised("worker", self._work_once)]
        for chain in self._config.chains:
            observing = self._observing(chain.chain_id, chain.poll_seconds)
            delivering = self._delivering(chain.chain_id)
            sending = self._sending(chain.chain_id, chain.poll_seconds)
            loops.append(self._supervised(f"observer {chain.name}", observing))
            loops.append(self._supervised(f"delivery {chain.name}", delivering))
            loops.append(self._supervised(f"lane {chain.name}", sending))
        return loops

    async def _supervised(self, part: str, once: Callable[[], Awaitable[None]]) -> None:
        """Repeat one part for ever; after a fault nobody foresaw, name it, wait, and go on from the store."""
        wait = RESTART_SECONDS
        while True:
            try:
                await once()
                wait = RESTART_SECONDS
            except Exception as fault:  # noqa: BLE001 - the supervisor
                self._log.exception("unforeseen", part=part, error=type(fault).__name__)
                self._health.failed(part, fault)
                await asyncio.sleep(wait)
                wait = min(2 * wait, MAX_RESTART_SECONDS)

    def _observing(self, chain: ChainId, poll_seconds: float) -> Callable[[], Awaitable[None]]:
        self._relayer.observers[chain].on_heads = lambda heads: self._note_heads(chain, heads)

        async def once() -> None:
            more = await self._relayer.observe(chain)
            for event in (self._work, *self._deliver.values()):
                event.set()
            self._evidence.keep(self._relayer.engine.memory.halts)
            if not more:
                await asyncio.sleep(poll_seconds)

        return once

    def _delivering(self, chain: ChainId) -> Callable[[], Awaitable[None]]:
        async def once() -> None:
            if await self._relayer.deliver(chain):
                self._send[chain].set()
            await _wait(self._deliver[chain], WORK_SECONDS)

        return once

    def _sending(self, chain: ChainId, poll_seconds: float) -> Callable[[], Awaitable[None]]:
        async def once() -> None:
            is_busy = await self._relayer.send(chain)
            await _wait(self._send[chain], poll_seconds if is_busy else WORK_SECONDS)

        return once

    async def _work_once(self) -> None:
        if await self._relayer.work():
            self._send[self._relayer.engine.plan.home].set()
        self._meters.read(self._relayer)
        await _wait(self._work, WORK_SECONDS)

    async def _repost(self) -> None:
        await self._relayer.worker.repost()

    def _note_heads(self, chain: ChainId, heads: Heads) -> None:
        self._health.head(chain, heads.latest.height)

    async def _serve(self) -> web.AppRunner:
        bundles = BundleFolder(self._config.data_dir / "bundles")
        api = Api(self._relayer, bundles, self._health, self._metrics.render)
        runner = web.AppRunner(api.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, self._config.api.host, self._config.api.port).start()
        return runner


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but not for ever, and use it up."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()
