"""`deliver`: a user's own way out, with every relayer stopped."""

import asyncio
from pathlib import Path

import aiohttp
import click

from bridge.adapters import codec
from bridge.adapters.bundles import Bundle, decode_bundle
from bridge.adapters.config import Network
from bridge.adapters.signers import LocalTransactionSigner
from bridge.adapters.tracing import Tracer
from bridge.cli.following import follow
from bridge.cli.inputs import chain_name, json_option, read_id, read_network, read_signer, sender_options
from bridge.cli.wallet import Wallet
from bridge.core.batches import proof_of
from bridge.core.errors import Refuse, Retry
from bridge.core.ports import Call
from bridge.core.transfers import State
from bridge.core.types import Hash32

DEADLINE_SECONDS = 15.0


@click.command()
@click.argument("transfer_id", metavar="ID")
@sender_options
@click.option("--bundle", metavar="FILE|URL", help="Deliver from a bundle: needs no access to home.")
@json_option
@click.pass_obj
def deliver(  # noqa: PLR0913 - the options of the command
    path: Path,
    transfer_id: str,
    user: str | None,
    keystore: Path | None,
    password_file: Path | None,
    bundle: str | None,
    *,
    as_json: bool,
) -> None:
    """Assemble batch, proof and signatures of a transfer and submit them from your own key."""
    network = read_network(path)
    signer = read_signer(network, user, keystore, password_file)
    leaf = read_id(transfer_id)
    if bundle is None:
        asyncio.run(_from_board(network, signer, leaf, as_json=as_json))
    else:
        asyncio.run(_from_bundle(network, signer, leaf, bundle, as_json=as_json))


async def _from_board(network: Network, signer: LocalTransactionSigner, name: Hash32, *, as_json: bool) -> None:
    tracer = Tracer(network)
    try:
        dispatched = await tracer.find(name)
        trace = await tracer.trace(dispatched)
        if trace.state in (State.EXECUTED, State.RETURNED):
            click.echo(f"nothing to deliver: it is {trace.state.value}", err=True)
        elif trace.bundle is not None:
            await _submit(tracer, signer, trace.bundle, dispatched.leaf)
        else:
            needed = trace.committee.threshold if trace.committee else "enough"
            raise Refuse(f"it cannot be delivered yet: {trace.signed} signatures are on the board, {needed} are needed")
        await follow(tracer, dispatched, wait=True, as_json=as_json)
    finally:
        await tracer.close()


async def _from_bundle(
    network: Network, signer: LocalTransactionSigner, leaf: Hash32, where: str, *, as_json: bool
) -> None:
    is_remote = where.startswith(("http://", "https://"))
    bundle = decode_bundle(await _fetch(where) if is_remote else _read(Path(where)))
    if leaf not in bundle.leaves():
        raise Refuse(f"the bundle does not hold 0x{leaf.hex()}: name the transfer's id, or another bundle")
    tracer = Tracer(network)
    try:
        tx = await _submit(tracer, signer, bundle, leaf)
    finally:
        await tracer.close()
    chain = chain_name(network, bundle.batch.route.destination_chain)
    if as_json:
        click.echo(f'{{"id": "0x{leaf.hex()}", "delivered": true, "chain": "{chain}", "tx": "0x{tx.hex()}"}}')
    else:
        click.echo(f"delivered on {chain} in transaction 0x{tx.hex()}")


async def _submit(tracer: Tracer, signer: LocalTransactionSigner, bundle: Bundle, leaf: Hash32) -> Hash32:
    leaves = bundle.leaves()
    index = leaves.index(leaf)  # type: ignore[arg-type]
    proof = proof_of(leaves, index)
    route = bundle.batch.route
    destination = tracer.chains.get(route.destination_chain)
    if destination is None or destination.watched.gateway != route.destination_gateway:
        raise Refuse("the bundle is for another network than the one named")
    message = bundle.messages[index]
    if await tracer.is_taken(route, message):
        raise Refuse(f"another message has used up its nonce there, {message.nonce}: this one can never be delivered")
    data = codec.encode_deliver_one(bundle.batch, message, proof, bundle.certificate)
    receipt = await Wallet(destination, signer).send(Call(route.destination_gateway, data), "the delivery")
    return receipt.tx


def _read(path: Path) -> bytes:
    """Return a bundle's content from a file. Raises Refuse if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Refuse(f"{path}: {fault.strerror}") from None


async def _fetch(where: str) -> bytes:
    """Return a bundle's content from a URL. Raises Refuse or Retry."""
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(where) as response:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise Refuse(f"{where} answers {response.status}: no bundle there")
            return await response.read()
    except (aiohttp.ClientError, TimeoutError) as fault:
        raise Retry(f"{where} cannot be read: {type(fault).__name__}") from None
