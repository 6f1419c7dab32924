"""Whole transfers over real nodes, carried by four real processes."""

import asyncio
from collections.abc import Awaitable

import pytest

from bridge.core.events import Delivered, Dispatched
from bridge.core.transfers import State
from bridge.core.types import Address, Leaf
from tests.e2e.people import LOT, People, stranger, until
from tests.e2e.running import Running

pytestmark = pytest.mark.e2e
BURST = 50


async def test_a_lock_is_executed_on_either_public_chain_and_a_burn_is_released_at_home(
    running: Running, people: People
) -> None:
    isin, home = running.network.assets[0].isin, people.home
    before = await people.balance(home, people.bond(), people.address("carol"))
    first, second = await _wrapped(people, people.address("carol"))
    there = await asyncio.gather(
        running.answer("lock", isin, "100000", "--to", "remote-1", "--recipient", "carol", "--as", "carol"),
        running.answer("lock", isin, "150_000", "--to", "remote-2", "--recipient", "carol", "--as", "bob"),
    )
    assert [(lock["state"], lock["destination"]["final"]) for lock in there] == [("EXECUTED", True)] * 2
    assert await _wrapped(people, people.address("carol")) == [first + 100_000, second + 150_000]
    assert await people.balance(home, people.bond(), people.address("carol")) == before - 100_000

    burn = ("burn", isin, "50000", "--recipient", "carol", "--as", "carol")
    back = await asyncio.gather(*(running.answer(*burn, "--on", remote) for remote in ("remote-1", "remote-2")))
    assert [(release["state"], release["destination"]["chain"]) for release in back] == [("EXECUTED", "home")] * 2
    assert await _wrapped(people, people.address("carol")) == [first + 50_000, second + 100_000]
    assert await people.balance(home, people.bond(), people.address("carol")) == before


async def one_after_the_other(first: Awaitable[list[Leaf]], second: Awaitable[list[Leaf]]) -> list[Leaf]:
    """Send transfers, the second before the first is mined; return their leaves in that order."""

    async def later() -> list[Leaf]:
        await asyncio.sleep(0.2)
        return await second

    leaves, more = await asyncio.gather(first, later())
    return [*leaves, *more]


async def test_locks_and_burns_cross_in_either_order(people: People) -> None:
    async def cross(name: str, remote: int, *, burn_first: bool) -> None:
        chain, token, holder = people.remote(remote), people.wrapped(remote, 1), people.address(name)
        before = await people.balance(chain, token, holder)
        first = await people.lock(2 * LOT, remote=remote, name=name, bond=1)
        await people.become(State.EXECUTED, first)
        lock, burn = people.lock(3 * LOT, remote=remote, name=name, bond=1), people.burn(LOT, remote, name, bond=1)
        leaves = await one_after_the_other(*((burn, lock) if burn_first else (lock, burn)))
        assert await people.executions(leaves) == [0, 0], "one was over before the other one began"
        await people.become(State.EXECUTED, leaves)
        assert await people.executions([*first, *leaves]) == [1, 1, 1]
        assert await people.balance(chain, token, holder) == before + 4 * LOT

    await asyncio.gather(cross("alice", 0, burn_first=False), cross("bob", 1, burn_first=True))


async def test_a_burst_goes_in_batches(people: People) -> None:
    amounts = [LOT * (1 + index % 3) for index in range(BURST)]
    payee = stranger()
    leaves = await people.lock(*amounts, remote=1, name="bob", recipient=payee)
    assert len(set(leaves)) == BURST
    await people.become(State.EXECUTED, leaves)
    assert await people.executions(leaves) == [1] * BURST
    assert await _wrapped(people, payee) == [0, sum(amounts)]
    nonces = {
        fact.message.nonce
        for fact in await people.facts(people.home)
        if isinstance(fact, Dispatched) and fact.leaf in leaves
    }
    deliveries = {
        fact.at.tx
        for fact in await people.facts(people.remote(1))
        if isinstance(fact, Delivered) and nonces & set(range(fact.first_nonce, fact.first_nonce + fact.count))
    }
    assert 1 <= len(deliveries) <= BURST // 5


async def test_the_books_balance_and_every_relayer_says_the_same(running: Running) -> None:
    assert await running.books_balance()
    names = [relayer.name for relayer in running.network.relayers]

    async def agree() -> bool:
        answers = [(await running.ask(name, "/digest"))[1]["state_digest"] for name in names]
        return len(set(answers)) == 1

    await until(agree, "one digest")
    assert [(await running.ask(name, "/healthz"))[0] for name in names] == [200] * 4


async def _wrapped(people: People, holder: Address) -> list[int]:
    """What somebody holds of the first bond on each public chain."""
    return [await people.balance(people.remote(index), people.wrapped(index), holder) for index in range(2)]
