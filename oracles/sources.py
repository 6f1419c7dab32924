"""Fetching documents as a polite guest does: conditionally, spaced, with a deadline, never more than one at a time."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bridge.core.types import Timestamp
from oracles.archive import Archive, Sighting
from oracles.config import Group, PublisherUrls
from oracles.core.calendar import Calendar
from oracles.core.calendar_schedule import japanese_day
from oracles.core.parsers import Wanted, read
from oracles.core.parsers.reading import Reading
from oracles.core.parsers.refusals import Refused
from oracles.core.series import Series, Source
from oracles.core.words import Fetch
from oracles.documents import Document, documents_of

DEADLINE_SECONDS: Final = 30.0
LARGEST: Final = 16 * 2**20
"""Bytes. The longest real document, a curve since 1974, has 1.2 million."""
LONGEST_PAUSE: Final = 600.0
_OK: Final = 200
_UNCHANGED: Final = 304
_GONE: Final = (404, 410)
_CHUNK: Final = 2**16
_PER_DAY: Final = (Source.BOJ_PROVISIONAL, Source.BOJ_FINAL, Source.JSDA_PRICES)


class Fetcher:
    """Requests to publishers. What they answer goes into the archive; what goes wrong is told and tried again later."""

    def __init__(
        self,
        archive: Archive,
        clock: Callable[[], Timestamp],
        warn: Callable[..., object],
        spacing: float,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._warn = warn
        self._spacing = spacing
        self._deadline = deadline
        self._session: aiohttp.ClientSession | None = None
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}
        self._troubles: dict[str, int] = defaultdict(int)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def fetch_all(self, documents: Sequence[Document]) -> bool:
        """Fetch documents, hosts beside each other; return whether one holds other bytes than before."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._deadline)
            headers = {"User-Agent": "jgb-oracle (reference-rate reporter)"}
            self._session = aiohttp.ClientSession(timeout=timeout, headers=headers)
        by_host: dict[str, list[Document]] = defaultdict(list)
        for document in documents:
            by_host[urlsplit(document.url).netloc].append(document)
        results = await asyncio.gather(*(self._from_host(host, some) for host, some in by_host.items()))
        return any(results)

    async def _from_host(self, host: str, documents: Sequence[Document]) -> bool:
        """Ask one host for one document after the other. One in trouble is left alone for a while."""
        changed = False
        async with self._turns[host]:
            for document in documents:
                pause = self._free_at.get(host, 0.0) - time.monotonic()
                if pause > self._spacing:
                    return changed
                await asyncio.sleep(max(0.0, pause))
                try:
                    changed = await self._fetch(document) or changed
                    self._troubles[host] = 0
                    self._free_at[host] = time.monotonic() + self._spacing
                except (aiohttp.ClientError, TimeoutError, _Trouble) as fault:
                    self._note_trouble(host, document, fault)
        return changed

    async def _fetch(self, document: Document) -> bool:
        known = self._archive.latest(document.url)
        assert self._session is not None  # noqa: S101 - for the type checker; `fetch_all` has opened it
        request = self._session.get(document.url, headers=_conditions(known), allow_redirects=False)
        async with request as response:
            if response.status == _UNCHANGED and known is not None:
                self._archive.seen_again(document, self._clock())
                return False
            if response.status in _GONE:
                return False
            if response.status != _OK:
                raise _Trouble(f"answered {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > LARGEST:
                    raise _Trouble(f"sends more than {LARGEST} bytes")
            return self._archive.note(document, bytes(body), self._clock(), dict(response.headers))

    def _note_trouble(self, host: str, document: Document, fault: Exception) -> None:
        self._troubles[host] += 1
        pause = min(LONGEST_PAUSE, max(1.0, self._spacing) * 2 ** self._troubles[host])
        self._free_at[host] = time.monotonic() + pause
        self._warn("source in trouble", host=host, source=document.source.value, why=str(fault) or type(fault).__name__)


class Archived:
    """What was fetched, read once, as words on each number and day."""

    def __init__(self, archive: Archive, calendar: Calendar) -> None:
        self._archive = archive
        self._calendar = calendar
        self._readings: dict[tuple[str, str], Reading | Refused] = {}
        """By hash of the bytes and address: the address says what was asked for."""
        self._by_day: dict[tuple[Source, date], list[Sighting]] = {}
        self._by_source: dict[Source, list[Sighting]] = {}
        self.load()

    def fetches(self, series: Series, day: date) -> Sequence[Fetch]:
        """Return every word on one number: of each sighting the first time and the last."""
        found = []
        for rung in series.ladder:
            for source in rung.sources:
                per_day = source in _PER_DAY
                sightings = self._by_day.get((source, day), []) if per_day else self._by_source.get(source, [])
                for sighting in sightings:
                    found += self._words(sighting, series, day)
        return found

    def _words(self, sighting: Sighting, series: Series, day: date) -> list[Fetch]:
        document = sighting.document
        if series not in document.series:
            return []
        outcome = self._read(sighting)
        if not document.covers(None if isinstance(outcome, Refused) else outcome, day):
            return []
        word = outcome if isinstance(outcome, Refused) else outcome.on(series, day)
        times = sorted({sighting.first_seen, sighting.last_seen})
        return [Fetch(document.source, at, word) for at in times]

    def _read(self, sighting: Sighting) -> Reading | Refused:
        """Read a document, once for each content."""
        document = sighting.document
        key = (sighting.sha256, document.url)
        if key not in self._readings:
            try:
                body = self._archive.body(sighting.sha256)
                self._readings[key] = read(
                    document.source, body, Wanted(document.series, document.first, self._calendar)
                )
            except Refused as refusal:
                self._readings[key] = refusal
        return self._readings[key]

    def load(self) -> None:
        """Take in what the archive has got meanwhile."""
        self._by_day, self._by_source = {}, {}
        for sighting in self._archive.all():
            document = sighting.document
            if document.source in _PER_DAY:
                self._by_day.setdefault((document.source, document.first), []).append(sighting)
            else:
                self._by_source.setdefault(document.source, []).append(sighting)


class Published(Archived):
    """Implements `reporter.Evidence`: what is archived, and what is fetched."""

    def __init__(
        self,
        archive: Archive,
        fetcher: Fetcher,
        urls: PublisherUrls,
        calendar: Calendar,
        clock: Callable[[], Timestamp],
    ) -> None:
        super().__init__(archive, calendar)
        self._fetcher = fetcher
        self._urls = urls
        self._clock = clock

    async def refresh(self, group: Group, days: Collection[date]) -> bool:
        """Fetch what may say something about these days."""
        documents = documents_of(group, days, japanese_day(self._clock()), self._urls)
        changed = await self._fetcher.fetch_all(documents)
        self.load()
        return changed


class _Trouble(Exception):
    """An answer that is neither a document nor the word that there is none."""


def _conditions(known: Sighting | None) -> dict[str, str]:
    if known is None:
        return {}
    conditions = {"If-None-Match": known.headers.get("etag"), "If-Modified-Since": known.headers.get("last-modified")}
    return {name: value for name, value in conditions.items() if value is not None}
