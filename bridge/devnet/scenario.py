"""What the demo plays, with real nodes, contracts, relayers and users."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.adapters import codec
from bridge.adapters.census import Census
from bridge.adapters.codec import views
from bridge.adapters.codec.desks import encode_desk_veto
from bridge.adapters.config import AssetEntry, Network, RemoteEntry
from bridge.adapters.ledger import EvmChain, Query, Sender, read
from bridge.adapters.signers import LocalTransactionSigner, open_transaction_signer
from bridge.adapters.tracing import Tracer
from bridge.core.errors import Retry
from bridge.core.events import Dispatched
from bridge.core.finality import Depth, Tag
from bridge.core.messages import Kind
from bridge.core.ports import Call
from bridge.core.submission import FeeRules
from bridge.core.transfers import State
from bridge.core.types import Address, Leaf, TxHash, Units
from bridge.devnet.lifecycle import FLOW, start_one, stop_one

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 180
LOT = 50_000
VETOED = "alice locks too much at once"
_FREE = FeeRules(0, 0, 0, 1)
_PRICED = FeeRules(200 * 10**9, 10**9, 10**20, 3)

Say = Callable[[str], None]
ReadBooks = Callable[[Network], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class Sent:
    """A transfer of the story, timed on our own clock."""

    story: str
    leaf: Leaf
    sent_at: float
    settled_at: float | None = None
    is_burst: bool = False


@dataclass(slots=True)
class Stage:
    """The network, its users, and what was sent so far."""

    network: Network
    tracer: Tracer
    census: Census
    users: Mapping[str, LocalTransactionSigner]
    sent: dict[Leaf, Sent] = field(default_factory=dict)

    @property
    def home(self) -> EvmChain:
        """The home ledger."""
        return self.tracer.home

    def chain(self, remote: RemoteEntry) -> EvmChain:
        """A public chain."""
        return self.tracer.chains[remote.chain_id]

    async def lock(self, user: str, asset: AssetEntry, amounts: Sequence[int], remote: RemoteEntry) -> list[Leaf]:
        """Lock once per amount, all at once, for the user's own address on a public chain."""
        gateway, signer = self.home.watched.gateway, self.users[user]
        sender = Sender(self.home, signer, _FREE, PATIENCE_SECONDS)
        await sender.send([Call(asset.home, codec.encode_approve(gateway, Units(sum(amounts))))])
        calls = [
            Call(gateway, codec.encode_lock(asset.home, Units(amount), remote.chain_id, signer.address))
            for amount in amounts
        ]
        receipts = await sender.send(calls)
        return await self._leaves_of(self.home, [receipt.tx for receipt in receipts])

    async def burn(self, user: str, asset: AssetEntry, amount: int, remote: RemoteEntry) -> list[Leaf]:
        """Burn wrapped units for the user's own address at home."""
        chain, signer = self.chain(remote), self.users[user]
        data = codec.encode_burn(asset.home, Units(amount), signer.address)
        (receipt,) = await Sender(chain, signer, _PRICED).send([Call(chain.watched.gateway, data)])
        return await self._leaves_of(chain, [receipt.tx])

    async def pay(self, user: str, payee: str, asset: AssetEntry, amount: int, remote: RemoteEntry) -> None:
        """Pay wrapped units on the public chain itself."""
        data = codec.encode_transfer(self.users[payee].address, Units(amount))
        call = Call(asset.remotes[remote.name], data)
        await Sender(self.chain(remote), self.users[user], _PRICED).send([call])

    async def veto(self, leaf: Leaf, chain: EvmChain, desk: Address, officer: LocalTransactionSigner) -> None:
        """Have an officer send a transfer back as soon as it is held for its size. Raises Retry if it never is."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        gateway, block = chain.watched.gateway, (await chain.heads()).latest
        while not (await read(chain.rpc, Query(views.HELD, gateway, (leaf,)), block)).held_at:
            if time.monotonic() > deadline:
                raise Retry(f"0x{leaf.hex()} is not held after {PATIENCE_SECONDS} s")
            await asyncio.sleep(POLL_SECONDS)
            block = (await chain.heads()).latest
        sent = await self.tracer.find(leaf)
        call = Call(desk, encode_desk_veto(gateway, sent.route.source_chain, sent.message))
        await Sender(chain, officer, _PRICED).send([call])

    async def balance(self, chain: EvmChain, token: Address, user: str) -> int:
        """Return what a user holds at the newest block."""
        block = (await chain.heads()).latest
        return await read(chain.rpc, Query(views.BALANCE_OF, token, (self.users[user].address,)), block)

    def note(self, story: str, leaves: Sequence[Leaf], began: float, *, is_burst: bool = False) -> None:
        """Remember what was sent."""
        for leaf in leaves:
            self.sent[leaf] = Sent(story, leaf, began, is_burst=is_burst)

    async def settle(self, what: str) -> None:
        """Wait until everything sent on any chain is executed or returned. Raises Retry if it takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            await self.census.refresh()
            now = time.monotonic()
            for leaf, sent in self.sent.items():
                if sent.settled_at is None and leaf in self.census.entries and not self.census.unsettled([leaf]):
                    sent.settled_at = now
            waiting = self.census.unsettled({*self.census.entries, *self.sent})
            if not waiting:
                return
            if now > deadline:
                raise Retry(f"{what}: {len(waiting)} transfers are not settled after {PATIENCE_SECONDS} s")
            await asyncio.sleep(POLL_SECONDS)

    async def _leaves_of(self, chain: EvmChain, txs: Sequence[TxHash]) -> list[Leaf]:
        """Return the transfers that transactions sent, in their order."""
        heights = {receipt.block.height for receipt in (await chain.receipts(txs)).values()}
        facts = await chain.facts(min(heights), max(heights))
        by_tx = {fact.at.tx: fact.leaf for fact in facts if isinstance(fact, Dispatched)}
        return [by_tx[tx] for tx in txs]


