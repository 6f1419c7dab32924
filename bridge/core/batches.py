"""Batches: where their boundaries lie, their Merkle root, digest and signing slot (SPEC 3).

Boundaries are a pure function of the source chain, so every honest signer signs the same digest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.core.hashing import keccak, word
from bridge.core.messages import Kind, Message
from bridge.core.types import (
    Digest,
    Domain,
    Epoch,
    Hash32,
    Height,
    Nonce,
    Route,
    Slot,
    Timestamp,
    Windowing,
)

_DOMAIN_TYPE = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
)
_BATCH_TYPE = keccak(
    b"Batch(uint256 sourceChain,address sourceGateway,uint256 destinationChain,address destinationGateway,"
    b"uint64 epoch,uint64 firstNonce,uint32 count,bytes32 root,uint64 sourceHeight,bytes32 sourceBlockHash,"
    b"uint64 sourceTime)"
)
_NAME = keccak(b"JGB Bridge")
_VERSION = keccak(b"1")
_SLOT_TAG = keccak(b"jgb-bridge/slot/1")


@dataclass(frozen=True, slots=True)
class Batch:
    """What a quorum signs: consecutive messages of one route, mined in one window of the source chain."""

    route: Route
    epoch: Epoch
    first_nonce: Nonce
    count: int
    root: Hash32
    source_height: Height
    source_block_hash: Hash32
    source_time: Timestamp


def window_end(height: Height, windowing: Windowing) -> Height:
    """Return the last height of the window that `height` lies in: window w covers (w*K, (w+1)*K]."""
    return Height(-(-height // windowing.window) * windowing.window)


def cut(messages: Sequence[Message], windowing: Windowing) -> Iterator[Sequence[Message]]:
    """Cut one window's messages, in nonce order, into the pieces that become batches.

    A kind other than TRANSFER travels alone; a run of transfers is cut after every `max_batch`.
    """
    start = 0
    for index, message in enumerate(messages):
        if message.kind != Kind.TRANSFER:
            if start < index:
                yield messages[start:index]
            yield messages[index : index + 1]
            start = index + 1
        elif index + 1 - start == windowing.max_batch:
            yield messages[start : index + 1]
            start = index + 1
    if start < len(messages):
        yield messages[start:]


def root_of(leaves: Sequence[Hash32]) -> Hash32:
    """Return the Merkle root: pairs sorted before hashing, an odd node promoted unchanged.

    Raises ValueError for no leaves: a zero root must never exist.
    """
    if not leaves:
        raise ValueError("a batch has at least one message")
    return _levels(leaves)[-1][0]


def proof_of(leaves: Sequence[Hash32], index: int) -> list[Hash32]:
    """Return the siblings of leaf `index` from the bottom up; an odd node has none on its level."""
    proof = []
    for level in _levels(leaves)[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        index //= 2
    return proof


def verify_proof(leaf: Hash32, proof: Sequence[Hash32], root: Hash32) -> bool:
    """Check a proof as the contracts do."""
    for sibling in proof:
        leaf = _pair(leaf, sibling)
    return leaf == root


def domain_separator(domain: Domain) -> Hash32:
    """Return the EIP-712 domain separator of the destination gateway; the salt is the home ledger's block 0."""
    return keccak(_DOMAIN_TYPE + _NAME + _VERSION + word(domain.chain) + word(domain.gateway) + domain.home_genesis)


def encode_struct(batch: Batch) -> bytes:
    """Return the EIP-712 encoding of a batch: type hash, then eleven words. It is what the board publishes."""
    return b"".join(
        (
            _BATCH_TYPE,
            word(batch.route.source_chain),
            word(batch.route.source_gateway),
            word(batch.route.destination_chain),
            word(batch.route.destination_gateway),
            word(batch.epoch),
            word(batch.first_nonce),
            word(batch.count),
            batch.root,
            word(batch.source_height),
            batch.source_block_hash,
            word(batch.source_time),
        )
    )


def digest_of(separator: Hash32, batch: Batch) -> Digest:
    """Return what is signed: keccak256(0x1901, separator, keccak256(struct)) (EIP-712)."""
    return Digest(keccak(b"\x19\x01" + separator + keccak(encode_struct(batch))))


def slot_of(route: Route, first_nonce: Nonce, epoch: Epoch) -> Slot:
    """Return the signing slot: an honest signer signs one digest for it, ever (SPEC 3.4)."""
    return Slot(
        keccak(
            _SLOT_TAG
            + word(route.source_chain)
            + word(route.source_gateway)
            + word(route.destination_chain)
            + word(route.destination_gateway)
            + word(first_nonce)
            + word(epoch)
        )
    )


def _levels(leaves: Sequence[Hash32]) -> list[list[Hash32]]:
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [_pair(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        if len(below) % 2:
            above.append(below[-1])
        levels.append(above)
    return levels


def _pair(a: Hash32, b: Hash32) -> Hash32:
    return keccak(a + b if a < b else b + a)
