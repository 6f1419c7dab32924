"""`retry` and `return`: what anybody does about a transfer that is HELD, from their own key."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import click

from bridge.adapters import codec
from bridge.adapters.config import Network
from bridge.adapters.signers import LocalTransactionSigner
from bridge.adapters.tracing import Tracer
from bridge.cli.following import follow
from bridge.cli.inputs import json_option, read_id, read_network, read_signer, sender_options
from bridge.cli.wallet import Wallet
from bridge.core.errors import Refuse
from bridge.core.messages import Message
from bridge.core.ports import Call
from bridge.core.transfers import State
from bridge.core.types import ChainId, Hash32

Encode = Callable[[ChainId, Message], bytes]


@click.command()
@click.argument("transfer_id", metavar="ID")
@sender_options
@json_option
@click.pass_obj
def retry(
    path: Path,
    transfer_id: str,
    user: str | None,
    keystore: Path | None,
    password_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Execute a held transfer whose reason is gone: room under the limit, a delay that is over, a pause that ended."""
    network = read_network(path)
    signer = read_signer(network, user, keystore, password_file)
    asyncio.run(_settle(network, signer, read_id(transfer_id), codec.encode_retry, as_json=as_json))


@click.command("return")
@click.argument("transfer_id", metavar="ID")
@sender_options
@json_option
@click.pass_obj
def send_back(
    path: Path,
    transfer_id: str,
    user: str | None,
    keystore: Path | None,
    password_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Send a held transfer that nobody can receive back to its recorded sender, once the return period is over."""
    network = read_network(path)
    signer = read_signer(network, user, keystore, password_file)
    asyncio.run(_settle(network, signer, read_id(transfer_id), codec.encode_send_back, as_json=as_json))


async def _settle(
    network: Network, signer: LocalTransactionSigner, name: Hash32, encode: Encode, *, as_json: bool
) -> None:
    tracer = Tracer(network)
    try:
        dispatched = await tracer.find(name)
        trace = await tracer.trace(dispatched)
        if trace.state is not State.HELD:
            raise Refuse(f"it is not held but {trace.state.value}: `jgb-bridge status 0x{dispatched.leaf.hex()}`")
        route = dispatched.route
        call = Call(route.destination_gateway, encode(route.source_chain, dispatched.message))
        await Wallet(tracer.chains[route.destination_chain], signer).send(call, "it")
        await follow(tracer, dispatched, wait=True, as_json=as_json)
    finally:
        await tracer.close()
