"""Those who run the relayers of a soak: they find halts, compare nodes, resume, and start what has died."""

import asyncio
from collections.abc import Mapping

from bridge.devnet.processes import Processes, find
from tests.e2e.running import run
from tests.faults.rig import Rig

LOOK_SECONDS = 3.0
RESUME_SECONDS = 240.0
"""A command begins slowly where thirty processes want two cores."""
DISAGREE = "do not agree on its"
FORKED = "was sealed twice"


async def operate(rig: Rig) -> None:
    """Look after every relayer, each by an operator of its own, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for name in rig.relayers:
            group.create_task(_operate_one(rig, name))


async def _operate_one(rig: Rig, name: str) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not rig.locks[name].locked():
            async with rig.locks[name]:
                await look_after(rig, name)


async def look_after(rig: Rig, name: str) -> None:
    """Do what OPERATIONS.md says: start a daemon that died, resume halted routes once nodes agree again."""
    if find(Processes(rig.running.layout).named(name)) is None:
        rig.tally.wrong.append(f"{name} has died by itself")
        await rig.revive(name)
        return
    answer = await rig.ask(name, "/status")
    if answer is None:
        return
    halted = {route["name"]: route["halted"]["why"] for route in answer[1]["routes"] if route["halted"]}
    if halted and _is_mended(rig, name):
        await _resume(rig, name, halted)


def _is_mended(rig: Rig, name: str) -> bool:
    """Tell whether the nodes of a relayer show the chain that everybody agrees on."""
    lied_to = any(provider.is_lying for provider in rig.providers if provider.relayer == name)
    return rig.is_sealed_well and not lied_to


def _judge(rig: Rig, name: str, why: str) -> None:
    if DISAGREE in why and rig.has_lied:
        rig.tally.halts["providers disagree"] += 1
    elif FORKED in why and rig.has_forked:
        rig.tally.halts["home forked"] += 1
    else:
        rig.tally.halts["unexplained"] += 1
        rig.tally.wrong.append(f"{name} halted: {why}")


async def _resume(rig: Rig, name: str, halted: Mapping[str, str]) -> None:
    """Stop the daemon, resume each route, start the daemon. A command that a busy machine cuts off is given again."""
    await rig.running.stop(name)
    try:
        for route, why in sorted(halted.items()):
            words = ("resume", route, "--config", str(rig.running.layout.config(name)), "--reason", "nodes compared")
            said = await run("jgb-relayer", *words, seconds=RESUME_SECONDS)
            if said.code:
                rig.tally.wrong.append(f"{name} cannot resume {route}: {said.err}")
                continue
            rig.tally.resumes += 1
            _judge(rig, name, why)
    except TimeoutError:
        pass  # its routes are halted still, and are found so at the next look
    finally:
        await rig.revive(name)
