"""Processes that outlive the command that starts them, and are found and stopped exactly, by another."""

import asyncio
import fcntl
import itertools
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]
from pydantic import TypeAdapter, ValidationError

from bridge.adapters.config.fields import Model
from bridge.core.errors import Refuse
from bridge.devnet.layout import Layout

GRACE_SECONDS: Final = 10.0
READY_SECONDS: Final = 90.0
FIRST_LOOK_SECONDS: Final = 0.02
LONGEST_LOOK_SECONDS: Final = 0.3
LOOPBACK: Final = "127.0.0.1"
_CLOCK_SLACK: Final = 2.0
"""Seconds by which the system may report another start time for the same process, as its clock is set."""
_LAST_WORDS: Final = 5
_PORTS: Final = range(20_000, 32_000)
"""Linux gives outgoing connections those from 32,768, others those from 49,152."""


class Process(Model):
    """A process that was started: how, and when, so that a later one with the same number is not taken for it."""

    name: str
    pid: int
    started_at: float
    """UTC seconds, as the system reports it."""
    command: tuple[str, ...]
    port: int
    """Where it takes connections on the loopback as soon as it is ready."""


_LIST: Final = TypeAdapter(list[Process])


class Processes:
    """The processes of one devnet, written down as each is started."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def all(self) -> dict[str, Process]:
        """Return what was started, by name."""
        content = self._layout.processes.read_bytes()
        try:
            processes = _LIST.validate_json(content or b"[]")
        except ValidationError:
            raise Refuse(f"{self._layout.processes} is damaged: stop what it names by hand, then remove it") from None
        return {process.name: process for process in processes}

    def named(self, name: str) -> Process:
        """Return one of them. Raises Refuse if there is none of that name."""
        known = self.all()
        if name not in known:
            raise Refuse(f"no process {name}: there are {', '.join(known)}")
        return known[name]

    def start(self, name: str, command: Sequence[str], port: int) -> Process:
        """Start a process in a group of its own, with its output in a log file."""
        with self._layout.log(name).open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        # It outlives this command. Without a word about its end Popen would complain that nobody waited for it.
        child.returncode = 0
        started_at = psutil.Process(child.pid).create_time()
        process = Process(name=name, pid=child.pid, started_at=started_at, command=tuple(command), port=port)
        self._write({**self.all(), name: process})
        return process

    def start_again(self, name: str) -> Process:
        """Start a process by the command it was started with. Raises Refuse if it still runs."""
        process = self.named(name)
        if find(process) is not None:
            raise Refuse(f"{name} runs already, as process {process.pid}")
        return self.start(name, process.command, process.port)

    async def ready(self, process: Process) -> None:
        """Wait until a process takes connections. Raises Refuse with its last words if it ends or takes too long."""
        deadline, pause = time.monotonic() + READY_SECONDS, FIRST_LOOK_SECONDS
        while (found := find(process)) is not None:
            if _listens(found, process.port):
                return
            if time.monotonic() > deadline:
                raise Refuse(f"{process.name} is not ready after {READY_SECONDS:g} s: {self._last_words(process.name)}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)  # looking costs time that the process needs to start
        raise Refuse(f"{process.name} ended at once: {self._last_words(process.name)}")

    def stop(self, names: Iterable[str], *, kill: bool = False) -> list[str]:
        """Stop processes together, the hard way if asked or after a while; return the names of those that ran."""
        running = {name: found for name in names if (found := find(self.named(name))) is not None}
        for found in running.values():
            if kill:
                found.kill()
            else:
                found.terminate()
        _, stubborn = psutil.wait_procs(running.values(), timeout=GRACE_SECONDS)
        for found in stubborn:
            found.kill()
        psutil.wait_procs(stubborn, timeout=GRACE_SECONDS)
        return list(running)

    def _write(self, processes: Mapping[str, Process]) -> None:
        partial = self._layout.processes.with_suffix(".partial")
        partial.write_bytes(_LIST.dump_json(list(processes.values())))
        partial.replace(self._layout.processes)

    def _last_words(self, name: str) -> str:
        lines = self._layout.log(name).read_text(errors="replace").splitlines()
        return " | ".join(lines[-_LAST_WORDS:]) or "it said nothing"


def find(process: Process) -> psutil.Process | None:
    """Return a process if it still runs: the same one by its start and its command, not another with its number."""
    try:
        found = psutil.Process(process.pid)
        if found.status() == psutil.STATUS_ZOMBIE:
            found.wait(timeout=0)
            return None
        is_same = abs(found.create_time() - process.started_at) <= _CLOCK_SLACK
        command = tuple(found.cmdline())
    except psutil.Error:
        return None
    # A script's command line has its interpreter in front; at its very start a process has none yet.
    is_same = is_same and command[-len(process.command) :] in (process.command, ())
    return found if is_same else None


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody listens on, and that no other devnet of this user was given lately.

    They lie below those that systems give to outgoing connections, so that none takes the place of a process that
    is down for a while.
    """
    register = Path(tempfile.gettempdir()) / f"jgb-bridge-{os.getuid()}.ports"
    descriptor = os.open(register, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last = file.read()
        start = _PORTS.index(int(last)) + 1 if last.isdigit() and int(last) in _PORTS else 0
        turn = itertools.chain(_PORTS[start:], _PORTS[:start])
        ports = list(itertools.islice(filter(_is_free, turn), count))
        if len(ports) < count:
            raise Refuse(f"fewer than {count} of the ports {_PORTS[0]} to {_PORTS[-1]} are free")
        if ports:
            file.seek(0)
            file.truncate()
            file.write(b"%d" % ports[-1])
    return ports


def _is_free(port: int) -> bool:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def _listens(process: psutil.Process, port: int) -> bool:
    """Tell whether this very process takes connections on a port; another one there is no sign of life of ours."""
    try:
        connections = process.net_connections(kind="inet")
    except psutil.Error:
        return False
    return any(found.status == psutil.CONN_LISTEN and found.laddr.port == port for found in connections)
