"""Installed commands, each in a process of its own that is forked from one which has loaded their libraries.

What a command loads costs more than most commands do. `tests/test_installation.py` starts them as a shell does.
"""

import multiprocessing
import os
import pkgutil
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, NamedTuple

import bridge.cli

COMMAND_SECONDS: Final = 120.0
_LOADED: Final = ("relayers.cli", "relayers.assembly", "relayers.watch.cli", "oracles.cli", "oracles.assembly")
_PROCESSES: Final = multiprocessing.get_context("forkserver")


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def run(command: str, *words: str, seconds: float = COMMAND_SECONDS) -> Said:
    """Run an installed command, or `python -m` and a module, to its end.

    Raises TimeoutError, and kills it, if it takes too long.
    """
    _PROCESSES.set_forkserver_preload([*(f"bridge.cli.{found.name}" for found in _cli()), *_LOADED])
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        arguments = ([command, *words], out, err, Path.cwd(), dict(os.environ))
        process = _PROCESSES.Process(target=_become, args=arguments, name=command)
        process.start()
        process.join(seconds)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError(f"{command} took longer than {seconds:g} s: {err.read_text()}")
        assert process.exitcode is not None
        return Said(process.exitcode, out.read_text(), err.read_text())


def _cli() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(bridge.cli.__path__))


def _become(arguments: Sequence[str], out: Path, err: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Run in the new process: be what a shell would have started."""
    for stream, file in ((sys.stdout, out), (sys.stderr, err)):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if list(arguments[1:2]) == ["-m"]:
        sys.argv = list(arguments[2:])
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        return
    sys.argv = list(arguments)
    (script,) = entry_points(group="console_scripts", name=arguments[0])
    script.load()()
