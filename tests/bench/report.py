"""Figures to a document: measured beside budget, with the command that prints them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bench.latency import Latency
from tests.bench.throughput import Rate, Sustained
from tests.bench.verification import Verification

BUDGET_PER_SECOND = 50
BUDGET_SINGLE = 250


@dataclass
class Results:
    """Everything that one run has measured."""

    machine: str
    at: str
    command: str
    took: float = 0.0
    gas: dict[str, dict[str, int]] = field(default_factory=dict)
    latencies: list[Latency] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    verifications: list[Verification] = field(default_factory=list)
    sustained: Sustained | None = None
    relayers: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)


def render(results: Results) -> str:
    """Return the document."""
    parts = [
        "# Measured",
        "",
        f"By `{results.command}` on {results.at}, {results.machine}; it took {results.took:.0f} s.",
        "Every process of the bridge, its nodes and the load generator share that machine.",
        *_sustained(results),
        *_latency(results.latencies),
        *_rates(results.rates),
        *_verifications(results.verifications),
        *_gas(results.gas),
    ]
    return "\n".join(parts) + "\n"


def _sustained(results: Results) -> Iterator[str]:
    run = results.sustained
    if run is None:
        return
    yield from ("", "## Sustained load: 4 relayers, home and two public chains", "")
    yield "| what | measured | budget |"
    yield "|---|--:|--:|"
    yield f"| locks sent per second | {run.sent_per_second:.0f} | |"
    yield f"| transfers, all EXECUTED and final | {run.transfers:,} | |"
    rate = f"{run.executed_per_second:.1f}/s | >= {BUDGET_PER_SECOND}/s"
    yield f"| end to end, first lock sent to last mint final | {rate} |"
    yield f"| most transfers under way at a time | {run.peak_backlog:,} | |"
    yield from ("", "| process | memory at 20 % | at the end | growth over the last 80 % | CPU per transfer |")
    yield "|---|--:|--:|--:|--:|"
    for name in (*results.relayers, *results.nodes):
        samples = run.memory[name]
        early = samples[int(len(samples) * 0.2)]
        yield (
            f"| {name} | {early:.0f} MiB | {samples[-1]:.0f} MiB | {run.growth(name):+.1f} MiB"
            f" | {run.cpu_ms_per_transfer[name]:.2f} ms |"
        )
    yield ""
    yield "The nodes are development nodes that keep their blocks in memory; their growth is not the bridge's."


def _latency(latencies: list[Latency]) -> Iterator[str]:
    if not latencies:
        return
    yield from ("", "## Added latency: node serves the final source block to node serves the block with the mint", "")
    yield "Blocks of the slower chain (2 s). Home has 1 s blocks; `finalized` on the public chain lags two blocks."
    yield from (
        "",
        "| direction | transfers | median | p99 | median, blocks | p99, blocks |",
        "|---|--:|--:|--:|--:|--:|",
    )
    for one in latencies:
        blocks = f"{one.median / one.slower_block:.2f} (<= 2) | {one.p99 / one.slower_block:.2f} (<= 4)"
        yield f"| {one.direction} | {one.samples} | {one.median:.2f} s | {one.p99:.2f} s | {blocks} |"


def _rates(rates: list[Rate]) -> Iterator[str]:
    if not rates:
        return
    yield from ("", "## One relayer process on one core", "")
    yield "| what | transfers | seconds | per second | budget | its CPU per transfer | the nodes' |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for rate in rates:
        yield (
            f"| {rate.what} | {rate.transfers:,} | {rate.seconds:.1f} | {rate.per_second:.0f} | >= {BUDGET_SINGLE}"
            f" | {rate.cpu_ms_per_transfer:.2f} ms | {rate.nodes_cpu_ms_per_transfer:.2f} ms |"
        )
    yield ""
    yield (
        "The relayer has the first core to itself, nodes and load share the other. Live, locks come at 250 per second,"
        " so the rate cannot exceed that. Catching up, the home node saves no state; with one lock per block every lock"
        " is a window, a batch, a signature and a post of its own, which the node executes too."
    )


def _verifications(verifications: list[Verification]) -> Iterator[str]:
    if not verifications:
        return
    yield from ("", "## Believing home: seals and receipts, 7 validators, 5 seals a block, one relayer's reader", "")
    yield "| what | CPU per block | CPU per event | budget |"
    yield "|---|--:|--:|--:|"
    for one in verifications:
        budget = "< 1,000 ms per block" if one.events > BUDGET_SINGLE else "< 500 ms, for four on two cores"
        per_event = one.full_ms / one.events
        yield f"| blocks of {one.events:,} locks | {one.full_ms:.0f} ms | {per_event:.3f} ms | {budget} |"
    first = verifications[0]
    yield f"| empty blocks | {first.empty_ms:.2f} ms | | |"
    yield ""
    yield (
        f"JSON and HTTP are in these figures. {first.empty_blocks:,} empty blocks were verified at"
        f" {first.empty_per_second:,.0f} per second; a missed week of 1 s blocks would take"
        f" {first.week_minutes:.0f} minutes at that rate."
    )


def _gas(gas: dict[str, dict[str, int]]) -> Iterator[str]:
    if not gas:
        return
    yield from (
        "",
        "## Gas, whole transactions on cold storage (`make snapshots`)",
        "",
        "| figure | gas |",
        "|---|--:|",
    )
    for file, figures in gas.items():
        for name, value in figures.items():
            yield f"| {file}: {name} | {value:,} |"
