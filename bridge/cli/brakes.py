"""`limits`, and what guardians do: `pause` and `veto`. Nothing here moves or mints anything."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson
from rich.console import Console
from rich.table import Table

from bridge.adapters.codec import views
from bridge.adapters.codec.desks import BOTH, INBOUND, OUTBOUND, encode_desk_veto, encode_pause
from bridge.adapters.config import AssetEntry, HomeEntry, Network
from bridge.adapters.ledger import EvmChain, Query, read
from bridge.adapters.signers import LocalTransactionSigner
from bridge.adapters.tracing import Tracer
from bridge.cli.inputs import (
    chain_name,
    json_option,
    read_amount,
    read_id,
    read_isin,
    read_network,
    read_signer,
    sender_options,
)
from bridge.cli.wallet import Wallet, show_time
from bridge.core.errors import Refuse
from bridge.core.events import ChainFact, Held, SentBack
from bridge.core.messages import Message
from bridge.core.ports import Call
from bridge.core.reasons import sentence
from bridge.core.types import Address, Block, Hash32, Leaf, Route, Units

WIDTH = 160
_DIRECTIONS = {"in": INBOUND, "out": OUTBOUND, "both": BOTH}


class End(NamedTuple):
    """One end of a route: a chain, its entry, the chain at the other end."""

    chain: EvmChain
    name: str
    other: EvmChain
    other_name: str


@click.command()
@click.argument("isin", required=False)
@click.option("--amount", metavar="UNITS", help="Ask when so much may move.")
@json_option
@click.pass_obj
def limits(path: Path, isin: str | None, amount: str | None, *, as_json: bool) -> None:
    """Show how much of each bond may move now, when more may, what waits for a veto, and what is paused."""
    network = read_network(path)
    assets = network.assets if isin is None else (network.asset(read_isin(network, isin)),)
    asked = None if amount is None else read_amount(amount)
    rows = asyncio.run(_read_limits(network, assets, asked))
    if as_json:
        click.echo(orjson.dumps({"limits": rows}, option=orjson.OPT_INDENT_2).decode())
    else:
        _print_limits(rows, asked)


@click.command()
@click.argument("isin", nargs=-1)
@click.option("--on", "chain", required=True, metavar="CHAIN", help="The chain whose gateway is paused.")
@click.option("--from", "other", required=True, metavar="CHAIN", help="The chain at the other end of the route.")
@click.option("--direction", type=click.Choice(list(_DIRECTIONS)), default="both", show_default=True)
@click.option("--seconds", required=True, type=click.IntRange(min=1), help="How long; a pause ends by itself.")
@click.option("--desk", type=click.Choice(["watch", "officers"]), default="officers", show_default=True)
@sender_options
@click.pass_obj
def pause(path: Path, /, isin: tuple[str, ...], chain: str, other: str, **words: Any) -> None:  # noqa: ANN401 - click's
    """Pause bonds (all, if no ISIN is named) on one end of a route, as a guardian on duty at a desk."""
    network = read_network(path)
    assets = [network.asset(read_isin(network, one)) for one in isin] or list(network.assets)
    signer = read_signer(network, words["user"], words["keystore"], words["password_file"])
    here, there = network.chain(chain), network.chain(other)
    directions, seconds = _DIRECTIONS[words["direction"]], words["seconds"]
    data = encode_pause(
        here.contracts["gateway"], there.chain_id, [asset.home for asset in assets], directions, seconds
    )
    asyncio.run(_at_desk(network, here, words["desk"], signer, data, "the pause"))
    click.echo(f"paused {len(assets)} bonds between {chain} and {other} until {show_time(int(time.time()) + seconds)}")


@click.command()
@click.argument("transfer_id", metavar="ID")
@sender_options
@click.pass_obj
def veto(path: Path, transfer_id: str, user: str | None, keystore: Path | None, password_file: Path | None) -> None:
    """End a delayed transfer, as an officer on duty: it goes back to its sender, and a forgery is paid to nobody.

    ID is what the transfer is called; or, of one that was sent, the transaction that sent it.
    """
    network = read_network(path)
    signer = read_signer(network, user, keystore, password_file)
    asyncio.run(_veto(network, transfer_id, signer))


async def _veto(network: Network, transfer_id: str, signer: LocalTransactionSigner) -> None:
    tracer = Tracer(network)
    try:
        leaf, route, message = await _sought(tracer, read_id(transfer_id))
        entry = network.chain(str(route.destination_chain))
        data = encode_desk_veto(route.destination_gateway, route.source_chain, message)
        receipt = await Wallet(tracer.chains[route.destination_chain], signer).send(
            Call(_desk(entry, "officers"), data), "the veto"
        )
        facts = await tracer.facts_of(route.destination_chain, receipt.tx)
    finally:
        await tracer.close()
    click.echo(f"vetoed in transaction 0x{receipt.tx.hex()}: {_end_of(leaf, facts)}")


async def _sought(tracer: Tracer, name: Hash32) -> tuple[Leaf, Route, Message]:
    """Return what is to be vetoed. What no chain has sent is read out of the delivery that brought it."""
    if (dispatched := await tracer.sent(name)) is not None:
        return dispatched.leaf, dispatched.route, dispatched.message
    if (held := await tracer.held(Leaf(name))) is None:
        raise Refuse(f"no chain knows 0x{name.hex()} as a transfer, has held it, or knows it as a transaction")
    route, message = held
    source, destination = [chain_name(tracer.network, chain) for chain in (route.source_chain, route.destination_chain)]
    click.echo(f"held on {destination}, but {source} has never sent it: it is a forgery", err=True)
    return Leaf(name), route, message


def _end_of(leaf: Leaf, facts: Sequence[ChainFact]) -> str:
    """Say what became of what was vetoed, by what the transaction logged."""
    for fact in facts:
        match fact:
            case SentBack() if fact.leaf == leaf:
                return f"it is sent back by the RETURN 0x{fact.return_leaf.hex()}, which pays its sender if it was sent"
            case Held() if fact.leaf == leaf:
                return f"it is quarantined, and nothing goes back: {sentence(fact.reason)}"
            case _:
                continue
    return "the node does not tell yet what became of it"


async def _at_desk(
    network: Network, entry: HomeEntry, desk: str, signer: LocalTransactionSigner, data: bytes, what: str
) -> None:
    tracer = Tracer(network)
    try:
        await Wallet(tracer.chains[entry.chain_id], signer).send(Call(_desk(entry, desk), data), what)
    finally:
        await tracer.close()


def _desk(entry: HomeEntry, name: str) -> Address:
    if name not in entry.contracts:
        raise Refuse(f"the network's file names no desk {name} on chain {entry.chain_id}")
    return entry.contracts[name]


async def _read_limits(network: Network, assets: tuple[AssetEntry, ...], asked: Units | None) -> list[dict[str, Any]]:
    tracer = Tracer(network)
    rows = []
    try:
        for asset in assets:
            for remote in network.remotes:
                there = tracer.chains[remote.chain_id]
                out = End(tracer.home, "home", there, remote.name)
                back = End(there, remote.name, tracer.home, "home")
                rows += [await _row(asset, out, asked), await _row(asset, back, asked)]
    finally:
        await tracer.close()
    return rows


async def _row(asset: AssetEntry, source: End, asked: Units | None) -> dict[str, Any]:
    """Return what may go one way: it must get out at its source and in at its destination."""
    leaving = (await source.chain.heads()).latest
    arriving = (await source.other.heads()).latest
    ends = ((source.chain, source.other, OUTBOUND, leaving), (source.other, source.chain, INBOUND, arriving))
    out, into = [await _room(asset, *end, asked or Units(0)) for end in ends]
    limits_out = await _flow(asset, source.chain, source.other, leaving)
    limits_in = await _flow(asset, source.other, source.chain, arriving)
    return {
        "isin": asset.isin,
        "from": source.name,
        "to": source.other_name,
        "leaves_now": str(out.fits),
        "arrives_now": str(into.fits),
        "limit_out": str(limits_out.outbound),
        "limit_in": str(limits_in.inbound),
        "period_seconds": await read(
            source.other.rpc, Query(views.FLOW_PERIOD, source.other.watched.gateway), arriving
        ),
        "delayed_above": str(limits_in.delay_above),
        "paused_until": max([await _paused(asset, *end) for end in ends]),
        "may_leave_at": out.fits_at if asked else None,
        "may_arrive_at": into.fits_at if asked else None,
    }


async def _room(
    asset: AssetEntry, here: EvmChain, there: EvmChain, direction: int, at: Block, amount: Units
) -> views.Room:
    arguments = (there.chain, asset.home, direction, amount)
    return await read(here.rpc, Query(views.PREVIEW, here.watched.gateway, arguments), at)


async def _paused(asset: AssetEntry, here: EvmChain, there: EvmChain, direction: int, at: Block) -> int:
    query = Query(views.PAUSED_UNTIL, here.watched.gateway, (there.chain, asset.home, direction))
    until = await read(here.rpc, query, at)
    return until if until > at.time else 0


async def _flow(asset: AssetEntry, here: EvmChain, there: EvmChain, at: Block) -> views.Flow:
    return await read(here.rpc, Query(views.FLOW_LIMITS, here.watched.gateway, (there.chain, asset.home)), at)


def _print_limits(rows: list[dict[str, Any]], asked: Units | None) -> None:
    when = ["leaves at", "arrives at"] if asked else []
    table = Table(
        "bond",
        "way",
        "leaves now",
        "arrives now",
        "limit out",
        "limit in",
        "waits for a veto above",
        "paused until",
        *when,
        title=f"Limits, whole again after {rows[0]['period_seconds']:,} s, and with half of what flows back",
    )
    for row in rows:
        cells = [
            row["isin"],
            f"{row['from']} to {row['to']}",
            f"{int(row['leaves_now']):,}",
            f"{int(row['arrives_now']):,}",
            *(f"{int(row[key]):,}" for key in ("limit_out", "limit_in", "delayed_above")),
            show_time(row["paused_until"]) if row["paused_until"] else "-",
        ]
        if asked:
            cells += [show_time(row[key]) if row[key] else "never" for key in ("may_leave_at", "may_arrive_at")]
        table.add_row(*cells)
    Console(width=max(Console().width, WIDTH)).print(table)
