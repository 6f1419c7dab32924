"""A devnet to measure on: up, watched, down; and the figures of its processes."""

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bridge.adapters.census import Census
from bridge.adapters.config import Network
from bridge.adapters.tracing import Tracer
from bridge.core.finality import Depth, Tag
from bridge.devnet import Options, down, up

MEBIBYTE = 1 << 20
POLL_SECONDS = 0.5


@dataclass
class Bench:
    """A running devnet with everything to measure it by."""

    network: Network
    directory: Path
    tracer: Tracer
    census: Census
    processes: dict[str, psutil.Process] = field(default_factory=dict)

    async def settled(self, count: int, seconds: float, progress: Callable[[int], None] = lambda _: None) -> None:
        """Wait until so many transfers were sent and all are executed. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                await self.census.refresh()
                waiting = len(self.census.unsettled())
                progress(len(self.census.entries) - waiting)
                if len(self.census.entries) >= count and not waiting:
                    return
                await asyncio.sleep(POLL_SECONDS)

    def relayers(self) -> list[str]:
        """Return the names of the relayers' processes."""
        return [relayer.name for relayer in self.network.relayers]

    def nodes(self) -> list[str]:
        """Return the names of the nodes' processes."""
        return [name for name in self.processes if name not in self.relayers()]

    def memory(self, name: str) -> float:
        """Return a process's resident memory in MiB."""
        return float(self.processes[name].memory_info().rss) / MEBIBYTE

    def cpu_seconds(self, name: str) -> float:
        """Return the processor time that a process has used."""
        times = self.processes[name].cpu_times()
        return float(times.user + times.system)

    def refresh_processes(self) -> None:
        """Look up the processes again, after one was started anew."""
        pids = json.loads((self.directory / "devnet.json").read_text())["pids"]
        self.processes = {name: psutil.Process(pid) for name, pid in pids.items()}

    def past_final(self, relayer: str) -> int:
        """Return how many transfers a relayer has at least attested, from its own database."""
        path = self.directory / "relayers" / relayer / "data" / "relayer.sqlite"
        if not path.exists():
            path = next((self.directory / "relayers" / relayer).rglob("relayer.sqlite"))
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            query = "SELECT count(*) FROM transfers WHERE state NOT IN ('SEEN', 'ORPHANED', 'FINAL')"
            return int(database.execute(query).fetchone()[0])


@asynccontextmanager
async def bench(**options: int) -> AsyncIterator[Bench]:
    """Run a devnet of its own for one measurement; its announcements are executed when it is yielded."""
    directory = Path(tempfile.mkdtemp(prefix="jgb-bench-"))
    network = await asyncio.to_thread(up, Options(directory, **options))  # type: ignore[arg-type]
    tracer = Tracer(network)
    try:
        home = network.home.chain_id
        census = Census((chain, Depth(0) if chain.chain == home else Tag()) for chain in tracer.chains.values())
        stage = Bench(network, directory, tracer, census)
        stage.refresh_processes()
        await stage.settled(len(network.assets) * len(network.remotes), 60)
        yield stage
    finally:
        await tracer.close()
        await asyncio.to_thread(down, directory)
        shutil.rmtree(directory, ignore_errors=True)


def machine() -> str:
    """Return what was measured on, in one line."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown processor",
    )
    return f"{os.cpu_count()} cores ({model}), {psutil.virtual_memory().total / (1 << 30):.0f} GiB"
