"""Everything that is done to a bridge in a soak. Each plague strikes, lasts for a while, and is over.

A plague draws what it needs from its own chance before it does anything: what is done is decided by the seed, when
it bites by the machine. Those of `SOLO` come alone, because two at once would be more than the bridge promises to bear.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import psutil  # type: ignore[import-untyped]

from bridge.adapters.codec import TOPICS, encode_set_cap, to_hex, views
from bridge.adapters.ledger import EvmChain, Query, Sender, read
from bridge.adapters.signers import open_transaction_signer
from bridge.core.hashing import word
from bridge.core.messages import Kind, Message, encode_message, leaf_of
from bridge.core.ports import Call
from bridge.core.types import Block, Height, Nonce, Units
from bridge.devnet.lifecycle import BALANCE, SUPPLY_CAP
from bridge.devnet.processes import Processes
from bridge.devnet.sealer import BENDS
from tests.e2e.people import LOT, stranger, until
from tests.faults.crowd import FREE, PRICED
from tests.faults.guardians import limited, paused, vetoed
from tests.faults.rig import Provider, Rig

Plague = Callable[[Rig, Random], AbstractAsyncContextManager[None]]

SECONDS = (4.0, 14.0)
MORE_THAN_ANY_CAP = 1_000 * 10**9
"""Wei per gas. It falls by an eighth from block to block: it is above every cap for half a minute."""
USUAL_BASE_FEE = 10**9
_FINALITY_LAG = 2


async def _last(chance: Random) -> None:
    await asyncio.sleep(chance.uniform(*SECONDS))


# --- What providers do --------------------------------------------------------------------------------------------


def failing(**faults: object) -> Plague:
    """Return a plague in which one provider of a chain fails, for one relayer or for all."""

    @asynccontextmanager
    async def plague(rig: Rig, chance: Random) -> AsyncIterator[None]:
        victims = _victims(rig, chance)
        async with _broken(rig, victims, faults):
            yield
            await _last(chance)

    return plague


def showing(what: str) -> Plague:
    """Return a plague in which one provider shows another chain: `heads`, or one with a log that never was."""

    @asynccontextmanager
    async def plague(rig: Rig, chance: Random) -> AsyncIterator[None]:
        chain = chance.choice([rig.people.home, *rig.remotes])
        victims = _victims(rig, chance, chain)
        faults = await forgery(rig, chain, what, chance)
        rig.has_lied = True
        async with _broken(rig, victims, faults):
            yield
            await _last(chance)

    return plague


@asynccontextmanager
async def captured(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Show every relayer a message that never was, with no honest voice left to contradict: KelpDAO 2026-04.

    Of home both providers lie, for its blocks prove themselves; of a public chain one does, and the other is silenced.
    """
    chain = chance.choice([rig.people.home, *rig.remotes])
    honest, poisoned = chance.sample((0, 1), 2)
    pairs = [rig.providers_of(name, chain.chain) for name in rig.relayers]
    faults = await forgery(rig, chain, "Dispatched", chance)
    rig.has_lied = True
    silence: dict[str, object] = faults if chain is rig.people.home else {"stall": True}
    async with _broken(rig, [pair[honest] for pair in pairs], silence):
        async with _broken(rig, [pair[poisoned] for pair in pairs], faults):
            yield
            await _last(chance)
        # The lie is over before the truth is heard again: who waited for a second voice has nothing to resume.
        await asyncio.sleep(2)


def _victims(rig: Rig, chance: Random, chain: EvmChain | None = None) -> list[Provider]:
    chain = chain or chance.choice([rig.people.home, *rig.remotes])
    names = rig.relayers if chance.random() < 0.4 else [chance.choice(rig.relayers)]
    which = chance.randrange(2)
    return [rig.providers_of(name, chain.chain)[which] for name in names]


@asynccontextmanager
async def _broken(rig: Rig, victims: Sequence[Provider], faults: dict[str, object]) -> AsyncIterator[None]:
    key = next(rig.keys)
    async with AsyncExitStack() as stack:
        for provider in victims:
            await stack.enter_async_context(provider.broken(key, faults))
        yield


async def forgery(rig: Rig, chain: EvmChain, what: str, chance: Random) -> dict[str, object]:
    """Return the faults of a provider that shows its own blocks from the next one on."""
    at = Height((await chain.heads()).latest.height + 1)
    if what == "heads":
        return {"heads": at}

    async def is_there() -> bool:
        return (await chain.heads()).latest.height >= at

    await until(is_there, f"block {at}")
    block = (await chain.blocks([at]))[at]
    made = await _forged_message(rig, chain, block, chance) if what == "Dispatched" else _forged_execution(rig, chain)
    return {"forged": {"height": at, "address": to_hex(chain.watched.gateway), **made}}


