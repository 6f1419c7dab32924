"""`python -m contracts.last_return`: a bond back to whom it was locked by, when it can never arrive.

Its public chain is closed for good, or stolen keys have used up its nonce there.

No chain has sent this RETURN: the home committee's members certify it, each after it has seen with its own nodes that
the lock stands, was not returned, and can never be executed. Read `bridge/decisions/0005` before using it.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import orjson

from bridge.adapters.bundles import Bundle, decode_bundle, encode_bundle
from bridge.adapters.codec import read_bytes, read_hash, to_hex, views
from bridge.adapters.commands import run_command
from bridge.adapters.config import Network, load_network
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain, Lookup, Query, read
from bridge.adapters.signers import open_attestation_signer
from bridge.core.batches import Batch, digest_of
from bridge.core.errors import Refuse, Retry
from bridge.core.events import Dispatched
from bridge.core.messages import Kind, Message, ReturnNotice, encode_return, leaf_of
from bridge.core.quorum import Committee, certificate_of
from bridge.core.types import ZERO_HASH, Address, Block, Digest, Hash32, Height, Leaf, Nonce, Timestamp
from contracts.council import file_argument, keystore_option, network_option, password_option
from contracts.dead_ends import require_dead, require_unattested

NEVER: Final = (1 << 63) - 1
"""Height of the batch, above every real one, and the highest nonce."""
APART: Final = 1 << 62
"""Above it no real message has its nonce. Whoever signs first picks one that nobody can guess and use up before."""

gone_option = click.option(
    "--remote-is-gone", is_flag=True, help="Say that the public chain will never produce a block again."
)
transfer_option = click.option("--transfer", "name", required=True, metavar="ID", help="Id of the lock.")


@dataclass(frozen=True, slots=True)
class _Case:
    """A RETURN that can be certified: all but its nonce follows from the lock and from home's committee."""

    bundle: Bundle
    committee: Committee
    separator: Hash32

    @property
    def digest(self) -> Digest:
        """What is signed."""
        return digest_of(self.separator, self.bundle.batch)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@file_argument
@network_option
@transfer_option
@gone_option
@keystore_option
@password_option
def cli(
    file: Path, network_path: Path, name: str, keystore: Path, password_file: Path, *, remote_is_gone: bool
) -> None:
    """Check with your own nodes that a lock can be returned, and add your signature to FILE.

    Whoever signs first picks the nonce that all sign, so sign one FILE one after another.
    When enough members of home's committee have signed, it is a bundle: `jgb-bridge deliver RETURN --bundle FILE`.
    """
    network = load_network(network_path)
    nonce = nonce_in(file)
    case = asyncio.run(_examined(network, _id(name), nonce, remote_is_gone=remote_is_gone))
    signer = open_attestation_signer(keystore, password_file)
    if signer.address not in case.committee.members:
        raise Refuse(f"{to_hex(signer.address)} is not in home's committee of epoch {case.committee.epoch}")
    signatures = _signatures_in(file, case) | {signer.address: signer.sign_digest(case.digest)}
    certificate = certificate_of(case.committee, signatures)
    _write(file, case, signatures, certificate or b"")
    (returned,) = case.bundle.leaves()
    message = case.bundle.messages[0]
    click.echo(f"{message.amount} units go back to {to_hex(message.recipient)} by the RETURN {to_hex(returned)}")
    missing = case.committee.threshold - len(signatures)
    click.echo(f"{missing} signatures are missing" if certificate is None else f"{file} can be delivered by anybody")


async def _examined(network: Network, leaf: Leaf, nonce: Nonce | None, *, remote_is_gone: bool) -> _Case:
    """Return what is to be certified. Raises Refuse while the lock may still be executed, or is returned already."""
    async with AsyncExitStack() as stack:
        home = EvmChain(await stack.enter_async_context(Rpc(network.home.rpc)), network.watched[network.home.chain_id])
        at = (await home.heads()).latest
        lookup = Lookup(home, network.home.start_height)
        lock = await lookup.message(leaf)
        if lock is None or lock.message.kind != Kind.TRANSFER:
            raise Refuse(f"home has no lock {to_hex(leaf)}")
        gateway = home.watched.gateway
        if await read(home.rpc, Query(views.IS_RETURNED, gateway, (leaf,)), at):
            raise Refuse(f"{to_hex(leaf)} is returned already")
        await _require_room(home, lock, at)
        entry = network.chain(str(lock.route.destination_chain))
        remote = EvmChain(await stack.enter_async_context(Rpc(entry.rpc)), network.watched[entry.chain_id])
        try:
            await require_dead(remote, entry.start_height, lock)
        except Retry as fault:
            if not remote_is_gone:
                raise Refuse(f"{fault}: if that chain is gone for good, say --remote-is-gone") from None
            await require_unattested(home, lookup, lock)
        at = (await home.heads()).latest
        nonce = await free_nonce(home, lock, nonce, at)
        committee = await home.committee(at)
        separator = await read(home.rpc, Query(views.DOMAIN_SEPARATOR, gateway), at)
        return _Case(_bundle(lock, committee, nonce), committee, separator)


