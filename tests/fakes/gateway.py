"""A fake gateway and a fake board: the contracts' rules on messages, batches and certificates, without tokens."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from bridge.core.batches import Batch, digest_of, root_of
from bridge.core.events import (
    AttestationPosted,
    ChainFact,
    Delivered,
    Dispatched,
    Executed,
    Held,
    Mined,
)
from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.ports import Reverted
from bridge.core.quorum import ADDRESS_BYTES, SIGNATURE_BYTES, Committee
from bridge.core.reasons import Reason
from bridge.core.types import (
    ZERO_HASH,
    Address,
    ChainId,
    Digest,
    Hash32,
    Leaf,
    Nonce,
    Route,
    Slot,
    Units,
    Windowing,
)
from tests.fakes.keys import recover

NOWHERE = Mined(0, 0, ZERO_HASH, ZERO_HASH)  # type: ignore[arg-type]


@dataclass
class FakeGateway:
    """One end of some routes. `execute` methods return facts that the chain stamps with their place."""

    chain: ChainId
    address: Address
    committee: Committee
    separator: Hash32 = ZERO_HASH
    outbound: dict[ChainId, Route] = field(default_factory=dict)
    windowings: dict[ChainId, Windowing] = field(default_factory=dict)
    sent: dict[Route, list[Leaf]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[tuple[Route, Address], int] = field(default_factory=lambda: defaultdict(int))
    consumed: dict[Route, set[Nonce]] = field(default_factory=lambda: defaultdict(set))
    executed: dict[Leaf, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[Leaf, int] = field(default_factory=dict)
    unpayable: set[Address] = field(default_factory=set)
    """Recipients that make a message HELD."""

    def dispatch(self, destination: ChainId, message: Message) -> ChainFact:
        """Number a message and send it off."""
        route = self.outbound[destination]
        self.totals[route, message.asset] += message.amount
        numbered = replace(
            message,
            nonce=Nonce(len(self.sent[route])),
            running_total=Units(self.totals[route, message.asset]),
        )
        leaf = leaf_of(route, numbered)
        self.sent[route].append(leaf)
        return Dispatched(route, leaf, numbered, NOWHERE)

    def deliver(self, batch: Batch, messages: list[Message], certificate: bytes) -> list[ChainFact]:
        """Verify as the contract does, then execute or hold each message once."""
        self._verify(batch, certificate)
        leaves = [leaf_of(batch.route, message) for message in messages]
        nonces = [message.nonce for message in messages]
        if nonces != list(range(batch.first_nonce, batch.first_nonce + batch.count)):
            raise Reverted("NonceOutOfBatch")
        if root_of(leaves) != batch.root:
            raise Reverted("RootMismatch")
        facts: list[ChainFact] = [
            Delivered(
                batch.route,
                batch.epoch,
                batch.first_nonce,
                batch.count,
                batch.source_height,
                batch.root,
                NOWHERE,
            )
        ]
        for message, leaf in zip(messages, leaves, strict=True):
            if message.nonce not in self.consumed[batch.route]:
                self.consumed[batch.route].add(message.nonce)
                facts.append(self._receive(batch, message, leaf))
        return facts

    def retry(self, route: Route, message: Message) -> list[ChainFact]:
        """Execute a held message if its recipient can be paid by now."""
        leaf = leaf_of(route, message)
        if leaf not in self.held:
            raise Reverted("NotHeld")
        if message.recipient in self.unpayable:
            raise Reverted("StillHeld")
        del self.held[leaf]
        return [self._execute(route, message, leaf)]

    def _receive(self, batch: Batch, message: Message, leaf: Leaf) -> ChainFact:
        if message.recipient in self.unpayable:
            self.held[leaf] = Reason.RECIPIENT_INVALID
            return Held(batch.route, leaf, message.nonce, batch.epoch, Reason.RECIPIENT_INVALID, NOWHERE)
        return self._execute(batch.route, message, leaf)

    def _execute(self, route: Route, message: Message, leaf: Leaf) -> ChainFact:
        self.executed[leaf] += 1
        if message.kind == Kind.TRANSFER:
            self.paid[message.recipient] += message.amount
        return Executed(route, leaf, message.nonce, NOWHERE)

    def _verify(self, batch: Batch, certificate: bytes) -> None:
        if self.outbound.get(batch.route.source_chain) != batch.route.reversed():
            raise Reverted("SourceMismatch")
        if batch.epoch != self.committee.epoch:
            raise Reverted("EpochNotActive", (batch.epoch, self.committee.epoch))
        if len(certificate) != self.committee.threshold * SIGNATURE_BYTES:
            raise Reverted("SignatureCount")
        digest = digest_of(self.separator, batch)
        previous = bytes(ADDRESS_BYTES)
        for start in range(0, len(certificate), SIGNATURE_BYTES):
            signer = recover(digest, certificate[start : start + SIGNATURE_BYTES])
            if signer is None or signer <= previous or signer not in self.committee.members:
                raise Reverted("SignerNotInSet")
            previous = signer


@dataclass
class FakeBoard:
    """The bulletin board: append-only, duplicates skipped quietly, strangers refused."""

    address: Address
    signers: set[Address]
    posted: set[tuple[Slot, Digest, Address]] = field(default_factory=set)

    def post(self, slot: Slot, digest: Digest, signature: bytes) -> list[ChainFact]:
        """Keep one signature."""
        signer = recover(digest, signature)
        if signer is None or signer not in self.signers:
            raise Reverted("NotPoster")
        if (slot, digest, signer) in self.posted:
            return []
        self.posted.add((slot, digest, signer))
        return [AttestationPosted(slot, digest, signer, signature, NOWHERE)]
