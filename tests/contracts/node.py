"""A node that answers what a test has written down, at its newest block and at the final one before it."""

from collections.abc import Sequence
from typing import Any, cast

from bridge.adapters.codec import View, to_hex, watch
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger import EvmChain
from bridge.core.hashing import word
from bridge.core.types import Address, ChainId, Height

HOME, REMOTE = ChainId(1), ChainId(2)
HOME_GATEWAY, GATEWAY, BOARD, COMMITTEE, TIMELOCK = (Address(bytes([byte]) * 20) for byte in range(1, 6))
WATCHED = watch(HOME, HOME_GATEWAY, BOARD, {REMOTE: GATEWAY})
LATEST, FINAL = Height(90), Height(60)


class Node:
    """A node of one chain."""

    name = "fake"

    def __init__(self) -> None:
        self.answers: dict[tuple[Height, Address, bytes], bytes] = {}
        self.logs: list[dict[str, object]] = []
        self.has_tag = True

    def says(
        self,
        contract: Address,
        view: View[Any],
        answer: int | bytes,
        *arguments: int | bytes,
        at: Sequence[Height] = (LATEST, FINAL),
    ) -> None:
        """Write an answer of one word down, for both blocks or for one."""
        for height in at:
            self.answers[height, contract, view.call(*arguments)] = word(answer)

    def logged(self, emitter: Address, topics: Sequence[bytes], data: bytes = b"", height: int = 20) -> None:
        """Write a log down."""
        self.logs.append(
            {
                "address": to_hex(emitter),
                "topics": [to_hex(topic) for topic in topics],
                "data": to_hex(data),
                "blockNumber": to_hex(height),
                "blockHash": to_hex(word(height)),
                "logIndex": to_hex(len(self.logs)),
                "transactionHash": to_hex(word(7)),
            }
        )

    def chain(self, chain: ChainId) -> EvmChain:
        """Return the chain as commands read it."""
        return EvmChain(cast("Rpc", self), WATCHED[chain])

    async def ask_all(self, requests: Sequence[Request]) -> list[object]:
        """Answer as `Rpc` does."""
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> object:
        match request:
            case Request("eth_getBlockByNumber", ("finalized", _)):
                return _header(FINAL) if self.has_tag else NodeError(-39001, "Unknown block", None)
            case Request("eth_getBlockByNumber", (where, _)):
                return _header(LATEST if where == "latest" else int(str(where), 16))
            case Request("eth_getLogs", (wanted,)):
                return [log for log in self.logs if _fits(log, cast("dict[str, Any]", wanted))]
            case Request("eth_call", (call, pin)):
                return self._call(cast("dict[str, str]", call), cast("dict[str, str]", pin))
            case _:
                return NodeError(-32601, "method not found", None)

    def _call(self, call: dict[str, str], pin: dict[str, str]) -> object:
        height = Height(int(pin["blockHash"], 16))
        answer = self.answers.get((height, Address(bytes.fromhex(call["to"][2:])), bytes.fromhex(call["data"][2:])))
        return NodeError(3, "execution reverted", "0x") if answer is None else to_hex(answer)


def _header(height: int) -> dict[str, str]:
    return {"number": to_hex(height), "hash": to_hex(word(height)), "timestamp": to_hex(height)}


def _fits(log: dict[str, Any], wanted: dict[str, Any]) -> bool:
    first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
    if log["address"] not in wanted["address"] or not first <= int(log["blockNumber"], 16) <= last:
        return False
    return all(
        alternatives is None or topic in alternatives
        for topic, alternatives in zip(log["topics"], wanted["topics"], strict=False)
    )
