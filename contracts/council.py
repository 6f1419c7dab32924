"""`python -m contracts.council`: what the organisations decide together, from a proposal to its execution.

One file carries a decision from organisation to organisation. It holds no secret: calls, and signatures over them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from eth_abi import decode, encode

from bridge.adapters.codec import (
    encode_register,
    encode_replace,
    encode_revoke,
    read_address,
    read_bytes,
    read_hash,
    to_hex,
)
from bridge.adapters.codec.abi import FUNCTIONS
from bridge.adapters.commands import run_command
from bridge.adapters.config import HomeEntry, Network, load_network
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmWriter, Sender
from bridge.adapters.signers import open_attestation_signer, open_transaction_signer
from bridge.core.errors import Refuse
from bridge.core.hashing import keccak
from bridge.core.ports import Call, Receipt, Reverted
from bridge.core.quorum import is_set, split_members
from bridge.core.submission import FeeRules
from bridge.core.types import Address, ChainId, Epoch, Hash32
from contracts.decisions import Signed, described, read_decision, write_decision
from contracts.governing import NOT_READY, Decision

_FREE: Final = FeeRules(0, 0, 0, 6)
_PRICED: Final = FeeRules(500 * 10**9, 10**9, 10**18, 6)
"""What a submitter pays at most: 500 gwei per gas."""

file_argument = click.argument("file", type=click.Path(path_type=Path))
network_option = click.option(
    "--network", "network_path", required=True, type=click.Path(path_type=Path), help="File that names the contracts."
)
keystore_option = click.option("--keystore", required=True, type=click.Path(path_type=Path), help="Your key.")
password_option = click.option(
    "--password-file", required=True, type=click.Path(path_type=Path), help="File with its password."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Decide as the council of organisations: propose, sign by k of n, act, and execute after the timelock's delay."""


@cli.command()
@file_argument
@network_option
@click.option("--chain", "name", required=True, metavar="CHAIN", help="Where it is decided: home, or a remote's name.")
@click.option(
    "--committee", metavar="K:ADDRESS,…", help="Put another committee in force: K of these attestation keys must sign."
)
@click.option("--revoke", type=int, metavar="EPOCH", help="End a committee's epoch for good.")
@click.option(
    "--poster", "posters", multiple=True, metavar="SIGNER=ACCOUNT", help="At home: who posts for an attestation key."
)
@click.option("--lock-limit", metavar="CHAIN=N", help="At home: locks per account and block for a chain; 0 closes it.")
@click.option(
    "--cancel", "cancels", multiple=True, metavar="ID", help="An operation that waits in the timelock: end it at once."
)
def propose(  # noqa: PLR0913 - the options of the command
    file: Path,
    network_path: Path,
    name: str,
    committee: str | None,
    revoke: int | None,
    posters: tuple[str, ...],
    *,
    cancels: tuple[str, ...],
    lock_limit: str | None,
) -> None:
    """Write a decision into FILE, for the members of the council to sign."""
    network = load_network(network_path)
    chain = network.chain(name)
    if (posters or lock_limit) and chain is not network.home:
        raise Refuse("the board and the limits of locks are at home: propose that with --chain home")
    # Posters first: who is put in a committee can post at once.
    calls = [_registering(chain, pair) for pair in posters]
    calls += [] if committee is None else [_replacing(chain, committee)]
    calls += [] if revoke is None else [Call(chain.contracts["committee"], encode_revoke(Epoch(revoke)))]
    calls += [] if lock_limit is None else [_limiting(network, lock_limit)]
    ended = tuple(map(_operation, cancels))
    if not calls and not ended:
        raise Refuse("nothing to decide: name a --committee, a --revoke, a --poster, a --lock-limit or a --cancel")
    decision = replace(asyncio.run(_proposed(chain, calls)), cancels=ended)
    write_decision(file, Signed(decision, {}))
    click.echo(described(decision))


@cli.command()
@file_argument
@keystore_option
@password_option
def sign(file: Path, keystore: Path, password_file: Path) -> None:
    """Read aloud what FILE decides, and add your organisation's signature. Needs no node."""
    signed = read_decision(file)
    member = open_attestation_signer(keystore, password_file)
    click.echo(described(signed.decision))
    signature = member.sign_digest(signed.decision.digest)
    write_decision(file, Signed(signed.decision, {**signed.signatures, member.address: signature}))
    click.echo(f"signed by {to_hex(member.address)}")


@cli.command()
@file_argument
@network_option
@keystore_option
@password_option
def act(file: Path, network_path: Path, keystore: Path, password_file: Path) -> None:
    """Submit a decision that enough members have signed. Anybody may, from any account that can pay for it."""
    signed = read_decision(file)
    receipt = asyncio.run(_act(load_network(network_path), signed, keystore, password_file))
    done = f"proposed in transaction {to_hex(receipt.tx)}: it can be executed in {signed.decision.delay} s"
    click.echo(done if signed.decision.calls else f"cancelled in transaction {to_hex(receipt.tx)}")


