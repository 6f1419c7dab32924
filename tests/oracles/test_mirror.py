"""The stand-in for the publishers: their paths, their conditional answers, its stages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bridge.devnet.mirror import Mirror, lay_out
from bridge.devnet.oracle import SAMPLES
from oracles.config import PublisherUrls
from oracles.core.catalogue import CALL_RATES
from oracles.core.parsers import boj_api_json
from tests.oracles import quarter

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    lay_out(tmp_path, SAMPLES)
    async with TestClient(TestServer(Mirror(tmp_path).application())) as connected:
        yield connected


async def body(client: Client, path: str) -> bytes:
    response = await client.get(path)
    assert response.status == 200, path
    return await response.read()


async def test_it_serves_the_samples_in_the_publishers_paths(client: Client) -> None:
    for path, sample in (
        ("/mof/english/policy/jgbs/reference/interest_rate/jgbcme.csv", "mof/jgbcme.csv"),
        ("/mof/jgbs/reference/interest_rate/data/jgbcm_all.csv", "mof/jgbcm_all.csv"),
        ("/boj-daily/md/2026/md20260105.xlsx", "boj/md20260105.xlsx"),
        ("/boj-api/getDataCode?db=FM08&format=csv", "boj/fm08.en.csv"),
    ):
        assert await body(client, path) == (SAMPLES / sample).read_bytes()
    assert PublisherUrls().mof.endswith("mof.go.jp")


async def test_what_is_known_already_is_not_sent_again(client: Client) -> None:
    path = "/boj-daily/md/2026/md20260105.xlsx"
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


async def test_a_later_stage_shows_what_was_printed_later(client: Client) -> None:
    answer, final = "/boj-api/getDataCode?db=FM01&format=json", "/boj-daily/md/2026/md20260227.xlsx"
    before = boj_api_json.read(await body(client, answer), CALL_RATES)
    assert quarter.LAST not in before.rows
    assert (await client.get(final)).status == 404
    await client.post("/stage/1")
    after = boj_api_json.read(await body(client, answer), CALL_RATES)
    assert after.rows[quarter.LAST][0] is not None
    assert before.rows[quarter.MISPRINTED][0] == (after.rows[quarter.MISPRINTED][0] or 0) + 100_000
    assert (await client.get(final)).status == 200


async def test_nothing_outside_the_folder_is_served(client: Client) -> None:
    for path in ("/../devnet.json", "/%2e%2e/%2e%2e/etc/passwd", "/mof"):
        assert (await client.get(path)).status == 404


def test_the_stages_are_what_the_quarter_writes() -> None:
    for path, content in quarter.stages():
        assert (SAMPLES / path).read_bytes() == content
