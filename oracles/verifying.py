"""Whether what stands on a chain is what the publishers printed: recomputed from archived bytes, round by round."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import Query, read, read_all
from bridge.core.types import ZERO_ADDRESS, Address, Block
from oracles.core import index as compounding
from oracles.core.calendar import Calendar
from oracles.core.catalogue import CALL_RATE_AVERAGE, CATALOGUE
from oracles.core.parsers.derived import eur_jpy
from oracles.core.parsers.reading import Observation
from oracles.core.report import day_of, days_of
from oracles.core.series import Publisher, Series, Status
from oracles.feeds import decimal_of
from oracles.sources import Archived
from oracles.wire import CURRENT, FEED_OF, FIXING_ON, LATEST_ROUND, POINT_AT, ROUND_DATA, Fixing

_JST = 9 * 3600
_DAY = 86_400
_SOME = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was recomputed, and the first thing that differs."""

    what: str
    rounds: int
    difference: str | None


async def verify_feeds(rpc: Rpc, oracle: Address, at: Block, evidence: Archived) -> list[Verdict]:
    """Hold every round of every feed against the archive. Raises Retry, Damaged."""
    verdicts = []
    for series in CATALOGUE.values():
        feed = await read(rpc, Query(FEED_OF, oracle, (series.feed,)), at)
        if feed == ZERO_ADDRESS:
            continue
        rounds = await read(rpc, Query(LATEST_ROUND, feed), at)
        if rounds:
            verdicts.append(Verdict(series.name, rounds, await _difference(rpc, series, feed, rounds, at, evidence)))
    return verdicts


async def verify_index(rpc: Rpc, index: Address, oracle: Address, at: Block, calendar: Calendar) -> Verdict:
    """Compound the fixings on chain anew and hold every step of the current generation against it. Raises Retry."""
    feed = await read(rpc, Query(FEED_OF, oracle, (CALL_RATE_AVERAGE.feed,)), at)
    generation, last = await read(rpc, Query(CURRENT, index), at)
    points = await read_all(rpc, [Query(POINT_AT, index, (generation, step)) for step in range(last + 1)], at)
    days = [day_of(point.date) for point in points]
    fixings = await read_all(rpc, [Query(FIXING_ON, feed, (days_of(day),)) for day in days[:-1]], at)
    known = (_fixing(fixing) for fixing in fixings)
    what = f"compounded index, generation {generation}"
    for step, (level, point) in enumerate(zip(compounding.levels(days[0], known, calendar), points, strict=True)):
        if (level.day, level.value) != (day_of(point.date), point.value):
            return Verdict(what, last, f"step {step} ({level.day}): {point.value} on chain, {level.value} recomputed")
    return Verdict(what, last, None)


async def _difference(
    rpc: Rpc, series: Series, feed: Address, rounds: int, at: Block, evidence: Archived
) -> str | None:
    for first in range(1, rounds + 1, _SOME):
        numbers = range(first, min(first + _SOME, rounds + 1))
        data = await read_all(rpc, [Query(ROUND_DATA, feed, (number,)) for number in numbers], at)
        for number, (_, answer, started_at, _, _) in zip(numbers, data, strict=True):
            day = day_of((started_at + _JST) // _DAY)
            printed = {observation.value for observation in _observations(series, day, evidence)}
            if answer not in printed:
                archived = ", ".join(map(decimal_of, sorted(printed))) or "nothing"
                return f"round {number} ({day}): {decimal_of(answer)} on chain, {archived} in the archive"
    return None


def _observations(series: Series, day: date, evidence: Archived) -> Iterator[Observation]:
    """Every number that an archived document has for a day."""
    if series.publisher is Publisher.DERIVED:
        one, other = (CATALOGUE[name] for name in series.inputs)
        for usd in _observations(one, day, evidence):
            for eur in _observations(other, day, evidence):
                yield eur_jpy(usd, eur)
        return
    for fetch in evidence.fetches(series, day):
        if isinstance(fetch.outcome, Observation):
            yield fetch.outcome


def _fixing(fixing: Fixing) -> compounding.Fixing:
    return compounding.Fixing(day_of(fixing.date), None if fixing.status == Status.NO_FIXING else fixing.value)
