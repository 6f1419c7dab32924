"""What guardians and the council do in a soak: pauses, vetoes, lower limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from eth_abi import encode

from bridge.adapters.codec import encode_issue
from bridge.adapters.codec.abi import MESSAGE, table_of
from bridge.adapters.ledger import EvmChain
from bridge.core.events import Dispatched, Held
from bridge.core.ports import Call, Reverted
from bridge.core.reasons import Reason
from bridge.core.types import Address, Units
from contracts.deploy import Flow
from tests.e2e.people import LOT, until
from tests.faults.crowd import BYSTANDER
from tests.faults.rig import Rig

DESK = table_of(f"""
pause(address,uint256,address[],uint8,uint32)
veto(address,uint256,{MESSAGE})
setFlowLimits(uint256,address,(uint16,uint16,uint16))
resume(uint256,address,uint8)
""")
"""What a guardian calls at its desk, and the council at a gateway."""
INBOUND, OUTBOUND = 1, 2
PAUSE_SECONDS = (6, 20)
BAIT_SECONDS = 60.0
ANOTHER = "PauseNeedsAnother"


@asynccontextmanager
async def paused(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have a guardian pause a route; it ends by itself, or earlier by the council's word."""
    chain, other = _end_of_a_route(rig, chance)
    asset = rig.people.bond(chance.randrange(2))
    directions, seconds = chance.choice((INBOUND, OUTBOUND, INBOUND | OUTBOUND)), chance.randint(*PAUSE_SECONDS)
    is_resumed = chance.random() < 0.5
    async with rig.locks[f"rules {chain.chain}"]:
        await _pause(rig, chain, other, asset, directions, seconds)
        yield
        await asyncio.sleep(seconds / 2 if is_resumed else seconds)
        if is_resumed:
            await rig.govern(chain, _resumption(chain, other, asset))


@asynccontextmanager
async def limited(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have the council let next to nothing through in one direction, and then the usual again."""
    chain, other = _end_of_a_route(rig, chance)
    asset, usual = rig.people.bond(chance.randrange(2)), rig.flow
    little, is_inbound = chance.randrange(2), chance.random() < 0.7
    low = (
        Flow(little, usual.outbound, usual.delay_above)
        if is_inbound
        else Flow(usual.inbound, little, usual.delay_above)
    )
    async with rig.locks[f"rules {chain.chain}"]:
        await rig.govern(chain, flow_call(chain, other, asset, low))
        try:
            yield
            await asyncio.sleep(chance.uniform(6, 14))
        finally:
            await rig.govern(chain, flow_call(chain, other, asset, usual))


@asynccontextmanager
async def vetoed(rig: Rig, chance: Random) -> AsyncIterator[None]:
    """Have a guardian veto a delayed amount; somebody sends one for the purpose."""
    remote = chance.randrange(len(rig.remotes))
    chain, gateway = rig.remotes[remote], rig.remotes[remote].watched.gateway
    amount, bond = rig.flow.delay_above * 10**8 + LOT * chance.randint(1, 9), chance.randrange(2)
    first = (await chain.heads()).latest.height
    async with rig.locks["bystander"]:
        issue = encode_issue(rig.people.address(BYSTANDER), Units(amount))
        await rig.govern(rig.people.home, Call(rig.people.bond(bond), issue))
        (leaf,) = await rig.people.lock(amount, remote=remote, name=BYSTANDER, bond=bond)
    sent = next(
        fact for fact in await rig.people.facts(rig.people.home) if isinstance(fact, Dispatched) and fact.leaf == leaf
    )

    async def is_held() -> bool:
        facts = await chain.facts(first, (await chain.heads()).latest.height)
        return any(isinstance(fact, Held) and (fact.leaf, fact.reason) == (leaf, Reason.DELAYED) for fact in facts)

    await until(is_held, "the bait is held", BAIT_SECONDS)
    fields = sent.message
    message = (
        *(fields.kind, fields.nonce, fields.asset, fields.sender, fields.recipient),
        *(fields.amount, fields.running_total, fields.data),
    )
    data = DESK["veto"].selector + encode(DESK["veto"].inputs, [gateway, rig.people.home.chain, message])
    await _send(rig, "guardian", chain, "officers", data)
    yield


def flow_call(chain: EvmChain, other: EvmChain, asset: Address, flow: Flow) -> Call:
    """Return the call that sets an asset's limits at the end of a route."""
    limits = (flow.inbound, flow.outbound, flow.delay_above)
    data = encode(DESK["setFlowLimits"].inputs, [other.chain, asset, limits])
    return Call(chain.watched.gateway, DESK["setFlowLimits"].selector + data)


def _resumption(chain: EvmChain, other: EvmChain, asset: Address) -> Call:
    data = encode(DESK["resume"].inputs, [other.chain, asset, INBOUND | OUTBOUND])
    return Call(chain.watched.gateway, DESK["resume"].selector + data)


async def _pause(rig: Rig, chain: EvmChain, other: EvmChain, asset: Address, directions: int, seconds: int) -> None:
    """Pause by the officers; if they did so last and have had no break, by the watch."""
    arguments = [chain.watched.gateway, other.chain, [asset], directions, seconds]
    data = DESK["pause"].selector + encode(DESK["pause"].inputs, arguments)
    try:
        await _send(rig, "guardian", chain, "officers", data)
    except Reverted as refusal:
        if refusal.error != ANOTHER:
            raise
        await _send(rig, "watchtower", chain, "watch", data)


def _end_of_a_route(rig: Rig, chance: Random) -> tuple[EvmChain, EvmChain]:
    ends = [rig.people.home, chance.choice(rig.remotes)]
    chance.shuffle(ends)
    return ends[0], ends[1]


async def _send(rig: Rig, person: str, chain: EvmChain, desk: str, data: bytes) -> None:
    """Send a call to a guardians' desk from the key of somebody on duty."""
    async with rig.locks[f"{person} {chain.chain}"]:
        at = rig.people.network.chain(str(chain.chain)).contracts[desk]
        await rig.people.send(person, chain, Call(at, data))
