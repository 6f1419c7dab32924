"""An oracle on one chain as integrators see it: its feeds and its index, each pinned to one block."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from bridge.adapters.codec import to_checksum
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import Query, read, read_all
from bridge.core.types import ZERO_ADDRESS, Address, Block
from oracles.config import OracleRemote
from oracles.core.index import PUBLISHED_UNIT
from oracles.core.report import day_of
from oracles.core.series import SCALE, Series, Status
from oracles.wire import (
    CURRENT,
    FEED_OF,
    FRESHNESS,
    HOLD,
    IS_OUTDATED,
    LATEST,
    LATEST_ROUND,
    NEXT_DUE_AT,
    POINT_AT,
    Fixing,
)

FRESHNESS_NAMES: Final = ("STALE", "LATE", "NOT_DUE_YET", "FRESH")
DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class FeedView:
    """One feed at one block."""

    series: Series
    address: Address
    rounds: int
    latest: Fixing | None
    """None if nothing was ever pushed."""
    freshness: str
    next_due_at: int | None
    hold: tuple[int, int, int]
    """Day, revision and reason; zeros if there is none."""

    def document(self) -> dict[str, Any]:
        """Return it in JSON types."""
        latest = self.latest
        return {
            "feed": self.series.name,
            "address": to_checksum(self.address),
            "unit": self.series.unit,
            "rounds": self.rounds,
            "value": None if latest is None else decimal_of(latest.value),
            "date": None if latest is None else day_of(latest.date).isoformat(),
            "status": None if latest is None else Status(latest.status).name,
            "revision": None if latest is None else latest.revision,
            "updated_at": None if latest is None else latest.updated_at,
            "freshness": self.freshness,
            "next_due_at": self.next_due_at,
            "hold": None if self.hold[0] == 0 else {"date": day_of(self.hold[0]).isoformat(), "reason": self.hold[2]},
        }


@dataclass(frozen=True, slots=True)
class IndexView:
    """The compounded index at one block."""

    address: Address
    generation: int
    steps: int
    day: date
    value: int
    """Times 10^27."""
    is_outdated: bool

    def document(self) -> dict[str, Any]:
        """Return it in JSON types."""
        return {
            "address": to_checksum(self.address),
            "generation": self.generation,
            "steps": self.steps,
            "date": self.day.isoformat(),
            "value": decimal_of(self.value // PUBLISHED_UNIT),
            "exact": str(self.value),
            "outdated": self.is_outdated,
        }


@dataclass(frozen=True, slots=True)
class OracleView:
    """What an oracle shows at one block."""

    feeds: Sequence[FeedView]
    index: IndexView | None
    """None if the chain has none."""
    at: Block

    def document(self) -> dict[str, Any]:
        """Return it in JSON types."""
        index = None if self.index is None else self.index.document()
        return {"height": self.at.height, "feeds": [feed.document() for feed in self.feeds], "index": index}


async def read_oracle(rpc: Rpc, remote: OracleRemote, carried: Sequence[Series], at: Block) -> OracleView:
    """Return feeds and index of a chain at a block. Raises Retry."""
    feeds = await read_feeds(rpc, remote.oracle, carried, at)
    return OracleView(feeds, None if remote.index is None else await read_index(rpc, remote.index, at), at)


async def read_feeds(rpc: Rpc, oracle: Address, carried: Sequence[Series], at: Block) -> list[FeedView]:
    """Return those of the feeds that the oracle has. Raises Retry."""
    addresses = await read_all(rpc, [Query(FEED_OF, oracle, (series.feed,)) for series in carried], at)
    feeds = [(series, address) for series, address in zip(carried, addresses, strict=True) if address != ZERO_ADDRESS]
    return [await _feed(rpc, series, address, at) for series, address in feeds]


async def read_index(rpc: Rpc, index: Address, at: Block) -> IndexView:
    """Return the index. Raises Retry."""
    generation, step = await read(rpc, Query(CURRENT, index), at)
    point = await read(rpc, Query(POINT_AT, index, (generation, step)), at)
    is_outdated = await read(rpc, Query(IS_OUTDATED, index), at)
    return IndexView(index, generation, step, day_of(point.date), point.value, is_outdated)


def decimal_of(value: int) -> str:
    """Print a value times 1e8 with all its digits but trailing zeros."""
    sign, digits = "-" if value < 0 else "", f"{abs(value) // SCALE}.{abs(value) % SCALE:0{DECIMALS}}"
    return sign + digits.rstrip("0").rstrip(".")


def instant(seconds: int | None) -> str:
    """Print UTC seconds."""
    return "-" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


async def _feed(rpc: Rpc, series: Series, address: Address, at: Block) -> FeedView:
    rounds = await read(rpc, Query(LATEST_ROUND, address), at)
    if rounds == 0:
        return FeedView(series, address, 0, None, FRESHNESS_NAMES[0], None, (0, 0, 0))
    latest = await read(rpc, Query(LATEST, address), at)
    freshness = await read(rpc, Query(FRESHNESS, address), at)
    hold = await read(rpc, Query(HOLD, address), at)
    due = await read(rpc, Query(NEXT_DUE_AT, address), at)
    return FeedView(series, address, rounds, latest, FRESHNESS_NAMES[freshness], due, hold)