async def play(network: Network, directory: Path, burst: int, say: Say, read_books: ReadBooks) -> dict[str, Any]:
    """Play the story and return its report."""
    tracer = Tracer(network)
    try:
        stage = Stage(network, tracer, _census(tracer), _users(network))
        before = await read_books(network)
        await _story(stage, directory, burst, say)
        after = await read_books(network)
        return _report(stage, before, after)
    finally:
        await tracer.close()


async def _story(stage: Stage, directory: Path, burst: int, say: Say) -> None:
    bill, bond = _bonds(stage.network)
    first, second = stage.network.remotes[:2]
    say("waiting until both bonds are announced on both public chains")
    await stage.settle("announcements")

    say(f"alice locks {bond.isin} for {first.name}, bob locks {bill.isin} for {second.name}")
    began = time.monotonic()
    stage.note("alice locks", await stage.lock("alice", bond, [20 * LOT], first), began)
    began = time.monotonic()
    stage.note("bob locks", await stage.lock("bob", bill, [10 * LOT], second), began)
    await stage.settle("the first locks")

    say(f"alice pays bob on {first.name}; {_victim(stage)} is killed with SIGKILL; bob burns and is released at home")
    await stage.pay("alice", "bob", bond, 8 * LOT, first)
    await asyncio.to_thread(stop_one, directory, _victim(stage), kill=True)
    began = time.monotonic()
    stage.note("bob burns", await stage.burn("bob", bond, 8 * LOT, first), began)
    await stage.settle("the burn")

    say(f"{_victim(stage)} starts again; carol locks {burst} times at once")
    await asyncio.to_thread(start_one, directory, _victim(stage))
    began = time.monotonic()
    leaves = await stage.lock("carol", bill, [LOT * (1 + index % 3) for index in range(burst)], second)
    stage.note("burst", leaves, began, is_burst=True)
    await stage.settle("the burst")

    amount = FLOW.delay_above * views.OKU + LOT
    say(f"alice locks {amount:,} units at once: too much to arrive unseen, and an officer vetoes it")
    began = time.monotonic()
    (large,) = await stage.lock("alice", bond, [amount], first)
    stage.note(VETOED, [large], began)
    officer = stage.network.account("guardian")
    await stage.veto(
        large,
        stage.chain(first),
        first.contracts["officers"],
        open_transaction_signer(officer.keystore, officer.password_file),
    )
    await stage.settle("the way back of what was vetoed")


