"""Raw JSON-RPC logs into chain facts. Hot path: written by hand, each leaf recomputed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from bridge.adapters.codec.abi import EVENTS
from bridge.adapters.codec.wire import read_address, read_hash, read_quantity, to_hex
from bridge.core.errors import Halt
from bridge.core.events import (
    AttestationPosted,
    ChainFact,
    Delivered,
    Dispatched,
    Executed,
    Held,
    Mined,
    Recertified,
    Returned,
    SentBack,
)
from bridge.core.hashing import WORD, word
from bridge.core.messages import decode_message, leaf_under, route_prefix
from bridge.core.types import (
    Address,
    ChainId,
    Digest,
    Epoch,
    Hash32,
    Height,
    Leaf,
    Nonce,
    Route,
    Slot,
    TxHash,
)

TOPICS: Final = {name: to_hex(event.topic) for name, event in EVENTS.items()}
_FIRST_OFFSET: Final = word(WORD)
_SIGNATURE_WORDS: Final = 2 * WORD
_COUNTED: Final = 63
"""Bits of the heights and of the nonces that a gateway gives, in the store as well: counting never gets to 64."""
_PLACE: Final = 32
"""Bits of a log's place in its block, in the store as well."""
_MALFORMED: Final = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one chain is watched for: its gateway with the routes that begin or end there, and the board if it is home.

    What a gateway logs about a chain that no route here names is somebody else's.
    """

    chain: ChainId
    gateway: Address
    routes: tuple[Route, ...]
    board: Address | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The contracts whose logs are read."""
        return (self.gateway,) if self.board is None else (self.gateway, self.board)


def watch(
    home: ChainId, gateway: Address, board: Address, remotes: Mapping[ChainId, Address]
) -> dict[ChainId, Watched]:
    """Return what each chain of a deployment is watched for; `remotes` are the gateways there."""
    outward = [Route(home, gateway, chain, remote) for chain, remote in remotes.items()]
    routes = tuple(both for route in outward for both in (route, route.reversed()))
    watched = {home: Watched(home, gateway, routes, board)}
    for route in outward:
        chain, remote = route.destination_chain, route.destination_gateway
        watched[chain] = Watched(chain, remote, (route, route.reversed()))
    return watched


