"""Blocks of home that were verified once, on disk: a restart goes on from the last of them. One line of JSON each."""

from pathlib import Path
from typing import Final

import orjson

from bridge.adapters.codec import read_address, read_fields, read_hash, read_list, to_hex
from bridge.core.qbft import Trusted, Vote
from bridge.core.types import Block, Height, Timestamp

EVERY: Final = 1_000
"""Blocks between two checkpoints."""


class Checkpoints:
    """The checkpoints in a file. The first is the operator's own; a file that begins with another one starts anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.all: list[Trusted] = _read(path)

    def begin(self, start: Trusted) -> None:
        """Start over from the block that the operator trusts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(_line(start))
        self.all = [start]

    def add(self, trusted: Trusted) -> None:
        """Keep a verified block."""
        with self._path.open("ab") as file:
            file.write(_line(trusted))
        self.all.append(trusted)


def _read(path: Path) -> list[Trusted]:
    """Return what the file holds; a last line that a crash cut off is dropped."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(_trusted(orjson.loads(line)))
        except (ValueError, TypeError):
            break
    if len(found) < len(lines):
        path.write_bytes(b"".join(map(_line, found)))
    return found


def _line(trusted: Trusted) -> bytes:
    document = {
        "height": trusted.block.height,
        "hash": to_hex(trusted.block.hash),
        "time": trusted.block.time,
        "validators": [to_hex(validator) for validator in trusted.validators],
        "votes": [[to_hex(vote.voter), to_hex(vote.subject), vote.add] for vote in trusted.votes],
    }
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


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
