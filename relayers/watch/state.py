"""What a watchtower keeps over its own end: how far it has read, what is on its way, what was signed lately.

A cache: without the file, or with one it cannot read, it reads the chains from the start.
"""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from relayers.watch.board import Slot
from relayers.watch.chain import Block
from relayers.watch.ledger import State

VERSION = 2
"""1 did not say why something is held."""


@dataclass(slots=True)
class Kept:
    """The content of the file."""

    version: int = VERSION
    places: str = ""
    """Which contracts it is about: of others it says nothing."""
    cursors: dict[int, Block] = field(default_factory=dict)
    ledger: State = field(default_factory=State)
    slots: dict[str, Slot] = field(default_factory=dict)


_FORM = TypeAdapter(Kept)


def load(path: Path, places: str) -> Kept:
    """Read the file; an empty one if there is none that fits."""
    try:
        kept = _FORM.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return Kept(places=places)
    return kept if (kept.version, kept.places) == (VERSION, places) else Kept(places=places)


def save(path: Path, kept: Kept) -> None:
    """Write the file in one step."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(_FORM.dump_json(kept))
    partial.replace(path)