@cli.command()
@file_argument
@network_option
@keystore_option
@password_option
def execute(file: Path, network_path: Path, keystore: Path, password_file: Path) -> None:
    """Execute a decision whose delay is over. Anybody may."""
    decision = read_decision(file).decision
    if not decision.calls:
        raise Refuse("it only cancels, and that was done when it was submitted")
    receipt = asyncio.run(_execute(load_network(network_path), decision, keystore, password_file))
    click.echo(f"executed in transaction {to_hex(receipt.tx)}")


def _registering(home: HomeEntry, pair: str) -> Call:
    signer, _, account = pair.partition("=")
    return Call(home.contracts["board"], encode_register(_address(signer), _address(account)))


def _operation(text: str) -> Hash32:
    try:
        return read_hash(text)
    except ValueError:
        raise Refuse(f"{text} is no operation of a timelock: give 0x and 64 hex digits") from None


def _replacing(chain: HomeEntry, committee: str) -> Call:
    threshold, _, listed = committee.partition(":")
    members = sorted(map(_address, listed.split(",")))
    if not threshold.isdigit() or not is_set(int(threshold), tuple(members)):
        raise Refuse(f"{committee} is no committee: name K:ADDRESS,… of different keys, K more than half of them")
    return Call(chain.contracts["committee"], encode_replace(int(threshold), members))


def _limiting(network: Network, text: str) -> Call:
    name, _, limit = text.partition("=")
    if not limit.isdigit():
        raise Refuse(f"{text} is no limit: name CHAIN=N, such as remote-1=0")
    arguments = encode(("uint256", "uint32"), (network.chain(name).chain_id, int(limit)))
    return Call(network.home.contracts["gateway"], FUNCTIONS["setLockLimit"].selector + arguments)


async def _proposed(chain: HomeEntry, calls: list[Call]) -> Decision:
    """Return the council's next decision on a chain, for which nobody has signed yet."""
    council, timelock = chain.contracts["council"], chain.contracts["timelock"]
    async with _writer(chain) as writer:
        nonce = int.from_bytes(await _view(writer, council, "nonce()"), "big")
        delay = int.from_bytes(await _view(writer, timelock, "getMinDelay()"), "big")
    return Decision(ChainId(chain.chain_id), council, timelock, delay, nonce, tuple(calls))


async def _act(network: Network, signed: Signed, keystore: Path, password_file: Path) -> Receipt:
    decision = signed.decision
    async with _writer(network.chain(str(decision.chain))) as writer:
        packed = await _view(writer, decision.council, "members()")
        members = split_members(decode(("bytes",), packed)[0])
        threshold = int.from_bytes(await _view(writer, decision.council, "threshold()"), "big")
        if decision.nonce != int.from_bytes(await _view(writer, decision.council, "nonce()"), "big"):
            raise Refuse("the council has acted since this was proposed: execute it if that was this, or propose again")
        valid = {member: signature for member, signature in signed.signatures.items() if member in members}
        if strangers := [to_hex(signer) for signer in signed.signatures if signer not in members]:
            click.echo(f"not in the council, and not counted: {', '.join(strangers)}", err=True)
        return await _send(writer, decision.proposal(threshold, valid), keystore, password_file)


async def _execute(network: Network, decision: Decision, keystore: Path, password_file: Path) -> Receipt:
    async with _writer(network.chain(str(decision.chain))) as writer:
        return await _send(writer, decision.execution, keystore, password_file)


async def _send(writer: EvmWriter, call: Call, keystore: Path, password_file: Path) -> Receipt:
    signer = open_transaction_signer(keystore, password_file)
    rules = _PRICED if (await writer.account(signer.address)).base_fee else _FREE
    try:
        (receipt,) = await Sender(writer, signer, rules).send([call])
    except Reverted as refusal:
        if refusal.error == NOT_READY:
            raise Refuse("the timelock does not take it: its delay is not over, or it is executed already") from None
        raise Refuse(f"the chain refuses it: {refusal}") from None
    return receipt


@asynccontextmanager
async def _writer(chain: HomeEntry) -> AsyncIterator[EvmWriter]:
    async with Rpc(chain.rpc) as rpc:
        yield EvmWriter(rpc, ChainId(chain.chain_id))


async def _view(writer: EvmWriter, contract: Address, function: str) -> bytes:
    data = to_hex(keccak(function.encode())[:4])
    return read_bytes(await writer.rpc.result("eth_call", {"to": to_hex(contract), "data": data}, "latest"))


def _address(text: str) -> Address:
    try:
        return read_address(text.strip())
    except ValueError:
        raise Refuse(f"{text} is no address: give 0x and 40 hex digits") from None


def main() -> None:
    """Run the command."""
    run_command(cli, "interrupted; what was sent stays sent")


if __name__ == "__main__":
    main()
