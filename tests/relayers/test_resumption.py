"""After a halt: nothing that was read of a chain that is gone is signed, and nothing of it stands in the way."""

from dataclasses import replace

import pytest

from bridge.core.boundaries import Boundary
from bridge.core.events import Delivered, Executed, Mined
from bridge.core.hashing import keccak
from bridge.core.messages import Kind, Message
from bridge.core.ports import Receipt
from bridge.core.records import HaltRecord
from bridge.core.types import Epoch, Hash32, Height, Leaf, Nonce, Timestamp, TxHash, Units
from relayers.relayer import Relayer
from relayers.resumption import strike
from relayers.worker import POSTS_PER_TRANSACTION
from tests.fakes.chain import FakeChain
from tests.fakes.crew import Member, begin, everything_is_executed_once, halted, nobody_signed_twice, run
from tests.fakes.keys import fake_address
from tests.fakes.world import BOND, World
from tests.relayers.conftest import FreshDatabase

DEPTH = 7
"""Blocks that are replaced, final ones among them."""


def signed(bridge: World) -> set[object]:
    """Return what stands on the board."""
    assert bridge.home.board is not None
    return set(bridge.home.board.posted)


async def reads(member: Member, chain: FakeChain) -> None:
    """Have a relayer read one chain, and do nothing else."""
    assert member.relayer is not None
    while await member.relayer.observe(chain.chain):
        pass


async def burned_unsigned(bridge: World, members: list[Member]) -> Leaf:
    """Have a burn become final that everybody has read and nobody has signed; return its leaf."""
    await begin(members)
    await run(bridge, members, 3)
    bridge.burn()
    for _ in range(4):
        bridge.mine()
    for member in members:
        await reads(member, bridge.remotes[0])
    assert members[0].relayer is not None
    (live,) = members[0].relayer.engine.memory.batches.values()
    return live.leaves[0]


async def resumed(members: list[Member]) -> None:
    """Stop relayers, resume every route of theirs that is halted, and start them again."""
    for member in members:
        assert member.relayer is not None
        routes = list(member.relayer.engine.memory.halts)
        assert routes
        async with member.relayer.store.unit() as unit:
            for route in routes:
                strike(unit, route, "nodes compared", Timestamp(1))
        await member.stop()
        await member.start()


async def forked(bridge: World, members: list[Member]) -> None:
    """Break the finality of the first remote, and have it noticed."""
    bridge.remotes[0].break_finality(DEPTH)
    bridge.remotes[0].mine(DEPTH + 2)
    for member in members:
        await reads(member, bridge.remotes[0])
        assert all("was final and has changed" in why for why in halted(member).values())
        assert len(halted(member)) == 2


async def test_no_bond_is_released_for_a_burn_that_is_on_no_chain_any_more(
    bridge: World, members: list[Member]
) -> None:
    gone = await burned_unsigned(bridge, members)
    await forked(bridge, members)
    await resumed(members)
    await run(bridge, members, 12)
    assert [halted(member) for member in members] == [{}, {}, {}]
    assert signed(bridge) == set()
    assert bridge.home.gateway.executed[gone] == 0


async def test_a_halted_routes_signatures_are_not_published(bridge: World, members: list[Member]) -> None:
    await burned_unsigned(bridge, members[:1])
    assert members[0].relayer is not None
    await members[0].relayer.work()  # signs; the post waits in home's lane
    await forked(bridge, members[:1])
    await run(bridge, members[:1], 6)
    assert signed(bridge) == set()
    await resumed(members[:1])
    await run(bridge, members[:1], 6)
    assert signed(bridge) == set()


async def test_a_route_goes_on_though_its_chain_has_another_message_under_the_nonce(
    bridge: World, members: list[Member]
) -> None:
    await burned_unsigned(bridge, members)
    await forked(bridge, members)
    bridge.burn(recipient="bob")
    await run(bridge, members, 4)
    await resumed(members)
    await run(bridge, members, 12)
    assert [halted(member) for member in members] == [{}, {}, {}]
    assert everything_is_executed_once(bridge)


async def test_what_was_signed_of_a_dead_fork_is_not_signed_again_for_the_next_epoch(
    bridge: World, members: list[Member]
) -> None:
    await begin(members[:1])
    await run(bridge, members[:1], 3)
    bridge.burn()
    await run(bridge, members[:1], DEPTH - 1)
    before = signed(bridge)
    assert len(before) == 1
    await forked(bridge, members[:1])
    await resumed(members[:1])
    await run(bridge, members[:1], 8)
    committee = bridge.home.gateway.committee
    bridge.home.gateway.committee = replace(committee, epoch=Epoch(committee.epoch + 1))
    await run(bridge, members[:1], 6)
    assert signed(bridge) == before