async def _forged_message(rig: Rig, chain: EvmChain, block: Block, chance: Random) -> dict[str, Any]:
    """Return a lock or burn as the gateway would log it next at this block, of bonds that nobody has given up."""
    route = chance.choice([route for route in chain.watched.routes if route.source_chain == chain.chain])
    gateway, asset, there = chain.watched.gateway, rig.people.bond(), route.destination_chain
    nonce = await read(chain.rpc, Query(views.NEXT_NONCE, gateway, (there,)), block)
    total = await read(chain.rpc, Query(views.RUNNING_TOTAL, gateway, (there, asset)), block)
    amount, thief = Units(LOT), stranger()
    message = Message(Kind.TRANSFER, Nonce(nonce), asset, thief, thief, amount, Units(total + amount))
    topics = [TOPICS["Dispatched"], to_hex(leaf_of(route, message)), to_hex(word(there)), to_hex(word(nonce))]
    return {"topics": topics, "data": to_hex(word(32) + encode_message(message))}


def _forged_execution(rig: Rig, chain: EvmChain) -> dict[str, Any]:
    """Return the execution of something that is on its way just now, or of nothing at all."""
    waiting = [
        rig.chronicle.entries[leaf].sent
        for leaf in rig.chronicle.unsettled()
        if rig.chronicle.entries[leaf].sent.route.destination_chain == chain.chain
    ]
    leaf, nonce = (waiting[-1].leaf, waiting[-1].message.nonce) if waiting else (bytes(32), 0)
    source = waiting[-1].route.source_chain if waiting else rig.remotes[0].chain
    return {"topics": [TOPICS["Executed"], to_hex(leaf), to_hex(word(source))], "data": to_hex(word(nonce))}


# --- What home's validators do ------------------------------------------------------------------------------------


