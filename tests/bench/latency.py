"""From the node serving the final source block to the node serving the block with the mint or the release."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

from bridge.adapters import codec
from bridge.adapters.ledger import EvmChain, Sender
from bridge.core.events import Dispatched, Executed
from bridge.core.finality import Depth, Policy, Tag, final_height
from bridge.core.ports import Call
from bridge.core.submission import FeeRules
from bridge.core.types import Height, Leaf, Units
from tests.bench.load import LOT, locker
from tests.bench.stage import Bench

LOOK_SECONDS = 0.02
_PRICED = FeeRules(200 * 10**9, 10**9, 10**20, 3)


@dataclass
class Clock:
    """When a node first served what, on our monotonic clock."""

    chain: EvmChain
    policy: Policy
    final_at: dict[Leaf, float] = field(default_factory=dict)
    executed_at: dict[Leaf, float] = field(default_factory=dict)
    _waiting: list[tuple[Height, Leaf]] = field(default_factory=list)
    _seen: Height | None = None

    async def watch(self) -> None:
        """Look at the newest block again and again."""
        while True:
            heads = await self.chain.heads()
            now = time.monotonic()
            first = Height(self._seen + 1) if self._seen is not None else heads.latest.height
            if first <= heads.latest.height:
                for fact in await self.chain.facts(first, heads.latest.height):
                    if isinstance(fact, Dispatched):
                        self._waiting.append((fact.at.height, fact.leaf))
                    elif isinstance(fact, Executed):
                        self.executed_at.setdefault(fact.leaf, now)
                self._seen = heads.latest.height
            final = final_height(self.policy, heads)
            for height, leaf in self._waiting:
                if height <= final:
                    self.final_at.setdefault(leaf, now)
            self._waiting = [(height, leaf) for height, leaf in self._waiting if height > final]
            await asyncio.sleep(LOOK_SECONDS)


@dataclass(frozen=True)
class Latency:
    """Seconds, and blocks of the slower chain."""

    direction: str
    samples: int
    median: float
    p99: float
    slower_block: float


async def measure_latency(stage: Bench, samples: int) -> list[Latency]:
    """Lock one lot at a time at odd moments, then burn likewise."""
    home, remote = stage.tracer.home, stage.tracer.chains[stage.network.remotes[0].chain_id]
    clocks = [Clock(home, Depth(0)), Clock(remote, Tag())]
    watching = [asyncio.create_task(clock.watch()) for clock in clocks]
    try:
        await _lock_one_by_one(stage, samples)
        out = _summary("home to remote", clocks[0], clocks[1])
        await _burn_one_by_one(stage, samples)
        back = _summary("remote to home", clocks[1], clocks[0])
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return [out, back]


async def _lock_one_by_one(stage: Bench, samples: int) -> None:
    user = locker(stage.network, stage.tracer)
    await user.approve()
    calls = [
        Call(
            user.home.watched.gateway,
            codec.encode_lock(user.asset.home, Units(LOT), user.remote.chain_id, user.signer.address),
        )
        for _ in range(samples)
    ]
    known = len(stage.census.entries)
    for index, call in enumerate(calls):
        await Sender(user.home, user.signer, FeeRules(0, 0, 0, 1)).send([call])
        await asyncio.sleep(0.137 * (index % 7))
    await stage.settled(known + samples, 120)


async def _burn_one_by_one(stage: Bench, samples: int) -> None:
    user = locker(stage.network, stage.tracer)
    chain = stage.tracer.chains[user.remote.chain_id]
    known = len(stage.census.entries)
    data = codec.encode_burn(user.asset.home, Units(LOT), user.signer.address)
    for index in range(samples // 2):
        await Sender(chain, user.signer, _PRICED).send([Call(chain.watched.gateway, data)])
        await asyncio.sleep(0.137 * (index % 7))
    await stage.settled(known + samples // 2, 120)


def _summary(direction: str, source: Clock, destination: Clock) -> Latency:
    took = sorted(
        destination.executed_at[leaf] - at for leaf, at in source.final_at.items() if leaf in destination.executed_at
    )
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    return Latency(direction, len(took), statistics.median(took), p99, slower_block=2.0)
