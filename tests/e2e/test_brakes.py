"""Limits, delays, pauses and vetoes by the commands that people use, and the proof that nobody holds an office."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.adapters.codec.abi import FUNCTIONS
from bridge.adapters.ledger import EvmChain
from bridge.core.hashing import word
from bridge.core.ports import Call
from bridge.core.reasons import Reason, sentence
from bridge.core.transfers import State
from bridge.devnet.lifecycle import FLOW
from tests.e2e.people import LOT, People, until
from tests.e2e.running import Running

pytestmark = pytest.mark.e2e
OKU = 100_000_000
REMOTE, BOND = 0, 1
LARGE = FLOW.delay_above * OKU + LOT
USUAL = (FLOW.inbound, FLOW.outbound, FLOW.delay_above)


@asynccontextmanager
async def limited(people: People, chain: EvmChain, other: EvmChain, *limits: int) -> AsyncIterator[None]:
    """Have the council set the bond's limits on one end of a route, and set them back afterwards."""

    async def limit(*numbers: int) -> None:
        arguments = (word(other.chain), word(people.bond(BOND)), *map(word, numbers))
        data = FUNCTIONS["setFlowLimits"].selector + b"".join(arguments)
        await people.govern(chain, Call(chain.watched.gateway, data))

    await limit(*limits)
    try:
        yield
    finally:
        await limit(*USUAL)


async def way(running: Running, people: People, source: str, destination: str) -> dict[str, Any]:
    answer = await running.answer("limits", people.network.assets[BOND].isin)
    return next(row for row in answer["limits"] if (row["from"], row["to"]) == (source, destination))


async def test_limits_say_what_may_move_and_what_left_uses_them_up_until_it_flows_back(
    running: Running, people: People
) -> None:
    async with limited(people, people.home, people.remote(REMOTE), 10_000, 10, 30):
        before = await way(running, people, "home", "remote-1")
        assert int(before["limit_out"]) == 10 * OKU
        leaves = await people.lock(LOT, bond=BOND)
        after = await way(running, people, "home", "remote-1")
        assert 10 * OKU - LOT <= int(after["leaves_now"]) <= 10 * OKU
        isin = people.network.assets[BOND].isin
        words = ("lock", isin, str(11 * OKU), "--to", "remote-1", "--recipient", "alice", "--as", "alice")
        said = await running.bridge(*words)
        assert said.code == 2
        assert "the flow limit of this bond lets" in said.err
        asked = await running.answer("limits", isin, "--amount", str(11 * OKU))
        assert asked["limits"][0]["may_leave_at"] == 0
        await people.become(State.EXECUTED, leaves)


async def test_what_exceeds_the_inbound_limit_is_held_and_executed_once_there_is_room(
    running: Running, people: People
) -> None:
    chain = people.remote(REMOTE)
    async with limited(people, chain, people.home, 0, 10_000, 30):
        leaves = await people.lock(LOT, bond=BOND)
        await people.become(State.HELD, leaves)
        page = await running.answer("status", f"0x{leaves[0].hex()}")
        assert page["reason"] == sentence(Reason.LIMIT)
        said = await running.bridge("retry", f"0x{leaves[0].hex()}", "--as", "carol")
        assert said.code == 2
        assert "it would be held again, HELD (34 LIMIT)" in said.err
    await people.become(State.EXECUTED, leaves)
    assert await people.executions(leaves) == [1]


