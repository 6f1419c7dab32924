"""Chains over real nodes: a devnet without relayers, whose one signer delivers by hand."""

import asyncio
from collections.abc import Sequence

import pytest

from bridge.adapters import codec
from bridge.adapters.codec import views
from bridge.adapters.evm import NodeError, Request
from bridge.adapters.ledger import Lookup, Query, read, read_all, read_bond
from bridge.core.batches import digest_of, encode_struct, proof_of, slot_of
from bridge.core.errors import Halt, Retry
from bridge.core.events import AttestationPosted, Delivered, Dispatched, Executed, Held, SentBack
from bridge.core.finality import Heads
from bridge.core.messages import Kind
from bridge.core.ports import Call
from bridge.core.quorum import Committee
from bridge.core.types import Address, Block, ChainId, Epoch, Hash32, Height, Leaf, TxHash, Windowing
from tests.adapters.scene import LOT, Scene

pytestmark = pytest.mark.e2e


async def test_heads_name_the_newest_and_the_final_block(scene: Scene) -> None:
    heads = await scene.remote.heads()
    assert heads.finalized is not None
    assert heads.finalized.height <= heads.latest.height
    assert (await scene.remote.blocks([heads.latest.height]))[heads.latest.height] == heads.latest


async def test_a_chain_without_the_tag_has_no_final_block(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_all = scene.home.rpc.ask_all

    async def without_tag(requests: Sequence[Request]) -> list[object]:
        latest, _ = await ask_all(requests)
        return [latest, NodeError(-39001, "Unknown block", None)]

    monkeypatch.setattr(scene.home.rpc, "ask_all", without_tag)
    heads = await scene.home.heads()
    assert heads == Heads(heads.latest, None)


async def test_a_block_that_is_not_there_yet_is_tried_again(scene: Scene) -> None:
    with pytest.raises(Retry, match="no block 999999"):
        await scene.home.blocks([Height(1), Height(999_999)])


async def test_facts_of_a_range_that_the_node_has_not_reached_are_not_nothing(scene: Scene) -> None:
    latest = (await scene.home.heads()).latest.height
    with pytest.raises(Retry, match="has no block"):
        await scene.home.facts(Height(1), Height(latest + 100))


async def test_announcements_are_the_first_facts(scene: Scene) -> None:
    facts = await scene.home.facts(Height(1), (await scene.home.heads()).latest.height)
    first = [fact for fact in facts if isinstance(fact, Dispatched)][:2]
    assert [(fact.message.kind, fact.message.nonce) for fact in first] == [(Kind.ANNOUNCE, 0), (Kind.ANNOUNCE, 1)]


async def test_the_committee_is_read_at_a_block(scene: Scene) -> None:
    for chain in (scene.home, scene.remote):
        latest = (await chain.heads()).latest
        assert await chain.committee(latest) == Committee(Epoch(1), 1, (scene.signer.address,))
        nowhere = Block(latest.height, Hash32(b"\x01" * 32), latest.time)
        with pytest.raises(Retry):
            await chain.committee(nowhere)


async def test_a_route_has_its_windowing_and_an_unknown_one_halts(scene: Scene) -> None:
    assert await scene.home.windowing(scene.remote.chain) == Windowing(1, 128)
    assert await scene.remote.windowing(scene.home.chain) == Windowing(1, 128)
    with pytest.raises(Halt, match="no route to chain 5"):
        await scene.home.windowing(ChainId(5))


async def test_a_lock_travels_and_a_burn_comes_home(scene: Scene) -> None:
    await scene.announced()
    start = Height((await scene.remote.heads()).latest.height + 1)
    facts = await scene.lock(LOT)
    assert facts[0].message.data == b"ref"
    await scene.deliver(facts, scene.remote)
    outcome = await scene.remote.facts(start, (await scene.remote.heads()).latest.height)
    assert [type(fact) for fact in outcome] == [Delivered, Executed]
    assert outcome[1].leaf == facts[0].leaf  # type: ignore[union-attr]

    alice = scene.sender(scene.remote, scene.user("alice"))
    burn = codec.encode_burn(scene.bond, LOT, alice.address)
    (receipt,) = await alice.send([Call(scene.remote.watched.gateway, burn)])
    (burned,) = await Lookup(scene.remote, Height(1)).messages_of(receipt.tx)
    await scene.deliver([burned], scene.home)
    assert [type(fact) for fact in await Lookup(scene.home, Height(1)).outcomes(burned.leaf)] == [Executed]


async def test_one_message_of_a_batch_is_delivered_with_its_proof(scene: Scene) -> None:
    await scene.announced()
    facts = await scene.lock(LOT, 2 * LOT, 3 * LOT)
    facts = [fact for fact in facts if fact.at.height == facts[-1].at.height]
    batch, certificate = await scene.sent(facts, scene.remote)
    proof = proof_of([fact.leaf for fact in facts], len(facts) - 1)
    data = codec.encode_deliver_one(batch, facts[-1].message, proof, certificate)
    await scene.sender(scene.remote, scene.poster).send([Call(scene.remote.watched.gateway, data)])
    lookup = Lookup(scene.remote, Height(1))
    assert [type(fact) for fact in await lookup.outcomes(facts[-1].leaf)] == [Executed]
    await scene.deliver(facts, scene.remote)
    assert all([await lookup.outcomes(fact.leaf) for fact in facts])


async def test_the_books_balance_at_every_step(scene: Scene) -> None:
    await scene.announced()
    before = await read_bond(scene.home, [scene.remote], scene.bond)
    facts = await scene.lock(LOT, LOT)
    locked = await read_bond(scene.home, [scene.remote], scene.bond)
    for fact in facts:
        await scene.deliver([fact], scene.remote)
    minted = await read_bond(scene.home, [scene.remote], scene.bond)
    assert [reading.is_balanced for reading in (before, locked, minted)] == [True, True, True]
    assert locked.books[0].in_flight_out - before.books[0].in_flight_out == 2 * LOT
    assert minted.books[0].supply - before.books[0].supply == 2 * LOT
    assert minted.escrow == minted.held == minted.books[0].locked
    assert minted.home.height > before.home.height


@pytest.mark.parametrize(("lies", "is_balanced"), [(1, True), (2, False)])
async def test_books_are_said_not_to_balance_when_two_readings_say_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, lies: int, *, is_balanced: bool
) -> None:
    """A node that is taking in a block answers now and then out of the next one's state."""
    ask_all, left = scene.remote.rpc.ask_all, lies

    async def of_two_states(requests: Sequence[Request]) -> list[object]:
        nonlocal left
        answers = await ask_all(requests)
        if left and codec.to_hex(views.TOTAL_SUPPLY.call()) in str(requests):
            left -= 1
            return [codec.to_hex((1).to_bytes(32, "big"))]
        return answers

    await scene.announced()
    monkeypatch.setattr(scene.remote.rpc, "ask_all", of_two_states)
    assert (await read_bond(scene.home, [scene.remote], scene.bond)).is_balanced == is_balanced
    assert left == 0


