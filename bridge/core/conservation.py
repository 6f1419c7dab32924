"""The books: what is locked at home must be in circulation or on its way, to the yen."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.messages import Kind
from bridge.core.transfers import State, Transfer
from bridge.core.types import Address, ChainId, Units

_ON_THE_WAY = frozenset({State.FINAL, State.ATTESTED, State.QUORATE, State.SUBMITTED, State.HELD})


@dataclass(frozen=True, slots=True)
class Book:
    """One bond on one remote chain. Units of JPY 1 face."""

    asset: Address
    chain: ChainId
    locked: Units
    """At home, for this chain."""
    supply: Units
    """Wrapped, on this chain."""
    in_flight_out: Units
    """Dispatched at home, not executed there."""
    in_flight_home: Units
    """Dispatched there, not executed at home."""

    @property
    def difference(self) -> int:
        """Locked less accounted for. Zero, or something is wrong."""
        return self.locked - self.supply - self.in_flight_out - self.in_flight_home


def in_flight(transfers: Iterable[Transfer], asset: Address) -> Units:
    """Add up what of `asset` has left its source and is not executed at its destination."""
    return Units(
        sum(
            transfer.message.amount
            for transfer in transfers
            if transfer.message.asset == asset
            and transfer.message.kind in (Kind.TRANSFER, Kind.RETURN)
            and transfer.state in _ON_THE_WAY
        )
    )


def is_whole(books: Iterable[Book], escrow: Units) -> bool:
    """Tell whether every book of one bond balances and the escrow covers them all exactly."""
    books = list(books)
    return all(book.difference == 0 for book in books) and escrow == sum(book.locked for book in books)
