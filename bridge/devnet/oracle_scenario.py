"""What the demo plays of the oracle: a quarter of fixings, one that is revised, one that is corrected, and a reader."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from eth_abi import encode

from bridge.adapters.codec import View, to_hex
from bridge.adapters.codec.abi import FUNCTIONS
from bridge.adapters.config import Network
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmWriter, Query, Sender, newest_block, read
from bridge.adapters.signers import open_transaction_signer
from bridge.core.errors import Retry
from bridge.core.ports import Call
from bridge.core.submission import FeeRules
from bridge.devnet.daemons import command_of
from bridge.devnet.oracle import COMMAND, FIRST, LAST
from contracts.deploy import created, creation
from oracles.core.catalogue import CALL_RATE_AVERAGE, PAR_YIELDS
from oracles.core.report import days_of

POLL_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 240
_GROWN: Final = View("grown", int)
_PRICED: Final = FeeRules(200 * 10**9, 10**9, 10**20, 3)
Say = Callable[[str], None]


@dataclass(slots=True)
class Shown:
    """What `jgb-oracle show` said of the one chain that the oracle writes to."""

    feeds: dict[str, dict[str, Any]]
    index: dict[str, Any]

    @property
    def average(self) -> dict[str, Any]:
        """The feed of the average overnight rate."""
        return self.feeds[CALL_RATE_AVERAGE.name]


async def play_oracle(network: Network, say: Say) -> dict[str, Any]:
    """Play the oracle's part and return its report. Raises Retry if the reporters take too long."""
    began = time.monotonic()
    say(f"reporters certify the fixings from {FIRST} to {LAST}, the last one provisional")
    first = await _until(network, "the quarter", _is_quarter)
    quarter_seconds = round(time.monotonic() - began, 1)
    say("the publisher prints the last day's final number, and corrects one of six weeks before")
    await _move_on(network)
    last = await _until(network, "revision and correction", lambda shown: _is_revised(shown, first))
    say("an integrator's contract accrues over the quarter in a transaction")
    grown, tx = await _read(network)
    say("every round is recomputed from archived bytes")
    verified = await _command(network, "verify")
    expected = int(last.index["exact"]) * 10**18 // 10**27
    return {
        "ok": bool(verified["ok"]) and grown == expected and last.index["generation"] > 1,
        "feeds": [feed for feed in last.feeds.values() if feed["rounds"]],
        "index": last.index,
        "provisional": first.average["value"],
        "final": last.average["value"],
        "seconds_to_certify": quarter_seconds,
        "reader": {"tx": tx, "grown": str(grown), "expected": str(expected)},
        "verified": {"ok": verified["ok"], **_counted(verified["verdicts"])},
    }


def _counted(verdicts: list[dict[str, Any]]) -> dict[str, int]:
    """Add up how much was recomputed."""
    return dict(sum((Counter(verdict["counted"]) for verdict in verdicts), Counter()))


def _is_quarter(shown: Shown) -> bool:
    has_curve = all(shown.feeds[series.name]["rounds"] for series in PAR_YIELDS)
    dates = {shown.average["date"], shown.index["date"]}
    return has_curve and dates == {LAST.isoformat()}


def _is_revised(shown: Shown, before: Shown) -> bool:
    is_final = shown.average["status"] == "FINAL" and shown.average["rounds"] > before.average["rounds"]
    return bool(is_final and shown.index["generation"] > 1 and shown.index["date"] > LAST.isoformat())


async def _until(network: Network, what: str, is_so: Callable[[Shown], bool]) -> Shown:
    deadline, why = time.monotonic() + PATIENCE_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            chain = (await _command(network, "show"))["chains"][0]
        except Retry as fault:
            why = f" ({fault})"
        else:
            shown, why = Shown({feed["feed"]: feed for feed in chain["feeds"]}, chain["index"]), ""
            if is_so(shown):
                return shown
        await asyncio.sleep(POLL_SECONDS)
    raise Retry(f"{what}: not on chain after {PATIENCE_SECONDS} s: see the reporters' logs{why}")


async def _command(network: Network, command: str) -> dict[str, Any]:
    """Run a command of the oracle as an operator would, and return its JSON."""
    config = str(network.reporters[0].config)
    arguments = [command_of(COMMAND), command, "--json", "--config", config]
    process = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    if not output:
        raise Retry(f"{COMMAND} {command}: {errors.decode(errors='replace').strip()}")
    answer: dict[str, Any] = json.loads(output)
    return answer


async def _move_on(network: Network) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{network.mirror}/stage/1") as response:
        response.raise_for_status()


async def _read(network: Network) -> tuple[int, str]:
    """Deploy an integrator's contract, have it accrue from the base date on; return what one became, and where."""
    remote = network.remotes[0]
    carol = network.account("carol")
    signer = open_transaction_signer(carol.keystore, carol.password_file)
    contracts = remote.contracts
    async with Rpc(remote.rpc, remote.name) as rpc:
        writer = EvmWriter(rpc, remote.chain_id)
        sender = Sender(writer, signer, _PRICED)
        reader = created(signer.address, (await writer.account(signer.address)).transactions)
        feed = remote.feeds[CALL_RATE_AVERAGE.name]
        await sender.send([creation("remote", "RateReader", contracts["oracle"], feed, contracts["index"])])
        last = days_of(LAST) + 3  # the Monday after: Friday's rate counts three days
        (receipt,) = await sender.send([Call(reader, _call("accrue", days_of(FIRST), last))])
        grown = await read(rpc, Query(_GROWN, reader), await newest_block(rpc))
        return grown, to_hex(receipt.tx)


def _call(name: str, *arguments: int) -> bytes:
    function = FUNCTIONS[name]
    return function.selector + encode(function.inputs, arguments)
