"""Reading contracts: every view is pinned to a block, by its hash."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from bridge.adapters.codec import View, read_bytes, to_hex
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger.outcomes import revert_of
from bridge.core.errors import Retry
from bridge.core.types import Address, Block

T = TypeVar("T")


class Query(NamedTuple, Generic[T]):
    """One view of one contract."""

    view: View[T]
    contract: Address
    arguments: tuple[int | bytes, ...] = ()


async def read(rpc: Rpc, query: Query[T], at: Block) -> T:
    """Return the answer of one view at a block. Raises Retry if the node has none."""
    (output,) = await _outputs(rpc, [query], at)
    return _meaning(rpc, query, output)


async def read_all(rpc: Rpc, queries: Sequence[Query[T]], at: Block) -> list[T]:
    """Return the answers of several views at one block, in order. Raises Retry if the node has not all."""
    outputs = await _outputs(rpc, queries, at)
    return [_meaning(rpc, query, output) for query, output in zip(queries, outputs, strict=True)]


async def _outputs(rpc: Rpc, queries: Sequence[Query[T]], at: Block) -> list[object | NodeError]:
    # By hash: a node that has dropped the block in a reorg says so instead of answering for another (EIP-1898).
    pin = {"blockHash": to_hex(at.hash)}
    return await rpc.ask_all([Request("eth_call", (_call(query), pin)) for query in queries])


def _call(query: Query[T]) -> dict[str, str]:
    return {"to": to_hex(query.contract), "data": to_hex(query.view.call(*query.arguments))}


def _meaning(rpc: Rpc, query: Query[T], output: object | NodeError) -> T:
    what = f"{rpc.name} has no {query.view.name} of {to_hex(query.contract)}"
    if isinstance(output, NodeError):
        raise Retry(f"{what}: {revert_of(output) or output}")
    try:
        return query.view.result(read_bytes(output))
    except ValueError as fault:
        raise Retry(f"{what}: {fault}") from fault