async def test_a_book_of_a_bond_that_was_never_announced_is_empty(scene: Scene) -> None:
    with pytest.raises(Retry):  # its token does not exist
        await read_bond(scene.home, [scene.remote], Address(b"\x77" * 20))


async def test_a_held_transfer_is_sent_back(scene: Scene) -> None:
    await scene.announced()
    gateway = scene.home.watched.gateway
    alice = scene.sender(scene.home, scene.user("alice"))
    await alice.send([Call(scene.bond, codec.encode_approve(gateway, LOT))])
    wrapped = scene.network.assets[0].remotes["remote-1"]
    lock = codec.encode_lock(scene.bond, LOT, scene.remote.chain, wrapped)
    (receipt,) = await alice.send([Call(gateway, lock)])
    facts = await Lookup(scene.home, Height(1)).messages_of(receipt.tx)
    await scene.deliver(facts, scene.remote)
    lookup = Lookup(scene.remote, Height(1))
    (held,) = await lookup.outcomes(facts[0].leaf)
    assert isinstance(held, Held)
    await asyncio.sleep(5)
    back = Call(scene.remote.watched.gateway, codec.encode_send_back(scene.home.chain, facts[0].message))
    (receipt,) = await scene.sender(scene.remote, scene.poster).send([back])
    (returning,) = await lookup.messages_of(receipt.tx)
    assert returning.message.kind == Kind.RETURN
    assert [type(fact) for fact in await lookup.outcomes(facts[0].leaf)] == [Held, SentBack]
    await scene.deliver([returning], scene.home)
    (book,) = (await read_bond(scene.home, [scene.remote], scene.bond)).books
    assert (book.difference, book.in_flight_home) == (0, 0)


async def test_a_message_is_found_by_its_id_and_a_strange_id_is_not(scene: Scene) -> None:
    lookup = Lookup(scene.home, Height(1))
    (fact,) = await scene.lock(LOT)
    assert await lookup.message(fact.leaf) == fact
    assert await lookup.message(Leaf(Hash32(b"\x01" * 32))) is None
    assert await lookup.messages_of(TxHash(Hash32(b"\x01" * 32))) == []
    assert await lookup.window(fact.route, fact.at.height, Windowing(1, 128)) == [fact]


async def test_signatures_are_found_on_the_board(scene: Scene) -> None:
    (fact,) = await scene.lock(LOT)
    batch, _ = await scene.sent([fact], scene.remote)
    separator = await scene.separator(scene.remote)
    digest = digest_of(separator, batch)
    slot = slot_of(batch.route, batch.first_nonce, batch.epoch)
    signature = scene.signer.sign_digest(digest)
    assert scene.home.watched.board is not None
    post = codec.encode_publish_and_post([separator], [encode_struct(batch)], [codec.Post(slot, digest, signature)])
    await scene.sender(scene.home, scene.poster).send([Call(scene.home.watched.board, post)])
    (posted,) = await Lookup(scene.home, Height(1)).posts(digest)
    assert posted == AttestationPosted(slot, digest, scene.signer.address, signature, posted.at)


async def test_views_of_many_contracts_are_read_at_one_block(scene: Scene) -> None:
    latest = (await scene.home.heads()).latest
    queries = [Query(views.TERMS, asset.home) for asset in scene.network.assets]
    assert [terms.isin for terms in await read_all(scene.home.rpc, queries, latest)] == [
        asset.isin for asset in scene.network.assets
    ]


async def test_an_account_without_code_answers_nothing(scene: Scene) -> None:
    latest = (await scene.home.heads()).latest
    with pytest.raises(Retry, match="no terms of 0x5555"):
        await read(scene.home.rpc, Query(views.TERMS, Address(b"\x55" * 20)), latest)


async def test_a_view_that_reverts_says_why(scene: Scene) -> None:
    latest = (await scene.home.heads()).latest
    query = Query(views.WRAPPED_OF, scene.bond, (scene.bond,))
    with pytest.raises(Retry, match=r"no wrappedOf of 0x.*: reverted without a reason"):
        await read(scene.home.rpc, query, latest)


async def test_the_wrapped_tokens_are_where_they_were_foretold(scene: Scene) -> None:
    await scene.announced()
    latest = (await scene.remote.heads()).latest
    for asset in scene.network.assets:
        query = Query(views.WRAPPED_OF, scene.remote.watched.gateway, (asset.home,))
        assert await read(scene.remote.rpc, query, latest) == asset.remotes["remote-1"]
