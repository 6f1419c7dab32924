"""What a transaction brought to a gateway, out of its calldata: what nobody has sent is written nowhere else."""

from collections.abc import Iterator
from typing import Final

from bridge.adapters.codec import decode_messages, read_bytes, read_fields, read_list, to_hex
from bridge.adapters.evm import NodeError, Rpc
from bridge.core.errors import Refuse, Retry
from bridge.core.messages import Message, leaf_of
from bridge.core.types import Leaf, Route, TxHash

_CALLS: Final = {"tracer": "callTracer"}


async def brought_by(rpc: Rpc, tx: TxHash, route: Route, leaf: Leaf) -> Message:
    """Return the message of a route with this id, out of the transaction that brought it.

    If another contract made the call, the calls inside are asked for. Raises Refuse if the node does not tell them.
    """
    outer = await rpc.result("eth_getTransactionByHash", to_hex(tx))
    if (message := _found(rpc, outer, route, leaf)) is not None:
        return message
    calls = await rpc.ask("debug_traceTransaction", to_hex(tx), _CALLS)
    if not isinstance(calls, NodeError) and (message := _found(rpc, calls, route, leaf)) is not None:
        return message
    raise Refuse(
        f"another contract brought it, in transaction {to_hex(tx)}, and {rpc.name} does not tell what that called: "
        "name a node that answers debug_traceTransaction"
    )


def _found(rpc: Rpc, call: object, route: Route, leaf: Leaf) -> Message | None:
    try:
        messages = [message for data in _inputs(call) for message in decode_messages(data)]
    except ValueError as fault:
        raise Retry(f"{rpc.name} answered with what is no transaction: {fault}") from fault
    return next((message for message in messages if leaf_of(route, message) == leaf), None)


def _inputs(call: object) -> Iterator[bytes]:
    """Yield the calldata of a transaction or call, and of the calls inside it."""
    fields = read_fields(call)
    yield read_bytes(fields.get("input", "0x"))
    for inner in read_list(fields.get("calls", [])):
        yield from _inputs(inner)
