"""The oracle by its commands: four reporters, a stand-in for the publishers, real nodes, a contract that reads."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.adapters.codec import to_checksum
from bridge.adapters.config import Network
from bridge.devnet import Options, down, stop_one, up
from bridge.devnet.oracle_scenario import play_oracle
from oracles.core.catalogue import CALL_RATE_AVERAGE, CATALOGUE
from tests.commands import run
from tests.oracles import quarter

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "oracles" / "examples"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("oracle") / "net"
    yield up(Options(folder, relayers=0, remotes=1, reporters=4))
    down(folder)


def oracle(network: Network, command: str, expected: int = 0) -> dict[str, Any]:
    config = str(network.reporters[0].config)
    said = run("jgb-oracle", command, "--json", "--config", config)
    assert said.code == expected, said
    answer: dict[str, Any] = json.loads(said.out)
    return answer


def test_a_quarter_is_certified_revised_corrected_and_read(network: Network) -> None:
    """With one of the four killed on the way: three are enough."""
    folder = Path(network.reporters[0].config).parents[2]
    stop_one(folder, network.reporters[3].name, kill=True)
    report = asyncio.run(play_oracle(network, lambda _: None))
    assert report["ok"], report
    assert report["final"] == quarter.stripped(quarter.average(quarter.LAST))
    assert report["provisional"] != report["final"]
    assert {feed["freshness"] for feed in report["feeds"]} == {"STALE"}, "last winter's numbers look old"


def test_the_network_file_names_oracle_and_feeds(network: Network) -> None:
    remote = network.remotes[0]
    assert {"oracle", "reporters", "index"} <= remote.contracts.keys()
    assert remote.feeds.keys() == CATALOGUE.keys()


def test_verify_names_the_first_round_that_differs(network: Network) -> None:
    """The archive has other numbers for one day than those that were certified."""
    index = Path(network.reporters[0].config).parent / "data" / "archive" / "index.db"
    kept = index.read_bytes()
    day = quarter.MISPRINTED.isoformat()
    with sqlite3.connect(index) as archive:
        archive.execute(
            "DELETE FROM sightings WHERE source LIKE 'boj%' AND first_day <= :day AND last_day >= :day", {"day": day}
        )
    verdicts = {verdict["what"]: verdict for verdict in oracle(network, "verify", expected=1)["verdicts"]}
    differing = verdicts[CALL_RATE_AVERAGE.name]
    assert differing["difference"].startswith(f"round {differing['counted']['rounds'] + 1} (")
    assert "on chain, nothing in the archive" in differing["difference"]
    index.write_bytes(kept)
    assert oracle(network, "verify")["ok"]


def test_verify_refuses_damaged_bytes(network: Network) -> None:
    folder = Path(network.reporters[0].config).parent / "data" / "archive" / "objects"
    stored = next(path for path in folder.glob("*/*") if path.read_bytes()[:20].startswith(b"Interest Rate"))
    content = stored.read_bytes()
    stored.write_bytes(content + b"x")
    said = run("jgb-oracle", "verify", "--config", str(network.reporters[0].config))
    assert said.code == 2
    assert "have changed" in said.err
    stored.unlink()
    stored.write_bytes(content)


def test_certificates_are_handed_out_to_whoever_pulls(network: Network) -> None:
    async def asked(path: str) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{network.reporters[0].api}{path}") as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else await response.text()

    status, reports = asyncio.run(asked(f"/reports/{quarter.MISPRINTED}/boj/overnight-call-rate"))
    assert status == 200
    assert [report["report"]["revision"] for report in reports] == [1, 2]
    assert asyncio.run(asked("/reports/2026-01-01/boj/overnight-call-rate"))[0] == 404
    assert asyncio.run(asked("/reports/yesterday/boj/fx"))[0] == 400
    _, state = asyncio.run(asked("/status"))
    assert (state["open"], state["contradictions"]) == (0, [])


@pytest.fixture(scope="module")
def compiled() -> Path:
    """The TypeScript examples as JavaScript."""
    folder = ROOT / "oracles" / "examples"
    subprocess.run([folder / "node_modules/.bin/tsc"], cwd=folder, check=True, timeout=120)
    return folder / "build"


def test_integrators_examples_read_the_feed_and_see_that_it_is_stale(network: Network, compiled: Path) -> None:
    remote = network.remotes[0]
    arguments = (remote.rpc, to_checksum(remote.feeds[CALL_RATE_AVERAGE.name]))
    for program in ((sys.executable, EXAMPLES / "read_feed.py"), ("node", compiled / "read_feed.js")):
        result = subprocess.run(
            [*map(str, program), *arguments], check=False, capture_output=True, text=True, timeout=60
        )
        assert result.returncode == 3, result.stderr
        value = quarter.stripped(quarter.average(quarter.LAST))
        assert f"{CALL_RATE_AVERAGE.name}: {value} percent per annum for {quarter.LAST}" in result.stdout
        assert "STALE" in result.stdout


def test_integrators_examples_pull_a_corrected_number(network: Network, compiled: Path) -> None:
    remote = network.remotes[0]
    arguments = (remote.rpc, to_checksum(remote.contracts["oracle"]), network.reporters[0].api)
    for program in ((sys.executable, EXAMPLES / "pull_observation.py"), ("node", compiled / "pull_observation.js")):
        command = [*map(str, program), *arguments, str(quarter.MISPRINTED)]
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        value = quarter.stripped(quarter.average(quarter.MISPRINTED))
        assert result.stdout.strip() == f"{CALL_RATE_AVERAGE.name} on {quarter.MISPRINTED}, revision 2: {value}"
