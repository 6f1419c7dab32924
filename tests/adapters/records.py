"""Records to put into a store: each is what a relayer could have concluded, and no two fields of one are equal."""

from bridge.core.events import AttestationPosted, BatchKey, Mined
from bridge.core.hashing import keccak, word
from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.records import FormedBatch, OwnSignature
from bridge.core.transfers import State, Transfer
from bridge.core.types import (
    Address,
    Block,
    ChainId,
    Digest,
    Epoch,
    Hash32,
    Height,
    Nonce,
    Route,
    Slot,
    Timestamp,
    TxHash,
    Units,
)
from tests.fakes.keys import fake_address

HOME, REMOTE = ChainId(1010032), ChainId(31_337)
OUT = Route(HOME, fake_address("home gateway"), REMOTE, fake_address("remote gateway"))
BACK = OUT.reversed()
HUGE = (1 << 128) - 1
"""The largest amount there is: twice what a column of a database holds."""


def hashed(name: str) -> Hash32:
    """Return a hash that a name stands for."""
    return keccak(name.encode())


def block(height: int, fork: str = "") -> Block:
    """Return the block at a height, or its rival on a fork."""
    return Block(Height(height), hashed(f"block {height}{fork}"), Timestamp(1_790_000_000 + height))


def place(height: int, index: int = 0) -> Mined:
    """Return the place of a log."""
    return Mined(Height(height), index, block(height).hash, TxHash(hashed(f"transaction {height} {index}")))


def message(nonce: int, data: bytes = b"") -> Message:
    """Return the message with a nonce."""
    asset, sender, recipient = fake_address("bond"), fake_address("sender"), fake_address("recipient")
    return Message(Kind.TRANSFER, Nonce(nonce), asset, sender, recipient, Units(HUGE - nonce), Units(HUGE), data)


def transfer(nonce: int, state: State = State.FINAL, route: Route = OUT) -> Transfer:
    """Return a transfer as it is in a state, with everything that is known by then."""
    sent = message(nonce)
    is_formed = state not in (State.SEEN, State.ORPHANED)
    is_decided = state in (State.EXECUTED, State.HELD, State.RETURNED)
    return Transfer(
        leaf=leaf_of(route, sent),
        route=route,
        message=sent,
        state=state,
        source=place(10 + nonce, nonce),
        batch=BatchKey(route, Nonce(0)) if is_formed else None,
        epoch=Epoch(3) if is_formed else None,
        included=place(50 + nonce) if state is State.SUBMITTED else None,
        destination=place(60 + nonce) if is_decided else None,
        reason=5 if state in (State.HELD, State.RETURNED) else None,
        return_leaf=leaf_of(route.reversed(), sent) if state is State.RETURNED else None,
    )


def formed(first_nonce: int, count: int = 1, route: Route = OUT) -> FormedBatch:
    """Return a batch."""
    return FormedBatch(BatchKey(route, Nonce(first_nonce)), count, hashed(f"root {first_nonce}"), block(20))


def signature(first_nonce: int, epoch: int = 3) -> OwnSignature:
    """Return what we signed for a batch in an epoch."""
    name = f"{first_nonce} {epoch}"
    key = BatchKey(OUT, Nonce(first_nonce))
    slot, digest = Slot(hashed(f"slot {name}")), Digest(hashed(f"digest {name}"))
    return OwnSignature(slot, digest, hashed(name) * 2, key, Epoch(epoch), posted=False)


def posted(number: int, signer: Address) -> AttestationPosted:
    """Return a signature on the board."""
    slot, digest = Slot(hashed(f"slot {number}")), Digest(hashed(f"digest {number}"))
    return AttestationPosted(slot, digest, signer, word(number) * 2, place(70 + number, number))
