"""The loop of the watchtower: a look that fails is said once, and the next look comes all the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from structlog.typing import FilteringBoundLogger

from relayers.watch.api import Face
from relayers.watch.config import WatchConfig
from relayers.watch.pausing import Pen
from relayers.watch.tower import Tower

_BEAT_SECONDS: Final = 60
_UNFORESEEN: Final = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError)
"""A full disk, or a node's nonsense that no check has named. Whatever else there is ends the process."""


async def watch(config: WatchConfig, log: FilteringBoundLogger, pen: Pen, stop: asyncio.Event) -> None:
    """Look until told to stop."""
    tower, beaten_at = Tower(config, log, time.time, pen), 0.0
    log.info("watching", remotes=len(config.remotes), account=pen.address)
    try:
        async with _served(config, tower):
            while not stop.is_set():
                await _look(tower, log)
                if time.time() - beaten_at >= _BEAT_SECONDS:
                    beaten_at = time.time()
                    log.info("heartbeat", **tower.status())
                if not tower.sight.is_behind:
                    await _wait(stop, config.poll_seconds)
    finally:
        await tower.close()
        log.info("stopped")


async def _look(tower: Tower, log: FilteringBoundLogger) -> None:
    try:
        await tower.look()
    except _UNFORESEEN as fault:
        # The kind of the fault and its place: its words may hold a node's address with credentials.
        place = fault.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        line = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else ""
        log.warning("unforeseen", error=type(fault).__name__, place=line, todo="report it; watching goes on")
        await asyncio.sleep(1)


@asynccontextmanager
async def _served(config: WatchConfig, tower: Tower) -> AsyncIterator[None]:
    """Answer by HTTP meanwhile, if that is configured."""
    if config.api is None:
        yield
        return
    runner = web.AppRunner(Face(tower, time.time).application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.api.host, config.api.port).start()
        yield
    finally:
        await runner.cleanup()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
