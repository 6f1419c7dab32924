"""Reads calldata as the contracts' ABI says, independently of `adapters.codec`, and runs it on the fakes."""

from typing import Any

from eth_abi import decode

from bridge.core.batches import Batch
from bridge.core.events import ChainFact
from bridge.core.hashing import keccak
from bridge.core.messages import Message
from bridge.core.ports import Call, Reverted
from bridge.core.types import Address, Route
from tests.fakes.gateway import FakeBoard, FakeGateway

BATCH = "(uint256,address,uint256,address,uint64,uint64,uint32,bytes32,uint64,bytes32,uint64)"
MESSAGE = "(uint8,uint64,address,address,address,uint128,uint128,bytes)"
POST = "(bytes32,bytes32,bytes)"
SIGNATURES = {
    "deliver": [BATCH, f"{MESSAGE}[]", "bytes"],
    "retry": ["uint256", MESSAGE],
    "postMany": [f"{POST}[]"],
    "publishAndPost": ["bytes32[]", "bytes[]", f"{POST}[]"],
}
SELECTORS = {keccak(f"{name}({','.join(types)})".encode())[:4]: name for name, types in SIGNATURES.items()}


def run_call(gateway: FakeGateway, board: FakeBoard | None, call: Call) -> list[ChainFact]:
    """Run one call; raises Reverted as the contract would."""
    name = SELECTORS.get(call.data[:4])
    if name is None:
        raise Reverted("UnknownSelector", (call.data[:4].hex(),))
    arguments = decode(SIGNATURES[name], call.data[4:])
    if board is not None and call.to == board.address:
        return _post_all(board, arguments[-1])
    if call.to != gateway.address:
        raise Reverted("NoCode", (call.to.hex(),))
    if name == "deliver":
        batch, messages, certificate = arguments
        return gateway.deliver(_batch(batch), [_message(message) for message in messages], certificate)
    source_chain, message = arguments
    return gateway.retry(gateway.outbound[source_chain].reversed(), _message(message))


def _post_all(board: FakeBoard, posts: list[Any]) -> list[ChainFact]:
    return [fact for slot, digest, signature in posts for fact in board.post(slot, digest, signature)]


def _batch(fields: tuple[Any, ...]) -> Batch:
    route = Route(fields[0], _address(fields[1]), fields[2], _address(fields[3]))
    return Batch(route, *fields[4:])


def _message(fields: tuple[Any, ...]) -> Message:
    kind, nonce, asset, sender, recipient, amount, total, data = fields
    return Message(kind, nonce, _address(asset), _address(sender), _address(recipient), amount, total, data)


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))
