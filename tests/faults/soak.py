"""A soak: `python -m tests.faults.soak --seed N --minutes M [--json]`, or `make soak [SEED=n] [MINUTES=m]`.

Four relayers, home and two public chains, each relayer with two providers of its own per chain. Faults of every kind
come in an order that the seed decides, three at a time, while users send at a steady rate. Then the faults stop, what
is on its way arrives, and everything is counted again from the logs.

Simulated time is counted in blocks of public chains. Here they come every 2 s, and on Ethereum every 12 s: ten minutes
of wall time are the 300 blocks of an hour there. With MINUTES=60 the hour is a real one, and six hours of blocks.

It ends with one line of figures. Exit 0: every message is executed, returned, or held with a reason that is still
there; the books balance to the yen, by `jgb-bridge books` and by the logs; nothing was minted or released that was not
sent; nobody signed two digests in one slot; no halt or death but those that faults explain; all relayers agree and are
well. Exit 1: something of that does not hold, each on a line before the last. Exit 130: Ctrl-C; nothing goes on.
"""

import argparse
import asyncio
import json
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bridge.adapters.config import Network
from bridge.core.errors import BridgeError, Refuse
from bridge.devnet import Options, down, up
from bridge.devnet.lifecycle import FLOW
from tests.faults.crowd import live
from tests.faults.operators import operate
from tests.faults.plagues import PLAGUES, SOLO
from tests.faults.rest import at_rest, calm, farewell
from tests.faults.rig import UNWELL, Rig, rig_of
from tests.faults.verdict import Account, account_of

AT_ONCE = 3
GAP_SECONDS = (0.2, 2.0)
"""Between two strikes."""
PROGRESS_SECONDS = 15.0
SIMULATED_PER_SECOND = 12 / 2
INTERRUPTED = 130


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    seed: int
    minutes: float
    watchtower: bool
    plagues: tuple[str, ...]


def main() -> int:
    """Run a soak and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10.0, help="wall time of faults; settling comes on top")
    parser.add_argument("--watchtower", action=argparse.BooleanOptionalAction, default=False, help="have one watch too")
    parser.add_argument("--json", action="store_true", help="print the last line as JSON")
    parser.add_argument(
        "--only", action="append", choices=sorted(PLAGUES), help="strike with this one; may be repeated"
    )
    arguments = parser.parse_args()
    plagues = tuple(sorted(arguments.only or PLAGUES))
    wish = Wish(arguments.seed, arguments.minutes, arguments.watchtower, plagues)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="jgb-soak-")) / "net"
    try:
        figures, wrong = _run(wish, folder)
    except KeyboardInterrupt:
        _say("interrupted; nothing is left running")
        return INTERRUPTED
    finally:
        with suppress(Refuse):
            down(folder)
        shutil.rmtree(folder.parent, ignore_errors=True)
    for line in wrong:
        _say(f"WRONG: {line}")
    print(json.dumps(figures) if arguments.json else _line(figures), flush=True)
    return 1 if wrong else 0


def _run(wish: Wish, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Raise a devnet, soak it, and return the figures and what is wrong."""
    options = Options(folder, own_providers=True, saves_home=False, watchtower=wish.watchtower)
    network = up(options, _say)
    return asyncio.run(_soak(network, folder, wish))


async def _soak(network: Network, folder: Path, wish: Wish) -> tuple[dict[str, Any], list[str]]:
    began = time.monotonic()
    async with rig_of(network, folder, FLOW) as rig:
        await at_rest(rig, "the announcements arrive")
        helpers = [asyncio.create_task(operate(rig)), asyncio.create_task(_report(rig, wish, began))]
        try:
            await _under_fire(rig, wish)
            await calm(rig)
            await farewell(rig)
            rig.tally.wrong += await at_rest(rig, "everything settles")
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        rig.tally.wrong += [
            f"a part of the soak broke: {task.exception()!r}" for task in helpers if not task.cancelled()
        ]
        account = await account_of(rig.people.network, {chain.chain: chain.rpc for chain in _chains(rig)})
        books = await rig.running.books_balance()
        wrong = [
            *rig.tally.wrong,
            *account.wrong,
            *([] if books else ["jgb-bridge books says that they do not balance"]),
        ]
        return _figures(rig, wish, account, wrong, time.monotonic() - began), wrong


async def _under_fire(rig: Rig, wish: Wish) -> None:
    """Let users act and faults strike for as long as was asked for."""
    crowd = asyncio.create_task(live(rig, wish.seed))
    try:
        await _torment(rig, wish, time.monotonic() + 60 * wish.minutes)
        if crowd.done():
            crowd.result()
    finally:
        crowd.cancel()
        await asyncio.gather(crowd, return_exceptions=True)


