"""Reading logs: in ranges that the provider accepts, complete, and of blocks that stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bridge.adapters.codec import read_fields, read_hash, read_list, read_quantity, to_hex
from bridge.adapters.evm import NodeError, Request, Rpc, Unanswered
from bridge.core.errors import Retry
from bridge.core.types import Address, Hash32, Height

WIDEST: Final = 2_000
"""Blocks per request. Besu accepts 5,000, some providers fewer; what is too wide is halved."""
_TOO_MANY_REQUESTS: Final = re.compile(r"rate|request count|capacity|throughput|per second|quota", re.IGNORECASE)
_TOO_WIDE: Final = re.compile(
    r"range|limit|too many|too large|too big|more than|exceed|size|timeout|timed out", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Whose logs are wanted, and which: one set of alternatives per topic, an empty set stands for any."""

    addresses: tuple[Address, ...]
    topics: tuple[tuple[str, ...], ...]

    def params(self, first: Height, last: Height) -> dict[str, object]:
        """Return the filter in the form of `eth_getLogs`."""
        return {
            "fromBlock": to_hex(first),
            "toBlock": to_hex(last),
            "address": [to_hex(address) for address in self.addresses],
            "topics": [list(alternatives) or None for alternatives in self.topics],
        }


class LogSource:
    """Logs of one node. It remembers how wide a range the provider answers."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._span = WIDEST

    async def read(self, wanted: LogFilter, first: Height, last: Height) -> list[object]:
        """Return all matching logs of these heights. Raises Retry if any of them is not there or not to be had."""
        logs: list[object] = []
        while first <= last:
            end = Height(min(last, first + self._span - 1))
            some = await self._read_some(wanted, first, end)
            if some is None:
                continue
            logs += some
            first = Height(end + 1)
            self._span = min(WIDEST, self._span + self._span // 8 + 1)
        return logs

    async def _read_some(self, wanted: LogFilter, first: Height, last: Height) -> Sequence[object] | None:
        """Return the logs of one range; None if it was too wide, and the next will be narrower.

        The last block is asked for in the same breath: a node behind a balancer that does not have it yet would
        otherwise answer with no logs, which looks like a block without events.
        """
        requests = [
            Request("eth_getLogs", (wanted.params(first, last),)),
            Request("eth_getBlockByNumber", (to_hex(last), False)),
        ]
        try:
            found, block = await self._rpc.ask_all(requests)
        except Unanswered:
            self._narrow(first, last)
            raise
        if isinstance(found, NodeError):
            if last == first or not _is_too_wide(found):
                raise Retry(f"{self._rpc.name} refused eth_getLogs: {found}")
            self._narrow(first, last)
            return None
        if block is None or isinstance(block, NodeError):
            raise Retry(f"{self._rpc.name} has no block {last} yet")
        return self._checked(found, first, last, block)

    def _checked(self, found: object, first: Height, last: Height, block: object) -> Sequence[object]:
        """Refuse what a reorg took back, what is not mined, and what was not asked for."""
        try:
            end_hash = read_hash(read_fields(block).get("hash"))
            logs = read_list(found)
            for log in logs:
                _check(log, first, last, end_hash)
        except ValueError as fault:
            raise Retry(f"{self._rpc.name} answered eth_getLogs with logs that do not stand: {fault}") from fault
        return logs

    def _narrow(self, first: Height, last: Height) -> None:
        self._span = max(1, (last - first + 1) // 2)


def _check(log: object, first: Height, last: Height, end_hash: Hash32) -> None:
    fields = read_fields(log)
    height = read_quantity(fields.get("blockNumber"))
    if fields.get("removed"):
        raise ValueError(f"block {height} was removed")
    if not first <= height <= last:
        raise ValueError(f"block {height} was not asked for")
    if read_hash(fields.get("blockHash")) != end_hash and height == last:
        raise ValueError(f"block {height} is another one by its header")


def _is_too_wide(error: NodeError) -> bool:
    return not _TOO_MANY_REQUESTS.search(error.message) and bool(_TOO_WIDE.search(error.message))
