"""Where a transfer is, read from the chains alone: what a user sees and delivers with every relayer stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.adapters.bundles import Bundle
from bridge.adapters.codec import views
from bridge.adapters.config import HomeEntry, Network
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain, Lookup, Query, read
from bridge.core.batches import Batch, cut, digest_of, domain_separator, root_of, window_end
from bridge.core.errors import Refuse
from bridge.core.events import ChainFact, Dispatched, Executed, Held, OutcomeFact, SentBack
from bridge.core.finality import Depth, Heads, Tag, final_height
from bridge.core.messages import Message, leaf_of
from bridge.core.quorum import Committee, certificate_of
from bridge.core.transfers import State
from bridge.core.types import Address, ChainId, Digest, Domain, Hash32, Height, Leaf, Route, TxHash


@dataclass(frozen=True, slots=True)
class Trace:
    """A transfer as the chains tell it."""

    dispatched: Dispatched
    state: State
    signed: int
    """Members whose signature for the active epoch stands on the board."""
    committee: Committee | None
    """Of the destination; None until the message is final."""
    batch: Batch | None
    outcome: OutcomeFact | None
    outcome_is_final: bool
    bundle: Bundle | None
    """What can be delivered now: batch, messages and certificate."""


class Tracer:
    """Reads one network's chains."""

    def __init__(self, network: Network) -> None:
        self.network = network
        entries: list[HomeEntry] = [network.home, *network.remotes]
        self.chains = {entry.chain_id: EvmChain(Rpc(entry.rpc), network.watched[entry.chain_id]) for entry in entries}
        self._lookups = {entry.chain_id: Lookup(self.chains[entry.chain_id], entry.start_height) for entry in entries}
        self._genesis: Hash32 | None = None

    async def close(self) -> None:
        """Close the connections."""
        for chain in self.chains.values():
            await chain.rpc.close()

    @property
    def home(self) -> EvmChain:
        """The home ledger."""
        return self.chains[self.network.home.chain_id]

    async def find(self, name: Hash32) -> Dispatched:
        """Return a message by its id, or by the transaction that sent it.

        Raises Refuse if no chain knows it.
        """
        if (found := await self.sent(name)) is None:
            raise Refuse(f"no chain knows 0x{name.hex()} as a transfer or as a transaction that sent one")
        return found

    async def sent(self, name: Hash32) -> Dispatched | None:
        """Return a message by its id, or by the transaction that sent it; None if no chain has sent it."""
        for lookup in self._lookups.values():
            if (message := await lookup.message(Leaf(name))) is not None:
                return message
        for lookup in self._lookups.values():
            if messages := await lookup.messages_of(TxHash(name)):
                return messages[0]
        return None

    async def held(self, leaf: Leaf) -> tuple[Route, Message] | None:
        """Return a message that some chain has held, whether it was ever sent or not; None if none has held it."""
        for lookup in self._lookups.values():
            if (found := await lookup.held(leaf)) is not None:
                return found
        return None

    async def is_taken(self, route: Route, message: Message) -> bool:
        """Tell whether another message has used up a message's nonce: its delivery would be passed over in silence."""
        destination = self.chains[route.destination_chain]
        query = Query(views.IS_CONSUMED, route.destination_gateway, (route.source_chain, message.nonce))
        if not await read(destination.rpc, query, (await destination.heads()).latest):
            return False
        return not await self._lookups[route.destination_chain].outcomes(leaf_of(route, message))

    async def facts_of(self, chain: ChainId, tx: TxHash) -> Sequence[ChainFact]:
        """Return what one transaction on a chain has logged."""
        return await self._lookups[chain].facts_of(tx)

    async def trace(self, dispatched: Dispatched) -> Trace:
        """Follow a message from its source to its end."""
        route = dispatched.route
        source, destination = self.chains[route.source_chain], self.chains[route.destination_chain]
        heads = await source.heads()
        end = window_end(dispatched.at.height, await source.windowing(route.destination_chain))
        final = final_height(self._policy(route.source_chain, heads), heads)
        destination_heads = await destination.heads()
        outcomes = await self._lookups[route.destination_chain].outcomes(dispatched.leaf)
        outcome = outcomes[-1] if outcomes else None
        destination_final = final_height(self._policy(route.destination_chain, destination_heads), destination_heads)
        is_final = outcome is not None and outcome.at.height <= destination_final
        if end > final:
            return Trace(dispatched, State.SEEN, 0, None, None, outcome, is_final, None)
        committee = await destination.committee(destination_heads.latest)
        batch, messages = await self._batch(dispatched, end, committee)
        signatures = await self._signatures(batch)
        certificate = certificate_of(committee, signatures)
        bundle = Bundle(batch, messages, certificate) if certificate is not None else None
        signed = len(signatures.keys() & set(committee.members))
        state = _state(outcome, signed, quorate=certificate is not None)
        return Trace(dispatched, state, signed, committee, batch, outcome, is_final, bundle)

    async def _batch(
        self, dispatched: Dispatched, end: Height, committee: Committee
    ) -> tuple[Batch, tuple[Message, ...]]:
        """Derive the batch of a message as every signer does."""
        route = dispatched.route
        source = self.chains[route.source_chain]
        windowing = await source.windowing(route.destination_chain)
        window = await self._lookups[route.source_chain].window(route, end, windowing)
        block = (await source.blocks([end]))[end]
        for piece in cut([fact.message for fact in window], windowing):
            if dispatched.message in piece:
                root = root_of([leaf_of(route, message) for message in piece])
                batch = Batch(
                    route, committee.epoch, piece[0].nonce, len(piece), root, block.height, block.hash, block.time
                )
                return batch, tuple(piece)
        raise Refuse("the source's window does not hold the message any more: its chain was reorganised")

    async def _signatures(self, batch: Batch) -> Mapping[Address, bytes]:
        digest = await self.digest(batch)
        posts = await self._lookups[self.home.chain].posts(digest)
        return {post.signer: post.signature for post in posts}

    async def digest(self, batch: Batch) -> Digest:
        """Return what the committee signs."""
        return digest_of(await self.separator(batch.route), batch)

    async def separator(self, route: Route) -> Hash32:
        """Return the EIP-712 domain of a route's destination. The salt is read from home's block 0."""
        if self._genesis is None:
            self._genesis = (await self.home.blocks([Height(0)]))[Height(0)].hash
        return domain_separator(Domain(route.destination_chain, route.destination_gateway, self._genesis))

    def _policy(self, chain: ChainId, heads: Heads) -> Depth | Tag:
        """Home is final at once; a chain with the tag where it says so."""
        if chain == self.home.chain or heads.finalized is None:
            return Depth(0)
        return Tag()


def _state(outcome: OutcomeFact | None, signed: int, *, quorate: bool) -> State:
    match outcome:
        case Executed():
            return State.EXECUTED
        case SentBack():
            return State.RETURNED
        case Held():
            return State.HELD
        case _:
            pass
    if quorate:
        return State.QUORATE
    return State.ATTESTED if signed else State.FINAL
