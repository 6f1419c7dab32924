"""The loop of the watchtower: a look that fails is said once, and the next look comes all the same."""

import asyncio
import time

from aiohttp import ClientError
from structlog.typing import FilteringBoundLogger

from relayers.watch.config import WatchConfig
from relayers.watch.tower import Tower


async def watch(config: WatchConfig, log: FilteringBoundLogger, stop: asyncio.Event) -> None:
    """Look until told to stop."""
    from web3.exceptions import Web3Exception

    tower, trouble = Tower(config, log, time.time), ""
    log.info("watching", remotes=len(config.remotes))
    try:
        while not stop.is_set():
            try:
                await tower.look()
                if trouble:
                    log.info("recovered", after=trouble)
                trouble = ""
            except (ClientError, OSError, TimeoutError, ValueError, KeyError, Web3Exception) as fault:
                # The kind of the fault only: its words may hold a node's address with credentials.
                if type(fault).__name__ != trouble:
                    trouble = type(fault).__name__
                    log.warning("blind", error=trouble, todo="see whether the nodes of this watchtower answer")
            await _wait(stop, config.poll_seconds)
    finally:
        await tower.close()
        log.info("stopped")


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
