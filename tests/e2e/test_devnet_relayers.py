"""A devnet's relayers are processes. Here a stand-in takes the place of their command."""

import asyncio
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from bridge import devnet
from bridge.adapters.config import load, load_network
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain
from bridge.core.errors import Refuse
from bridge.devnet import daemons
from tests.e2e.test_devnet import ours

pytestmark = pytest.mark.e2e

STAND_IN = """\
import http.server, pathlib, sys, tomllib
api = tomllib.loads(pathlib.Path(sys.argv[-1]).read_text())["api"]
print("at your service", flush=True)
http.server.HTTPServer((api["host"], api["port"]), http.server.BaseHTTPRequestHandler).serve_forever()
"""


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    script = tmp_path / "jgb-relayer"
    script.write_text(f"#!{sys.executable}\n{text}")
    script.chmod(0o755)
    monkeypatch.setattr(daemons, "command_of", lambda _command: str(script))


def test_relayers_are_processes_that_can_die_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, STAND_IN)
    folder = tmp_path / "net"
    network = devnet.up(devnet.Options(folder, relayers=2, remotes=1))
    try:
        assert [relayer.name for relayer in network.relayers] == ["relayer-1", "relayer-2"]
        assert load_network(folder / "devnet.json") == network
        first = network.relayers[0]
        assert first.pid == network.pids["relayer-1"]
        assert load(first.config, {}).api.port == int(first.api.rpartition(":")[2])
        devnet.stop_one(folder, "relayer-1", kill=True)
        assert not psutil.pid_exists(first.pid)
        pid = devnet.start_one(folder, "relayer-1")
        again = load_network(folder / "devnet.json")
        assert again.relayers[0].pid == again.pids["relayer-1"] == pid
        assert again.relayers[1] == network.relayers[1]
    finally:
        relayers = ["relayer-1", "relayer-2"]
        doubles = ["home-sealer", "home-second", "remote-1-second"]
        assert sorted(devnet.down(folder)) == sorted([*doubles, *relayers, "home", "remote-1"])
    assert ours(folder) == []


def test_a_committee_is_more_than_half_of_the_relayers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, STAND_IN)
    network = devnet.up(devnet.Options(tmp_path / "net", relayers=4, remotes=1))

    async def thresholds() -> list[tuple[int, int]]:
        found = []
        for chain in (network.home, *network.remotes):
            async with Rpc(chain.rpc) as rpc:
                reader = EvmChain(rpc, network.watched[chain.chain_id])
                committee = await reader.committee((await reader.heads()).latest)
                found.append((committee.threshold, len(committee.members)))
        return found

    assert asyncio.run(thresholds()) == [(3, 4), (3, 4)]
    devnet.down(tmp_path / "net")


def test_a_relayer_that_does_not_start_is_quoted_and_nothing_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "raise SystemExit('home.gateway: no code: correct it')")
    with pytest.raises(Refuse, match=r"relayer-\d ended at once: home\.gateway: no code: correct it"):
        devnet.up(devnet.Options(tmp_path / "net", relayers=2, remotes=1))
    assert ours(tmp_path / "net") == []
    assert not (tmp_path / "net").exists()
