"""Sending accounts over real nodes: what is accepted, refused, replaced and mined."""

import asyncio

import pytest

from bridge.adapters import codec
from bridge.adapters.ledger import EvmChain, Sender, sending
from bridge.adapters.signers import (
    LocalTransactionSigner,
)
from bridge.core.batches import Batch
from bridge.core.errors import Refuse
from bridge.core.ports import BroadcastOutcome, Call, Reverted
from bridge.core.submission import FeeRules, Fees
from bridge.core.types import Address, ChainId, Epoch, Hash32, TxHash, Units
from tests.adapters.scene import LOT, PRICED, Scene

pytestmark = pytest.mark.e2e


async def test_an_account_says_what_it_has(scene: Scene) -> None:
    home = await scene.home.account(scene.poster.address)
    remote = await scene.remote.account(scene.poster.address)
    assert home.base_fee == 0
    assert remote.base_fee > 0
    assert remote.balance > 0
    assert (await scene.home.account(Address(b"\x55" * 20))).transactions == 0


async def test_a_call_that_would_revert_names_the_contracts_error(scene: Scene) -> None:
    lock = codec.encode_lock(scene.bond, LOT, ChainId(5), scene.poster.address)
    with pytest.raises(Reverted) as reverted:
        await scene.home.simulate(scene.poster.address, Call(scene.home.watched.gateway, lock))
    assert (reverted.value.error, reverted.value.arguments) == ("RouteUnknown", (5,))
    burn = codec.encode_burn(Address(b"\x99" * 20), LOT, scene.poster.address)
    with pytest.raises(Reverted, match="AssetUnknown"):
        await scene.remote.simulate(scene.poster.address, Call(scene.remote.watched.gateway, burn))


async def test_a_batch_for_another_epoch_names_both(scene: Scene) -> None:
    (fact,) = await scene.lock(LOT)
    batch, certificate = await scene.sent([fact], scene.remote)
    stale = Batch(batch.route, Epoch(7), *(getattr(batch, name) for name in Batch.__slots__[2:]))
    data = codec.encode_deliver(stale, [fact.message], certificate)
    with pytest.raises(Reverted) as reverted:
        await scene.remote.simulate(scene.poster.address, Call(scene.remote.watched.gateway, data))
    assert (reverted.value.error, reverted.value.arguments) == ("EpochNotActive", (7, 1))


@pytest.mark.parametrize("name", ["home", "remote"])
async def test_a_transaction_is_accepted_once_and_known_again(scene: Scene, name: str) -> None:
    chain: EvmChain = getattr(scene, name)
    fees = PRICED if name == "remote" else Fees(0, 0)
    account = await chain.account(scene.poster.address)
    call = Call(scene.poster.address, b"")
    signed = scene.poster.sign_transaction(chain.chain, account.transactions, call, 30_000, fees)
    assert await chain.broadcast(signed.raw) == (BroadcastOutcome.ACCEPTED, "")
    assert (await chain.broadcast(signed.raw))[0] == BroadcastOutcome.ALREADY_KNOWN
    await asyncio.sleep(2.5)
    receipts = await chain.receipts([signed.hash, TxHash(Hash32(bytes(32)))])
    receipt = receipts[signed.hash]
    assert list(receipts) == [signed.hash]
    assert receipt.succeeded
    assert receipt.block == (await chain.blocks([receipt.block.height]))[receipt.block.height]
    assert (await chain.broadcast(signed.raw))[0] in (
        BroadcastOutcome.ALREADY_KNOWN,
        BroadcastOutcome.NONCE_TOO_LOW,
    )
    other = scene.poster.sign_transaction(chain.chain, account.transactions, call, 31_000, fees)
    assert (await chain.broadcast(other.raw))[0] == BroadcastOutcome.NONCE_TOO_LOW


