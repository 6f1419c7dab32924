"""Raw bytes are kept once, with their times, and damage is named."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bridge.core.errors import Refuse
from bridge.core.types import Timestamp
from oracles.archive import Archive, Damaged
from oracles.core.catalogue import PAR_YIELDS
from oracles.core.series import Source
from oracles.documents import Document

DOCUMENT = Document(Source.MOF_ENGLISH, "http://mof.example/jgbcme.csv", PAR_YIELDS, date(2026, 2, 2), date(2026, 2, 3))


def at(seconds: int) -> Timestamp:
    return Timestamp(seconds)


def test_the_same_bytes_are_one_sighting_that_lasts(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert archive.note(DOCUMENT, b"one", at(1), {"ETag": '"x"', "Set-Cookie": "secret"})
    assert not archive.note(DOCUMENT, b"one", at(5), {})
    archive.seen_again(DOCUMENT, at(9))
    (sighting,) = archive.all()
    assert (sighting.first_seen, sighting.last_seen) == (1, 9)
    assert sighting.headers == {"etag": '"x"'}
    assert archive.body(sighting.sha256) == b"one"
    assert sighting.document == DOCUMENT


def test_other_bytes_are_another_sighting_and_old_ones_that_come_back_a_third(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert [archive.note(DOCUMENT, body, at(i), {}) for i, body in enumerate((b"a", b"b", b"a"))] == [True] * 3
    assert [sighting.first_seen for sighting in archive.all()] == [0, 1, 2]
    assert len(list((tmp_path / "objects").glob("*/*"))) == 2


def test_it_survives_a_restart(tmp_path: Path) -> None:
    Archive(tmp_path).note(DOCUMENT, b"one", at(1), {})
    latest = Archive(tmp_path).latest(DOCUMENT.url)
    assert latest is not None
    assert Archive(tmp_path).body(latest.sha256) == b"one"


def test_bytes_without_an_index_row_are_kept_again(tmp_path: Path) -> None:
    """A crash between the two loses nothing: the document is fetched again, and its bytes are there already."""
    archive = Archive(tmp_path)
    archive.note(DOCUMENT, b"one", at(1), {})
    (tmp_path / "index.db").unlink()
    again = Archive(tmp_path)
    assert again.latest(DOCUMENT.url) is None
    assert again.note(DOCUMENT, b"one", at(2), {})


def test_damage_is_named(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.note(DOCUMENT, b"one", at(1), {})
    (stored,) = (tmp_path / "objects").glob("*/*")
    stored.write_bytes(b"two")
    with pytest.raises(Damaged, match="have changed"):
        archive.body(stored.name)
    stored.unlink()
    with pytest.raises(Damaged, match="are gone"):
        archive.body(stored.name)


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    Archive(tmp_path).close()
    with create_engine(f"sqlite:///{tmp_path / 'index.db'}").begin() as connection:
        connection.execute(text("PRAGMA user_version = 9"))
    with pytest.raises(Refuse, match="version 9"):
        Archive(tmp_path)
