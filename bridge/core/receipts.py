"""What a block's receipts say, proven by its header: all of them are encoded again and must give its receipts root.

Because all receipts are there, no log can be left out either. Sources: Yellow Paper, section 4.3.1 and appendix D;
EIP-2718 (the type byte of a receipt stands inside the trie, before its RLP). Costs: Yellow Paper, appendix G.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, TypeAlias

import rlp

from bridge.core.hashing import keccak
from bridge.core.types import Address, Hash32

_LEGACY: Final = 0
_HIGHEST_TYPE: Final = 0x7F
_BLOOM_BITS: Final = 2048
_LEAF_FLAG: Final = 2
_NIBBLES: Final = 16
_TRANSACTION_GAS: Final = 10_000
"""Half of what one costs: it may become cheaper."""
_LOG_GAS: Final = 375
_BYTE_GAS: Final = 8
_FREE_GAS: Final = 1_000_000
"""For what a chain does in a block by itself: some have transactions that use none."""
_HASHED_FROM: Final = 32
"""Nodes of fewer bytes stand in their parents as they are."""

_Pair: TypeAlias = tuple[tuple[int, ...], bytes]
_Node: TypeAlias = "bytes | list[_Node]"

EMPTY_ROOT: Final = keccak(rlp.encode(b""))
"""Of a block without transactions."""


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract logged."""

    address: Address
    topics: tuple[Hash32, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as consensus knows it."""

    kind: int
    """Type of its transaction; 0 is a legacy one."""
    outcome: bytes
    """1 or nothing; before byzantium a state root."""
    cumulative_gas: int
    bloom: bytes
    logs: tuple[Log, ...]


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the bytes that the trie holds. Raises ValueError for a type that is none."""
    if not _LEGACY <= receipt.kind <= _HIGHEST_TYPE:
        raise ValueError(f"a receipt has no type {receipt.kind}")
    logs = [(log.address, log.topics, log.data) for log in receipt.logs]
    body = bytes(rlp.encode((receipt.outcome, receipt.cumulative_gas, receipt.bloom, logs)))
    return body if receipt.kind == _LEGACY else bytes([receipt.kind]) + body


def receipts_root(receipts: Sequence[Receipt]) -> Hash32:
    """Return the root of a block's receipts, in the order of its transactions."""
    return list_root([encode_receipt(receipt) for receipt in receipts])


def list_root(values: Sequence[bytes]) -> Hash32:
    """Return the root of the trie that holds each value under the RLP of its index. None of them may be empty.

    It is built in one pass, from the leaves up, and nothing of it is kept.
    """
    if not values:
        return EMPTY_ROOT
    pairs = sorted((_nibbles(rlp.encode(index)), value) for index, value in enumerate(values))
    return keccak(rlp.encode(_node(pairs, 0)))


def may_have_logged(bloom: bytes, item: bytes) -> bool:
    """Tell whether an address or topic may stand in a bloom filter; no is certain (Yellow Paper, section 4.3.1)."""
    digest = keccak(item)
    bits = int.from_bytes(bloom, "big")
    return all(bits >> (int.from_bytes(digest[at : at + 2], "big") % _BLOOM_BITS) & 1 for at in (0, 2, 4))


def affordable(gas: int) -> int:
    """Return what a block's transactions and logs may have cost, if its header says that so much gas was used.

    Refunds take back half of it at most; since london a fifth (EIP-3529).
    """
    return 2 * gas + _FREE_GAS


def most_receipts(gas: int) -> int:
    """Return how many transactions a block that used so much gas may have."""
    return affordable(gas) // _TRANSACTION_GAS


def receipt_gas(logs: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield what a transaction costs at least, and then each of its logs, of which topics and bytes are given."""
    yield _TRANSACTION_GAS
    for topics, size in logs:
        yield _LOG_GAS * (1 + topics) + _BYTE_GAS * size


def _node(pairs: Sequence[_Pair], depth: int) -> _Node:
    """Return the node that holds sorted pairs whose keys agree in their first `depth` nibbles."""
    if len(pairs) == 1:
        (key, value) = pairs[0]
        return [_compact(key[depth:], _LEAF_FLAG), value]
    first, last = pairs[0][0], pairs[-1][0]
    shared = sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(first[depth:], last[depth:], strict=False)))
    if shared:
        return [_compact(first[depth : depth + shared], 0), _reference(_node(pairs, depth + shared))]
    return _branch(pairs, depth)


def _branch(pairs: Sequence[_Pair], depth: int) -> _Node:
    """Return a branch. No index's RLP begins another's, so that a branch of such a trie has no value of its own."""
    children: list[list[_Pair]] = [[] for _ in range(_NIBBLES)]
    for pair in pairs:
        children[pair[0][depth]].append(pair)
    return [*(_reference(_node(child, depth + 1)) if child else b"" for child in children), b""]


def _reference(node: _Node) -> _Node:
    encoded = rlp.encode(node)
    return node if len(encoded) < _HASHED_FROM else keccak(encoded)


def _nibbles(key: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in key for nibble in divmod(byte, _NIBBLES))


def _compact(nibbles: tuple[int, ...], flag: int) -> bytes:
    """Return the hex-prefix encoding of a path (Yellow Paper, appendix C)."""
    is_odd = len(nibbles) % 2
    whole = (flag + is_odd, *nibbles) if is_odd else (flag, 0, *nibbles)
    return bytes(high * _NIBBLES + low for high, low in zip(whole[::2], whole[1::2], strict=True))
