"""What somebody does who has stolen the keys of a whole committee."""

from collections.abc import Sequence
from typing import NamedTuple

from bridge.adapters import codec
from bridge.adapters.codec import views
from bridge.adapters.ledger import Query, read
from bridge.core.batches import Batch, root_of
from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.ports import AttestationSigner, Call, Receipt
from bridge.core.quorum import certificate_of
from bridge.core.types import Address, Leaf, Nonce, Route, Units
from tests.e2e.people import People


class Loot(NamedTuple):
    """What was minted, and by which transaction."""

    leaves: list[Leaf]
    receipt: Receipt


async def steal(
    people: People, signers: Sequence[AttestationSigner], nonces: range, amount: int, thief: Address
) -> Loot:
    """Certify and deliver to the first public chain what nobody has locked, under nonces of one's own choice."""
    leaves, call = await forge(people, signers, nonces, amount, thief)
    (receipt,) = await people.send("bob", people.remote(0), call)
    return Loot(leaves, receipt)


async def forge(
    people: People,
    signers: Sequence[AttestationSigner],
    nonces: range,
    amount: int,
    thief: Address,
    *,
    is_covered: bool = True,
) -> tuple[list[Leaf], Call]:
    """Certify what nobody has locked; return its leaves and the delivery. It may claim totals that cover it, or not."""
    chain, home = people.remote(0), people.home
    block, source = (await chain.heads()).latest, (await home.heads()).latest
    route = Route(home.chain, home.watched.gateway, chain.chain, chain.watched.gateway)
    committee = await chain.committee(block)
    query = Query(views.RECEIVED, route.destination_gateway, (home.chain, people.bond()))
    highest = (await read(chain.rpc, query, block)).highest_total
    messages = [
        Message(
            Kind.TRANSFER,
            Nonce(nonce),
            people.bond(),
            people.address("carol"),
            thief,
            Units(amount),
            Units(highest + count * amount * is_covered),
        )
        for count, nonce in enumerate(nonces, start=1)
    ]
    leaves = [leaf_of(route, message) for message in messages]
    first, root = messages[0].nonce, root_of(leaves)
    batch = Batch(route, committee.epoch, first, len(messages), root, source.height, source.hash, source.time)
    digest = await people.tracer.digest(batch)
    certificate = certificate_of(committee, {signer.address: signer.sign_digest(digest) for signer in signers})
    assert certificate is not None
    return leaves, Call(route.destination_gateway, codec.encode_deliver(batch, messages, certificate))
