"""What a user asks the chains: where a transfer is, what left in one transaction, who signed. No relayer needed."""

from collections.abc import Sequence

from bridge.adapters.codec import TOPICS, read_fields, read_list, to_hex
from bridge.adapters.ledger.calldata import brought_by
from bridge.adapters.ledger.logs import LogFilter
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Retry
from bridge.core.events import (
    AttestationPosted,
    ChainFact,
    Dispatched,
    Executed,
    Held,
    OutcomeFact,
    Recertified,
    Returned,
    SentBack,
)
from bridge.core.messages import Message
from bridge.core.types import Digest, Height, Leaf, Route, TxHash, Windowing

_OUTCOMES = tuple(TOPICS[name] for name in ("Executed", "Held", "Recertified", "SentBack", "Returned"))


class Lookup:
    """Searches one chain's logs, from the height at which its contracts were deployed."""

    def __init__(self, reader: EvmReader, start: Height) -> None:
        self._reader = reader
        self._start = start

    async def message(self, leaf: Leaf) -> Dispatched | None:
        """Return the outbound message with this id; None if this chain has sent none."""
        found = await self._search(((TOPICS["Dispatched"],), (to_hex(leaf),)))
        return next((fact for fact in found if isinstance(fact, Dispatched)), None)

    async def messages_of(self, tx: TxHash) -> Sequence[Dispatched]:
        """Return the messages that left in one transaction; none if it is not mined or did not succeed."""
        return [fact for fact in await self.facts_of(tx) if isinstance(fact, Dispatched)]

    async def facts_of(self, tx: TxHash) -> Sequence[ChainFact]:
        """Return what one transaction logged; nothing if it is not mined or did not succeed."""
        receipt = await self._reader.rpc.result("eth_getTransactionReceipt", to_hex(tx))
        if receipt is None:
            return ()
        try:
            logs = read_list(read_fields(receipt).get("logs"))
        except ValueError as fault:
            raise Retry(f"{self._reader.rpc.name} answered with what is no receipt: {fault}") from fault
        return self._reader.decoder.decode_all(logs)

    async def held(self, leaf: Leaf) -> tuple[Route, Message] | None:
        """Return a message that this chain has held, by its id; None if it has held none.

        It is read out of the delivery that brought it, so this finds what nobody has sent, too.
        """
        for fact in await self.outcomes(leaf):
            if isinstance(fact, Held):
                return fact.route, await brought_by(self._reader.rpc, fact.at.tx, fact.route, leaf)
        return None

    async def window(self, route: Route, end: Height, windowing: Windowing) -> Sequence[Dispatched]:
        """Return all messages of a route in the window that ends at a height, in nonce order."""
        first = Height(max(0, end - windowing.window + 1))
        facts = await self._reader.facts(first, end)
        return [fact for fact in facts if isinstance(fact, Dispatched) and fact.route == route]

    async def outcomes(self, leaf: Leaf) -> Sequence[OutcomeFact]:
        """Return what became of a message, or of our own outbound one, in order."""
        found = await self._search((_OUTCOMES, (to_hex(leaf),)))
        return [fact for fact in found if isinstance(fact, Executed | Held | Recertified | SentBack | Returned)]

    async def posts(self, digest: Digest) -> Sequence[AttestationPosted]:
        """Return the signatures over a digest that stand on the board."""
        found = await self._search(((TOPICS["Posted"],), (), (to_hex(digest),)))
        return [fact for fact in found if isinstance(fact, AttestationPosted)]

    async def _search(self, topics: tuple[tuple[str, ...], ...]) -> Sequence[object]:
        latest = (await self._reader.heads()).latest.height
        wanted = LogFilter(self._reader.watched.addresses, topics)
        return self._reader.decoder.decode_all(await self._reader.logs.read(wanted, self._start, latest))
