"""The books of one bond, read from the home gateway and those of its remotes (SPEC 8)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.adapters.codec import views
from bridge.adapters.ledger.reading import EvmReader
from bridge.adapters.ledger.state import Query, read, read_all
from bridge.core.conservation import Book, is_whole
from bridge.core.types import ZERO_ADDRESS, Address, Block, ChainId, Units


@dataclass(frozen=True, slots=True)
class BondReading:
    """The books of one bond, with what backs them and the blocks they were read at."""

    books: Sequence[Book]
    """One per remote, in the order they were asked for."""
    escrow: Units
    """Units that the home gateway says it holds of the bond, for all remotes together."""
    held: Units
    """Units that the bond's token says the home gateway has."""
    home: Block
    remotes: Sequence[Block]

    @property
    def is_balanced(self) -> bool:
        """Whether every unit in circulation or on its way is backed by one in escrow."""
        flows = [flow for book in self.books for flow in (book.in_flight_out, book.in_flight_home)]
        return is_whole(self.books, self.escrow) and self.held >= self.escrow and min(flows, default=0) >= 0


@dataclass(frozen=True, slots=True)
class _There:
    """What a remote counts."""

    sent: Units
    settled: Units
    supply: Units
    block: Block


async def read_bond(home: EvmReader, remotes: Sequence[EvmReader], asset: Address) -> BondReading:
    """Read the books of a bond on some remotes. Raises Retry.

    What does not balance is read twice before it is believed: a node that answers while it takes in the next block, or
    an endpoint with several nodes behind it, mixes the states of two blocks now and then.
    """
    reading = await _read(home, remotes, asset)
    return reading if reading.is_balanced else await _read(home, remotes, asset)


async def _read(home: EvmReader, remotes: Sequence[EvmReader], asset: Address) -> BondReading:
    """Read the remotes first, then home at one block: a mint meanwhile cannot make more arrive than has left."""
    there = [await _read_there(home.chain, remote, asset) for remote in remotes]
    block, gateway = (await home.heads()).latest, home.watched.gateway
    books = []
    for remote, found in zip(remotes, there, strict=True):
        sent, settled = await _counters(home, remote.chain, asset, block)
        books.append(
            Book(
                asset=asset,
                chain=remote.chain,
                locked=await read(home.rpc, Query(views.LOCKED, gateway, (remote.chain, asset)), block),
                supply=found.supply,
                in_flight_out=Units(sent - found.settled),
                in_flight_home=Units(found.sent - settled),
            )
        )
    backing = [Query(views.ESCROWED, gateway, (asset,)), Query(views.BALANCE_OF, asset, (gateway,))]
    escrow, held = await read_all(home.rpc, backing, block)
    return BondReading(books, escrow, held, block, [found.block for found in there])


async def _read_there(home: ChainId, remote: EvmReader, asset: Address) -> _There:
    block = (await remote.heads()).latest
    sent, settled = await _counters(remote, home, asset, block)
    return _There(sent, settled, await _supply(remote, asset, block), block)


async def _counters(reader: EvmReader, other: ChainId, asset: Address, at: Block) -> tuple[Units, Units]:
    """Return what a gateway has sent to the other, and what it has settled of what came from there."""
    gateway = reader.watched.gateway
    sent = await read(reader.rpc, Query(views.RUNNING_TOTAL, gateway, (other, asset)), at)
    received = await read(reader.rpc, Query(views.RECEIVED, gateway, (other, asset)), at)
    return sent, received.settled


async def _supply(remote: EvmReader, asset: Address, at: Block) -> Units:
    """Return the wrapped units; zero where the bond was never announced."""
    wrapped = await read(remote.rpc, Query(views.WRAPPED_OF, remote.watched.gateway, (asset,)), at)
    if wrapped == ZERO_ADDRESS:
        return Units(0)
    return await read(remote.rpc, Query(views.TOTAL_SUPPLY, wrapped), at)