async def _torment(rig: Rig, wish: Wish, until: float) -> None:
    """Strike with one plague after another, three at a time; return when the time is over and the last one too."""
    chance, striking = Random(wish.seed), set[asyncio.Task[None]]()  # noqa: S311 - faults, not keys
    try:
        for number, name in enumerate(_order(chance, wish.plagues)):
            room = 0 if name in SOLO else AT_ONCE - 1
            while len(striking) > room:
                _, striking = await asyncio.wait(striking, return_when=asyncio.FIRST_COMPLETED)
            if time.monotonic() > until:
                break
            striking.add(asyncio.create_task(_strike(rig, name, Random(f"{wish.seed} {number}"))))  # noqa: S311
            if name in SOLO:
                await asyncio.wait(striking)
            await asyncio.sleep(chance.uniform(*GAP_SECONDS))
        if striking:
            await asyncio.wait(striking)
    except asyncio.CancelledError:
        rig.is_closing = True
        raise
    finally:
        for task in striking:
            task.cancel()
        await asyncio.gather(*striking, return_exceptions=True)


def _order(chance: Random, plagues: Sequence[str]) -> Iterator[str]:
    """Name plagues for ever: all of them in some order, then all of them in another."""
    while True:
        yield from chance.sample(plagues, len(plagues))


async def _strike(rig: Rig, name: str, chance: Random) -> None:
    try:
        async with PLAGUES[name](rig, chance):
            rig.tally.faults[name] += 1
    except (*UNWELL, TimeoutError, AssertionError) as fault:
        # Faults strike each other too: a reorganisation takes a veto back, dear gas keeps a guardian from pausing.
        rig.tally.missed[name] += 1
        _say(f"{name} went amiss: {type(fault).__name__}: {fault}")


async def _report(rig: Rig, wish: Wish, began: float) -> None:
    """Keep the chronicle up to date, and say how it goes."""
    spoken = 0.0
    while True:
        try:
            await rig.chronicle.refresh()
        except BridgeError as fault:
            _say(f"the chronicle: {fault}")
        now = time.monotonic() - began
        if now - spoken > PROGRESS_SECONDS:
            spoken = now
            done, held = len(rig.chronicle.settled_at), len(rig.chronicle.held())
            faults = sum(rig.tally.faults.values())
            simulated = now * SIMULATED_PER_SECOND / 60
            _say(
                f"seed {wish.seed}, {now:4.0f} s ({simulated:.0f} min simulated): {len(rig.chronicle.entries)} sent,"
                f" {done} settled, {held} held; {faults} faults, {rig.tally.kills} kills, {rig.tally.resumes} resumes"
            )
        await asyncio.sleep(1)


def _figures(rig: Rig, wish: Wish, account: Account, wrong: list[str], seconds: float) -> dict[str, Any]:
    waits = [
        settled - rig.chronicle.seen_at[leaf]
        for leaf, settled in rig.chronicle.settled_at.items()
        if leaf in rig.chronicle.seen_at
    ]
    return {
        "ok": not wrong,
        "seed": wish.seed,
        "minutes": wish.minutes,
        "seconds_with_settling": round(seconds),
        "transfers": len(account.transfers),
        "executed": sum(leaf in account.executed for leaf in account.transfers),
        "returned": len(account.sent_back),
        "held": dict(Counter(reason or "UNDELIVERED" for reason in account.waiting.values())),
        "faults": dict(sorted(rig.tally.faults.items())),
        "missed": dict(sorted(rig.tally.missed.items())),
        "kills": rig.tally.kills,
        "halts": dict(rig.tally.halts),
        "resumes": rig.tally.resumes,
        "refused_to_users": dict(rig.tally.refused),
        "unbacked": len(account.unbacked),
        "books": "ok" if not wrong or not any("book" in line or "escrow" in line for line in wrong) else "WRONG",
        "median_seconds": round(statistics.median(waits), 1) if waits else None,
        "max_seconds": round(max(waits), 1) if waits else None,
        "wrong": len(wrong),
    }


def _line(figures: dict[str, Any]) -> str:
    def listed(name: str) -> str:
        return ", ".join(f"{key} {number}" for key, number in figures[name].items()) or "none"

    return (
        f"{'OK' if figures['ok'] else 'FAILED'} seed {figures['seed']}, {figures['minutes']:g} minutes:"
        f" {figures['transfers']} transfers, {figures['executed']} executed, {figures['returned']} returned,"
        f" held: {listed('held')}; faults: {listed('faults')}; {figures['kills']} kills; halts: {listed('halts')};"
        f" {figures['resumes']} resumes; unbacked {figures['unbacked']}; books {figures['books']};"
        f" latency median {figures['median_seconds']} s, max {figures['max_seconds']} s"
    )


def _chains(rig: Rig) -> list[Any]:
    return [rig.people.home, *rig.remotes]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
