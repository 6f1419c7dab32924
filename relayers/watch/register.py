"""The register of every change of offices and rules, one JSON line each, in the order in which they became final."""

import json
from collections.abc import Iterable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from relayers.watch.events import REGISTER, Event
from relayers.watch.ledger import evidence_of


class Register:
    """The register on disk. What is in it already, from before a crash, is not written again."""

    def __init__(self, folder: Path, log: FilteringBoundLogger) -> None:
        self._file = folder / "register.jsonl"
        self._log = log
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        self._known = {known for line in lines if (known := _place(line)) is not None}

    def take(self, events: Iterable[Event]) -> None:
        """Write down those of the events that change who may do what, or how much."""
        fresh = [
            event
            for event in events
            if event.name in REGISTER and (event.chain, event.block, event.index) not in self._known
        ]
        if not fresh:
            return
        with self._file.open("a") as file:
            for event in fresh:
                shown = {**evidence_of(event), "index": event.index}
                file.write(json.dumps(shown) + "\n")
                self._known.add((event.chain, event.block, event.index))
                self._log.warning("rules changed", **{"change" if key == "event" else key: shown[key] for key in shown})


def _place(line: str) -> tuple[int, int, int] | None:
    try:
        document = json.loads(line)
        return int(document["chain"]), int(document["block"]), int(document["index"])
    except (ValueError, KeyError, TypeError):
        return None
