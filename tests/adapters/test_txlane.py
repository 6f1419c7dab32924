"""One account sends what is demanded: once each, at a bearable price, whatever the pool and the chain do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bridge.core.lanes import Ending
from bridge.core.submission import FeeRules
from tests.adapters.lane_scene import FIRST_FEE, GAS, US, Desk, desk_at

FREE = FeeRules(max_fee_per_gas=0, priority_fee_per_gas=0, daily_budget=0, patience=3)
SUCCEEDED = Ending.SUCCEEDED


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(tmp_path / "relayer.sqlite") as desk:
        yield desk


# --- The plain case ---------------------------------------------------------------------------------------------------


async def test_what_is_demanded_is_sent_in_order_mined_and_ended(desk: Desk) -> None:
    await desk.want(b"a", b"b", b"c")
    report = await desk.tick()
    assert (report.in_flight, report.queued, report.blocked_reason) == (3, 0, None)
    assert [(tx.nonce, tx.call.data, tx.max_fee) for tx in desk.sent()] == [
        (0, b"a", FIRST_FEE),
        (1, b"b", FIRST_FEE),
        (2, b"c", FIRST_FEE),
    ]
    desk.market.mine()
    report = await desk.tick()
    assert (report.in_flight, report.queued) == (0, 0)
    assert desk.settled == [(b"a", SUCCEEDED, ""), (b"b", SUCCEEDED, ""), (b"c", SUCCEEDED, "")]
    assert desk.market.effects == [b"a", b"b", b"c"]
    assert await desk.open() == []


async def test_an_intent_ends_when_its_block_is_final_and_not_before(desk: Desk) -> None:
    desk.lag = 2
    await desk.want(b"a")
    await desk.run(blocks=2)
    assert (desk.settled, len(await desk.open())) == ([], 1)
    await desk.run(blocks=1)
    assert desk.settled == [(b"a", SUCCEEDED, "")]


async def test_a_lane_says_nothing_twice_while_it_waits(desk: Desk) -> None:
    desk.lag = 100
    await desk.want(b"a")
    for _ in range(3):
        await desk.tick()
    await desk.run(blocks=20)
    assert len(desk.market.heard) == 1


async def test_a_transaction_that_reverts_ends_with_its_block(desk: Desk) -> None:
    desk.market.reverting.add(b"a")
    await desk.want(b"a", b"b")
    await desk.run(blocks=1)
    assert desk.settled == [(b"a", Ending.REVERTED, "reverted in block 1"), (b"b", SUCCEEDED, "")]


async def test_an_end_is_written_together_with_what_follows_from_it(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.run(blocks=1)
    assert (await desk.store.cursors()).popitem()[1].height == 1, "written by what was settled"


async def test_only_so_many_wait_to_be_mined_and_what_is_mined_does_not_count(desk: Desk) -> None:
    desk.lag, desk.max_in_flight = 100, 2
    await desk.start()
    await desk.want(b"a", b"b", b"c", b"d", b"e")
    await desk.tick()
    report = await desk.tick()
    assert (len(desk.market.heard), report.queued) == (2, 3)
    desk.market.mine()
    report = await desk.tick()
    assert (len(desk.market.heard), report.in_flight, report.queued) == (4, 4, 1)


# --- The price --------------------------------------------------------------------------------------------------------


async def test_what_waits_too_long_is_replaced_at_a_price_that_nodes_accept(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.tick()
    desk.market.base_fee = 40
    await desk.run(blocks=4)
    first, second = desk.sent()
    assert (first.nonce, first.call) == (second.nonce, second.call)
    assert (first.max_fee, second.max_fee) == (FIRST_FEE, 2 * 40 + 3)
    assert second.priority_fee * 10 >= first.priority_fee * 11
    assert desk.settled == [(b"a", SUCCEEDED, "")]


async def test_a_replacement_waits_for_the_patience_of_the_operator(desk: Desk) -> None:
    await desk.want(b"a")
    desk.market.base_fee = 10
    await desk.tick()
    desk.market.base_fee = 40
    heard = []
    for _ in range(4):
        await desk.tick()
        heard.append(len(desk.market.heard))
        desk.market.mine()
    assert heard == [1, 1, 1, 2]


async def test_no_replacement_is_dearer_than_the_cap_and_the_last_one_goes_out_again_as_it_is(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.tick()
    desk.market.base_fee = 99
    await desk.run(blocks=4)
    assert [tx.max_fee for tx in desk.sent()] == [FIRST_FEE, 100]
    assert desk.settled == [(b"a", SUCCEEDED, "")]

    await desk.want(b"b")
    await desk.tick()
    desk.market.base_fee = 101
    await desk.run(blocks=10)
    assert len({tx.hash for tx in desk.sent()}) == 3, "nothing is signed that could not be mined"
    assert len(desk.sent()) > 4, "but what was signed is not forgotten by the node"
    desk.market.base_fee = 60
    await desk.run(blocks=1)
    assert desk.settled[1:] == [(b"b", SUCCEEDED, "")]


async def test_nothing_new_is_signed_while_the_base_fee_is_above_the_cap(desk: Desk) -> None:
    desk.market.base_fee = 101
    await desk.want(b"a")
    report = await desk.run(blocks=3)
    assert report.blocked_reason is not None
    assert "the base fee is 101 wei and the cap 100: wait, or raise fees.max_fee_per_gas" in report.blocked_reason
    assert (report.queued, desk.market.heard) == (1, [])
    desk.market.base_fee = 10
    await desk.run(blocks=1)
    assert desk.settled == [(b"a", SUCCEEDED, "")]


async def test_the_first_attempt_counts_when_it_is_the_one_that_is_mined(desk: Desk) -> None:
    await desk.want(b"a")
    await desk.tick()
    (first,) = desk.market.mempool
    desk.market.base_fee = 40
    desk.market.mine(3)
    desk.market.is_forgetful = True
    await desk.tick()
    assert len((await desk.open())[0].attempts) == 2
    desk.market.mempool, desk.market.base_fee = [first], 10
    await desk.run(blocks=1)
    assert desk.settled == [(b"a", SUCCEEDED, "")]
    assert desk.market.effects == [b"a"]


async def test_a_ledger_without_a_price_is_sent_to_for_nothing_and_told_again(desk: Desk) -> None:
    desk.rules, desk.market.base_fee, desk.market.balances = FREE, 0, {}
    await desk.start()
    await desk.want(b"a")
    await desk.tick()
    desk.market.mempool.clear()
    await desk.run(blocks=4)
    assert [(tx.max_fee, tx.priority_fee) for tx in desk.sent()] == [(0, 0), (0, 0)]
    assert desk.market.heard[0] == desk.market.heard[1], "there is nothing to bid more"
    assert desk.settled == [(b"a", SUCCEEDED, "")]


# --- What may be spent ------------------------------------------------------------------------------------------------

COST = FIRST_FEE * GAS
DAY = 86_400


async def test_a_day_costs_no_more_than_its_budget_and_the_next_has_one_again(desk: Desk) -> None:
    desk.rules = FeeRules(100, 2, daily_budget=2 * COST + 1, patience=3)
    await desk.start()
    await desk.want(b"a", b"b", b"c")
    report = await desk.run(blocks=2)
    assert desk.market.effects == [b"a", b"b"]
    assert report.blocked_reason is not None
    assert f"today's budget of {2 * COST + 1} wei is spent up to {2 * COST}" in report.blocked_reason
    desk.clock.seconds += DAY
    report = await desk.run(blocks=1)
    assert (desk.market.effects, report.blocked_reason) == ([b"a", b"b", b"c"], None)


async def test_the_budget_is_remembered_by_the_database(desk: Desk) -> None:
    desk.rules = FeeRules(100, 2, daily_budget=COST, patience=3)
    await desk.start()
    await desk.want(b"a", b"b")
    await desk.run(blocks=1)
    await desk.start()
    report = await desk.run(blocks=2)
    assert (desk.market.effects, report.queued) == ([b"a"], 1)


async def test_of_replacements_only_the_dearest_is_counted_as_spent(desk: Desk) -> None:
    desk.rules = FeeRules(100, 2, daily_budget=83 * GAS, patience=3)
    await desk.start()
    await desk.want(b"a")
    await desk.tick()
    desk.market.base_fee = 40
    await desk.run(blocks=4)
    assert [tx.max_fee for tx in desk.sent()] == [FIRST_FEE, 83]
    assert desk.settled == [(b"a", SUCCEEDED, "")]


async def test_a_replacement_over_the_budget_waits_and_the_first_attempt_goes_out_again(desk: Desk) -> None:
    desk.rules = FeeRules(100, 2, daily_budget=COST + 83 * GAS - 1, patience=3)
    await desk.start()
    await desk.want(b"a")
    await desk.run(blocks=1)
    await desk.want(b"b")
    await desk.tick()
    desk.market.base_fee = 40
    desk.market.mine(3)
    report = await desk.tick()
    assert report.blocked_reason is not None
    assert f"today's budget of {COST + 83 * GAS - 1} wei is spent up to {2 * COST}" in report.blocked_reason
    assert desk.market.heard[1] == desk.market.heard[2]
    desk.clock.seconds += DAY
    await desk.run(blocks=4)
    assert desk.settled == [(b"a", SUCCEEDED, ""), (b"b", SUCCEEDED, "")]


async def test_without_funds_nothing_is_signed_until_somebody_tops_up(desk: Desk) -> None:
    desk.market.balances[US] = COST - 1
    await desk.want(b"a")
    report = await desk.tick()
    assert report.blocked_reason == (
        f"insufficient funds: 0x{US.hex()} has {COST - 1} wei, {COST} are needed: top it up"
    )
    assert (desk.market.heard, (await desk.open())[0].attempts) == ([], ())
    desk.market.balances[US] = COST
    report = await desk.run(blocks=1)
    assert (desk.market.effects, report.blocked_reason) == ([b"a"], None)


async def test_what_the_node_thinks_too_dear_goes_out_as_it_is_after_a_top_up(desk: Desk) -> None:
    desk.market.balances[US] = COST
    await desk.want(b"a", b"b", b"c")
    report = await desk.tick()
    assert report.blocked_reason is not None
    assert "insufficient funds for gas * price + value: top it up" in report.blocked_reason
    assert [tx.call.data for tx in desk.sent()] == [b"a", b"b"], "the rest would be refused as well"
    desk.market.balances[US] = 3 * COST
    report = await desk.run(blocks=1)
    assert (desk.market.effects, report.blocked_reason) == ([b"a", b"b", b"c"], None)
    assert desk.market.heard[1] == desk.market.heard[2], "the same bytes: nothing is signed twice"
