"""`retry` and `return`: what anybody does about a transfer that is HELD, from their own key."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def _held_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (json_option, sender_options, click.argument("transfer_id", metavar="ID")):
        command = option(command)
    return command


@click.command()
@_held_options
@click.pass_obj
def retry(path: Path, /, **words: Any) -> None:  # noqa: ANN401 - click's
    """Execute a held transfer whose reason is gone: room under the limit, a delay that is over, a pause that ended."""
    _run(path, words, codec.encode_retry)


@click.command("return")
@_held_options
@click.pass_obj
def send_back(path: Path, /, **words: Any) -> None:  # noqa: ANN401 - the same
    """Send a held transfer that nobody can receive back to its recorded sender, once the return period is over."""
    _run(path, words, codec.encode_send_back)


def _run(path: Path, words: dict[str, Any], encode: Encode) -> None:
    network = read_network(path)
    signer = read_signer(network, words["user"], words["keystore"], words["password_file"])
    asyncio.run(_settle(network, signer, read_id(words["transfer_id"]), encode, as_json=words["as_json"]))


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
