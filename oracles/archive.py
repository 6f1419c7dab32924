"""Raw bytes as they were published: kept once, by their hash, with every time at which they were seen."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from bridge.core.errors import Refuse
from bridge.core.types import Timestamp
from oracles.core.catalogue import series_named
from oracles.core.series import Source
from oracles.documents import Document

_VERSION: Final = 1
_KEPT_HEADERS: Final = ("etag", "last-modified", "date", "content-type", "content-length", "server")
_METADATA: Final = MetaData()
_SIGHTINGS: Final = Table(
    "sightings",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("url", String, nullable=False, index=True),
    Column("series", String, nullable=False),
    Column("first_day", String, nullable=False),
    Column("last_day", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("headers", String, nullable=False),
)


class Damaged(Refuse):
    """Archived bytes are gone or are no longer what they were."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A document held these bytes, from one time to another."""

    document: Document
    sha256: str
    first_seen: Timestamp
    last_seen: Timestamp
    headers: Mapping[str, str]


class Archive:
    """A folder: `objects/` with the bytes, `index.db` with the sightings."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects"
        self._objects.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{folder / 'index.db'}")
        try:
            with self._engine.begin() as connection:
                known = connection.scalar(text("PRAGMA user_version"))
                if known not in (0, _VERSION):
                    raise Refuse(f"{folder / 'index.db'} has version {known}: this program knows {_VERSION}")
                _METADATA.create_all(connection)
                connection.execute(text(f"PRAGMA user_version = {_VERSION}"))
        except DatabaseError:
            raise Refuse(f"{folder / 'index.db'} is damaged: remove it, then fetch again; objects stay") from None

    def close(self) -> None:
        """Close the index."""
        self._engine.dispose()

    def latest(self, url: str) -> Sighting | None:
        """Return what a document held when it was seen last."""
        query = select(_SIGHTINGS).where(_SIGHTINGS.c.url == url).order_by(_SIGHTINGS.c.id.desc()).limit(1)
        return next(self._read(query), None)

    def all(self) -> Iterator[Sighting]:
        """Every sighting, in the order in which they began."""
        return self._read(select(_SIGHTINGS).order_by(_SIGHTINGS.c.id))

    def note(self, document: Document, body: bytes, at: Timestamp, headers: Mapping[str, str]) -> bool:
        """Keep what was fetched; return whether these are other bytes than before. Bytes first, then the index."""
        digest = sha256(body).hexdigest()
        self._keep(digest, body)
        known = self.latest(document.url)
        if known is not None and known.sha256 == digest:
            self.seen_again(document, at)
            return False
        kept = {name.lower(): value for name, value in headers.items() if name.lower() in _KEPT_HEADERS}
        with self._engine.begin() as connection:
            connection.execute(
                insert(_SIGHTINGS).values(
                    source=document.source.value,
                    url=document.url,
                    series=",".join(one.name for one in document.series),
                    first_day=document.first.isoformat(),
                    last_day=document.last.isoformat(),
                    sha256=digest,
                    first_seen=at,
                    last_seen=at,
                    headers=orjson.dumps(kept).decode(),
                )
            )
        return True

    def seen_again(self, document: Document, at: Timestamp) -> None:
        """Note that a document still holds what it held; it may have been asked about more days."""
        newest = select(_SIGHTINGS.c.id).where(_SIGHTINGS.c.url == document.url).order_by(_SIGHTINGS.c.id.desc())
        with self._engine.begin() as connection:
            row = connection.scalar(newest.limit(1))
            days = {"first_day": document.first.isoformat(), "last_day": document.last.isoformat()}
            found = connection.execute(select(_SIGHTINGS).where(_SIGHTINGS.c.id == row)).mappings().one()
            days["first_day"] = min(days["first_day"], found["first_day"])
            days["last_day"] = max(days["last_day"], found["last_day"])
            connection.execute(update(_SIGHTINGS).where(_SIGHTINGS.c.id == row).values(last_seen=at, **days))

    def body(self, digest: str) -> bytes:
        """Return archived bytes. Raises Damaged."""
        try:
            body = self._path(digest).read_bytes()
        except OSError:
            raise Damaged(f"archived bytes {digest} are gone: restore {self._path(digest)}") from None
        if sha256(body).hexdigest() != digest:
            raise Damaged(f"archived bytes {digest} have changed: restore {self._path(digest)}")
        return body

    def _path(self, digest: str) -> Path:
        return self._objects / digest[:2] / digest

    def _keep(self, digest: str, body: bytes) -> None:
        path = self._path(digest)
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def _read(self, query: object) -> Iterator[Sighting]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()  # type: ignore[call-overload]
        for row in rows:
            names = row["series"].split(",")
            series = tuple(found for name in names if (found := series_named(name)) is not None)
            document = Document(
                Source(row["source"]),
                row["url"],
                series,
                date.fromisoformat(row["first_day"]),
                date.fromisoformat(row["last_day"]),
            )
            headers = orjson.loads(row["headers"])
            yield Sighting(document, row["sha256"], Timestamp(row["first_seen"]), Timestamp(row["last_seen"]), headers)
