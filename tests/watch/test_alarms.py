"""What is said: once, with its evidence, and for conditions also when they end; all of it over restarts."""

import io
import json
from pathlib import Path

from bridge.adapters.telemetry import open_log
from relayers.watch.alarms import Alarm, AlarmBook

BREACH = Alarm("INV-10 1 0xt", "forged", "call", remotes=(1,), evidence={"tx": "0xt"})
BLIND = Alarm("blind 1", "cannot see", "mend", is_standing=True)


def opened(folder: Path, log: io.StringIO | None = None) -> AlarmBook:
    return AlarmBook(folder, open_log("info", log or io.StringIO()), lambda: 5.0)


def test_an_alarm_is_said_once_with_evidence_on_disk(tmp_path: Path) -> None:
    log = io.StringIO()
    book = opened(tmp_path, log)
    assert [book.say(BREACH), book.say(BREACH), opened(tmp_path).say(BREACH)] == [True, False, False]
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["event"], line["why"], line["todo"]) == ("alarm", "forged", "call")
    evidence = json.loads(Path(line["evidence"]).read_text())
    assert (evidence["evidence"], evidence["is_breach"], evidence["at"]) == ({"tx": "0xt"}, True, 5)
    assert opened(tmp_path).breaches == 1


def test_a_condition_that_ends_is_said_to_have_ended_and_may_come_back(tmp_path: Path) -> None:
    log = io.StringIO()
    book = opened(tmp_path, log)
    assert book.settle("blind 1", [BLIND]) == [BLIND]
    assert book.settle("blind 1", [BLIND]) == []
    assert opened(tmp_path).settle("blind 1", [BLIND]) == []
    assert book.settle("blind 2", []) == book.settle("blind", [BLIND]) == []
    assert book.standing == ["cannot see"]
    book.settle("blind 1", [])
    assert (book.standing, opened(tmp_path).standing) == ([], [])
    assert book.settle("blind 1", [BLIND]) == [BLIND]
    assert [json.loads(line)["event"] for line in log.getvalue().splitlines()] == ["alarm", "recovered", "alarm"]


def test_a_group_is_named_by_whole_words(tmp_path: Path) -> None:
    book = opened(tmp_path)
    other = Alarm("blind 12", "cannot see", "mend", is_standing=True)
    book.say(other)
    book.settle("blind 1", [])
    assert book.is_said("blind 12")


def test_a_line_torn_by_a_crash_hides_neither_what_stands_before_it_nor_what_follows(tmp_path: Path) -> None:
    opened(tmp_path).say(BREACH)
    with (tmp_path / "alarms.jsonl").open("a") as file:
        file.write('{"key": "INV-0')
    assert not opened(tmp_path).say(BREACH)
    assert opened(tmp_path).say(BLIND)
    assert not opened(tmp_path).say(BLIND)
