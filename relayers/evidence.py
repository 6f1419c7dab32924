"""Halts as an operator meets them: each is logged once, with a file that holds what it rests on."""

import json
from collections.abc import Mapping
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bridge.core.records import HaltRecord
from bridge.core.types import Route


class Evidence:
    """The files of one relayer's halts."""

    def __init__(self, folder: Path, log: FilteringBoundLogger) -> None:
        self._folder = folder
        self._log = log
        self._kept: set[Route] = set()

    def keep(self, halts: Mapping[Route, HaltRecord]) -> None:
        """Log every new halt and write its file. Raises OSError, and does both again the next time, if it cannot."""
        for route, halt in halts.items():
            if route in self._kept:
                continue
            path = self._folder / f"{route.name}-{halt.at}.json"
            self._log.error("route halted", route=route.name, why=halt.why, evidence=str(path))
            document = {"route": route.name, "why": halt.why, "at": halt.at, "evidence": dict(halt.evidence)}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=2) + "\n")
            self._kept.add(route)
