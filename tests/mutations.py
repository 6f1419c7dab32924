"""The format of mutations.txt: one-line breaks of the sources, each with the tests that must notice."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TOOLS: Final = ("pytest", "forge")


class BadMutationError(ValueError):
    """A mutation that cannot be read, or that no longer fits the file it names."""


@dataclass(frozen=True, slots=True)
class Command:
    """The tests that must notice: `pytest` or `forge`, and the arguments that select them."""

    tool: str
    selection: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join([self.tool, *self.selection])


@dataclass(frozen=True, slots=True)
class Mutation:
    """One block: in the file `path`, `old` becomes `new`. Without an `occurrence`, `old` must be unique."""

    number: int
    path: str
    occurrence: int | None
    old: str
    new: str
    command: Command
    may_hang: bool


def parse(text: str) -> list[Mutation]:
    """Read every block, numbered from 1. Raises BadMutationError naming the line where a block is wrong."""
    return [_mutation(number, *block) for number, block in enumerate(_blocks(text), start=1)]


def mutate(text: str, mutation: Mutation) -> str:
    """Return the file's text with the break in it. Raises BadMutationError if it does not fit any more."""
    found = text.count(mutation.old)
    if mutation.occurrence is None and found != 1:
        raise BadMutationError(f"{mutation.path}: found {found} times, wanted once: {mutation.old}")
    if mutation.occurrence is not None and found < mutation.occurrence:
        raise BadMutationError(f"{mutation.path}: found {found} times, wanted #{mutation.occurrence}: {mutation.old}")
    before = text.split(mutation.old)
    cut = mutation.occurrence or 1
    return mutation.old.join(before[:cut]) + mutation.new + mutation.old.join(before[cut:])


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Cut the text at blank lines and drop comments; a block comes with the number of its first line."""
    start, lines = 0, list[str]()
    for position, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if line.strip():
            start = start if lines else position
            lines.append(line)
        elif lines:
            yield start, lines
            lines = []


def _mutation(number: int, start: int, lines: list[str]) -> Mutation:
    match lines:
        case [head, old, new, command] if (old[:2], new[:1], command[:2]) == ("- ", "+", "= "):
            path, _, occurrence = head.partition(" #")
            may_hang, tests = _command(command[2:], start)
            if old[2:] == new[2:]:
                raise BadMutationError(f"line {start}: the replacement changes nothing")
            if occurrence and not (occurrence.isdecimal() and int(occurrence)):
                raise BadMutationError(f"line {start}: #{occurrence} is no occurrence, they count from #1")
            return Mutation(number, path, int(occurrence) if occurrence else None, old[2:], new[2:], tests, may_hang)
        case _:
            raise BadMutationError(f"line {start}: wanted four lines: file, `- old`, `+ new`, `= tests`")


def _command(text: str, start: int) -> tuple[bool, Command]:
    words = shlex.split(text)
    may_hang = words[:1] == ["timeout"]
    match words[1:] if may_hang else words:
        case [tool, *selection] if tool in TOOLS:
            return may_hang, Command(tool, tuple(selection))
        case _:
            raise BadMutationError(f"line {start}: tests are run by {' or '.join(TOOLS)}")