async def test_a_large_amount_waits_and_goes_back_if_an_officer_vetoes_it(running: Running, people: People) -> None:
    before = await people.balance(people.home, people.bond(BOND), people.address("bob"))
    leaves = await people.lock(LARGE, bond=BOND, name="bob")
    await people.become(State.HELD, leaves)
    name = f"0x{leaves[0].hex()}"
    assert (await running.answer("status", name))["reason"] == sentence(Reason.DELAYED)
    early = await running.bridge("retry", name, "--as", "carol")
    assert (early.code, "it waits for a veto until 20" in early.err) == (2, True)
    stranger = await running.bridge("veto", name, "--as", "carol")
    assert (stranger.code, "this key is not on duty" in stranger.err) == (2, True)
    assert (await running.bridge("veto", name, "--as", "guardian")).code == 0
    await people.become(State.RETURNED, leaves)

    async def is_back() -> bool:
        return await people.balance(people.home, people.bond(BOND), people.address("bob")) == before

    await until(is_back, "the vetoed amount is back")
    assert await people.executions(leaves) == [0]
    assert await running.books_balance()


async def test_a_large_amount_that_nobody_vetoes_is_executed(running: Running, people: People) -> None:
    leaves = await people.lock(LARGE, bond=BOND, name="carol")
    await people.become(State.EXECUTED, leaves)
    assert await people.executions(leaves) == [1]
    assert await running.books_balance()


async def test_a_pause_refuses_what_leaves_and_holds_what_comes_and_ends_by_itself(
    running: Running, people: People
) -> None:
    leaves = await people.lock(LOT, bond=BOND)
    await people.become(State.EXECUTED, leaves)
    isin = people.network.assets[BOND].isin
    pause = ("pause", isin, "--on", "remote-1", "--from", "home", "--seconds")
    assert (await running.bridge(*pause, "40", "--as", "alice")).code == 2
    assert (await running.bridge(*pause, "40", "--as", "guardian")).code == 0
    again = await running.bridge(*pause, "60", "--as", "guardian")
    assert (again.code, "needs another guardian" in again.err) == (2, True), again
    burn = await running.bridge("burn", isin, str(LOT), "--on", "remote-1", "--recipient", "alice", "--as", "alice")
    assert (burn.code, "a guardian has paused this bond until 20" in burn.err) == (2, True)
    assert (await way(running, people, "remote-1", "home"))["paused_until"] > 0
    held = await people.lock(LOT, bond=BOND)
    await people.become(State.EXECUTED, held)
    assert await people.executions(held) == [1]
    assert (await way(running, people, "remote-1", "home"))["paused_until"] == 0


async def test_no_office_is_held_by_a_person_and_one_that_is_given_to_one_is_named(
    running: Running, people: People
) -> None:
    assert (await running.answer("offices"))["ok"]
    chain, person = people.remote(1), people.address("carol")

    async def give(rights: int) -> None:
        data = FUNCTIONS["setGuardian"].selector + word(person) + word(rights)
        await people.govern(chain, Call(chain.watched.gateway, data))

    await give(1)
    try:
        said = await running.bridge("offices")
        assert said.code == 1
        flat = " ".join(said.out.split())
        assert (
            f"WRONG remote-2: guardian that may pause of gateway is 0x{person.hex()}, the account of a person" in flat
        )
    finally:
        await give(0)
    assert (await running.answer("offices"))["ok"]


async def test_who_is_on_duty_is_shown_and_nobody_may_be_at_both_desks(running: Running, people: People) -> None:
    chain, guardian = people.remote(1), people.address("guardian")
    on_duty = [row for row in (await running.answer("offices"))["offices"] if row["office"] == "on duty"]
    assert {(row["chain"], row["contract"]) for row in on_duty if row["holder"].lower() == f"0x{guardian.hex()}"} == {
        (name, "officers") for name in ("home", "remote-1", "remote-2")
    }

    async def put(*, on: bool) -> None:
        desk = people.network.chain(str(chain.chain)).contracts["watch"]
        await people.govern(chain, Call(desk, FUNCTIONS["setDuty"].selector + word(guardian) + word(on)))

    await put(on=True)
    try:
        said = await running.bridge("offices")
        assert said.code == 1
        assert f"0x{guardian.hex()} is on duty at both desks" in " ".join(said.out.split())
    finally:
        await put(on=False)
    assert (await running.answer("offices"))["ok"]
