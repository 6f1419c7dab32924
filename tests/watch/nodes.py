"""Nodes over the bridge in memory: they answer what the watchtower asks, and hang, fail, lag or lie on demand."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import rlp
from eth_abi import decode, encode
from eth_utils import keccak

from relayers.watch.rpc import Refused, TooLong, Unreadable
from tests.watch.model import Ledger, Made

PERIOD = 86_400
HANGS_SECONDS = 0.8
"""Until the deadline of a request: longer than a look waits."""
_PAUSE = "pause(address,uint256,address[],uint8,uint32)"
_PAUSE_FORM = ("address", "uint256", "address[]", "uint8", "uint32")


def _selector(signature: str) -> str:
    return "0x" + keccak(text=signature)[:4].hex()


def _about(signature: str, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[int]:
    """Return the places at which a view is asked for."""
    chosen = _selector(signature)
    return [
        place
        for place, (method, params) in enumerate(requests)
        if method == "eth_call" and params[0]["data"].startswith(chosen)
    ]


class Node:
    """Stands in for `Rpc`, over one chain of a bridge."""

    def __init__(self, ledger: Ledger) -> None:
        self.name = str(ledger.chain)
        self.ledger = ledger
        self.fault = ""
        """`hangs`, `down`, `nonsense`, `mute` (answers views with an error), or nothing."""
        self.slow = ""
        """A method that it does not answer in time."""
        self.lag = 0
        """Blocks by which it is behind."""
        self.torn: list[tuple[bytes, str]] = []
        """Views of contracts, each of which it answers once as if a unit more had moved by then."""
        self.scarce = ""
        """A view that it answers every second time."""
        self.most_logs = 10**9
        """Of more the answer would be too long."""
        self.hidden: set[str] = set()
        """Transactions whose logs it does not show."""
        self.refuses = ""
        """Why pauses revert, as 0x-hex of an error."""
        self.loses = 0
        """Transactions that it takes and that are never mined."""
        self.pauses: list[tuple[int, tuple[str, ...], int]] = []
        self.paused_here: set[tuple[int, bytes, int]] = set()
        """What this desk paused last."""
        self._is_spent = False
        self.period = PERIOD
        self.asked: list[str] = []
        self.wei = 10**18

    async def close(self) -> None:
        """Close nothing."""

    async def ask(self, method: str, *params: object) -> Any:  # noqa: ANN401 - a JSON value
        (answer,) = await self.ask_all([(method, params)])
        return answer

    async def ask_all(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        answers = await self.try_all(requests)
        for answer in answers:
            if isinstance(answer, Refused):
                raise answer
        return answers

    async def try_all(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        if self.fault == "hangs":
            await asyncio.sleep(HANGS_SECONDS)
            raise Unreadable(f"{self.name} did not answer")
        if self.fault == "down":
            raise Unreadable(f"{self.name} cannot be reached")
        self.asked += [method for method, _ in requests]
        if self.slow in {method for method, _ in requests}:
            await asyncio.sleep(HANGS_SECONDS)
            raise Unreadable(f"{self.name} did not answer")
        if self.fault == "nonsense":
            return [{"nonsense": True} for _ in requests]
        if self.scarce and _about(self.scarce, requests):
            self._is_spent = not self._is_spent
            if not self._is_spent:
                raise Unreadable(f"{self.name} was asked too much")
        answers = [self._answer(method, list(params)) for method, params in requests]
        return self._tear(requests, answers) if self.torn else answers

    def _tear(self, requests: Sequence[tuple[str, Sequence[Any]]], answers: list[Any]) -> list[Any]:
        """Answer a view as if a unit more had moved, and nothing else of that had happened yet."""
        contract, signature = self.torn[0]
        torn = [place for place in _about(signature, requests) if requests[place][1][0]["to"] == "0x" + contract.hex()]
        if torn:
            del self.torn[0]
        return [
            f"0x{int(answer[:66], 16) + 1:064x}{answer[66:]}" if place in torn else answer
            for place, answer in enumerate(answers)
        ]

    def _answer(self, method: str, params: list[Any]) -> Any:  # noqa: ANN401 - a JSON value
        match method:
            case "eth_chainId":
                return hex(self.ledger.chain)
            case "eth_getBlockByNumber":
                return self._block(str(params[0]))
            case "eth_getLogs":
                return self._logs(params[0])
            case "eth_call" | "eth_estimateGas":
                return self._called(method, params)
            case "eth_gasPrice":
                return hex(10**9)
            case "eth_getBalance":
                return hex(self.wei)
            case "eth_getTransactionCount":
                return hex(len(self.pauses))
            case "eth_sendRawTransaction":
                return self._send(bytes.fromhex(params[0][2:]))
            case "eth_getTransactionReceipt":
                return {"status": "0x0"}
            case _:
                return {"hash": params[0]}

    @property
    def shown(self) -> list[Made]:
        """Blocks that it has."""
        return self.ledger.blocks[: len(self.ledger.blocks) - self.lag]

    def _block(self, which: str) -> dict[str, Any] | None:
        blocks = self.shown
        numbers = {"latest": len(blocks) - 1, "finalized": max(0, len(blocks) - 1 - self.ledger.depth)}
        number = numbers.get(which, -1) if which in numbers else int(which, 16)
        if number >= len(blocks):
            return None
        made = blocks[number]
        failed = [
            {
                "to": "0x" + self.ledger.gateway.hex(),
                "from": who,
                "hash": f"0x{number:064x}",
                "blockNumber": hex(number),
            }
            for who in made.failed
        ]
        return {"number": hex(made.number), "hash": made.hash, "timestamp": hex(made.time), "transactions": failed}

    def _logs(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        found = [
            log
            for made in self.shown[first : last + 1]
            for log in made.logs
            if log["address"] in wanted["address"] and log["transactionHash"] not in self.hidden
        ]
        if len(found) > self.most_logs:
            raise TooLong(f"{self.name} answers with more than is read")
        return found

    def _called(self, method: str, params: list[Any]) -> Any:  # noqa: ANN401 - a JSON value
        call = params[0]
        if call["data"].startswith(_selector(_PAUSE)):
            reverts = self.refuses or self._needs_another(bytes.fromhex(call["data"][10:]))
            if reverts:
                return Refused(self.name, method, "execution reverted", reverts)
            return "0x5208" if method == "eth_estimateGas" else "0x"
        if self.fault == "mute":
            return Refused(self.name, method, "missing trie node")
        made = self.shown[-1] if params[1] == "latest" else self.shown[int(params[1], 16)]
        for signature, (inputs, outputs) in _VIEWS.items():
            if call["data"].startswith(_selector(signature)):
                arguments = decode(inputs, bytes.fromhex(call["data"][10:]))
                values = self._view(made, signature.partition("(")[0], arguments, call["to"])
                return "0x" + encode(outputs, values).hex()
        raise AssertionError(f"nobody told the node of {call['data'][:10]}")

    def _needs_another(self, data: bytes) -> str:
        """Return why a pause reverts: all of it was paused by this desk last, and its break is not over."""
        _, other, assets, directions, seconds = decode(_PAUSE_FORM, data)
        for asset in assets:
            for direction in (1, 2):
                key, now = (other, bytes.fromhex(asset[2:]), direction), self.ledger.head.time
                until = self.ledger.counts.paused[key]
                is_free = now + seconds <= until or now >= until + PERIOD or key not in self.paused_here
                if directions & direction and is_free:
                    return ""
        return _selector("PauseNeedsAnother(address)")

    def _view(self, made: Made, name: str, given: tuple[Any, ...], to: str) -> tuple[Any, ...]:
        counts, key = made.counts, tuple(bytes.fromhex(part[2:]) if isinstance(part, str) else part for part in given)
        bond = key[0] if name == "escrowed" else bytes.fromhex(to[2:])
        backing = sum(units for (_, asset), units in counts.backing.items() if asset == bond)
        answers: dict[str, Callable[[], tuple[Any, ...]]] = {
            "runningTotal": lambda: (counts.running[key],),
            "received": lambda: (counts.highest[key], counts.settled[key]),
            "locked": lambda: (counts.backing[key],),
            "wrappedOf": lambda: (given[0],),
            "totalSupply": lambda: (backing,),
            "flowLimits": lambda: (counts.limits[key], 10_000, 30),
            "FLOW_PERIOD": lambda: (self.period,),
            "pausedUntil": lambda: (counts.paused[key],),
            "escrowed": lambda: (backing,),
            "balanceOf": lambda: (backing - counts.stolen[bond],),
            "capOf": lambda: (counts.caps[key[0]],),
            "outboundLeaf": lambda: (counts.outbound.get(key, bytes(32)),),
            "activeEpoch": lambda: (counts.epoch,),
            "setOf": lambda: (bytes(32), counts.threshold, b"".join(counts.members)),
        }
        return answers[name]()

    def _send(self, raw: bytes) -> str:
        """Take a pause: it is in force from the next block on."""
        fields: list[bytes] = rlp.decode(raw)
        data = fields[5]
        assert data[:4].hex() == _selector(_PAUSE)[2:]
        assert fields[3] == self.ledger.watch
        tx = "0x" + keccak(raw).hex()
        if self.loses:
            self.loses -= 1
            return tx
        _, other, assets, directions, seconds = decode(_PAUSE_FORM, data[4:])
        for asset in assets:
            for direction in (1, 2):
                if directions & direction:
                    until = self.ledger.head.time + seconds
                    self.ledger.counts.paused[other, bytes.fromhex(asset[2:]), direction] = until
                    self.paused_here.add((other, bytes.fromhex(asset[2:]), direction))
        self.pauses.append((other, tuple(assets), directions))
        return tx


_VIEWS = {
    "runningTotal(uint256,address)": (("uint256", "address"), ("uint128",)),
    "received(uint256,address)": (("uint256", "address"), ("uint128", "uint128")),
    "locked(uint256,address)": (("uint256", "address"), ("uint128",)),
    "wrappedOf(address)": (("address",), ("address",)),
    "totalSupply()": ((), ("uint256",)),
    "flowLimits(uint256,address)": (("uint256", "address"), ("uint16", "uint16", "uint16")),
    "FLOW_PERIOD()": ((), ("uint32",)),
    "pausedUntil(uint256,address,uint8)": (("uint256", "address", "uint8"), ("uint256",)),
    "escrowed(address)": (("address",), ("uint256",)),
    "balanceOf(address)": (("address",), ("uint256",)),
    "capOf(address)": (("address",), ("uint96",)),
    "outboundLeaf(uint256,uint64)": (("uint256", "uint64"), ("bytes32",)),
    "activeEpoch()": ((), ("uint64",)),
    "setOf(uint64)": (("uint64",), ("bytes32", "uint8", "bytes")),
}