@asynccontextmanager
async def mis_sealed(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have home's validators seal some blocks as no chain may."""
    async with _misbehaving(rig, chance.choice(sorted(BENDS))):
        yield
        await _last(chance)


@asynccontextmanager
async def stalled_home(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have home stand still."""
    async with _misbehaving(rig, "stall"):
        yield
        await _last(chance)


@asynccontextmanager
async def _misbehaving(rig: Rig, how: str) -> AsyncIterator[None]:
    async with rig.locks["sealer"]:
        since = (await rig.people.home.heads()).latest.height + 1
        await rig.sealer.result("sealer_misbehave", how, since)
        try:
            yield
        finally:
            await rig.sealer.result("sealer_misbehave", "honest", 0)


@asynccontextmanager
async def forked_home(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have two thirds of home's validators seal a second chain, below what every relayer has verified."""
    del chance
    finals: list[int] = []

    async def all_answer() -> bool:
        pages = [await rig.ask(name, "/digest") for name in rig.relayers]
        finals[:] = [page[1]["final_heights"]["home"] or 0 for page in pages if page is not None]
        return len(finals) == len(pages) and min(finals) > 0

    await until(all_answer, "every relayer follows home")
    rig.has_forked, rig.is_sealed_well = True, False
    await rig.sealer.result("sealer_misbehave", "fork", min(finals))
    try:
        yield
        await until(lambda: _all_halted(rig), "every relayer halts every route", 90)
    finally:
        await rig.sealer.result("sealer_misbehave", "honest", 0)
        rig.is_sealed_well = True
    # The operators resume; meanwhile nothing else may happen that looks like the same.
    await until(lambda: _none_halted(rig), "every route was resumed", 300)


async def _all_halted(rig: Rig) -> bool:
    pages = [await rig.ask(name, "/status") for name in rig.relayers]
    return all(page is not None and all(route["halted"] for route in page[1]["routes"]) for page in pages)


async def _none_halted(rig: Rig) -> bool:
    pages = [await rig.ask(name, "/status") for name in rig.relayers]
    return all(page is not None and not any(route["halted"] for route in page[1]["routes"]) for page in pages)


# --- What public chains do ----------------------------------------------------------------------------------------


@asynccontextmanager
async def reorganised(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Take back blocks that were not final, a few times; transactions in them are gone."""
    chain = chance.choice(rig.remotes)
    yield
    for depth in [chance.randint(1, _FINALITY_LAG) for _ in range(chance.randint(1, 3))]:
        async with rig.locks[f"blocks {chain.chain}"]:
            await chain.rpc.result("anvil_reorg", depth, [])
        await asyncio.sleep(chance.uniform(1.0, 4.0))


@asynccontextmanager
async def dear_gas(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have the base fee be above what anybody is ready to pay."""
    chain = chance.choice(rig.remotes)
    async with rig.locks[f"base fee {chain.chain}"]:
        await set_base_fee(chain, MORE_THAN_ANY_CAP)
        try:
            yield
            await _last(chance)
        finally:
            await set_base_fee(chain, USUAL_BASE_FEE)


async def set_base_fee(chain: EvmChain, wei: int) -> None:
    """Say what the next block's gas costs."""
    await chain.rpc.result("anvil_setNextBlockBaseFeePerGas", to_hex(wei))


# --- What happens to relayers -------------------------------------------------------------------------------------


@asynccontextmanager
async def killed(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Kill a relayer, and start it again after a while."""
    async with _without(rig, chance.choice(rig.relayers)):
        yield
        await _last(chance)


@asynccontextmanager
async def robbed(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Kill a relayer and remove everything that it has written."""
    name = chance.choice(rig.relayers)
    async with _without(rig, name):
        await asyncio.to_thread(shutil.rmtree, rig.running.layout.relayer(name) / "data")
        yield


@asynccontextmanager
async def _without(rig: Rig, name: str) -> AsyncIterator[None]:
    async with rig.locks[name]:
        await rig.running.stop(name, kill=True)
        rig.tally.kills += 1
        try:
            yield
        finally:
            await rig.revive(name)


@asynccontextmanager
async def frozen(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Stop a relayer's process where it is, and let it go on later."""
    name = chance.choice(rig.relayers)
    async with rig.locks[name]:
        process = psutil.Process(Processes(rig.running.layout).named(name).pid)
        process.suspend()
        try:
            yield
            await _last(chance)
        finally:
            process.resume()


@asynccontextmanager
async def penniless(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Take a relayer's money for gas away, and top it up later."""
    name, chain = chance.choice(rig.relayers), chance.choice(rig.remotes)
    async with rig.locks[f"money {name} {chain.chain}"]:
        await set_balance(rig, name, chain, 0)
        try:
            yield
            await _last(chance)
        finally:
            await set_balance(rig, name, chain, BALANCE)


async def set_balance(rig: Rig, name: str, chain: EvmChain, wei: int) -> None:
    """Say what a relayer's submission account holds."""
    account = open_transaction_signer(*rig.running.layout.keys(f"{name}-submission")).address
    await chain.rpc.result("anvil_setBalance", to_hex(account), to_hex(wei))


@asynccontextmanager
async def doubled(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Send from a relayer's submission key, as a second daemon or a thief would."""
    name, chain = chance.choice(rig.relayers), chance.choice([rig.people.home, *rig.remotes])
    signer = open_transaction_signer(*rig.running.layout.keys(f"{name}-submission"))
    sender = Sender(chain, signer, FREE if chain is rig.people.home else PRICED, patience=SECONDS[1])
    yield
    for _ in range(chance.randint(1, 4)):
        await sender.send([Call(signer.address, b"")])


# --- What the council does ----------------------------------------------------------------------------------------


@asynccontextmanager
async def capped(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Lower a bond's cap below what is wrapped, and raise it again."""
    chain, asset = chance.choice(rig.remotes), rig.people.bond(chance.randrange(2))
    async with rig.locks[f"rules {chain.chain}"]:
        await rig.govern(chain, Call(chain.watched.gateway, encode_set_cap(asset, Units(LOT))))
        try:
            yield
            await _last(chance)
        finally:
            await rig.govern(chain, Call(chain.watched.gateway, encode_set_cap(asset, SUPPLY_CAP)))


PLAGUES: dict[str, Plague] = {
    "provider stalls": failing(stall=True),
    "provider slow": failing(latency=3.0),
    "provider drops": failing(drop=0.5),
    "provider errors": failing(errors=0.5),
    "provider lags": failing(lag=12),
    "provider hides logs": failing(logs=True),
    "wrong chain id": failing(chain_id=1),
    "forged heads": showing("heads"),
    "forged message": showing("Dispatched"),
    "forged execution": showing("Executed"),
    "captured": captured,
    "home mis-sealed": mis_sealed,
    "home stalls": stalled_home,
    "home forks": forked_home,
    "reorg": reorganised,
    "base fee": dear_gas,
    "kill": killed,
    "lost database": robbed,
    "freeze": frozen,
    "no money": penniless,
    "foreign use": doubled,
    "pause": paused,
    "limit": limited,
    "cap": capped,
    "veto": vetoed,
}
SOLO = frozenset({"home forks"})
