"""`status`, and the waiting that the other commands do: a transfer's way, told as it goes."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click
import orjson

from bridge.adapters.config import Network
from bridge.adapters.tracing import Trace, Tracer
from bridge.cli.inputs import chain_name, json_option, read_id, read_network
from bridge.core.errors import Retry
from bridge.core.events import Dispatched, Held
from bridge.core.messages import Kind
from bridge.core.reasons import sentence
from bridge.core.transfers import State

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 300
_SETTLED = frozenset({State.EXECUTED, State.HELD, State.RETURNED})


@click.command()
@click.argument("transfer_id", metavar="ID")
@click.option("--watch", is_flag=True, help="Follow it until it is final at its destination.")
@json_option
@click.pass_obj
def status(path: Path, transfer_id: str, *, watch: bool, as_json: bool) -> None:
    """Say where a transfer is. ID is its id, or the hash of the transaction that sent it."""
    asyncio.run(_status(read_network(path), transfer_id, watch=watch, as_json=as_json))


async def _status(network: Network, transfer_id: str, *, watch: bool, as_json: bool) -> None:
    tracer = Tracer(network)
    try:
        dispatched = await tracer.find(read_id(transfer_id))
        await follow(tracer, dispatched, wait=watch, as_json=as_json)
    finally:
        await tracer.close()


async def follow(tracer: Tracer, dispatched: Dispatched, *, wait: bool, as_json: bool) -> Trace:
    """Show a transfer's way: its state now, or each step until it is settled and final.

    Raises Retry if it does not settle in time; the transfer itself goes on.
    """
    began = time.monotonic()
    told: list[str] = []
    if not as_json:
        click.echo(_headline(tracer.network, dispatched))
    while True:
        trace = await tracer.trace(dispatched)
        line = _line(tracer.network, trace)
        if not as_json and line not in told:
            told.append(line)
            click.echo(f"  {time.monotonic() - began:6.1f} s  {line}")
        if not wait or (trace.state in _SETTLED and trace.outcome_is_final):
            break
        if time.monotonic() - began > PATIENCE_SECONDS:
            hint = f"look again with `jgb-bridge status 0x{dispatched.leaf.hex()}`"
            raise Retry(f"not settled after {PATIENCE_SECONDS} s, and nothing is lost: {hint}")
        await asyncio.sleep(POLL_SECONDS)
    if as_json:
        click.echo(orjson.dumps(document_of(tracer.network, trace), option=orjson.OPT_INDENT_2).decode())
    return trace


def document_of(network: Network, trace: Trace) -> dict[str, Any]:
    """Return a trace in JSON types."""
    message, route = trace.dispatched.message, trace.dispatched.route
    return {
        "id": "0x" + trace.dispatched.leaf.hex(),
        "state": trace.state.value,
        "kind": _kind(message.kind),
        "isin": _isin_of(network, message.asset),
        "amount": str(message.amount),
        "sender": "0x" + message.sender.hex(),
        "recipient": "0x" + message.recipient.hex(),
        "source": {
            "chain": chain_name(network, route.source_chain),
            "height": trace.dispatched.at.height,
            "tx": "0x" + trace.dispatched.at.tx.hex(),
        },
        "destination": {
            "chain": chain_name(network, route.destination_chain),
            "height": trace.outcome.at.height if trace.outcome else None,
            "tx": "0x" + trace.outcome.at.tx.hex() if trace.outcome else None,
            "final": trace.outcome_is_final,
        },
        "signatures": trace.signed,
        "threshold": trace.committee.threshold if trace.committee else None,
        "epoch": trace.committee.epoch if trace.committee else None,
        "reason": sentence(trace.outcome.reason) if isinstance(trace.outcome, Held) else None,
    }


def _headline(network: Network, dispatched: Dispatched) -> str:
    message, route = dispatched.message, dispatched.route
    ends = f"{chain_name(network, route.source_chain)} to {chain_name(network, route.destination_chain)}"
    what = f"{message.amount:,} units of {_isin_of(network, message.asset)}" if message.amount else ""
    return f"transfer 0x{dispatched.leaf.hex()}\n  {_kind(message.kind)} {what} from {ends}".replace("  from", " from")


def _line(network: Network, trace: Trace) -> str:
    """Return where a transfer is, in one line for people."""
    destination = chain_name(network, trace.dispatched.route.destination_chain)
    height = trace.outcome.at.height if trace.outcome else 0
    finality = "final" if trace.outcome_is_final else "included, not final yet"
    match trace.state:
        case State.SEEN:
            return f"SEEN in block {trace.dispatched.at.height}, not final yet"
        case State.FINAL:
            return "FINAL at its source; the committee has not signed yet"
        case State.ATTESTED:
            needed = trace.committee.threshold if trace.committee else 0
            return f"ATTESTED by {trace.signed} of {needed} organisations needed"
        case State.QUORATE:
            return f"QUORATE: can be delivered by anyone (`jgb-bridge deliver`), certified for {destination}"
        case State.HELD if isinstance(trace.outcome, Held):
            return f"{sentence(trace.outcome.reason)} (block {height} of {destination}, {finality})"
        case _:
            return f"{trace.state.value} in block {height} of {destination}, {finality}"


def _isin_of(network: Network, asset: bytes) -> str:
    found = (entry.isin for entry in network.assets if entry.home == asset)
    return next(found, "0x" + asset.hex())


def _kind(number: int) -> str:
    try:
        return Kind(number).name
    except ValueError:
        return str(number)
