"""Whether what stands on a chain is what the publishers printed: recomputed from archived bytes, round by round."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import NamedTuple, TypeAlias

from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import Query, read, read_all
from bridge.core.types import ZERO_ADDRESS, Address, Block
from oracles.config import OracleRemote
from oracles.core import index as compounding
from oracles.core.calendar import Calendar
from oracles.core.catalogue import CALL_RATE_AVERAGE, CATALOGUE
from oracles.core.parsers.derived import eur_jpy
from oracles.core.parsers.reading import Missing, Observation
from oracles.core.parsers.refusals import NoFixing
from oracles.core.report import day_of, days_of
from oracles.core.series import Publisher, Series, Status
from oracles.core.words import Fetch
from oracles.feeds import decimal_of
from oracles.sources import Archived
from oracles.wire import CURRENT, FEED_OF, FIXING_ON, HOLD, LATEST_ROUND, POINT_AT, REVISION_ON, ROUND_DATA, Fixing

_JST = 9 * 3600
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was recomputed, and the first thing that differs."""

    what: str
    counted: Mapping[str, int]
    """How many of what: rounds and dates of a feed, steps of an index."""
    difference: str | None


async def verify_oracle(
    rpc: Rpc, remote: OracleRemote, carried: Iterable[Series], evidence: Archived, calendar: Calendar, at: Block
) -> list[Verdict]:
    """Verify feeds and index of a chain at a block. Raises Retry, Damaged."""
    found = await verify_feeds(rpc, remote.oracle, carried, at, evidence, calendar)
    if remote.index is not None:
        found.append(await verify_index(rpc, remote.index, remote.oracle, at, calendar))
    return found


async def verify_feeds(
    rpc: Rpc, oracle: Address, carried: Iterable[Series], at: Block, evidence: Archived, calendar: Calendar
) -> list[Verdict]:
    """Hold every round of every feed, and what it says today of every date, against the archive.

    A date may say something else than its round: a correction of an older date makes no round. Raises Retry, Damaged.
    """
    return [
        verdict
        for series in carried
        if (verdict := await _verdict(_Feed(rpc, series, oracle, at, evidence, calendar))) is not None
    ]


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
            return Verdict(
                what, {"steps": step}, f"step {step} ({level.day}): {point.value} on chain, {level.value} recomputed"
            )
    return Verdict(what, {"steps": last}, None)


class _Feed(NamedTuple):
    """One feed, one block, and the archive it is held against."""

    rpc: Rpc
    series: Series
    oracle: Address
    at: Block
    evidence: Archived
    calendar: Calendar


async def _verdict(feed: _Feed) -> Verdict | None:
    address = await read(feed.rpc, Query(FEED_OF, feed.oracle, (feed.series.feed,)), feed.at)
    if address == ZERO_ADDRESS:
        return None
    count = await read(feed.rpc, Query(LATEST_ROUND, address), feed.at)
    if count == 0:
        return None
    numbers = range(1, count + 1)
    rounds = await read_all(feed.rpc, [Query(ROUND_DATA, address, (number,)) for number in numbers], feed.at)
    days = [day_of((started_at + _JST) // _DAY) for _, _, started_at, _, _ in rounds]
    answers = [answer for _, answer, *_ in rounds]
    for number, day, answer in zip(numbers, days, answers, strict=True):
        difference = difference_of(feed.series, day, answer, feed.evidence.fetches)
        if difference is not None:
            return Verdict(
                feed.series.name, {"rounds": number - 1, "dates": 0}, f"round {number} ({day}): {difference}"
            )
    fixings = await _fixings(feed, address, sorted(set(days)))
    for place, fixing in enumerate(fixings):
        value = None if fixing.status == Status.NO_FIXING else fixing.value
        difference = difference_of(feed.series, day_of(fixing.date), value, feed.evidence.fetches)
        if difference is not None:
            what = f"{day_of(fixing.date)}, revision {fixing.revision}: {difference}"
            return Verdict(feed.series.name, {"rounds": count, "dates": place}, what)
    return Verdict(feed.series.name, {"rounds": count, "dates": len(fixings)}, None)


async def _fixings(feed: _Feed, address: Address, shown: Sequence[date]) -> list[Fixing]:
    """What a feed says today of every date that it knows, those without a round of their own included.

    Left out is a date that has a hold and no round: the feed does not tell whether it knows a number besides.
    """
    held, *_ = await read(feed.rpc, Query(HOLD, address), feed.at)
    others = [day for day in feed.calendar.between(shown[0], shown[-1]) if day not in shown and days_of(day) != held]
    revisions = await read_all(feed.rpc, [Query(REVISION_ON, address, (days_of(day),)) for day in others], feed.at)
    known = [day for day, revision in zip(others, revisions, strict=True) if revision]
    days = sorted([*shown, *known])
    return await read_all(feed.rpc, [Query(FIXING_ON, address, (days_of(day),)) for day in days], feed.at)


Words: TypeAlias = Callable[[Series, date], Sequence[Fetch]]


def difference_of(series: Series, day: date, value: int | None, words: Words) -> str | None:
    """Say what the archive has instead of a number on chain, None being no number; None if it has the same.

    That there is no number must stand in a document, too: an archive that is silent bears out nothing.
    """
    said = {None if one is None else one.value for one in _said(series, day, words)}
    if value in said:
        return None
    archived = ", ".join(sorted(map(_shown, said))) or "nothing"
    return f"{_shown(value)} on chain, {archived} in the archive"


def _shown(value: int | None) -> str:
    return "no number" if value is None else decimal_of(value)


def _said(series: Series, day: date, words: Words) -> Iterator[Observation | None]:
    """Every number that an archived document has for a day, and None where one says that there is none."""
    if series.publisher is Publisher.DERIVED:
        one, other = (_said(CATALOGUE[name], day, words) for name in series.inputs)
        for usd, eur in product(one, other):
            yield None if usd is None or eur is None else eur_jpy(usd, eur)
        return
    for fetch in words(series, day):
        match fetch.outcome:
            case Observation() as observation:
                yield observation
            case Missing() | NoFixing():
                yield None
            case _:
                pass  # a document that cannot be read says nothing


def _fixing(fixing: Fixing) -> compounding.Fixing:
    return compounding.Fixing(day_of(fixing.date), None if fixing.status == Status.NO_FIXING else fixing.value)
