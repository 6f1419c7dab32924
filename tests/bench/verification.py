"""What it costs to believe home: seals of empty blocks, seals and receipts of full ones, by a relayer's reader."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.adapters.codec import read_fields, read_hash
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import Checkpoints, EvmReader, Providers, SealedReader
from bridge.core.finality import Seals
from bridge.core.qbft import Dialect, Terms
from bridge.core.types import Height
from bridge.devnet.processes import free_ports
from tests.adapters.test_codec_logs import HOME, WATCHED
from tests.bench.ledger import BUSY

WEEK_BLOCKS = 7 * 86_400
"""Of one second."""


@dataclass(frozen=True)
class Verification:
    """What one process spent on a ledger, JSON and HTTP included."""

    events: int
    """In each full block."""
    empty_blocks: int
    empty_ms: float
    """CPU per empty block."""
    empty_per_second: float
    full_ms: float
    """CPU per full block: its header, its receipts, its facts."""

    @property
    def week_minutes(self) -> float:
        """Wall time for a week of missed empty blocks, at the measured rate."""
        return WEEK_BLOCKS / self.empty_per_second / 60


class _Nobody:
    """Hears of faults, of which there must be none."""

    def failed(self, part: str, fault: Exception) -> None:
        """Stop: a fault makes the figures worthless."""
        raise AssertionError(f"{part}: {fault}")

    def worked(self, part: str) -> None:
        """Go on."""


async def measure_verification(empty_blocks: int, events: int) -> Verification:
    """Verify empty blocks, then `BUSY` full ones, and say what each took."""
    async with _reader(empty_blocks + BUSY, events) as reader:
        began, spent = time.monotonic(), time.process_time()
        while (await reader.heads()).latest.height < empty_blocks - 1:
            pass
        at = reader._tip().block.height
        seconds, empty = time.monotonic() - began, time.process_time() - spent
        spent = time.process_time()
        while (await reader.heads()).is_behind:
            pass
        facts = await reader.facts(Height(empty_blocks + 1), Height(empty_blocks + BUSY))
        full = time.process_time() - spent
        assert len(facts) == BUSY * events
        rest = (empty_blocks - at) * empty / at
        return Verification(events, at, empty / at * 1000, at / seconds, (full - rest) / BUSY * 1000)


@asynccontextmanager
async def _reader(blocks: int, events: int) -> AsyncIterator[SealedReader]:
    (port,) = free_ports(1)
    words = [sys.executable, "-m", "tests.bench.ledger", str(port), str(blocks), str(events)]
    node = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    rpc = Rpc(f"http://127.0.0.1:{port}")
    try:
        assert node.stdout is not None
        assert await node.stdout.readline() == b"ready\n"
        await asyncio.sleep(0.5)
        first = read_fields(await rpc.result("eth_getBlockByNumber", "0x0", False))  # noqa: FBT003 - JSON
        policy = Seals(Height(0), read_hash(first["hash"]), Terms(Dialect.BESU, 30_000))
        with tempfile.TemporaryDirectory() as folder:
            checkpoints = Checkpoints(Path(folder) / "headers.jsonl")
            yield SealedReader(Providers([EvmReader(rpc, WATCHED[HOME])], _Nobody()), policy, checkpoints)
    finally:
        await rpc.close()
        node.kill()
        await node.wait()
