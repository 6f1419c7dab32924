"""`check`: whether every chain can be read and could be paused, without changing anything."""

import asyncio

from relayers.watch.alarms import Alarm
from relayers.watch.chain import Block, ChainView, View
from relayers.watch.config import WatchConfig, Watched
from relayers.watch.pausing import Pen, rehearse
from relayers.watch.rpc import Unreadable


async def check_chains(config: WatchConfig, pen: Pen) -> list[Alarm]:
    """Return what is wrong, chain by chain."""
    found = await asyncio.gather(*(_check(config, chain, pen) for chain in config.chains))
    return [alarm for alarms in found for alarm in alarms]


async def _check(config: WatchConfig, chain: Watched, pen: Pen) -> list[Alarm]:
    view = ChainView(chain, [], config.deadline_seconds)
    other = next(known.chain_id for known in config.chains if known is not chain)
    try:
        reading = await view.read(Block(max(0, int(chain.start_height) - 1), "", 0))
        gateway, committee = "0x" + chain.gateway.hex(), "0x" + chain.committee.hex()
        (shown,) = await view.views([View(gateway, "COMMITTEE()", "address")], reading.head)
        alarms = await rehearse(view, other, pen, config.pause_seconds, 0)
    except Unreadable as fault:
        todo = "see whether the node answers, is of that chain, and has the gateway at that address"
        return [Alarm(f"check {chain.name}", str(fault), todo)]
    finally:
        await view.close()
    if shown != committee:
        why = f"{chain.name}: the gateway's committee is {shown}, not {committee}"
        alarms.append(Alarm(f"check {chain.name} committee", why, "correct `committee`"))
    return alarms
