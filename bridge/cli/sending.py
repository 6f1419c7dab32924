"""`lock` and `burn`: the two ways over the bridge."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import click

from bridge.adapters import codec
from bridge.adapters.codec import views
from bridge.adapters.config import Network, RemoteEntry
from bridge.adapters.ledger import EvmChain, Query, read
from bridge.adapters.signers import LocalTransactionSigner
from bridge.adapters.tracing import Tracer
from bridge.cli.following import follow
from bridge.cli.inputs import (
    json_option,
    read_address,
    read_amount,
    read_isin,
    read_network,
    read_remote,
    read_signer,
    sender_options,
)
from bridge.cli.wallet import NO_ALLOWANCE, Wallet
from bridge.core.errors import Refuse
from bridge.core.events import Dispatched
from bridge.core.ports import Call
from bridge.core.types import Address, TxHash, Units


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a user asks for, checked."""

    network: Network
    signer: LocalTransactionSigner
    asset: Address
    isin: str
    amount: Units
    remote: RemoteEntry
    recipient: Address
    reference: bytes


def _crossing_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        json_option,
        click.option("--wait/--no-wait", default=True, show_default=True, help="Follow it until it is final there."),
        click.option("--reference", default="", help="Free text for the parties, on chain for everyone."),
        sender_options,
        click.option("--recipient", required=True, help="Who gets it there: 0x-address or a user's name."),
        click.argument("amount"),
        click.argument("isin"),
    ):
        command = option(command)
    return command


@click.command()
@_crossing_options
@click.option("--to", "chain", required=True, metavar="CHAIN", help="The public chain, by name or id.")
@click.pass_obj
def lock(path: Path, /, chain: str, *, wait: bool, as_json: bool, **words: str) -> None:
    """Lock AMOUNT units of the bond ISIN at home and get as many wrapped ones on a public chain."""
    crossing = _read(path, chain, words)
    asyncio.run(_cross(crossing, _lock, wait=wait, as_json=as_json))


@click.command()
@_crossing_options
@click.option("--on", "chain", required=True, metavar="CHAIN", help="The public chain, by name or id.")
@click.pass_obj
def burn(path: Path, /, chain: str, *, wait: bool, as_json: bool, **words: str) -> None:
    """Burn AMOUNT wrapped units of the bond ISIN on a public chain and get as many at home."""
    crossing = _read(path, chain, words)
    asyncio.run(_cross(crossing, _burn, wait=wait, as_json=as_json))


def _read(path: Path, chain: str, words: dict[str, str]) -> Crossing:
    network = read_network(path)
    keystore, password_file = words["keystore"], words["password_file"]
    isin = read_isin(network, words["isin"])
    return Crossing(
        network=network,
        asset=network.asset(isin).home,
        isin=isin,
        amount=read_amount(words["amount"]),
        remote=read_remote(network, chain),
        recipient=read_address(network, words["recipient"]),
        reference=words["reference"].encode(),
        signer=read_signer(
            network,
            words["user"],
            Path(keystore) if keystore else None,
            Path(password_file) if password_file else None,
        ),
    )


async def _cross(
    crossing: Crossing,
    send: Callable[[Tracer, Crossing], Awaitable[Dispatched]],
    *,
    wait: bool,
    as_json: bool,
) -> None:
    tracer = Tracer(crossing.network)
    try:
        await follow(tracer, await send(tracer, crossing), wait=wait, as_json=as_json)
    finally:
        await tracer.close()


async def _lock(tracer: Tracer, crossing: Crossing) -> Dispatched:
    home = tracer.home
    gateway = home.watched.gateway
    wallet = Wallet(home, crossing.signer)
    await _require_balance(home, crossing.asset, crossing)
    chain, recipient = crossing.remote.chain_id, crossing.recipient
    lock = Call(gateway, codec.encode_lock(crossing.asset, crossing.amount, chain, recipient, crossing.reference))
    # The gateway looks at the allowance last: whatever else it refuses is refused before an approval is sent.
    if await wallet.refusal_of(lock) == NO_ALLOWANCE:
        approval = Call(crossing.asset, codec.encode_approve(gateway, crossing.amount))
        await wallet.send(approval, "the approval")
    receipt = await wallet.send(lock, "the lock")
    return await _sent(tracer, receipt.tx)


async def _burn(tracer: Tracer, crossing: Crossing) -> Dispatched:
    remote = tracer.chains[crossing.remote.chain_id]
    wrapped = crossing.network.asset(crossing.isin).remotes.get(crossing.remote.name)
    if wrapped is None:
        raise Refuse(f"{crossing.isin} is not wrapped on {crossing.remote.name}")
    await _require_balance(remote, wrapped, crossing)
    data = codec.encode_burn(crossing.asset, crossing.amount, crossing.recipient, crossing.reference)
    receipt = await Wallet(remote, crossing.signer).send(Call(remote.watched.gateway, data), "the burn")
    return await _sent(tracer, receipt.tx)


async def _require_balance(chain: EvmChain, token: Address, crossing: Crossing) -> None:
    block = (await chain.heads()).latest
    balance = await read(chain.rpc, Query(views.BALANCE_OF, token, (crossing.signer.address,)), block)
    if balance < crossing.amount:
        raise Refuse(f"insufficient balance: {balance} units of {crossing.isin} there, {crossing.amount} asked for")


async def _sent(tracer: Tracer, tx: TxHash) -> Dispatched:
    return await tracer.find(tx)
