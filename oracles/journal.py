"""What a reporter has signed, written down before the signature leaves it: one digest for a slot, for ever."""

from pathlib import Path
from typing import Final

from sqlalchemy import Column, LargeBinary, MetaData, Table, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from bridge.core.errors import Halt, Refuse
from bridge.core.types import Digest, Slot
from oracles.core.saying import Saying

_METADATA: Final = MetaData()
_SIGNED: Final = Table(
    "signed",
    _METADATA,
    Column("slot", LargeBinary, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
)


class Journal:
    """A SQLite file. The board says the same, but only after the post; between the two a crash must not forget."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = _open(path)
        try:
            _METADATA.create_all(self._engine)
        except DatabaseError:
            raise Refuse(f"{path} is no journal: restore it, or remove it if this reporter never signed") from None

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def commit(self, saying: Saying) -> None:
        """Write down what is about to be signed. Raises Halt if another digest was signed for its slot."""
        row = {"slot": bytes(saying.slot), "digest": bytes(saying.digest)}
        with self._engine.begin() as connection:
            connection.execute(insert(_SIGNED).values(row).on_conflict_do_nothing())
            known = connection.scalar(select(_SIGNED.c.digest).where(_SIGNED.c.slot == row["slot"]))
        if known != row["digest"]:
            evidence: dict[str, object] = {
                "slot": saying.slot.hex(),
                "signed": bytes(known or b"").hex(),
                "asked": saying.digest.hex(),
            }
            raise Halt("asked to sign a second digest for one slot", evidence)

    def signed(self, slot: Slot) -> Digest | None:
        """Return what was signed for a slot."""
        with self._engine.connect() as connection:
            found = connection.scalar(select(_SIGNED.c.digest).where(_SIGNED.c.slot == bytes(slot)))
        return None if found is None else Digest(found)


def _open(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def durable(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    return engine
