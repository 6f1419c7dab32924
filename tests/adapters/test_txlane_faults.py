"""A lane among rivals, reorgs, refusals and crashes: what was demanded happens once, and nothing waits for ever."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.core.boundaries import Boundary
from bridge.core.errors import Retry
from bridge.core.lanes import Ending
from tests.adapters.lane_scene import US, Desk, desk_at, use_elsewhere
from tests.fakes.keys import fake_address, read_transaction
from tests.fakes.market import Market, MarketBlock
from tests.fakes.world import CrashOnce, SimulatedCrash

SUCCEEDED = Ending.SUCCEEDED


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(tmp_path / "relayer.sqlite") as desk:
        yield desk


@pytest_asyncio.fixture
async def twin(desk: Desk, tmp_path: Path) -> AsyncIterator[Desk]:
    """A second relayer with the same key, on a database of its own."""
    twin = Desk(desk.market, tmp_path / "twin.sqlite")
    await twin.start()
    yield twin
    await twin.stop()


# --- Dropped and reorganised ------------------------------------------------------------------------------------------


async def test_a_transaction_that_every_node_forgot_is_sent_again(desk: Desk) -> None:
    await desk.want(b"a", b"b")
    await desk.tick()
    desk.market.mempool.clear()
    await desk.run(blocks=4)
    assert desk.market.effects == [b"a", b"b"]
    assert desk.settled == [(b"a", SUCCEEDED, ""), (b"b", SUCCEEDED, "")]


@pytest.mark.parametrize("keep", [True, False], ids=["the pool keeps it", "the pool forgets it"])
async def test_a_transaction_whose_block_vanished_is_mined_again_and_ends_once(desk: Desk, keep: bool) -> None:  # noqa: FBT001
    desk.lag = 4
    await desk.want(b"a", b"b")
    await desk.run(blocks=3)
    desk.market.reorg(3, keep=keep)
    assert desk.market.effects == []
    await desk.run(blocks=12)
    assert desk.market.effects == [b"a", b"b"]
    assert desk.settled == [(b"a", SUCCEEDED, ""), (b"b", SUCCEEDED, "")]


async def test_a_node_that_began_anew_is_told_everything_again(desk: Desk) -> None:
    desk.market.mine(50)
    await desk.want(b"a")
    await desk.tick()
    desk.market.mined, desk.market.mempool = [], []
    await desk.run(blocks=1)
    assert desk.settled == [(b"a", SUCCEEDED, "")]


async def test_a_node_that_falls_silent_in_the_middle_is_not_told_twice(desk: Desk) -> None:
    await desk.start(FallsSilent(desk.market))
    await desk.want(b"a", b"b")
    with pytest.raises(Retry):
        await desk.tick()
    desk.market.is_down = False
    await desk.start()
    await desk.run(blocks=1)
    assert [tx.call.data for tx in desk.sent()] == [b"a", b"b"]
    assert desk.market.effects == [b"a", b"b"]


@dataclass
class FallsSilent:
    """A probe that cuts the line to the node after its first yes."""

    market: Market

    def reached(self, boundary: Boundary) -> None:
        if boundary is Boundary.DELIVER_AFTER_BROADCAST:
            self.market.is_down = True


# --- Somebody else uses the key ---------------------------------------------------------------------------------------


async def test_a_nonce_that_somebody_else_used_is_replaced_by_the_next_free_one(desk: Desk) -> None:
    await desk.want(b"a", b"b")
    await desk.tick()
    use_elsewhere(desk.market, nonce=0)
    report = await desk.run(blocks=3)
    assert report.foreign_use == 1
    assert sorted(desk.market.effects) == [b"a", b"b", b"foreign"]
    assert sorted(desk.settled) == [(b"a", SUCCEEDED, ""), (b"b", SUCCEEDED, "")]


async def test_a_nonce_that_was_used_while_a_relayer_was_away_is_noticed(desk: Desk) -> None:
    crash = CrashOnce(Boundary.DELIVER_BEFORE_BROADCAST)
    await desk.start(crash)
    await desk.want(b"a")
    with pytest.raises(SimulatedCrash):
        await desk.tick()
    use_elsewhere(desk.market, nonce=0)
    desk.market.mine()
    await desk.start()
    report = await desk.run(blocks=2)
    assert report.foreign_use == 1
    assert desk.market.effects == [b"foreign", b"a"]


async def test_a_nonce_is_given_up_only_when_its_foreign_use_is_final(desk: Desk) -> None:
    desk.lag = 3
    await desk.want(b"a")
    await desk.tick()
    (ours,) = desk.market.mempool
    use_elsewhere(desk.market, nonce=0)
    await desk.run(blocks=2)
    desk.market.reorg(2, keep=False)
    desk.market.mempool.append(ours)  # other nodes have kept it
    report = await desk.run(blocks=12)
    assert desk.market.effects == [b"a"]
    assert desk.settled == [(b"a", SUCCEEDED, "")]
    assert report.foreign_use == 0


async def test_a_receipt_that_comes_late_is_waited_for(desk: Desk) -> None:
    desk.lag = 3
    await desk.want(b"a")
    await desk.tick()
    desk.market.mine()
    hidden, desk.market.mined[-1] = desk.market.mined[-1], without_transactions(desk.market)
    await desk.tick()
    await desk.tick()
    desk.market.mined[-1] = hidden
    await desk.run(blocks=8)
    assert desk.market.effects == [b"a"]
    assert desk.settled == [(b"a", SUCCEEDED, "")]


def without_transactions(market: Market) -> MarketBlock:
    """Return the newest block as a node shows it that has not indexed it yet."""
    return replace(market.mined[-1], transactions=())


async def test_two_lanes_with_one_key_do_everything_once(desk: Desk, twin: Desk) -> None:
    ours, theirs = [b"a", b"b", b"c"], [b"x", b"y", b"z"]
    for one, other in zip(ours, theirs, strict=True):
        await desk.want(one)
        await twin.want(other)
        for lane in (desk, twin):
            await lane.tick()
        desk.market.mine()
    for _ in range(30):
        for lane in (desk, twin):
            await lane.tick()
        desk.market.mine()
    assert sorted(data for data in desk.market.effects if data) == sorted(ours + theirs)
    assert sorted(desk.settled) == [(data, SUCCEEDED, "") for data in ours]
    assert sorted(twin.settled) == [(data, SUCCEEDED, "") for data in theirs]


async def test_a_lane_with_another_key_sends_what_the_old_one_could_not(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.tick()
    desk.market.mempool.clear()
    desk.account = fake_address("the new account")
    desk.market.balances[desk.account] = 10**9
    desk.market.counts[desk.account] = 7
    await desk.start()
    await desk.run(blocks=1)
    assert [(tx.sender, tx.nonce) for tx in desk.sent()] == [(US, 0), (desk.account, 7)]
    assert desk.settled == [(b"a", SUCCEEDED, "")]


# --- Refused ----------------------------------------------------------------------------------------------------------


async def test_what_no_node_takes_is_handed_back_and_its_nonce_goes_to_the_next_in_line(desk: Desk) -> None:
    desk.market.refused.add(b"bad")
    desk.max_in_flight = 1
    await desk.start()
    await desk.want(b"bad", b"b")
    report = await desk.tick()
    assert report.blocked_reason == "the node refuses a transaction: intrinsic gas too low"
    assert desk.settled == [(b"bad", Ending.REFUSED, "intrinsic gas too low")]
    await desk.run(blocks=1)
    assert [(tx.nonce, tx.call.data) for tx in desk.sent()] == [(0, b"bad"), (0, b"b")]
    assert desk.settled[1:] == [(b"b", SUCCEEDED, "")]


async def test_a_nonce_that_a_refusal_left_open_is_filled_so_that_later_ones_are_mined(desk: Desk) -> None:
    desk.market.refused.add(b"bad")
    await desk.want(b"bad", b"b", b"c")
    await desk.run(blocks=2)
    assert [(tx.nonce, tx.call.data) for tx in desk.sent()] == [(0, b"bad"), (1, b"b"), (2, b"c"), (0, b"")]
    filler = desk.sent()[-1]
    assert (filler.call.to, filler.gas) == (US, 21_000)
    assert desk.settled == [
        (b"bad", Ending.REFUSED, "intrinsic gas too low"),
        (b"b", SUCCEEDED, ""),
        (b"c", SUCCEEDED, ""),
        (b"filler", SUCCEEDED, ""),
    ]


async def test_every_open_nonce_gets_one_filler(desk: Desk) -> None:
    desk.market.refused |= {b"bad", b"worse"}
    await desk.want(b"bad", b"worse", b"c")
    await desk.run(blocks=6)
    assert [tx.nonce for tx in desk.sent() if not tx.call.data] == [0, 1]
    assert desk.market.effects == [b"", b"", b"c"]
    assert await desk.open() == []


async def test_a_refused_replacement_is_given_up_and_the_first_attempt_still_counts(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.tick()
    desk.market.base_fee = 40
    desk.market.mine(3)
    desk.market.refused.add(b"a")
    await desk.tick()
    (opened,) = await desk.open()
    assert [attempt.fees.max_fee for attempt in opened.attempts] == [22]
    desk.market.base_fee = 10
    await desk.run(blocks=1)
    assert desk.settled == [(b"a", SUCCEEDED, "")]


async def test_what_was_refused_costs_nothing_of_the_budget(desk: Desk) -> None:
    desk.market.refused.add(b"bad")
    await desk.want(b"bad", b"b")
    await desk.tick()
    (kept,) = await desk.open()
    assert set(await desk.store.costs(desk.market.chain, desk.clock.seconds // 86_400)) == {kept.intent.id}


# --- Crashes ----------------------------------------------------------------------------------------------------------


@dataclass
class CopyAt:
    """A probe that copies the database as it is on the disk at a boundary: what a process that dies there leaves."""

    boundary: Boundary
    path: Path

    def reached(self, boundary: Boundary) -> None:
        if boundary is self.boundary:
            for part in ("", "-wal"):
                if (found := self.path.with_name(self.path.name + part)).exists():
                    shutil.copy(found, self.path.with_name("left.sqlite" + part))
            raise SimulatedCrash(boundary.value)


async def die_at(desk: Desk, boundary: Boundary) -> None:
    """Let a tick end at a boundary, and begin again with what the disk held at that moment."""
    await desk.start(CopyAt(boundary, desk.path))
    with pytest.raises(SimulatedCrash):
        await desk.tick()
    await desk.stop()
    desk.path = desk.path.with_name("left.sqlite")
    await desk.start()


@pytest.mark.parametrize("boundary", [Boundary.LANE_AFTER_COMMIT, Boundary.DELIVER_BEFORE_BROADCAST])
async def test_what_was_stored_and_not_sent_goes_out_as_the_same_bytes(desk: Desk, boundary: Boundary) -> None:
    await desk.want(b"a", b"b")
    await die_at(desk, boundary)
    stored = [opened.last.transaction.raw for opened in await desk.open()]
    assert (len(stored), desk.market.heard) == (2, [])
    desk.market.base_fee = 12  # another price would give other bytes
    await desk.run(blocks=1)
    assert desk.market.heard == stored
    assert desk.market.effects == [b"a", b"b"]


@pytest.mark.parametrize("boundary", [Boundary.LANE_BEFORE_SIGN, Boundary.LANE_AFTER_SIGN, Boundary.LANE_BEFORE_COMMIT])
async def test_what_was_not_stored_was_never_sent(desk: Desk, boundary: Boundary) -> None:
    await desk.want(b"a", b"b")
    await die_at(desk, boundary)
    assert desk.market.heard == []
    assert [(opened.nonce, opened.attempts) for opened in await desk.open()] == [(None, ()), (None, ())]
    await desk.run(blocks=1)
    assert desk.market.effects == [b"a", b"b"]


async def test_what_was_sent_and_not_noted_goes_out_again_and_is_done_once(desk: Desk) -> None:
    await desk.want(b"a", b"b")
    await die_at(desk, Boundary.DELIVER_AFTER_BROADCAST)
    await desk.run(blocks=1)
    assert [tx.call.data for tx in desk.sent()] == [b"a", b"a", b"b"]
    assert desk.market.heard[0] == desk.market.heard[1]
    assert desk.market.effects == [b"a", b"b"]


async def test_an_outcome_that_was_not_written_is_found_again(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.tick()
    desk.market.mine()
    await die_at(desk, Boundary.OUTCOME_BEFORE_COMMIT)
    assert len(await desk.open()) == 1
    assert await desk.store.cursors() == {}
    await desk.run(blocks=1)
    assert (await desk.open(), desk.market.effects) == ([], [b"a"])


async def test_a_filler_whose_nonce_was_not_stored_still_fills_the_gap(desk: Desk) -> None:
    desk.market.refused.add(b"bad")
    await desk.want(b"bad", b"b")
    await desk.tick()
    await die_at(desk, Boundary.LANE_BEFORE_SIGN)
    await desk.run(blocks=2)
    assert [read_transaction(raw).nonce for raw in desk.market.heard] == [0, 1, 0]
    assert await desk.open() == []