async def test_a_replacement_must_pay_more(scene: Scene) -> None:
    chain, nobody = scene.remote, scene.user("bob")
    account = await chain.account(nobody.address)
    gap = account.transactions + 1

    def attempt(gas: int, fees: Fees) -> bytes:
        return nobody.sign_transaction(chain.chain, gap, Call(nobody.address, b""), gas, fees).raw

    assert (await chain.broadcast(attempt(30_000, PRICED)))[0] == BroadcastOutcome.ACCEPTED
    assert (await chain.broadcast(attempt(31_000, PRICED)))[0] == BroadcastOutcome.UNDERPRICED
    twice = Fees(2 * PRICED.max_fee, 2 * PRICED.priority_fee)
    assert (await chain.broadcast(attempt(30_000, twice)))[0] == BroadcastOutcome.ACCEPTED
    filler = nobody.sign_transaction(chain.chain, account.transactions, Call(nobody.address, b""), 30_000, PRICED)
    await chain.broadcast(filler.raw)


@pytest.mark.parametrize(
    ("gas", "fees", "chain_id", "outcome"),
    [
        (30_000, Fees(1, 1), None, BroadcastOutcome.UNDERPRICED),
        (20_000, PRICED, None, BroadcastOutcome.REFUSED),
        (10**9, PRICED, None, BroadcastOutcome.REFUSED),
        (30_000, PRICED, ChainId(5), BroadcastOutcome.REFUSED),
    ],
    ids=["below the base fee", "less gas than any transaction needs", "more gas than a block has", "another chain"],
)
async def test_what_a_node_does_not_take_is_told_apart(
    scene: Scene, gas: int, fees: Fees, chain_id: ChainId | None, outcome: str
) -> None:
    chain = scene.remote
    account = await chain.account(scene.poster.address)
    signed = scene.poster.sign_transaction(
        chain_id or chain.chain, account.transactions, Call(scene.poster.address, b""), gas, fees
    )
    assert (await chain.broadcast(signed.raw))[0] == outcome


async def test_an_account_without_money_is_told_so(scene: Scene) -> None:
    poor = LocalTransactionSigner(b"\x07" * 32)
    signed = poor.sign_transaction(scene.remote.chain, 0, Call(poor.address, b""), 30_000, PRICED)
    assert (await scene.remote.broadcast(signed.raw))[0] == BroadcastOutcome.INSUFFICIENT_FUNDS


async def test_nothing_is_sent_if_one_call_would_revert(scene: Scene) -> None:
    alice = scene.sender(scene.home, scene.user("alice"))
    before = (await scene.home.account(alice.address)).transactions
    lock = codec.encode_lock(scene.bond, Units(1), scene.remote.chain, alice.address)
    with pytest.raises(Reverted, match="NotMultipleOfDenomination"):
        await alice.send([Call(alice.address, b""), Call(scene.home.watched.gateway, lock)])
    assert (await scene.home.account(alice.address)).transactions == before


async def test_what_waits_is_offered_again_at_a_higher_price(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "RAISE_SECONDS", 0.3)
    rules = FeeRules(200 * 10**9, 10**9, 10**20, 3)
    nonce = (await scene.remote.account(scene.poster.address)).transactions
    await scene.remote.rpc.result("evm_setIntervalMining", 0)
    try:
        waiting = asyncio.create_task(Sender(scene.remote, scene.poster, rules).send([Call(scene.poster.address, b"")]))
        await asyncio.sleep(1.0)
        assert not waiting.done()
        await scene.remote.rpc.result("evm_mine")
        (receipt,) = await waiting
    finally:
        await scene.remote.rpc.result("evm_setIntervalMining", 2)
    mined = await scene.remote.rpc.result("eth_getTransactionByHash", codec.to_hex(receipt.tx))
    assert isinstance(mined, dict)
    assert int(mined["nonce"], 16) == nonce
    assert int(mined["maxPriorityFeePerGas"], 16) > rules.priority_fee_per_gas


async def test_nothing_is_sent_beyond_the_days_budget(scene: Scene) -> None:
    now = 1_800_000_000.0
    call = Call(scene.poster.address, b"")
    fees = await scene.remote.account(scene.poster.address)
    once = 21_000 * 120 // 100 * (2 * fees.base_fee + 10**9)
    sender = Sender(scene.remote, scene.poster, FeeRules(200 * 10**9, 10**9, once * 3 // 2, 3), clock=lambda: now)
    await sender.send([call])
    with pytest.raises(Refuse, match=r"raise fees\.daily_budget"):
        await sender.send([call])
    assert (await scene.remote.account(scene.poster.address)).transactions == fees.transactions + 1
    now += 86_400
    await sender.send([call])
