"""What all relayers that have read as far agree on: one hash of everything the chains have decided.

How far a relayer's own signing and submission is does not enter, nor the order in which it learned things. Nonces
are hashed in chunks, so that whoever keeps the hashes of chunks that cannot change any more reads only the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.hashing import keccak, word
from bridge.core.transfers import State
from bridge.core.types import ZERO_HASH, Hash32, Height, Leaf, Nonce, Route

CHUNK = 1024
"""Consecutive nonces of one route that are hashed together: chunk c covers [c * CHUNK, (c + 1) * CHUNK)."""
_DECISIONS = {State.HELD: 1, State.EXECUTED: 2, State.RETURNED: 3}
"""Every other state from FINAL on is undecided, zero."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chains say of one transfer that is final at its source."""

    leaf: Leaf
    source: tuple[Height, Hash32]
    """Block."""
    first_nonce: Nonce | None
    """Of its batch, once that is formed."""
    state: State
    destination: tuple[Height, Hash32] | None
    """Block of the final outcome."""
    reason: int | None


def chunk_hash(standings: Iterable[Standing]) -> Hash32:
    """Return the hash of one chunk's transfers, which are given by nonce."""
    return keccak(b"".join(map(_encode, standings)))


def state_digest(chunks: Iterable[tuple[Route, int, Hash32]]) -> Hash32:
    """Return the hash of all chunks that hold a transfer, in any order, each with its route and number."""
    return keccak(
        b"".join(
            word(route.source_chain)
            + word(route.source_gateway)
            + word(route.destination_chain)
            + word(route.destination_gateway)
            + word(number)
            + chunk
            for route, number, chunk in sorted(chunks)
        )
    )


def _encode(standing: Standing) -> bytes:
    """Encode a transfer in eight words, so that no two standings encode alike."""
    source_height, source_hash = standing.source
    height, block = standing.destination or (Height(0), ZERO_HASH)
    return b"".join(
        (
            standing.leaf,
            word(source_height),
            source_hash,
            word(0 if standing.first_nonce is None else standing.first_nonce + 1),
            word(_DECISIONS.get(standing.state, 0)),
            word(height),
            block,
            word(standing.reason or 0),
        )
    )