class LogDecoder:
    """Turns the logs of one chain's watched contracts into facts."""

    def __init__(self, watched: Watched) -> None:
        self._outbound = {
            route.destination_chain: (route, route_prefix(route))
            for route in watched.routes
            if route.source_chain == watched.chain
        }
        self._inbound = {
            route.source_chain: route for route in watched.routes if route.destination_chain == watched.chain
        }
        gateway = to_hex(watched.gateway)
        self._readers = {(gateway, TOPICS[name]): read for name, read in self._gateway_readers().items()}
        if watched.board is not None:
            self._readers[to_hex(watched.board), TOPICS["Posted"]] = _posted

    def decode_all(self, logs: Iterable[object]) -> list[ChainFact]:
        """Return what the logs say, in the order of the chain."""
        facts = [fact for log in logs if (fact := self.decode(log)) is not None]
        return sorted(facts, key=lambda fact: (fact.at.height, fact.at.index))

    def decode(self, log: object) -> ChainFact | None:
        """Return what one log says; None if it is not one of ours.

        Raises Halt for a log of ours that is malformed, or whose leaf is not that of its message.
        """
        fields = cast("dict[str, Any]", log)
        try:
            topics = fields["topics"]
            read = self._readers.get((fields["address"].lower(), topics[0] if topics else ""))
            if read is None:
                return None
            return read(topics, bytes.fromhex(fields["data"][2:]), _mined(fields))
        except _MALFORMED as fault:
            raise Halt(f"a log cannot be read: {fault}", {"log": log}) from fault

    def _gateway_readers(self) -> dict[str, "Reader"]:
        return {
            "Dispatched": self._dispatched,
            "Delivered": self._delivered,
            "Executed": self._executed,
            "Held": self._held,
            "Recertified": _recertified,
            "SentBack": _sent_back,
            "Returned": _returned,
        }

    def _dispatched(self, topics: Sequence[str], data: bytes, at: Mined) -> Dispatched | None:
        known = self._outbound.get(ChainId(int(topics[2], 16)))
        if known is None:
            return None
        route, prefix = known
        if data[:WORD] != _FIRST_OFFSET:
            raise ValueError("its message is not where canonical ABI encoding puts it")
        message = decode_message(data[WORD:])
        leaf = Leaf(read_hash(topics[1]))
        computed = leaf_under(prefix, message)
        if computed != leaf:
            raise ValueError(f"its leaf is not {to_hex(computed)}, that of its message")
        if _fitting(message.nonce, _COUNTED) != int(topics[3], 16):
            raise ValueError("its nonce is not that of its message")
        return Dispatched(route, leaf, message, at)

    def _delivered(self, topics: Sequence[str], data: bytes, at: Mined) -> Delivered | None:
        route = self._route_from(topics[1])
        if route is None:
            return None
        epoch, first_nonce, count, source_height, root = _words(data, 5)
        return Delivered(
            route,
            Epoch(_number(epoch, 64)),
            Nonce(_number(first_nonce, 64)),
            _number(count, 32),
            Height(_number(source_height, 64)),
            Hash32(root),
            at,
        )

    def _executed(self, topics: Sequence[str], data: bytes, at: Mined) -> Executed | None:
        route = self._route_from(topics[2])
        if route is None:
            return None
        (nonce,) = _words(data, 1)
        return Executed(route, Leaf(read_hash(topics[1])), Nonce(_number(nonce, 64)), at)

    def _held(self, topics: Sequence[str], data: bytes, at: Mined) -> Held | None:
        route = self._route_from(topics[2])
        if route is None:
            return None
        nonce, epoch, reason = _words(data, 3)
        return Held(
            route,
            Leaf(read_hash(topics[1])),
            Nonce(_number(nonce, 64)),
            Epoch(_number(epoch, 64)),
            _number(reason, 8),
            at,
        )

    def _route_from(self, source_chain: str) -> Route | None:
        return self._inbound.get(ChainId(int(source_chain, 16)))


Reader = Callable[[Sequence[str], bytes, Mined], ChainFact | None]


def _recertified(topics: Sequence[str], data: bytes, at: Mined) -> Recertified:
    (epoch,) = _words(data, 1)
    return Recertified(Leaf(read_hash(topics[1])), Epoch(_number(epoch, 64)), at)


def _sent_back(topics: Sequence[str], _: bytes, at: Mined) -> SentBack:
    return SentBack(Leaf(read_hash(topics[1])), Leaf(read_hash(topics[2])), at)


def _returned(topics: Sequence[str], _: bytes, at: Mined) -> Returned:
    return Returned(Leaf(read_hash(topics[1])), Leaf(read_hash(topics[2])), at)


def _posted(topics: Sequence[str], data: bytes, at: Mined) -> AttestationPosted:
    length = int.from_bytes(data[WORD:_SIGNATURE_WORDS], "big")
    signature = data[_SIGNATURE_WORDS : _SIGNATURE_WORDS + length]
    if data[:WORD] != _FIRST_OFFSET or len(signature) != length:
        raise ValueError("its signature is not where canonical ABI encoding puts it")
    signer = read_address("0x" + topics[3][26:])
    return AttestationPosted(Slot(read_hash(topics[1])), Digest(read_hash(topics[2])), signer, signature, at)


def _mined(fields: dict[str, Any]) -> Mined:
    return Mined(
        Height(_fitting(read_quantity(fields["blockNumber"]), _COUNTED)),
        _fitting(read_quantity(fields["logIndex"]), _PLACE),
        read_hash(fields["blockHash"]),
        TxHash(read_hash(fields["transactionHash"])),
    )


def _words(data: bytes, count: int) -> list[bytes]:
    if len(data) != count * WORD:
        raise ValueError(f"it has {len(data)} bytes of data, not {count * WORD}")
    return [data[i : i + WORD] for i in range(0, len(data), WORD)]


def _number(data: bytes, bits: int) -> int:
    return _fitting(int.from_bytes(data, "big"), bits)


def _fitting(number: int, bits: int) -> int:
    if number >> bits:
        raise ValueError(f"{number} does not fit into {bits} bits")
    return number
