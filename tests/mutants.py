"""Breaks one line at a time and sees that a test notices: `python -m tests.mutants [--only N] [--jobs J]`.

The breaks are listed in mutations.txt, which explains its format. Each is made in a private copy of the tree.
The named tests must pass there without any break, so that a failure means something.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from shutil import copy2, copytree
from typing import Final

from tests.mutations import BadMutationError, Command, Mutation, mutate, parse

ROOT: Final = Path(__file__).resolve().parent.parent
MUTATIONS: Final = ROOT / "tests" / "mutations.txt"
LINKED: Final = (".venv", "contracts/node_modules")
WARM: Final = ("contracts/out", "contracts/out-home", "contracts/cache", "contracts/cache-home")
RUNNERS: Final = {
    "pytest": (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"),
    "forge": (sys.executable, "-m", "contracts.build", "forge", "test"),
}
PASSED: Final = {"pytest": " passed", "forge": "[PASS]"}
FAILED: Final = {"pytest": "FAILED ", "forge": "[FAIL"}


class Verdict(StrEnum):
    """What the tests said about a break. Only the first two are good news."""

    KILLED = "killed"
    KILLED_BY_TIMEOUT = "killed (timeout)"
    SURVIVED = "SURVIVED"
    TIMEOUT = "TIMEOUT"
    BROKEN = "BROKEN"  # no test came to a failure: the break does not compile, or breaks the import
    MISFIT = "MISFIT"  # the text to replace is not there

    @property
    def is_good(self) -> bool:
        return self in {Verdict.KILLED, Verdict.KILLED_BY_TIMEOUT}


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended. No exit code: it was stopped at the time limit."""

    code: int | None
    output: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutations and print a line for each; 1 if one survives or no longer applies."""
    options = _options(arguments)
    mutations = parse(MUTATIONS.read_text())
    chosen = [mutation for mutation in mutations if mutation.number in (options.only or {mutation.number})]
    if not chosen:
        print(f"no mutation to try among {len(mutations)}")
        return 1 if options.only else 0
    jobs = min(options.jobs, len(chosen))
    with _trees(jobs) as free, ThreadPoolExecutor(jobs) as pool:
        commands = list(dict.fromkeys(mutation.command for mutation in chosen))
        runs = pool.map(lambda command: _in_tree(free, command, options.timeout), commands)
        useless = [(command, run) for command, run in zip(commands, runs, strict=True) if not _passes(command, run)]
        for command, run in useless:
            print(f"does not pass without a mutation: {command}\n{run.output[-2000:]}")
        if useless:
            return 1
        verdicts = list(pool.map(lambda mutation: _report(free, mutation, options.timeout), chosen))
    print(f"{sum(verdict.is_good for verdict in verdicts)} of {len(chosen)} mutations killed")
    return 0 if all(verdict.is_good for verdict in verdicts) else 1


def try_mutation(tree: Path, mutation: Mutation, timeout: float) -> tuple[Verdict, str]:
    """Break one line of `tree`, run the tests that must notice, mend it; return why, too."""
    file = tree / mutation.path
    try:
        text = file.read_text()
        broken = mutate(text, mutation)
    except (BadMutationError, OSError) as error:
        return Verdict.MISFIT, str(error)
    file.write_text(broken)
    try:
        run = run_tests(tree, mutation.command, timeout)
    finally:
        file.write_text(text)
    return _judge(mutation, run), run.output[-2000:]


def run_tests(tree: Path, command: Command, timeout: float) -> Run:
    """Run one command in `tree`, whose sources come before the installed ones, and stop it in time."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FOUNDRY_DENY": "never",
    }
    process = subprocess.Popen(
        [*RUNNERS[command.tool], *command.selection],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Run(None, output)
    return Run(process.returncode, output)


def copy_tree(tree: Path) -> None:
    """Fill `tree` with what git tracks or would track, link what is installed, and copy forge's cache."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, tree / name)
    for name in LINKED:
        (tree / name).symlink_to(ROOT / name)
    for name in WARM:
        if (ROOT / name).is_dir():
            copytree(ROOT / name, tree / name)


def _judge(mutation: Mutation, run: Run) -> Verdict:
    if run.code is None:
        return Verdict.KILLED_BY_TIMEOUT if mutation.may_hang else Verdict.TIMEOUT
    if run.code == 0:
        return Verdict.SURVIVED
    return Verdict.KILLED if FAILED[mutation.command.tool] in run.output else Verdict.BROKEN


def _passes(command: Command, run: Run) -> bool:
    return run.code == 0 and PASSED[command.tool] in run.output


def _report(free: "SimpleQueue[Path]", mutation: Mutation, timeout: float) -> Verdict:
    """Try a mutation in a free tree and print its line of the table."""
    tree = free.get()
    started = time.monotonic()
    try:
        verdict, output = try_mutation(tree, mutation, timeout)
    finally:
        free.put(tree)
    took = time.monotonic() - started
    change = f"{mutation.old.strip()} -> {mutation.new.strip() or '(nothing)'}"
    print(f"{mutation.number:4}  {verdict:16}  {took:6.1f} s  {mutation.path}  {change}", flush=True)
    if verdict in {Verdict.BROKEN, Verdict.MISFIT}:
        print(output)
    return verdict


def _in_tree(free: "SimpleQueue[Path]", command: Command, timeout: float) -> Run:
    tree = free.get()
    try:
        return run_tests(tree, command, timeout)
    finally:
        free.put(tree)


@contextmanager
def _trees(count: int) -> Iterator["SimpleQueue[Path]"]:
    """Make that many private copies of the tree, and remove them again."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(count):
            tree = Path(folder, str(number))
            copy_tree(tree)
            free.put(tree)
        yield free


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", type=int, action="append", metavar="N", help="try this number; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="trees side by side")
    parser.add_argument("--timeout", type=float, default=300, metavar="S", help="seconds for one mutation")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
