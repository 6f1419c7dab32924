"""`offices`: proves that nobody's key alone governs a deployment."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from bridge.adapters.codec import to_checksum
from bridge.adapters.config import HomeEntry, Network
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger.offices import OfficeReader
from bridge.cli.inputs import chain_name, json_option, read_network
from bridge.core.offices import ON_DUTY, Office, faults_of, unseen
from bridge.core.types import Address, ChainId, Height

WRONG = 1
WIDTH = 120


@click.command()
@click.option("--since", default=0, show_default=True, help="First height at which a contract may have been deployed.")
@json_option
@click.pass_context
def offices(ctx: click.Context, since: int, *, as_json: bool) -> None:
    """Show who holds which office on every chain, and who is on duty at the desks.

    Exit 1 if an office is held by a person's account or a strange contract, if an office that every deployment has is
    not seen, or if somebody is on duty at both desks of a chain.
    """
    document = asyncio.run(read_offices(read_network(ctx.obj), Height(since)))
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(document)
    if not document["ok"]:
        ctx.exit(WRONG)


async def read_offices(network: Network, since: Height) -> dict[str, Any]:
    """Return every office of a deployment in JSON types, and what is wrong with any."""
    entries: list[HomeEntry] = [network.home, *network.remotes]
    found, councils = [], []
    names: dict[str, dict[Address, str]] = {}
    for entry in entries:
        chain = chain_name(network, entry.chain_id)
        contracts = _contracts_of(network, chain, entry)
        names[chain] = {address: name for name, address in contracts.items()}
        rpc = Rpc(entry.rpc)
        try:
            reader = OfficeReader(chain, rpc, contracts, since, _counterparts(network, entry))
            some, council = await reader.read()
        finally:
            await rpc.close()
        found += some
        councils += council
    faults = [*faults_of(found, councils, names), *unseen(found, names)]
    held = [
        {
            "chain": office.chain,
            "contract": office.contract,
            "office": office.office,
            "holder": to_checksum(office.holder),
            "is": names[office.chain].get(office.holder, _unnamed(office)),
        }
        for office in found
    ]
    return {"ok": not faults, "faults": faults, "offices": held, "councils": [asdict(one) for one in councils]}


def _unnamed(office: Office) -> str:
    if not any(office.holder):
        return "anybody"
    return "a person" if office.office == ON_DUTY else "a stranger"


def _counterparts(network: Network, entry: HomeEntry) -> dict[ChainId, Address]:
    """Return the gateways at the other ends of a chain's routes."""
    others: list[HomeEntry] = [*network.remotes] if entry is network.home else [network.home]
    return {other.chain_id: other.contracts["gateway"] for other in others}


def _contracts_of(network: Network, chain: str, entry: HomeEntry) -> Mapping[str, Address]:
    """Return everything that was deployed on a chain and may know an office, by name."""
    is_home = chain == "home"
    tokens = {asset.isin: asset.home if is_home else asset.remotes.get(chain) for asset in network.assets}
    return {**entry.contracts, **{isin: token for isin, token in tokens.items() if token is not None}}


def _print(document: dict[str, Any]) -> None:
    console = Console(width=max(Console().width, WIDTH))
    table = Table("chain", "contract", "office", "held by", "address")
    for row in document["offices"]:
        table.add_row(row["chain"], row["contract"], row["office"], row["is"], row["holder"])
    console.print(table)
    for council in document["councils"]:
        signers = f"{council['threshold']} of {council['members']} organisations"
        console.print(f"{council['chain']}: {signers} propose, the timelock waits {council['delay']} s")
    for fault in document["faults"]:
        console.print(f"WRONG {fault}", soft_wrap=True)
    if document["ok"]:
        console.print("no office is held by a person's account")
