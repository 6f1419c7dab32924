"""What tests of the watchtower share: a bridge in memory, nodes over it, and a tower that looks at them."""

import asyncio
import io
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bridge.adapters.telemetry import open_log
from relayers.watch.alarms import Alarm
from relayers.watch.config import WatchConfig
from relayers.watch.pausing import Pen
from relayers.watch.tower import Tower
from tests.watch.model import Bridge, Ledger
from tests.watch.nodes import Node

SECRET = bytes([7]) * 32
PEN = Pen(SECRET)
"""Made before Hypothesis runs: what it loads raises the limit of recursion."""
T = TypeVar("T")


class Watch:
    """A tower over a bridge, with a clock that shows the time of home's newest block."""

    def __init__(self, bridge: Bridge, folder: Path, **settings: object) -> None:
        self.bridge = bridge
        self.folder = folder
        self.late = 0.0
        """Seconds by which the clock is ahead of the blocks."""
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self.nodes = {ledger.chain: Node(ledger) for ledger in (bridge.home, *bridge.remotes)}
        self.log = io.StringIO()
        self.tower = self._raised()

    def look(self, times: int = 3) -> list[Alarm]:
        """Look several times: what the first finds out, the next ones ask about."""

        async def looks() -> list[Alarm]:
            return [alarm for _ in range(times) for alarm in await self.tower.look()]

        return self.run(looks())

    def mine(self, times: int = 1) -> None:
        """Make blocks everywhere."""
        self.bridge.mine(times)

    def restart(self, *, kill: bool = False) -> None:
        """End the tower, without a chance to save anything if asked, and start another on its folder."""
        if not kill:
            self.run(self.tower.close())
        self.tower = self._raised()

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Run something to its end."""
        return self._loop.run_until_complete(work)

    def now(self) -> float:
        """Return the time."""
        return max(ledger.head.time for ledger in (self.bridge.home, *self.bridge.remotes)) + self.late

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return what a file of the folder holds, one document a line."""
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what was logged under a name."""
        return [line for line in map(json.loads, self.log.getvalue().splitlines()) if line["event"] == name]

    def pauses(self) -> dict[int, int]:
        """Return how many pauses each chain was sent."""
        return {chain: len(node.pauses) for chain, node in self.nodes.items()}

    def end(self) -> None:
        """End everything."""
        self.run(self.tower.close())
        self._loop.close()

    def _raised(self) -> Tower:
        config = _config(self.bridge, self.folder, self._settings)
        tower = Tower(config, open_log("info", self.log), self.now, PEN)
        for chain, view in tower.views.items():
            view.rpc = self.nodes[chain]  # type: ignore[assignment]
        return tower


@pytest.fixture
def raised(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    """Raise towers; they end with the test."""
    towers: list[Watch] = []

    def build(bridge: Bridge | None = None, **settings: object) -> Watch:
        towers.append(Watch(bridge or Bridge(), tmp_path / f"tower-{len(towers)}", **settings))
        return towers[-1]

    yield build
    for tower in towers:
        tower.end()


@pytest.fixture
def watch(raised: Callable[..., Watch]) -> Watch:
    return raised()


def _config(bridge: Bridge, folder: Path, settings: Mapping[str, object]) -> WatchConfig:
    key = folder.parent / "key.json"
    key.touch()
    home = _chain(bridge.home) | {"board": "0x" + bridge.home.board.hex()}
    given = {
        "name": "watchtower",
        "data_dir": folder,
        "key": {"keystore": key, "password_file": key},
        "home": home,
        "remotes": [_chain(remote) for remote in bridge.remotes],
        "deadline_seconds": 0.2,
        "blind_seconds": 5,
        **settings,
    }
    return WatchConfig.model_validate(given)


def _chain(ledger: Ledger) -> dict[str, Any]:
    return {
        "name": f"chain-{ledger.chain}",
        "chain_id": ledger.chain,
        "url": "http://127.0.0.1:1",
        "gateway": "0x" + ledger.gateway.hex(),
        "committee": "0x" + ledger.committee.hex(),
        "watch": "0x" + ledger.watch.hex(),
    }
