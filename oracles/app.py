"""The daemon: a loop for the reporter and one for each publisher, publication times from the calendar, a clean end.

This is the one place that catches whatever was not foreseen: the part is tried again, the trouble is named.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from structlog.typing import FilteringBoundLogger

from bridge.adapters.telemetry import Metrics
from bridge.core.types import Timestamp
from oracles.api import Api
from oracles.assembly import Oracle, assembled
from oracles.config import Group, OracleConfig

RESTART_SECONDS = 1.0
MAX_RESTART_SECONDS = 30.0
IDLE_ROUNDS = 3
"""`once` ends when so many rounds in a row moved nothing."""


def now() -> Timestamp:
    """Return UTC seconds."""
    return Timestamp(int(time.time()))


async def run(config: OracleConfig, log: FilteringBoundLogger) -> None:
    """Run until SIGINT or SIGTERM. Nothing is lost by any stop: board, archive and journal say all."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with assembled(config, now, log.warning) as oracle:
        scheduler = _scheduler(config, oracle)
        scheduler.start()
        metrics = Metrics()
        runner = await Api(oracle, metrics.render, now).serve(config.api.host, config.api.port)
        tasks = [asyncio.create_task(_reporting(config, oracle, log))]
        tasks += [
            asyncio.create_task(_publishing(config, oracle, index, log)) for index in range(len(oracle.publishers))
        ]
        log.info("started", groups=[group.name for group in config.groups])
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()
            log.info("stopped")


async def once(config: OracleConfig, log: FilteringBoundLogger, say: Callable[[str], None]) -> None:
    """Fetch, report and push what can be, then end. Raises Retry, Refuse, Halt."""
    async with assembled(config, now, log.warning) as oracle:
        idle = 0
        while idle < IDLE_ROUNDS:
            moved = await oracle.reporter.step(now())
            for publisher in oracle.publishers:
                moved = await publisher.step(oracle.reporter.ledger, now()) or moved
            idle = 0 if moved else idle + 1
            certified = sum(len(state.certified) for state in oracle.reporter.ledger.days.values())
            say(f"{certified} reports certified, {len(oracle.reporter.drafts)} to be said")
            await asyncio.sleep(config.home.poll_seconds)


async def _reporting(config: OracleConfig, oracle: Oracle, log: FilteringBoundLogger) -> None:
    async def step() -> bool:
        return await oracle.reporter.step(now())

    await _supervised("reporter", step, config.home.poll_seconds, log)


async def _publishing(config: OracleConfig, oracle: Oracle, index: int, log: FilteringBoundLogger) -> None:
    remote = config.remotes[index]

    async def step() -> bool:
        return await oracle.publishers[index].step(oracle.reporter.ledger, now())

    await _supervised(f"publisher {remote.name}", step, remote.poll_seconds, log)


async def _supervised(
    part: str, step: Callable[[], Awaitable[bool]], poll_seconds: float, log: FilteringBoundLogger
) -> None:
    """Repeat a step for ever; after a fault nobody foresaw, name it, wait, and try again."""
    wait = RESTART_SECONDS
    while True:
        try:
            moved = await step()
            wait = RESTART_SECONDS
            if not moved:
                await asyncio.sleep(poll_seconds)
        except Exception as fault:  # noqa: BLE001 - the supervisor
            log.warning("trouble", part=part, error=type(fault).__name__, why=str(fault))
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_RESTART_SECONDS)


def _scheduler(config: OracleConfig, oracle: Oracle) -> AsyncIOScheduler:
    """Look at every group at the times at which its documents are due, in Japan."""
    scheduler = AsyncIOScheduler(timezone="Asia/Tokyo")
    for group in config.groups:
        for at in sorted(_times(group)):
            trigger = CronTrigger(hour=at // 3600, minute=at % 3600 // 60, second=5, timezone="Asia/Tokyo")
            scheduler.add_job(oracle.reporter.look_now, trigger, args=[group.name], misfire_grace_time=None)
    return scheduler


def _times(group: Group) -> set[int]:
    schedules = [rung.schedule for series in group.series for rung in series.ladder]
    return {at for schedule in schedules for at in (schedule.at, schedule.month_end_at) if at is not None}
