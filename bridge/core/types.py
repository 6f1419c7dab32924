"""The nouns of the protocol: chains, heights, hashes, routes. Bytes inside, 0x-hex only at the edges."""

from dataclasses import dataclass
from typing import NewType

ChainId = NewType("ChainId", int)
Height = NewType("Height", int)
Nonce = NewType("Nonce", int)
"""Position of a message on its route, contiguous from 0. Never an account's transaction count."""
Epoch = NewType("Epoch", int)
"""Number of a committee, from 1."""
Timestamp = NewType("Timestamp", int)
"""UTC seconds."""
Units = NewType("Units", int)
"""JPY 1 face. Nothing is ever scaled."""

Address = NewType("Address", bytes)
"""20 bytes."""
Hash32 = NewType("Hash32", bytes)
"""32 bytes."""
Leaf = NewType("Leaf", Hash32)
"""Id of a transfer on every chain, see `messages.leaf_of`."""
Digest = NewType("Digest", Hash32)
"""What a quorum signs, see `batches.digest_of`."""
Slot = NewType("Slot", Hash32)
"""What a signer may sign once, see `batches.slot_of`."""
TxHash = NewType("TxHash", Hash32)

ZERO_ADDRESS = Address(bytes(20))
ZERO_HASH = Hash32(bytes(32))


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One direction between two gateways. Nonces, windows and books are per route."""

    source_chain: ChainId
    source_gateway: Address
    destination_chain: ChainId
    destination_gateway: Address

    def reversed(self) -> "Route":
        """Return the way back."""
        return Route(self.destination_chain, self.destination_gateway, self.source_chain, self.source_gateway)

    @property
    def name(self) -> str:
        """What operators call it, such as `1010032-31337`."""
        return f"{self.source_chain}-{self.destination_chain}"


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """A block that was seen: every number that is read says at which one."""

    height: Height
    hash: Hash32
    time: Timestamp


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a batch is executed: the EIP-712 domain of its digest (SPEC 3.3)."""

    chain: ChainId
    gateway: Address
    home_genesis: Hash32


@dataclass(frozen=True, slots=True)
class Windowing:
    """How a source gateway's messages become batches: immutable per route, chosen at its deployment."""

    window: int
    """Blocks per window."""
    max_batch: int
    """Messages per batch."""
