"""Fetching from real servers on the loopback that behave as badly as publishers' can."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from aiohttp import web

from bridge.core.types import Timestamp
from oracles.archive import Archive
from oracles.core.calendar import JAPAN
from oracles.core.catalogue import PAR_YIELDS
from oracles.core.parsers.refusals import Refused
from oracles.core.series import Source
from oracles.documents import Document
from oracles.sources import LARGEST, Archived, Fetcher
from tests.oracles import quarter, samples

DAY = date(2026, 2, 3)
MONTH = {DAY: quarter.curve(DAY), date(2026, 2, 4): quarter.curve(date(2026, 2, 4))}
CSV = samples.curve_english(MONTH, DAY)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Host:
    """A server whose next answers a test lines up; the last one is repeated."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[web.Request] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    def document(self) -> Document:
        return Document(Source.MOF_ENGLISH, self.url, PAR_YIELDS, DAY, DAY)


@pytest.fixture
async def start() -> AsyncIterator[Callable[[], Awaitable[Host]]]:
    runners = []

    async def started() -> Host:
        host, application = Host(), web.Application()
        application.router.add_get("/english/policy/jgbs/reference/interest_rate/jgbcme.csv", host.answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        host.url = f"http://127.0.0.1:{port}/english/policy/jgbs/reference/interest_rate/jgbcme.csv"
        runners.append(runner)
        return host

    yield started
    for runner in runners:
        await runner.cleanup()


class Desk:
    """A fetcher with its archive, a clock that stands, and what it complained of."""

    def __init__(self, folder: Path, *, spacing: float = 0.0, deadline: float = 2.0) -> None:
        self.now = Timestamp(1_770_000_000)
        self.troubles: list[dict[str, object]] = []
        self.archive = Archive(folder)
        self.fetcher = Fetcher(self.archive, lambda: self.now, self._warn, spacing, deadline)

    def _warn(self, _event: str, **details: object) -> None:
        self.troubles.append(details)

    def words(self) -> list[object]:
        return [fetch.outcome for fetch in Archived(self.archive, JAPAN).fetches(PAR_YIELDS[0], DAY)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    await made.fetcher.close()


def answering(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return answer


async def test_what_is_unchanged_is_asked_for_conditionally(start: Callable[[], Awaitable[Host]], desk: Desk) -> None:
    host = await start()
    host.answers = [answering(CSV, ETag='"one"'), answering(b"", 304)]
    assert await desk.fetcher.fetch_all([host.document()])
    desk.now = Timestamp(desk.now + 60)
    assert not await desk.fetcher.fetch_all([host.document()])
    assert host.asked[1].headers["If-None-Match"] == '"one"'
    assert "jgb-oracle" in host.asked[0].headers["User-Agent"]
    (sighting,) = desk.archive.all()
    assert sighting.last_seen - sighting.first_seen == 60


async def test_other_bytes_are_news(start: Callable[[], Awaitable[Host]], desk: Desk) -> None:
    host = await start()
    host.answers = [answering(CSV), answering(CSV.replace(b"2026/2/4", b"2026/2/5"))]
    assert await desk.fetcher.fetch_all([host.document()])
    assert await desk.fetcher.fetch_all([host.document()])
    assert len(list(desk.archive.all())) == 2


async def test_a_document_that_is_not_there_yet_is_no_trouble(start: Callable[[], Awaitable[Host]], desk: Desk) -> None:
    host = await start()
    host.answers = [answering(b"no", 404), answering(CSV)]
    assert not await desk.fetcher.fetch_all([host.document()])
    assert (list(desk.archive.all()), desk.troubles) == ([], [])
    assert await desk.fetcher.fetch_all([host.document()])


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>We are sorry</body></html>",
        CSV.decode("cp932").encode("utf-16"),
        CSV[: len(CSV) // 3],
        b"",
    ],
    ids=["an error page with status 200", "another encoding", "cut short", "nothing"],
)
async def test_what_is_no_such_document_is_archived_and_never_a_number(
    start: Callable[[], Awaitable[Host]], desk: Desk, body: bytes
) -> None:
    host = await start()
    host.answers = [answering(body)]
    await desk.fetcher.fetch_all([host.document()])
    assert desk.words()
    assert all(isinstance(word, Refused) for word in desk.words()), desk.words()


async def test_a_half_written_answer_is_trouble_and_no_sighting(
    start: Callable[[], Awaitable[Host]], desk: Desk
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CSV))})
        await response.prepare(request)
        await response.write(CSV[:100])
        assert request.transport is not None
        request.transport.close()
        return response

    host = await start()
    host.answers = [half]
    await desk.fetcher.fetch_all([host.document()])
    assert list(desk.archive.all()) == []
    assert desk.troubles


async def test_more_bytes_than_any_document_has_are_not_read(start: Callable[[], Awaitable[Host]], desk: Desk) -> None:
    host = await start()
    host.answers = [answering(bytes(LARGEST + 1))]
    await desk.fetcher.fetch_all([host.document()])
    assert list(desk.archive.all()) == []
    assert "more than" in str(desk.troubles[0]["why"])


async def test_a_redirect_is_not_followed(start: Callable[[], Awaitable[Host]], desk: Desk) -> None:
    host, other = await start(), await start()
    other.answers = [answering(CSV)]
    host.answers = [answering(b"", 302, Location=other.url)]
    await desk.fetcher.fetch_all([host.document()])
    assert other.asked == []
    assert desk.troubles


async def test_a_host_that_never_answers_stalls_no_other(start: Callable[[], Awaitable[Host]], tmp_path: Path) -> None:
    async def never(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        raise AssertionError

    slow, healthy = await start(), await start()
    slow.answers, healthy.answers = [never], [answering(CSV)]
    desk = Desk(tmp_path, deadline=0.5)
    assert await desk.fetcher.fetch_all([slow.document(), healthy.document()])
    assert [sighting.document.url for sighting in desk.archive.all()] == [healthy.url]
    assert len(desk.troubles) == 1
    await desk.fetcher.fetch_all([slow.document()])
    assert len(slow.asked) == 1, "a host in trouble is left alone for a while"
    await desk.fetcher.close()


async def test_requests_to_one_host_are_spaced(start: Callable[[], Awaitable[Host]], tmp_path: Path) -> None:
    host = await start()
    host.answers = [answering(CSV)]
    desk = Desk(tmp_path, spacing=0.2)
    began = asyncio.get_running_loop().time()
    await desk.fetcher.fetch_all([host.document()] * 3)
    assert asyncio.get_running_loop().time() - began >= 0.4
    await desk.fetcher.close()
