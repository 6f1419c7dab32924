"""Two databases held against each other: everything in them that the chains alone decide."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bridge.core.transfers import State

_UNDECIDED: Final = "undecided"
_DECIDED: Final = (State.HELD.value, State.EXECUTED.value, State.RETURNED.value)
_NOT_FINAL: Final = (State.SEEN.value, State.ORPHANED.value)
_ROUTE: Final = "r.source_chain || '-' || r.destination_chain"
_GATEWAYS: Final = "hex(r.source_gateway) || '-' || hex(r.destination_gateway)"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows of one table that both databases must have: what names them, and what they say."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    query: str


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_KINDS: Final = (
    _Kind(
        "transfer",
        ("route", "nonce"),
        (
            "leaf",
            "gateways",
            "message",
            "state",
            "source_height",
            "source",
            "first_nonce",
            "destination_height",
            "destination",
            "reason",
            "return_leaf",
        ),
        f"SELECT {_ROUTE}, t.nonce, t.leaf, {_GATEWAYS}, t.message, "  # noqa: S608 - names of ours
        f"CASE WHEN t.state IN ({_listed(_DECIDED)}) THEN t.state ELSE '{_UNDECIDED}' END, "
        "t.source_height, t.source, t.first_nonce, t.destination_height, t.destination, t.reason, t.return_leaf "
        "FROM {side}.transfers t JOIN {side}.routes r ON r.id = t.route "
        f"WHERE t.state NOT IN ({_listed(_NOT_FINAL)})",
    ),
    _Kind(
        "batch",
        ("route", "first_nonce"),
        ("size", "root", "source_height", "source_hash", "source_time"),
        f"SELECT {_ROUTE}, b.first_nonce, b.size, b.root, b.source_height, b.source_hash, b.source_time "  # noqa: S608 - names of ours
        "FROM {side}.batches b JOIN {side}.routes r ON r.id = b.route",
    ),
    _Kind(
        "attestation",
        ("slot", "digest", "signer"),
        ("signature", "height", "place"),
        "SELECT hex(slot), hex(digest), hex(signer), signature, height, place FROM {side}.attestations",
    ),
)


def differences(found: Path, rebuilt: Path, limit: int) -> list[str]:
    """Return the first rows in which a database differs from the one that was rebuilt, a sentence each, by kind."""
    said: list[str] = []
    with closing(sqlite3.connect(":memory:")) as connection:
        for side, path in (("found", found), ("rebuilt", rebuilt)):
            connection.execute(f"ATTACH ? AS {side}", (str(path),))
        for kind in _KINDS:
            said += _differences(connection, kind, limit - len(said))
    return said


def highest_rows(database: Path, home: int) -> dict[int, int]:
    """Return, per chain, the highest block that a final row of a database speaks of. `home` is where the board is."""
    query = (
        f"SELECT r.source_chain, max(t.source_height) FROM transfers t JOIN routes r ON r.id = t.route "  # noqa: S608 - names of ours
        f"WHERE t.state NOT IN ({_listed(_NOT_FINAL)}) GROUP BY 1 UNION ALL "
        "SELECT r.destination_chain, max(t.destination_height) FROM transfers t JOIN routes r ON r.id = t.route "
        "WHERE t.destination_height IS NOT NULL GROUP BY 1 UNION ALL "
        "SELECT ?, max(height) FROM attestations HAVING max(height) IS NOT NULL"
    )
    highest: dict[int, int] = {}
    with closing(sqlite3.connect(database)) as connection:
        for chain, height in connection.execute(query, (home,)):
            highest[chain] = max(height, highest.get(chain, 0))
    return highest


def _differences(connection: sqlite3.Connection, kind: _Kind, limit: int) -> list[str]:
    """Name the first rows of one kind that only one side has, or that say different things."""
    if limit <= 0:
        return []
    found = _only_in(connection, kind, "found", "rebuilt")
    rebuilt = _only_in(connection, kind, "rebuilt", "found")
    return [_sentence(kind, key, found.get(key), rebuilt.get(key)) for key in sorted(found | rebuilt)][:limit]


def _only_in(
    connection: sqlite3.Connection, kind: _Kind, here: str, there: str
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    width = len(kind.key)
    query = f"{kind.query.format(side=here)} EXCEPT {kind.query.format(side=there)}"
    return {row[:width]: row[width:] for row in connection.execute(query)}


def _sentence(kind: _Kind, key: tuple[Any, ...], found: tuple[Any, ...] | None, rebuilt: tuple[Any, ...] | None) -> str:
    name = f"{kind.name} {' '.join(map(str, key))}"
    if rebuilt is None:
        return f"{name}: the database has it, the chains do not"
    if found is None:
        return f"{name}: the chains have it, the database does not"
    parts = [
        f"{column} is {_shown(ours)}, the chains say {_shown(theirs)}"
        for column, ours, theirs in zip(kind.values, found, rebuilt, strict=True)
        if ours != theirs
    ]
    return f"{name}: {'; '.join(parts)}"


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else "nothing" if value is None else str(value)
