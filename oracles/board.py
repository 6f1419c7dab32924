"""The board on the home ledger as a reporter reads it and writes to it."""

from collections.abc import Mapping, Sequence

from bridge.adapters.codec import read_block, to_hex
from bridge.adapters.evm import Request, Rpc
from bridge.adapters.ledger import EvmWriter, LogFilter, LogSource, Sender, newest_block
from bridge.core.errors import Retry
from bridge.core.ports import Call, TransactionSigner
from bridge.core.types import Address, Digest, Height, Timestamp
from oracles.config import OracleHome
from oracles.core.ledger import BoardEvent, Ledger
from oracles.core.report import encode_struct
from oracles.core.saying import Saying
from oracles.wire import TOPICS, BoardLog, UnverifiedPost, encode_publish_and_post, read_log

MOST_BLOCKS = 2_000
"""Blocks that are read in one go."""


class Board:
    """Reads events in their order, each once, and posts. Home blocks are final as they come."""

    def __init__(self, rpc: Rpc, home: OracleHome, poster: TransactionSigner) -> None:
        self.rpc = rpc
        self._home = home
        self._next = home.start_height
        self._logs = LogSource(rpc)
        self._filter = LogFilter((home.board,), (tuple(TOPICS.values()),))
        self._sender = Sender(EvmWriter(rpc, home.chain_id), poster, home.fees.rules)

    async def read(self) -> tuple[list[BoardEvent], bool]:
        """Return the next events, and whether there may be more. Raises Retry, Halt."""
        head = (await newest_block(self.rpc)).height
        if head < self._next:
            return [], False
        last = Height(min(head, self._next + MOST_BLOCKS - 1))
        logs = [read_log(log) for log in await self._logs.read(self._filter, self._next, last)]
        times = await self._times(sorted({log.height for log in logs}))
        events = [log.event(times[log.height]) for log in sorted(logs, key=_place)]
        self._next = Height(last + 1)
        return events, last < head

    async def post(
        self, ledger: Ledger, signer: Address, sayings: Sequence[Saying], signed: Mapping[Digest, bytes]
    ) -> None:
        """Post in one transaction, with what is not published yet. Raises Retry, Refuse, Reverted."""
        structs = {
            saying.digest: encode_struct(saying.signable)
            for saying in sayings
            if not ledger.is_published(saying.digest)
        }
        contents = {saying.content for saying in sayings if saying.content is not None}
        posts = [
            UnverifiedPost(saying.slot, saying.digest, signer, signed.get(saying.digest, b"")) for saying in sayings
        ]
        data = encode_publish_and_post(ledger.separator, list(structs.values()), sorted(contents), posts)
        await self._sender.send([Call(Address(self._home.board), data)])

    async def _times(self, heights: Sequence[Height]) -> dict[Height, Timestamp]:
        answers = await self.rpc.results([Request("eth_getBlockByNumber", (to_hex(h), False)) for h in heights])
        try:
            return {height: read_block(answer).time for height, answer in zip(heights, answers, strict=True)}
        except ValueError as fault:
            raise Retry(f"{self.rpc.name} has lost a block of the board: {fault}") from fault


def _place(log: BoardLog) -> tuple[int, int]:
    return log.height, log.index
