"""Where the documents are that tests read: always samples of our own, and the publishers' files where a copy is kept.

That copy is in the folder that JGB_PUBLISHED_DATA names, else in `shared/data` beside the repository.
"""

import os
from pathlib import Path
from typing import Final

from oracles.core.parsers.reading import Reading
from tests.oracles.samples import DATA

_BESIDE: Final = DATA.parent.parent.parent / "shared" / "data"
PUBLISHED: Final = Path(os.environ.get("JGB_PUBLISHED_DATA", _BESIDE))


def files(*patterns: str) -> list[Path]:
    """Every sample and every published file that matches, such as `mof/jgbcme*.csv`."""
    found = [path for folder in (DATA, PUBLISHED) for pattern in patterns for path in sorted(folder.glob(pattern))]
    assert any(path.is_relative_to(DATA) for path in found), f"no sample for {patterns}"
    return found


def ours_and(*names: str) -> list[Path]:
    """Published files of these names, where they are."""
    return [path for name in names if (path := PUBLISHED / name).exists()]


def numbers(reading: Reading) -> dict[tuple[str, str], int]:
    """Every number of a reading, by series and day."""
    return {(found.series.name, found.day.isoformat()): found.value for found in reading.observations()}
