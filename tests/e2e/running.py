"""A running bridge as its operators have it: installed commands, processes that die and come back, answers by HTTP."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]

from bridge.adapters.config import Network, load_network
from bridge.devnet.layout import Layout
from bridge.devnet.processes import Process, Processes, find
from tests import commands
from tests.commands import COMMAND_SECONDS, Said

_SMALL = ("--reporters", "0", "--no-watchtower")
COMMANDS = Path(sys.executable).parent


async def run(command: str, *words: str, seconds: float = COMMAND_SECONDS) -> Said:
    """Run an installed command to its end. Raises TimeoutError, and kills it, if it takes too long."""
    return await asyncio.to_thread(commands.run, command, *words, seconds=seconds)


@dataclass(frozen=True)
class Running:
    """A devnet in a folder."""

    folder: Path

    @property
    def layout(self) -> Layout:
        """Where its files are."""
        return Layout(self.folder)

    @property
    def network(self) -> Network:
        """What users read."""
        return load_network(self.layout.network)

    @cached_property
    def _first(self) -> Mapping[str, Process]:
        """Every process as it was started at first: later starts may have had options."""
        return Processes(self.layout).all()

    async def bridge(self, *words: str) -> Said:
        """Run `jgb-bridge` on this network."""
        return await run("jgb-bridge", "--network", str(self.layout.network), *words)

    async def answer(self, *words: str) -> dict[str, Any]:
        """Run `jgb-bridge ... --json`; it must succeed."""
        said = await self.bridge(*words, "--json")
        assert said.code == 0, said
        document: dict[str, Any] = json.loads(said.out)
        return document

    async def books_balance(self) -> bool:
        """Ask `jgb-bridge books`; its exit code and its document must agree."""
        said = await self.bridge("books", "--json")
        document = json.loads(said.out)
        assert document["ok"] == (said.code == 0)
        return bool(document["ok"])

    async def stop(self, *names: str, kill: bool = False) -> None:
        """Stop processes, by SIGKILL if asked. Those that do not run are left so."""
        await asyncio.to_thread(Processes(self.layout).stop, names, kill=kill)

    async def start(self, *names: str) -> None:
        """Start processes as they were started at first, unless they run, and wait until they answer."""
        processes = Processes(self.layout)
        first = [self._first[name] for name in names if find(processes.named(name)) is None]
        started = [processes.start(process.name, process.command, process.port) for process in first]
        await asyncio.gather(*(processes.ready(process) for process in started))

    def begin(self, name: str, *options: str) -> psutil.Process:
        """Start a relayer with more options, and do not wait for it."""
        first = self._first[name]
        process = Processes(self.layout).start(name, [*first.command, *options], first.port)
        return psutil.Process(process.pid)

    async def add(self, name: str, command: list[str], port: int) -> None:
        """Start a process that was not there before; it ends with the devnet at the latest."""
        processes = Processes(self.layout)
        await processes.ready(processes.start(name, command, port))

    async def stop_all(self) -> None:
        """Stop everything, relayers first.

        What we started are our children: another process would take them for living until we have waited for them.
        """
        names = list(Processes(self.layout).all())
        nodes = [name for name in names if self.layout.node(name).exists()]
        await self.stop(*(name for name in names if name not in nodes))
        await self.stop(*nodes)

    def port(self, name: str) -> int:
        """Return where a process answers."""
        return self._first[name].port

    async def ask(self, name: str, path: str) -> tuple[int, dict[str, Any]]:
        """Ask a relayer over HTTP."""
        url = f"http://127.0.0.1:{self.port(name)}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.json()


async def death_of(process: psutil.Process, seconds: float) -> int | None:
    """Wait for the death of a process that we started; return how, as `subprocess` does, or None if it lives on."""
    try:
        return int(await asyncio.to_thread(process.wait, seconds))
    except psutil.TimeoutExpired:
        return None


@contextmanager
def raised(folder: Path, *options: str) -> Iterator[Running]:
    """Have `jgb-bridge devnet up` start a bridge, and `devnet down` end it whatever happens."""
    said = asyncio.run(run("jgb-bridge", "devnet", "up", "--dir", str(folder), *_SMALL, *options))
    assert said.code == 0, said
    bridge = Running(folder)
    try:
        yield bridge
    finally:
        try:
            asyncio.run(bridge.stop_all())
        finally:
            said = asyncio.run(run("jgb-bridge", "devnet", "down", "--dir", str(folder)))
        assert said.code == 0, said
        assert not folder.exists()
