"""A devnet without relayers, on which a test locks, certifies with the only key there is, and delivers by hand."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.adapters import codec
from bridge.adapters.codec import views
from bridge.adapters.config import Network, load
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain, Lookup, Query, Sender, read
from bridge.adapters.signers import (
    LocalAttestationSigner,
    LocalTransactionSigner,
    open_attestation_signer,
    open_transaction_signer,
)
from bridge.core.batches import Batch, digest_of, domain_separator, root_of
from bridge.core.events import Dispatched
from bridge.core.messages import Kind
from bridge.core.ports import Call
from bridge.core.quorum import certificate_of
from bridge.core.submission import FeeRules, Fees
from bridge.core.types import Address, Domain, Hash32, Height, Units

LOT = Units(50_000)
FEES = FeeRules(200 * 10**9, 10**9, 10**20, 3)
PRICED = Fees(100 * 10**9, 10**9)


@dataclass
class Scene:
    """The chains of one test, and who acts on them."""

    network: Network
    home: EvmChain
    remote: EvmChain
    signer: LocalAttestationSigner
    poster: LocalTransactionSigner

    def user(self, name: str) -> LocalTransactionSigner:
        entry = self.network.account(name)
        return open_transaction_signer(entry.keystore, entry.password_file)

    def sender(self, chain: EvmChain, signer: LocalTransactionSigner) -> Sender:
        return Sender(chain, signer, FEES if chain is self.remote else FeeRules(0, 0, 0, 1))

    @property
    def bond(self) -> Address:
        return self.network.assets[0].home

    async def sent(self, facts: Sequence[Dispatched], destination: EvmChain) -> tuple[Batch, bytes]:
        """Batch the messages of one block and certify them with the only key of the committee."""
        route = facts[0].route
        block = (await self.source(destination).blocks([facts[0].at.height]))[facts[0].at.height]
        committee = await destination.committee((await destination.heads()).latest)
        root = root_of([fact.leaf for fact in facts])
        batch = Batch(
            route, committee.epoch, facts[0].message.nonce, len(facts), root, block.height, block.hash, block.time
        )
        digest = digest_of(await self.separator(destination), batch)
        certificate = certificate_of(committee, {self.signer.address: self.signer.sign_digest(digest)})
        assert certificate is not None
        return batch, certificate

    async def separator(self, destination: EvmChain) -> Hash32:
        genesis = await self.home.genesis()
        return domain_separator(Domain(destination.chain, destination.watched.gateway, genesis))

    def source(self, destination: EvmChain) -> EvmChain:
        return self.home if destination is self.remote else self.remote

    async def deliver(self, facts: Sequence[Dispatched], destination: EvmChain) -> None:
        batch, certificate = await self.sent(facts, destination)
        data = codec.encode_deliver(batch, [fact.message for fact in facts], certificate)
        await self.sender(destination, self.poster).send([Call(destination.watched.gateway, data)])

    async def lock(self, *amounts: int, name: str = "alice") -> list[Dispatched]:
        """Lock at home, each amount in a call of its own."""
        gateway, user = self.home.watched.gateway, self.sender(self.home, self.user(name))
        await user.send([Call(self.bond, codec.encode_approve(gateway, Units(10**9)))])
        calls = [
            Call(gateway, codec.encode_lock(self.bond, Units(amount), self.remote.chain, user.address, b"ref"))
            for amount in amounts
        ]
        receipts = await user.send(calls)
        lookup = Lookup(self.home, Height(1))
        return [fact for receipt in receipts for fact in await lookup.messages_of(receipt.tx)]

    async def announced(self) -> None:
        """Deliver the announcements, unless that is done."""
        facts = await self.home.facts(Height(1), (await self.home.heads()).latest.height)
        announcements = [fact for fact in facts if isinstance(fact, Dispatched) and fact.message.kind == Kind.ANNOUNCE]
        for fact in announcements:
            query = Query(views.IS_CONSUMED, self.remote.watched.gateway, (self.home.chain, fact.message.nonce))
            if not await read(self.remote.rpc, query, (await self.remote.heads()).latest):
                await self.deliver([fact], self.remote)


@asynccontextmanager
async def scene_of(network: Network) -> AsyncIterator[Scene]:
    """Open the chains of a devnet."""
    folder = network.users[0].keystore.parents[1]
    config = load(folder / "relayers" / "relayer-1" / "relayer.toml", {})
    keys = config.keys
    async with Rpc(network.home.rpc, "home") as home, Rpc(network.remotes[0].rpc, "remote") as remote:
        chains = [
            EvmChain(rpc, network.watched[entry.chain_id])
            for rpc, entry in ((home, network.home), (remote, network.remotes[0]))
        ]
        yield Scene(
            network,
            chains[0],
            chains[1],
            open_attestation_signer(keys.attestation.keystore, keys.attestation.password_file),
            open_transaction_signer(keys.submission.keystore, keys.submission.password_file),
        )