async def _require_room(home: EvmChain, lock: Dispatched, at: Block) -> None:
    """Refuse what home would hold because more came back than was locked up to this transfer."""
    message = lock.message
    query = Query(views.RECEIVED, home.watched.gateway, (lock.route.destination_chain, message.asset))
    received = await read(home.rpc, query, at)
    if received.settled + message.amount > max(received.highest_total, message.running_total):
        raise Refuse("more has come back than was locked up to this transfer: return a later lock first")


async def free_nonce(home: EvmChain, lock: Dispatched, named: Nonce | None, at: Block) -> Nonce:
    """Return the nonce of the RETURN: that of FILE, or one of one's own choice. Refuse what is used up or not apart."""
    nonce = Nonce(APART + 1 + secrets.randbelow(NEVER - APART)) if named is None else named
    if not APART < nonce <= NEVER:
        raise Refuse(f"nonce {nonce} may be that of a real message: begin another file")
    query = Query(views.IS_CONSUMED, home.watched.gateway, (lock.route.destination_chain, nonce))
    if await read(home.rpc, query, at):
        raise Refuse(f"home has used up nonce {nonce}, and would pass over this RETURN: begin another file")
    return nonce


def _bundle(lock: Dispatched, committee: Committee, nonce: Nonce) -> Bundle:
    """Return the RETURN as the remote would have sent it, in a batch that no block of the remote holds."""
    sent, route = lock.message, lock.route.reversed()
    notice = ReturnNotice(lock.leaf, sent.nonce, sent.recipient, sent.running_total, sent.data)
    message = Message(
        kind=Kind.RETURN,
        nonce=nonce,
        asset=sent.asset,
        sender=sent.recipient,
        recipient=sent.sender,
        amount=sent.amount,
        running_total=sent.running_total,
        data=encode_return(notice),
    )
    root = Hash32(leaf_of(route, message))
    batch = Batch(route, committee.epoch, message.nonce, 1, root, Height(NEVER), ZERO_HASH, Timestamp(0))
    return Bundle(batch, (message,), b"")


def nonce_in(file: Path) -> Nonce | None:
    """Return the nonce that whoever signed first has picked; None if nobody has signed."""
    return decode_bundle(file.read_bytes()).batch.first_nonce if file.exists() else None


def _signatures_in(file: Path, case: _Case) -> dict[Address, bytes]:
    """Return what others have signed in a file. Raises Refuse if that is about something else."""
    if not file.exists():
        return {}
    content = file.read_bytes()
    if decode_bundle(content).batch != case.bundle.batch:
        raise Refuse(f"{file} is about another lock, or another committee: name another file")
    kept: Mapping[str, str] = orjson.loads(content).get("signatures", {})
    return {Address(read_bytes(signer)): read_bytes(signature) for signer, signature in kept.items()}


def _write(file: Path, case: _Case, signatures: Mapping[Address, bytes], certificate: bytes) -> None:
    """Write a bundle, with the signatures that its certificate is made of beside it."""
    bundle = Bundle(case.bundle.batch, case.bundle.messages, certificate)
    document = orjson.loads(encode_bundle(digest_of(case.separator, bundle.batch), bundle))
    document["signatures"] = {to_hex(signer): to_hex(signature) for signer, signature in signatures.items()}
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _id(text: str) -> Leaf:
    try:
        return Leaf(read_hash(text))
    except ValueError:
        raise Refuse(f"{text} is no transfer id: give 0x and 64 hex digits") from None


def main() -> None:
    """Run the command."""
    run_command(cli)


if __name__ == "__main__":
    main()
