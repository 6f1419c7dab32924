"""Blocks of home that were verified once, on disk: a restart goes on from the last of them. One line of JSON each.

Each keeps its header with the seals: if validators seal another block in its place, both are evidence.
"""

from pathlib import Path
from typing import Final, NamedTuple

import orjson

from bridge.adapters.codec import read_address, read_fields, read_hash, read_list, to_hex
from bridge.adapters.codec.headers import read_header, show_header
from bridge.core.headers import Header
from bridge.core.qbft import Trusted, Vote
from bridge.core.types import Block, Height, Timestamp

EVERY: Final = 1_000
"""Blocks between two checkpoints."""


class _Checkpoint(NamedTuple):
    """One line."""

    trusted: Trusted
    header: Header | None
    """None in lines of versions that kept none."""


class Checkpoints:
    """The checkpoints in a file. The first is the operator's own; a file that begins with another one starts anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found = _read(path)
        self.all: list[Trusted] = [checkpoint.trusted for checkpoint in found]
        self.header: Header | None = found[-1].header if found else None
        """Of the last one."""

    def begin(self, start: Trusted, header: Header | None = None) -> None:
        """Start over from the block that the operator trusts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(_line(_Checkpoint(start, header)))
        self.all, self.header = [start], header

    def add(self, trusted: Trusted, header: Header) -> None:
        """Keep a verified block."""
        with self._path.open("ab") as file:
            file.write(_line(_Checkpoint(trusted, header)))
        self.all.append(trusted)
        self.header = header


def _read(path: Path) -> list[_Checkpoint]:
    """Return what the file holds; a last line that a crash cut off is dropped."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(_checkpoint(orjson.loads(line)))
        except (ValueError, TypeError):
            break
    if len(found) < len(lines):
        path.write_bytes(b"".join(map(_line, found)))
    return found


def _line(checkpoint: _Checkpoint) -> bytes:
    trusted, header = checkpoint
    document = {
        "height": trusted.block.height,
        "hash": to_hex(trusted.block.hash),
        "time": trusted.block.time,
        "validators": [to_hex(validator) for validator in trusted.validators],
        "votes": [[to_hex(vote.voter), to_hex(vote.subject), vote.add] for vote in trusted.votes],
        "header": None if header is None else show_header(header),
    }
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _checkpoint(document: object) -> _Checkpoint:
    header = read_fields(document).get("header")
    return _Checkpoint(_trusted(document), None if header is None else read_header(header))


def _trusted(document: object) -> Trusted:
    fields = read_fields(document)
    height, time = fields.get("height"), fields.get("time")
    if not isinstance(height, int) or not isinstance(time, int):
        raise ValueError("no block")  # noqa: TRY004 - one class for all that a file gets wrong
    block = Block(Height(height), read_hash(fields.get("hash")), Timestamp(time))
    votes = [_vote(item) for item in read_list(fields.get("votes"))]
    return Trusted(block, tuple(map(read_address, read_list(fields.get("validators")))), tuple(votes))


def _vote(item: object) -> Vote:
    voter, subject, add = read_list(item)
    if not isinstance(add, bool):
        raise ValueError("no vote")  # noqa: TRY004 - the same
    return Vote(read_address(voter), read_address(subject), add)
