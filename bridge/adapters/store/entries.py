"""The journal: what a chain said, as compact JSON. Written for people and audits; the relayer never reads it back.

An entry is `{"routes": [...], "blocks": [...], "facts": [...]}`. A route, and a block as height and hash, is written
once and named by its position. A fact is an object of its fields; a place is `[block, index, transaction]`, anything
else with fields is a list of them. Bytes are hex, and numbers that JSON readers would round are texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import attrgetter

import orjson

from bridge.core.events import ChainFact, Mined, ProgressFact
from bridge.core.types import Hash32, Height, Route

_EXACT = 1 << 53
"""Readers of JSON know whole numbers up to here."""


def encode_entry(facts: Sequence[ChainFact | ProgressFact]) -> bytes:
    """Return one entry of the journal."""
    return orjson.dumps(_Entry().document(facts))


class _Entry:
    """One entry while it is written."""

    def __init__(self) -> None:
        self._routes: dict[Route, int] = {}
        self._blocks: dict[tuple[Height, Hash32], int] = {}

    def document(self, facts: Sequence[ChainFact | ProgressFact]) -> dict[str, object]:
        written = [self._fact(fact) for fact in facts]
        return {
            "routes": [self._all(route) for route in self._routes],
            "blocks": [self._plain(block) for block in self._blocks],
            "facts": written,
        }

    def _fact(self, fact: ChainFact | ProgressFact) -> dict[str, object]:
        names, values = _shape(type(fact))
        content: dict[str, object] = {"fact": type(fact).__name__}
        for name, value in zip(names, values(fact), strict=True):
            content[name] = self._plain(value)
        return content

    def _plain(self, value: object) -> object:
        match value:
            case bytes():
                return value.hex()
            case int():
                return value if value < _EXACT else str(value)
            case str() | None:
                return value
            case Mined(height, index, block_hash, tx):
                block = self._blocks.setdefault((height, block_hash), len(self._blocks))
                return [block, index, tx.hex()]
            case Route():
                return self._routes.setdefault(value, len(self._routes))
            case tuple():
                return [self._plain(part) for part in value]
            case _:
                return self._all(value)

    def _all(self, value: object) -> list[object]:
        _, values = _shape(type(value))
        return [self._plain(part) for part in values(value)]


_SHAPES: dict[type, tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]]] = {}
"""What `_shape` has found: a property of the classes, so it is the same for everyone."""


def _shape(kind: type) -> tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]]:
    """Return the names of a record's fields, and what reads them all at once."""
    if kind not in _SHAPES:
        names = tuple(field.name for field in fields(kind))
        _SHAPES[kind] = names, _reader(names)
    return _SHAPES[kind]


def _reader(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
