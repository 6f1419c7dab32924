"""What a destination cannot execute is held, and comes to a good end; what crosses a rotation is signed again."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest

from bridge.adapters import codec
from bridge.adapters.codec import views
from bridge.adapters.ledger import Query, read
from bridge.core.batches import slot_of
from bridge.core.ports import Call
from bridge.core.reasons import Reason, sentence
from bridge.core.transfers import State
from bridge.core.types import Address, Epoch, Hash32, Leaf, Units
from tests.e2e.people import LOT, People, people_of, stranger, until
from tests.e2e.running import Running

pytestmark = pytest.mark.e2e
RELAYERS = ("relayer-1", "relayer-2", "relayer-3", "relayer-4")
REMOTE, BOND = 1, 1


class Stuck(NamedTuple):
    """What is held, and what was true before."""

    unpayable: Leaf
    above_cap: Leaf
    payee: Address
    usual_cap: Units
    balance: int


@pytest.fixture(scope="module")
def stuck(running: Running) -> Iterator[Stuck]:
    """Two transfers that are held at the same time: one for its recipient, one for the cap."""

    async def hold() -> Stuck:
        async with people_of(running.network) as people:
            chain, asset, payee = people.remote(REMOTE), people.bond(BOND), stranger()
            block = (await chain.heads()).latest
            cap = await read(chain.rpc, Query(views.CAP_OF, chain.watched.gateway, (asset,)), block)
            supply = await read(chain.rpc, Query(views.TOTAL_SUPPLY, people.wrapped(REMOTE, BOND)), block)
            balance = await people.balance(people.home, people.bond(), people.address("alice"))
            await _set_cap(people, Units(supply + LOT))
            (unpayable,) = await people.lock(LOT, recipient=people.wrapped(0))
            paid, above_cap = await people.lock(LOT, LOT, remote=REMOTE, bond=BOND, recipient=payee, name="bob")
            await people.become(State.HELD, [unpayable, above_cap])
            assert await people.executions([paid, above_cap]) == [1, 0]
            return Stuck(unpayable, above_cap, payee, cap, balance)

    held = asyncio.run(hold())
    yield held
    asyncio.run(_restore_cap(running, held.usual_cap))


async def test_what_exceeds_the_cap_is_executed_when_the_cap_is_raised(
    running: Running, people: People, stuck: Stuck
) -> None:
    page = await running.answer("status", f"0x{stuck.above_cap.hex()}")
    assert (page["state"], page["reason"]) == ("HELD", sentence(Reason.CAP))
    await _set_cap(people, stuck.usual_cap)
    await people.are_executed([stuck.above_cap])
    assert await people.executions([stuck.above_cap]) == [1]
    assert await people.balance(people.remote(REMOTE), people.wrapped(REMOTE, BOND), stuck.payee) == 2 * LOT


async def test_what_nobody_can_receive_is_sent_back_and_returned(
    running: Running, people: People, stuck: Stuck
) -> None:
    chain, leaf = people.remote(0), stuck.unpayable
    page = await running.answer("status", f"0x{leaf.hex()}")
    assert (page["state"], page["reason"]) == ("HELD", sentence(Reason.RECIPIENT_INVALID))
    assert await people.balance(people.home, people.bond(), people.address("alice")) == stuck.balance - LOT
    message = (await people.tracer.find(leaf)).message
    data = codec.encode_send_back(people.home.chain, message)
    back = await people.sent(chain, await people.send("bob", chain, Call(chain.watched.gateway, data)))
    await people.become(State.EXECUTED, back)
    assert (await running.answer("status", f"0x{leaf.hex()}"))["state"] == "RETURNED"
    assert await people.executions([leaf, *back]) == [0, 1]
    assert await people.balance(people.home, people.bond(), people.address("alice")) == stuck.balance
    assert await running.books_balance()


async def test_what_is_on_its_way_when_the_committee_rotates_is_signed_again(running: Running, people: People) -> None:
    old = await _epoch(people)
    leaver = await _signer(running, RELAYERS[3])
    _, members = await _set(people, old)
    rotation = await _rotate(people, [member for member in members if member != leaver], threshold=2)
    await people.are_executed(rotation)
    # Two of four are no quorum of the old set, and the leaver's signature is worth nothing in the new one.
    await running.stop(*RELAYERS[1:3], kill=True)
    stranded = await people.lock(LOT, LOT, remote=REMOTE)
    await until(lambda: _follow(running, RELAYERS[:1], Epoch(old + 1)), "relayer 1 knows the new epoch")
    assert await people.executions(stranded) == [0, 0]
    await running.start(*RELAYERS[1:3])
    await people.become(State.EXECUTED, stranded)
    assert await people.executions(stranded) == [1, 1]
    assert leaver in await _signed(people, stranded[0], old)
    assert leaver not in await _signed(people, stranded[0], Epoch(old + 1))

    committee = people.network.remotes[REMOTE].contracts["committee"]
    replace = codec.encode_replace(threshold=3, members=members)
    await people.govern(people.remote(REMOTE), Call(committee, replace))
    await until(lambda: _follow(running, RELAYERS, Epoch(old + 2)), "everyone knows the newest epoch")
    assert await people.nobody_signed_twice()
    assert await running.books_balance()


async def _set_cap(people: People, cap: Units) -> None:
    """Have the governor say how much of the bond may be wrapped."""
    chain, data = people.remote(REMOTE), codec.encode_set_cap(people.bond(BOND), cap)
    await people.govern(chain, Call(chain.watched.gateway, data))


async def _restore_cap(running: Running, cap: Units) -> None:
    async with people_of(running.network) as people:
        await _set_cap(people, cap)


async def _epoch(people: People) -> Epoch:
    chain = people.remote(REMOTE)
    return (await chain.committee((await chain.heads()).latest)).epoch


async def _set(people: People, epoch: Epoch) -> tuple[Hash32, tuple[Address, ...]]:
    """Return hash and members of the set of an epoch."""
    chain = people.remote(REMOTE)
    query = Query(views.SET_OF, people.network.remotes[REMOTE].contracts["committee"], (epoch,))
    found = await read(chain.rpc, query, (await chain.heads()).latest)
    return found.set_hash, found.members


async def _rotate(people: People, members: Sequence[Address], threshold: int) -> list[Leaf]:
    """Have the governor tell the public chain its next committee."""
    home, chain, epoch = people.home, people.remote(REMOTE).chain, await _epoch(people)
    previous, _ = await _set(people, epoch)
    data = codec.encode_rotate(chain, previous, Epoch(epoch + 1), threshold, members)
    return await people.sent(home, [await people.govern(home, Call(home.watched.gateway, data))])


async def _follow(running: Running, names: Sequence[str], epoch: Epoch) -> bool:
    """Tell whether relayers know the epoch of the public chain."""
    pages = await asyncio.gather(*(running.ask(name, "/status") for name in names))
    chains = [page["chains"][1 + REMOTE] for _, page in pages]
    return all(chain["committee"]["epoch"] == epoch for chain in chains)


async def _signer(running: Running, name: str) -> Address:
    return Address(bytes.fromhex((await running.ask(name, "/status"))[1]["signer"][2:]))


async def _signed(people: People, leaf: Leaf, epoch: Epoch) -> set[Address]:
    """Return who signed the batch of a transfer for an epoch."""
    sent = await people.tracer.find(leaf)
    slot = slot_of(sent.route, sent.message.nonce, epoch)
    return {post.signer for post in await people.posts() if post.slot == slot}
