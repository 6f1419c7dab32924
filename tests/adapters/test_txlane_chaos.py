"""Two lanes with one key, any number of faults in any order: everything that was demanded is done, and done once.

Each lane has demands of its own, so what the chain carries out twice is a fault of a lane. A reorg is seen by both
lanes before anything else is mined: what it does in between two looks, no lane can know.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.core.lanes import Ending
from tests.adapters.lane_scene import US, Desk
from tests.adapters.records import REMOTE
from tests.fakes.crew import empty_database
from tests.fakes.haste import hasty_stores
from tests.fakes.keys import read_transaction
from tests.fakes.market import Market

LAG = 3


class Chaos:
    """A market with two desks, and everything that may happen to them."""

    def __init__(self, folder: Path) -> None:
        self.market = Market(REMOTE, balances={US: 10**12})
        self.desks = [Desk(self.market, folder / f"{name}.sqlite", lag=LAG) for name in ("one", "other")]
        self.wanted: list[list[bytes]] = [[], []]

    async def begin(self) -> None:
        for desk in self.desks:
            desk.path.write_bytes(empty_database())
            await desk.start()

    async def one_wants(self) -> None:
        await self._want(0)

    async def both_want_and_one_goes_first(self) -> None:
        await self._want(0)
        await self._want(1)
        await self.desks[0].tick()

    async def other_ticks(self) -> None:
        await self.desks[1].tick()

    async def both_tick_and_a_block_is_mined(self) -> None:
        await self._both_tick()
        self.market.mine()

    async def one_starts_again(self) -> None:
        await self.desks[0].start()

    async def the_pool_is_forgotten(self) -> None:
        self.market.mempool.clear()

    async def the_base_fee_rises(self) -> None:
        self.market.base_fee = 60

    async def the_base_fee_falls(self) -> None:
        self.market.base_fee = 5

    async def the_chain_goes_back_and_others_have_what_was_sent_first(self) -> None:
        await self._go_back(self.market.heard)

    async def the_chain_goes_back_and_others_have_what_was_sent_last(self) -> None:
        await self._go_back(self.market.heard[::-1])

    async def the_newest_block_vanishes(self) -> None:
        if self.market.height:
            self.market.reorg(1)
            await self._both_tick()

    async def end(self) -> None:
        """Stop all faults and let everything come to rest."""
        self.market.base_fee = 10
        for _ in range(60):
            await self.both_tick_and_a_block_is_mined()
            if not any([await desk.open() for desk in self.desks]):
                break
        for desk in self.desks:
            await desk.stop()

    async def _want(self, desk: int) -> None:
        data = f"{desk}/{len(self.wanted[desk])}".encode()
        self.wanted[desk].append(data)
        await self.desks[desk].want(data)

    async def _both_tick(self) -> None:
        for desk in self.desks:
            await desk.tick()

    async def _go_back(self, kept: Iterable[bytes]) -> None:
        """Undo all that is not final; for each nonce, the pools have the first of `kept`."""
        self.market.mempool.clear()
        if depth := min(LAG, self.market.height):
            self.market.reorg(depth, keep=False)
        for tx in map(read_transaction, kept):
            taken = {other.nonce for other in self.market.mempool}
            if tx.nonce >= self.market.counts.get(US, 0) and tx.nonce not in taken:
                self.market.mempool.append(tx)
        await self._both_tick()


Happening = Callable[[Chaos], Coroutine[Any, Any, None]]
HAPPENINGS: list[Happening] = [
    Chaos.one_wants,
    Chaos.both_want_and_one_goes_first,
    Chaos.other_ticks,
    Chaos.both_tick_and_a_block_is_mined,
    Chaos.one_starts_again,
    Chaos.the_pool_is_forgotten,
    Chaos.the_base_fee_rises,
    Chaos.the_base_fee_falls,
    Chaos.the_newest_block_vanishes,
    Chaos.the_chain_goes_back_and_others_have_what_was_sent_first,
    Chaos.the_chain_goes_back_and_others_have_what_was_sent_last,
]


GIVEN_UP_TOO_SOON: list[Happening] = [
    Chaos.both_want_and_one_goes_first,
    Chaos.both_tick_and_a_block_is_mined,
    Chaos.other_ticks,
    Chaos.the_chain_goes_back_and_others_have_what_was_sent_last,
]
"""The other takes another nonce while the first one's block can still vanish: then both of its attempts are mined."""


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(HAPPENINGS), min_size=10, max_size=30))
@example(GIVEN_UP_TOO_SOON)
def test_two_lanes_with_one_key_do_everything_once_whatever_happens(happenings: list[Happening]) -> None:
    with TemporaryDirectory() as folder, hasty_stores():
        chaos = Chaos(Path(folder))
        asyncio.run(_play(chaos, happenings))
    wanted = sorted(data for demands in chaos.wanted for data in demands)
    assert sorted(data for data in chaos.market.effects if data) == wanted
    for desk, demands in zip(chaos.desks, chaos.wanted, strict=True):
        endings = sorted(settled for settled in desk.settled if settled[0] != b"filler")
        assert endings == [(data, Ending.SUCCEEDED, "") for data in sorted(demands)]


async def _play(chaos: Chaos, happenings: list[Happening]) -> None:
    await chaos.begin()
    for happening in happenings:
        await happening(chaos)
    await chaos.end()