async def signed_once_and_forgotten(bridge: World, member: Member, fresh: FreshDatabase) -> None:
    """Have a burn signed, replaced by another under its nonce, and the database removed."""
    await begin([member])
    await run(bridge, [member], 3)
    bridge.burn(recipient="bob")
    await run(bridge, [member], DEPTH - 1)
    assert len(signed(bridge)) == 1
    await forked(bridge, [member])
    message = Message(
        Kind.TRANSFER, Nonce(0), BOND, fake_address("sender"), fake_address("alice"), Units(50_000), Units(0)
    )
    bridge.remotes[0].send(lambda gateway: gateway.dispatch(bridge.home.chain, message))
    bridge.remotes[0].mine(4)
    await member.stop()
    for path in member.folder.glob(f"{member.name}.sqlite*"):
        path.unlink()
    fresh(member.path)
    await member.start()


async def test_a_new_database_signs_nothing_in_place_of_what_the_board_shows_as_signed(
    bridge: World, members: list[Member], fresh_database: FreshDatabase
) -> None:
    await signed_once_and_forgotten(bridge, members[0], fresh_database)
    await run(bridge, members[:1], 8)
    assert len(signed(bridge)) == 1
    assert ["our key has signed another batch" in why for why in halted(members[0]).values()] == [True]


async def test_it_goes_on_after_that_and_leaves_the_signing_to_the_others(
    bridge: World, members: list[Member], fresh_database: FreshDatabase
) -> None:
    await signed_once_and_forgotten(bridge, members[0], fresh_database)
    await run(bridge, members[:1], 8)
    await resumed(members[:1])
    await begin(members[1:])
    bridge.burn()
    await run(bridge, members, 20)
    assert [halted(member) for member in members] == [{}, {}, {}]
    assert nobody_signed_twice(bridge)
    assert everything_is_executed_once(bridge)


async def test_nothing_is_signed_before_the_whole_board_is_read(bridge: World, members: list[Member]) -> None:
    relayer = await members[0].start()
    await run(bridge, members[:1], 3)
    bridge.lock()
    bridge.mine()
    await reads(members[0], bridge.home)
    caught_up = relayer.engine.memory.caught_up
    caught_up.remove(bridge.home.chain)  # as while the rest of home's history is read
    await relayer.work()
    assert await relayer.store.unposted_signatures() == []
    caught_up.add(bridge.home.chain)
    await relayer.work()
    assert len(await relayer.store.unposted_signatures()) == 1


class Halting:
    """Stands in for another part that halts every route once the first signatures are stored."""

    relayer: Relayer | None = None

    def reached(self, boundary: Boundary) -> None:
        if boundary is Boundary.ATTEST_AFTER_COMMIT and self.relayer is not None:
            for route in self.relayer.engine.plan.routes:
                self.relayer.engine.memory.halts[route] = HaltRecord(route, "changed", {}, Timestamp(1))


async def test_a_halt_stops_a_worker_that_is_at_it(bridge: World, members: list[Member]) -> None:
    member, probe = members[0], Halting()
    relayer = await member.start(probe)
    await run(bridge, [member], 3)
    for _ in range(POSTS_PER_TRANSACTION + 20):
        bridge.burn()
        bridge.remotes[0].mine()
    bridge.remotes[0].mine(4)
    await reads(member, bridge.remotes[0])
    probe.relayer = relayer
    await relayer.worker.attest()
    assert len(await relayer.store.unposted_signatures()) == POSTS_PER_TRANSACTION


@pytest.mark.parametrize("claims", [3, 2**62, 2**64 - 1])
async def test_a_forged_execution_halts_its_route_whatever_height_it_names(
    bridge: World, members: list[Member], claims: int
) -> None:
    await begin(members)
    await run(bridge, members, 4)
    remote = bridge.remotes[0]
    route = remote.gateway.outbound[bridge.home.chain].reversed()
    forged, tx = Leaf(keccak(b"forged")), TxHash(keccak(b"attack"))
    remote.mine()
    block = remote.mined[-1]
    place = Mined(block.block.height, 0, block.block.hash, tx)
    block.facts += [
        Delivered(route, Epoch(1), Nonce(0), 1, Height(claims), Hash32(forged), place),
        Executed(route, forged, Nonce(0), Mined(block.block.height, 1, block.block.hash, tx)),
    ]
    bridge.lock()  # the true message of that nonce
    await run(bridge, members, 6)
    assert [list(halted(member)) for member in members] == [[route.name]] * 3


async def test_an_invented_receipt_ends_no_delivery(bridge: World, members: list[Member]) -> None:
    await begin(members)
    remote = bridge.remotes[0]
    honest = remote.receipts

    async def lying(hashes: list[TxHash]) -> dict[TxHash, Receipt]:
        return {tx: Receipt(tx, remote.mined[0].block, succeeded=True) for tx in hashes}

    remote.receipts, remote.drops = lying, lambda _: True  # type: ignore[assignment, method-assign]
    bridge.lock()
    await run(bridge, members, 12)
    remote.receipts, remote.drops = honest, lambda _: False  # type: ignore[method-assign]
    await run(bridge, members, 40)
    assert everything_is_executed_once(bridge)
