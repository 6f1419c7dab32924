"""Sustained load, one relayer on one core, and catching up after downtime."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

from bridge.adapters.evm import Rpc
from bridge.devnet import start_one, stop_one
from tests.bench.load import Locker, locker, send_all, send_steadily
from tests.bench.stage import Bench

SAMPLE_SECONDS = 2.0
REMOTE_BLOCK_SECONDS = 2
QUIET_SHARE = 0.2
"""The first part of a run, in which caches fill; memory is judged over the rest."""


@dataclass
class Sustained:
    """What a steady load did."""

    sent_per_second: float
    transfers: int
    seconds: float
    peak_backlog: int
    memory: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms_per_transfer: dict[str, float] = field(default_factory=dict)

    @property
    def executed_per_second(self) -> float:
        """End to end, from the first lock sent to the last mint final."""
        return self.transfers / self.seconds

    def growth(self, name: str) -> float:
        """Return by how many MiB a process grew over the last 80 % of the run."""
        samples = self.memory[name][int(len(self.memory[name]) * QUIET_SHARE) :]
        tenth = max(1, len(samples) // 10)
        return statistics.mean(samples[-tenth:]) - statistics.mean(samples[:tenth])


async def measure_sustained(stage: Bench, per_second: float, transfers: int) -> Sustained:
    """Lock at a steady rate for every remote in turn until so many are sent, and wait until all are executed."""
    lockers = [locker(stage.network, stage.tracer, i, i) for i in range(len(stage.network.remotes))]
    share = transfers // len(lockers)
    signed = []
    for user in lockers:
        await user.approve()
        signed.append(await user.sign(share))
    known = len(stage.census.entries)
    cpu = {name: stage.cpu_seconds(name) for name in stage.processes}
    result = Sustained(per_second, share * len(lockers), 0.0, 0)
    sampling = asyncio.create_task(_sample(stage, result))
    began = time.monotonic()
    rate = per_second / len(lockers)
    await asyncio.gather(*(send_steadily(stage.tracer.home.rpc, raws, rate) for raws in signed))
    await stage.settled(known + result.transfers, 300 + transfers / per_second)
    result.seconds = time.monotonic() - began
    sampling.cancel()
    await asyncio.gather(sampling, return_exceptions=True)
    for name, before in cpu.items():
        result.cpu_ms_per_transfer[name] = (stage.cpu_seconds(name) - before) * 1000 / result.transfers
    return result


async def _sample(stage: Bench, result: Sustained) -> None:
    while True:
        for name in stage.processes:
            result.memory.setdefault(name, []).append(stage.memory(name))
        await stage.census.refresh()
        result.peak_backlog = max(result.peak_backlog, len(stage.census.unsettled()))
        await asyncio.sleep(SAMPLE_SECONDS)


@dataclass(frozen=True)
class Rate:
    """How fast one relayer on one core does what."""

    what: str
    transfers: int
    seconds: float
    cpu_ms_per_transfer: float
    nodes_cpu_ms_per_transfer: float

    @property
    def per_second(self) -> float:
        """Transfers per second of wall time."""
        return self.transfers / self.seconds


async def measure_single(stage: Bench, per_block: int, blocks: int) -> Rate:
    """Lock so many a home block, live, with the relayer alone on one core."""
    relayer = stage.relayers()[0]
    _pin(stage, relayer)
    user = locker(stage.network, stage.tracer)
    await user.approve()
    raws = await user.sign(per_block * blocks)
    known = len(stage.census.entries)
    cpu, nodes = stage.cpu_seconds(relayer), _nodes_cpu(stage)
    await send_steadily(stage.tracer.home.rpc, raws, per_block)
    await stage.settled(known + len(raws), 300)
    spent = (stage.cpu_seconds(relayer) - cpu) * 1000 / len(raws)
    theirs = (_nodes_cpu(stage) - nodes) * 1000 / len(raws)
    seconds = await _between_mints(stage, known)
    return Rate(f"live, {per_block} locks per home block: first to last mint", len(raws), seconds, spent, theirs)


async def _between_mints(stage: Bench, known: int) -> float:
    """Return the seconds of chain time in which the newest transfers were minted, the last block included."""
    newest = list(stage.census.entries.values())[known:]
    heights = [entry.arrived.height for entry in newest if entry.arrived]
    remote = stage.tracer.chains[stage.network.remotes[0].chain_id]
    first, last = min(heights), max(heights)
    blocks = await remote.blocks([first, last])
    return float(blocks[last].time - blocks[first].time + REMOTE_BLOCK_SECONDS)


async def measure_catch_up(stage: Bench, transfers: int, *, one_per_block: bool) -> Rate:
    """Let locks pile up while the relayer is down; time it from its start until all are attested."""
    relayer = stage.relayers()[0]
    user = locker(stage.network, stage.tracer)
    await user.approve()
    raws = await user.sign(transfers)
    await asyncio.to_thread(stop_one, stage.directory, relayer)
    done = stage.past_final(relayer)
    await _pile_up(user, raws, one_per_block=one_per_block)
    await asyncio.to_thread(start_one, stage.directory, relayer)
    began = time.monotonic()
    stage.refresh_processes()
    _pin(stage, relayer)
    cpu, nodes = stage.cpu_seconds(relayer), _nodes_cpu(stage)
    async with asyncio.timeout(300):
        while stage.past_final(relayer) < done + transfers:  # noqa: ASYNC110 - another process's database has no event
            await asyncio.sleep(0.25)
    seconds = time.monotonic() - began
    spent = (stage.cpu_seconds(relayer) - cpu) * 1000 / transfers
    theirs = (_nodes_cpu(stage) - nodes) * 1000 / transfers
    how = "one lock per block" if one_per_block else "250 locks per block"
    return Rate(f"catching up, {how}, until attested", transfers, seconds, spent, theirs)


async def _pile_up(user: Locker, raws: list[bytes], *, one_per_block: bool) -> None:
    """Mine the locks fast: each in a block of its own, or 250 to a block."""
    rpc: Rpc = user.home.rpc
    await rpc.result("evm_setIntervalMining", 0)
    if one_per_block:
        await rpc.result("evm_setAutomine", *(True,))
        await send_all(rpc, raws)
        await rpc.result("evm_setAutomine", *(False,))
    else:
        for start in range(0, len(raws), 250):
            await send_all(rpc, raws[start : start + 250])
            await rpc.result("evm_mine")
    await rpc.result("evm_setIntervalMining", 1)


def _nodes_cpu(stage: Bench) -> float:
    return sum(stage.cpu_seconds(name) for name in stage.nodes())


def _pin(stage: Bench, relayer: str) -> None:
    """Give the relayer the first core alone; nodes and this program share the others."""
    for name, process in stage.processes.items():
        process.cpu_affinity([0] if name == relayer else [1])
