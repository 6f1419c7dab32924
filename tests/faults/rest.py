"""How a soak comes to an end: the rules are what they were, everybody runs, and nothing is on its way any more."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from random import Random

from bridge.adapters.codec import encode_set_cap
from bridge.core.errors import Retry
from bridge.core.ports import Call
from bridge.core.reasons import Reason
from bridge.devnet.accounts import USERS
from bridge.devnet.lifecycle import BALANCE, SUPPLY_CAP
from tests.faults.crowd import User, retry_all
from tests.faults.guardians import flow_call
from tests.faults.plagues import USUAL_BASE_FEE, set_balance, set_base_fee
from tests.faults.rig import UNWELL, Rig

PATIENCE_SECONDS = 600.0
"""For the busiest machine: where there is nothing else to do it takes seconds."""
ALONE_SECONDS = 90.0
"""So long relayers have to execute what is held and need not be; then a bystander does it, as anyone may."""
POLL_SECONDS = 1.0


async def calm(rig: Rig) -> None:
    """Put everything back that a reorganisation may have taken with it: prices, balances, caps, limits."""
    for chain in rig.remotes:
        await set_base_fee(chain, USUAL_BASE_FEE)
        for name in rig.relayers:
            await set_balance(rig, name, chain, BALANCE)
    await asyncio.sleep(3 * POLL_SECONDS)
    home = rig.people.home
    assets = [asset.home for asset in rig.people.network.assets]
    await rig.govern(home, *(flow_call(home, remote, asset, rig.flow) for remote in rig.remotes for asset in assets))
    for chain in rig.remotes:
        caps = [Call(chain.watched.gateway, encode_set_cap(asset, SUPPLY_CAP)) for asset in assets]
        await rig.govern(chain, *caps, *(flow_call(chain, home, asset, rig.flow) for asset in assets))


async def farewell(rig: Rig) -> None:
    """Have somebody send once more on every chain: life goes on, and who lied last has its turn to tell the truth."""
    for chain in (rig.people.home, *rig.remotes):
        with suppress(*UNWELL):
            await User(rig, USERS[0], chain, Random(0)).send_lots()  # noqa: S311


async def at_rest(rig: Rig, what: str) -> list[str]:
    """Wait until everything is settled, everybody is well and all agree; return what is not so after a while."""
    began = time.monotonic()
    problems = [await _patiently(rig, check, began) for check in (_is_settled, _is_well, _do_agree)]
    return [f"{what}: {problem}" for problem in problems if problem]


async def _patiently(rig: Rig, check: Callable[[Rig], Awaitable[str]], began: float) -> str:
    while problem := await check(rig):
        waited = time.monotonic() - began
        if waited > PATIENCE_SECONDS:
            return problem
        if waited > ALONE_SECONDS and check is _is_settled:
            await retry_all(rig)
        await asyncio.sleep(POLL_SECONDS)
    return ""


async def _is_settled(rig: Rig) -> str:
    try:
        await rig.chronicle.refresh()
    except Retry as fault:
        return str(fault)
    held = rig.chronicle.held()
    moving = [leaf for leaf in rig.chronicle.unsettled() if held.get(leaf) != Reason.RECIPIENT_INVALID]
    return f"{len(moving)} messages are on their way, such as 0x{moving[0].hex()}" if moving else ""


async def _is_well(rig: Rig) -> str:
    for name in rig.relayers:
        answer = await rig.ask(name, "/healthz")
        if answer is None:
            return f"{name} does not answer"
        if answer[0] != HTTPStatus.OK:
            return f"{name} is not well: {json.dumps(answer[1]['problems'])}"
    return ""


async def _do_agree(rig: Rig) -> str:
    answers = [await rig.ask(name, "/digest") for name in rig.relayers]
    digests = {answer[1]["state_digest"] if answer else None for answer in answers}
    return f"the relayers have {len(digests)} states" if len(digests) > 1 or None in digests else ""
