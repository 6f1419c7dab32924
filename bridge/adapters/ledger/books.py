"""The books of one bond on one remote chain, read from both gateways (SPEC 8)."""

from dataclasses import dataclass

from bridge.adapters.codec import views
from bridge.adapters.ledger.reading import EvmReader
from bridge.adapters.ledger.state import Query, read, read_all
from bridge.core.conservation import Book
from bridge.core.types import ZERO_ADDRESS, Address, Block, ChainId, Units


@dataclass(frozen=True, slots=True)
class BookReading:
    """A book, with what backs it and the blocks it was read at."""

    book: Book
    escrow: Units
    """Units that the home gateway says it holds of the bond, for all remotes together."""
    held: Units
    """Units that the bond's token says the home gateway has."""
    home: Block
    remote: Block


async def read_book(home: EvmReader, remote: EvmReader, asset: Address) -> BookReading:
    """Read one book: the remote first, then home.

    In that order a mint between the two reads cannot make more arrive than has left.
    """
    remote_block = (await remote.heads()).latest
    sent_there, settled_there = await _counters(remote, home.chain, asset, remote_block)
    supply = await _supply(remote, asset, remote_block)
    home_block = (await home.heads()).latest
    sent_here, settled_here = await _counters(home, remote.chain, asset, home_block)
    locked, escrow, held = await read_all(
        home.rpc,
        [
            Query(views.LOCKED, home.watched.gateway, (remote.chain, asset)),
            Query(views.ESCROWED, home.watched.gateway, (asset,)),
            Query(views.BALANCE_OF, asset, (home.watched.gateway,)),
        ],
        home_block,
    )
    book = Book(
        asset=asset,
        chain=remote.chain,
        locked=locked,
        supply=supply,
        in_flight_out=Units(sent_here - settled_there),
        in_flight_home=Units(sent_there - settled_here),
    )
    return BookReading(book, escrow, held, home_block, remote_block)


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