def _report(stage: Stage, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    rows = [_row(stage, sent) for sent in stage.sent.values()]
    others = [(leaf, entry) for leaf, entry in stage.census.entries.items() if leaf not in stage.sent]
    rows += [
        _row(stage, Sent("announcement" if entry.sent.message.kind == Kind.ANNOUNCE else "the way back", leaf, 0.0))
        for leaf, entry in others
    ]
    expected = {VETOED: State.RETURNED.value}
    executed = all(row["state"] == expected.get(row["story"], State.EXECUTED.value) for row in rows)
    burst = [sent for sent in stage.sent.values() if sent.is_burst]
    ok = executed and before["ok"] and after["ok"] and _adds_up(stage, after)
    return {
        "ok": ok,
        "transfers": rows,
        "burst": _burst(stage, burst),
        "books": {"before": before, "after": after},
    }


def _row(stage: Stage, sent: Sent) -> dict[str, Any]:
    entry = stage.census.entries[sent.leaf]
    message, route = entry.sent.message, entry.sent.route
    names = {stage.network.home.chain_id: "home"} | {r.chain_id: r.name for r in stage.network.remotes}
    return {
        "id": "0x" + sent.leaf.hex(),
        "story": sent.story,
        "kind": Kind(message.kind).name,
        "amount": str(message.amount),
        "source": names[route.source_chain],
        "destination": names[route.destination_chain],
        "state": entry.state.value,
        "source_tx": "0x" + entry.sent.at.tx.hex(),
        "destination_tx": "0x" + entry.arrived.tx.hex() if entry.arrived else None,
        "seconds": round(sent.settled_at - sent.sent_at, 1) if sent.settled_at else None,
        "burst": sent.is_burst,
    }


def _burst(stage: Stage, burst: Sequence[Sent]) -> dict[str, Any]:
    entries = [stage.census.entries[sent.leaf] for sent in burst]
    ends = [sent.settled_at for sent in burst if sent.settled_at is not None]
    return {
        "transfers": len(burst),
        "executed": sum(entry.state is State.EXECUTED for entry in entries),
        "batches": len({entry.arrived.tx for entry in entries if entry.arrived}),
        "seconds": round(max(ends) - min(sent.sent_at for sent in burst), 1) if ends else None,
    }


def _adds_up(stage: Stage, books: dict[str, Any]) -> bool:
    """Hold the gateways' own books against the sum of every message that anyone sent."""
    for bond in books["bonds"]:
        asset = stage.network.asset(bond["isin"]).home
        for chain in bond["chains"]:
            remote = stage.network.chain(chain["chain"]).chain_id
            out, back = 0, 0
            for entry in stage.census.entries.values():
                if entry.sent.message.asset == asset and entry.state in (State.EXECUTED, State.RETURNED):
                    out += entry.sent.message.amount * (entry.sent.route.destination_chain == remote)
                    back += entry.sent.message.amount * (entry.sent.route.source_chain == remote)
            if int(chain["supply"]) != out - back or int(chain["locked"]) != out - back:
                return False
    return True


def _census(tracer: Tracer) -> Census:
    home = tracer.home.chain
    return Census((chain, Depth(0) if chain.chain == home else Tag()) for chain in tracer.chains.values())


def _users(network: Network) -> dict[str, LocalTransactionSigner]:
    return {user.name: open_transaction_signer(user.keystore, user.password_file) for user in network.users}


def _bonds(network: Network) -> tuple[AssetEntry, AssetEntry]:
    """The bill and the coupon bond, in the order the devnet issues them."""
    bill, bond = network.assets[:2]
    return bill, bond


def _victim(stage: Stage) -> str:
    return stage.network.relayers[1].name
