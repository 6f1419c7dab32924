"""What must never happen, and what a relayer does when it does: nothing more on that route, with the evidence kept."""

from dataclasses import replace

import pytest

from bridge.core.errors import Halt
from bridge.core.events import Executed, Mined
from bridge.core.hashing import keccak
from bridge.core.records import OwnSignature
from bridge.core.transfers import State
from bridge.core.types import Block, Digest, Height, Leaf, Nonce, TxHash
from tests.fakes.crew import Member, begin, everything_is_executed_once, halted, run
from tests.fakes.world import World


async def test_an_execution_that_its_source_never_sent_halts_the_route_and_no_other(
    bridge: World, members: list[Member]
) -> None:
    await begin(members)
    await run(bridge, members, 3)
    remote = bridge.remotes[0]
    route = remote.gateway.outbound[bridge.home.chain].reversed()
    forged = Leaf(keccak(b"forged"))
    place = Mined(Height(0), 0, keccak(b""), TxHash(keccak(b"")))
    remote.send(lambda _: Executed(route, forged, Nonce(0), place))
    await run(bridge, members, 6)
    assert list(halted(members[0])) == [route.name]
    assert "never sent" in halted(members[0])[route.name]
    bridge.lock(remote=1)
    bridge.lock(remote=0)
    await run(bridge, members, 12)
    states = await members[0].states()
    assert sorted(state.value for state in states.values()) == ["EXECUTED", "FINAL"], "the other route goes on"


async def test_an_outcome_seen_before_its_source_is_parked_and_no_breach(bridge: World, members: list[Member]) -> None:
    await begin(members[1:])
    bridge.lock()
    await run(bridge, members[1:], 12)
    late = members[0]
    relayer = await late.start()
    remote = bridge.remotes[0].chain
    await relayer.observe(remote)
    assert len(relayer.engine.memory.parked) == 1
    assert halted(late) == {}
    await run(bridge, members, 4)
    assert set((await late.states()).values()) == {State.EXECUTED}
    assert relayer.engine.memory.parked == {}


async def test_a_final_block_that_changes_halts_every_route_of_its_chain(bridge: World, members: list[Member]) -> None:
    await begin(members)
    bridge.lock()
    await run(bridge, members, 12)
    newest = bridge.home.mined[-1]
    newest.block = Block(newest.block.height, keccak(b"another block"), newest.block.time)
    bridge.home.mine()
    await members[0].turn()
    assert set(halted(members[0])) == {route.name for route in members[0].world.plan(members[0].signer).routes}
    assert "was final and has changed" in next(iter(halted(members[0]).values()))


async def test_a_message_that_skips_a_nonce_halts_its_route(bridge: World, members: list[Member]) -> None:
    await begin(members[:1])
    bridge.home.gateway.sent[bridge.home.gateway.outbound[bridge.remotes[0].chain]].append(Leaf(keccak(b"hidden")))
    bridge.lock()
    await run(bridge, members[:1], 2)
    assert "must be next" in next(iter(halted(members[0]).values()))


async def test_a_quorum_for_another_batch_than_ours_halts_the_route(bridge: World, members: list[Member]) -> None:
    await begin(members[:1])
    bridge.lock()
    await run(bridge, members[:1], 4)
    relayer = members[0].relayer
    assert relayer is not None
    (live,) = relayer.engine.memory.batches.values()
    board = bridge.home.board
    assert board is not None
    other = Digest(keccak(b"another batch"))
    from tests.fakes.keys import FakeAttestationSigner  # noqa: PLC0415 - the other two sign something else

    for signer in bridge.signers[1:]:
        signature = FakeAttestationSigner(signer).sign_digest(other)
        bridge.home.send(lambda _, s=signature: board.post(live.slot, other, s)[0])  # type: ignore[misc]
    await run(bridge, members[:1], 2)
    assert "signed another batch" in next(iter(halted(members[0]).values()))


async def test_a_second_digest_for_a_slot_is_never_signed(bridge: World, members: list[Member]) -> None:
    await begin(members)
    bridge.lock()
    await run(bridge, members, 4)
    relayer = members[0].relayer
    assert relayer is not None
    board = bridge.home.board
    assert board is not None
    slot, digest, _ = next(iter(board.posted))
    known = await relayer.store.signature(slot)
    assert known is not None
    again = replace(known, digest=Digest(keccak(b"another digest")))
    with pytest.raises(Halt, match="second digest"):
        async with relayer.store.unit() as unit:
            await unit.record_signature(again)
    kept = await relayer.store.signature(slot)
    assert isinstance(kept, OwnSignature)
    assert kept.digest == digest


async def test_a_range_that_is_observed_twice_changes_nothing(bridge: World, members: list[Member]) -> None:
    await begin(members)
    bridge.lock()
    bridge.burn()
    await run(bridge, members, 12)
    relayer = members[0].relayer
    assert relayer is not None
    before = await relayer.store.state_digest()
    async with relayer.store.unit() as unit:
        unit.forget_cursors(list(bridge.chains))
    await members[0].stop()
    relayer = await members[0].start()
    await run(bridge, members, 3)
    assert await relayer.store.state_digest() == before
    assert halted(members[0]) == {}
    assert everything_is_executed_once(bridge)


async def test_a_member_that_is_not_in_the_committee_signs_nothing_and_the_others_go_on(
    bridge: World, members: list[Member]
) -> None:
    for chain in bridge.chains.values():
        old = chain.gateway.committee
        chain.gateway.committee = replace(old, threshold=2, members=old.members[1:])
    await begin(members)
    bridge.lock()
    await run(bridge, members, 12)
    assert everything_is_executed_once(bridge)
    board = bridge.home.board
    assert board is not None
    assert members[0].signer not in {signer for _, _, signer in board.posted}
