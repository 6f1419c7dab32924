"""What is said: one JSON line per matter, its evidence in a file, and never twice, not even after a restart."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that must not be."""

    key: str
    """Names the matter: of one matter there is one alarm."""
    why: str
    todo: str
    remotes: tuple[int, ...] = ()
    """A breach: value may be moving that was never sent. Both ends of these chains' routes are to be paused."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    is_standing: bool = False
    """A condition that may end. It is then said to have ended, and is said again should it come back."""

    @property
    def is_breach(self) -> bool:
        """Whether it is paused for."""
        return bool(self.remotes)


class AlarmBook:
    """The alarms of a watchtower, on disk."""

    def __init__(self, folder: Path, log: FilteringBoundLogger, now: Callable[[], float]) -> None:
        self._file = folder / "alarms.jsonl"
        self._evidence = folder / "evidence"
        self._evidence.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._now = now
        self._said: set[str] = set()
        self._standing: dict[str, str] = {}
        self.breaches = 0
        text = self._file.read_text() if self._file.exists() else ""
        self._is_torn = bool(text) and not text.endswith("\n")
        for line in text.splitlines():
            self._remember(line)

    @property
    def standing(self) -> list[str]:
        """What is wrong now and may end, in words."""
        return list(self._standing.values())

    def is_said(self, key: str) -> bool:
        """Tell whether a matter was said before and has not ended."""
        return key in self._said

    def say(self, alarm: Alarm) -> bool:
        """Write down and say an alarm; False if that was done before. Its evidence is on disk before it is said."""
        if alarm.key in self._said:
            return False
        path = self._evidence / f"{_file_name(alarm.key)}.json"
        document = {
            "key": alarm.key,
            "why": alarm.why,
            "todo": alarm.todo,
            "at": int(self._now()),
            "is_breach": alarm.is_breach,
            "is_standing": alarm.is_standing,
            "evidence": str(path),
        }
        path.write_text(json.dumps({**document, "evidence": alarm.evidence}, indent=2, default=str) + "\n")
        self._append(document)
        self._log.error("alarm", key=alarm.key, why=alarm.why, todo=alarm.todo, evidence=str(path))
        return True

    def settle(self, group: str, alarms: Iterable[Alarm]) -> list[Alarm]:
        """Say the conditions of a group that stand now, and that the others of it have ended; return the new ones."""
        now = list(alarms)
        standing = {alarm.key for alarm in now}
        for key in [key for key in self._standing if _is_of(group, key) and key not in standing]:
            self._log.info("recovered", after=self._standing[key])
            self._append({"key": key, "at": int(self._now()), "ended": True})
        return [alarm for alarm in now if self.say(alarm)]

    def _append(self, document: Mapping[str, object]) -> None:
        line = json.dumps(document)
        with self._file.open("a") as file:
            file.write("\n" * self._is_torn + line + "\n")
            self._is_torn = False
            file.flush()
            os.fsync(file.fileno())
        self._remember(line)

    def _remember(self, line: str) -> None:
        try:
            document = json.loads(line)
            key = str(document["key"])
        except (ValueError, KeyError, TypeError):
            return  # the last line of a machine that lost its power
        if document.get("ended"):
            self._said.discard(key)
            self._standing.pop(key, None)
            return
        self._said.add(key)
        self.breaches += bool(document.get("is_breach"))
        if document.get("is_standing"):
            self._standing[key] = str(document.get("why"))


def _is_of(group: str, key: str) -> bool:
    return key == group or key.startswith(f"{group} ")


def _file_name(key: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in key)[:_LONGEST_NAME]
