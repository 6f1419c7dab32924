"""`python -m tests.bench [--long]`: measure, print progress, write RESULTS.md."""

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.gas import gas_figures
from tests.bench.latency import measure_latency
from tests.bench.report import Results, render
from tests.bench.stage import bench, machine
from tests.bench.throughput import measure_catch_up, measure_single, measure_sustained
from tests.bench.verification import measure_verification

RESULTS = Path(__file__).parent / "RESULTS.md"
LONG_RESULTS = Path(__file__).parent / "RESULTS-LONG.md"


def main() -> int:
    """Run the short benchmark (under 10 minutes) or the long one (100,000 transfers)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="send 100,000 transfers instead of 6,000")
    parser.add_argument("--rate", type=float, default=60.0, help="locks per second in the sustained run")
    arguments = parser.parse_args()
    began = time.monotonic()
    results = asyncio.run(_measure(long=arguments.long, rate=arguments.rate))
    results.took = time.monotonic() - began
    path = LONG_RESULTS if arguments.long else RESULTS
    path.write_text(render(results))
    print(f"written to {path} after {results.took:.0f} s")
    return 0


async def _measure(*, long: bool, rate: float) -> Results:
    results = Results(machine=machine(), at=datetime.now(UTC).strftime("%Y-%m-%d"), command="python -m tests.bench")
    transfers = 100_000 if long else 6_000
    if long:
        results.command += " --long"
    _say(f"sustained: {transfers:,} locks at {rate:g}/s, 4 relayers, 3 chains")
    async with bench() as stage:
        results.sustained = await measure_sustained(stage, rate, transfers)
        results.relayers, results.nodes = stage.relayers(), stage.nodes()
    if long:
        return results
    results.gas = gas_figures()
    for events in (250, 1_000):
        _say(f"verification: 20,000 empty blocks, and blocks of {events:,} events")
        results.verifications.append(await measure_verification(20_000, events))
    _say("latency: 80 locks and 40 burns, one at a time")
    async with bench(remotes=1) as stage:
        results.latencies = await measure_latency(stage, 80)
    _say("one relayer on one core: 250 locks per home block")
    async with bench(relayers=1, remotes=1) as stage:
        results.rates.append(await measure_single(stage, 250, 40))
    for one_per_block in (False, True):
        _say(f"one relayer on one core: catching up, {'one lock' if one_per_block else '250 locks'} per block")
        async with bench(relayers=1, remotes=1, saves_home=False) as stage:
            results.rates.append(await measure_catch_up(stage, 10_000, one_per_block=one_per_block))
    return results


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
