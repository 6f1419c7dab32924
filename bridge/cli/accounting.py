"""`books` and `balances`: what is locked, wrapped and on its way, read from the chains."""

import asyncio
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from bridge.adapters.codec import views
from bridge.adapters.config import AssetEntry, Network
from bridge.adapters.ledger import BondReading, Query, read_all, read_bond
from bridge.adapters.tracing import Tracer
from bridge.cli.inputs import json_option, read_isin, read_network

UNBALANCED = 1


@click.command()
@click.argument("isin", required=False)
@json_option
@click.pass_context
def books(ctx: click.Context, isin: str | None, *, as_json: bool) -> None:
    """Show escrow, locked, supply and in flight per bond and chain. Exit 1 if anything does not balance."""
    network = read_network(ctx.obj)
    assets = network.assets if isin is None else (network.asset(read_isin(network, isin)),)
    document = asyncio.run(read_books(network, assets))
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        _print_books(document)
    if not document["ok"]:
        ctx.exit(UNBALANCED)


@click.command()
@json_option
@click.pass_obj
def balances(path: Path, *, as_json: bool) -> None:
    """Show what each user of the network's file holds, by bond and chain."""
    document = asyncio.run(_read_balances(read_network(path)))
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("user", "bond", "chain", "units")
    for row in document["balances"]:
        table.add_row(row["user"], row["isin"], row["chain"], f"{int(row['units']):,}")
    Console().print(table)


async def read_books(network: Network, assets: tuple[AssetEntry, ...] | None = None) -> dict[str, Any]:
    """Return the books of some bonds, or of all, in JSON types, with the blocks they were read at."""
    tracer = Tracer(network)
    remotes = [tracer.chains[remote.chain_id] for remote in network.remotes]
    try:
        documents = [
            _bond(asset, await read_bond(tracer.home, remotes, asset.home), network)
            for asset in (network.assets if assets is None else assets)
        ]
    finally:
        await tracer.close()
    return {"ok": all(document["balanced"] for document in documents), "bonds": documents}


def _bond(asset: AssetEntry, reading: BondReading, network: Network) -> dict[str, Any]:
    return {
        "isin": asset.isin,
        "balanced": reading.is_balanced,
        "escrow": str(reading.escrow),
        "held_by_gateway": str(reading.held),
        "chains": [
            {
                "chain": remote.name,
                "locked": str(book.locked),
                "supply": str(book.supply),
                "in_flight_out": str(book.in_flight_out),
                "in_flight_home": str(book.in_flight_home),
                "difference": str(book.difference),
                "home_height": reading.home.height,
                "remote_height": block.height,
            }
            for remote, book, block in zip(network.remotes, reading.books, reading.remotes, strict=True)
        ],
    }


def _print_books(document: dict[str, Any]) -> None:
    console = Console()
    for bond in document["bonds"]:
        title = (
            f"{bond['isin']}   escrow {int(bond['escrow']):,}   {'balanced' if bond['balanced'] else 'NOT BALANCED'}"
        )
        table = Table("chain", "locked", "supply", "in flight out", "in flight home", "difference", "at", title=title)
        for row in bond["chains"]:
            numbers = [row[key] for key in ("locked", "supply", "in_flight_out", "in_flight_home", "difference")]
            at = f"home {row['home_height']}, {row['chain']} {row['remote_height']}"
            table.add_row(row["chain"], *(f"{int(number):,}" for number in numbers), at)
        console.print(table)


async def _read_balances(network: Network) -> dict[str, Any]:
    tracer = Tracer(network)
    rows = []
    try:
        for asset in network.assets:
            tokens = {"home": (tracer.home, asset.home)} | {
                remote.name: (tracer.chains[remote.chain_id], asset.remotes[remote.name])
                for remote in network.remotes
                if remote.name in asset.remotes
            }
            for name, (chain, token) in tokens.items():
                block = (await chain.heads()).latest
                queries = [Query(views.BALANCE_OF, token, (user.address,)) for user in network.users]
                for user, units in zip(network.users, await read_all(chain.rpc, queries, block), strict=True):
                    rows.append({"user": user.name, "isin": asset.isin, "chain": name, "units": str(units)})
    finally:
        await tracer.close()
    return {"balances": sorted(rows, key=lambda row: (row["user"], row["isin"], row["chain"]))}
