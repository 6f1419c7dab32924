"""What is wrong is said once, and an idle chain is no stalled one."""

from typing import Any

import pytest

from bridge.core.errors import Retry
from bridge.core.types import ChainId, Height, Timestamp
from relayers.health import Health

HOME, REMOTE = ChainId(1_010_032), ChainId(31_337)
DAY = 86_400


class Story:
    """Health on a clock that the test turns, and what was logged. The clock is a test double."""

    def __init__(self) -> None:
        self.time = 1_800_000_000
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.health = Health(self, self.log, {HOME: 120, REMOTE: 60}, {HOME: "home", REMOTE: "public"})

    def now(self) -> Timestamp:
        return Timestamp(self.time)

    def log(self, event: str, **fields: object) -> None:
        self.said.append((event, fields))


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.mark.parametrize("empty_block_seconds", [1, 10, 60, 120])
def test_a_home_ledger_that_is_idle_for_a_day_raises_no_alarm(story: Story, empty_block_seconds: int) -> None:
    for passed in range(0, DAY, 10):
        if passed % max(10, empty_block_seconds) == 0:
            story.health.head(HOME, Height(1 + passed // empty_block_seconds))
        story.health.look()
        story.time += 10
    assert story.said == []
    assert story.health.problems() == []


def test_a_ledger_that_stands_still_is_named_once_and_so_is_its_recovery(story: Story) -> None:
    story.health.head(HOME, Height(7))
    for _ in range(DAY // 10):
        story.time += 10
        story.health.head(HOME, Height(7))
        story.health.look()
    assert [event for event, _ in story.said] == ["trouble"]
    (problem,) = story.health.problems()
    assert problem.startswith("chain home: no block after 7 for more than 120 s: see whether its nodes produce blocks")
    story.health.head(HOME, Height(8))
    assert story.health.problems() == []
    assert [event for event, _ in story.said] == ["trouble", "recovered"]


def test_one_chain_that_stands_still_says_nothing_of_another(story: Story) -> None:
    story.health.head(HOME, Height(7))
    story.health.head(REMOTE, Height(70))
    story.time += 100
    assert [problem.partition(":")[0] for problem in story.health.problems()] == ["chain public"]


def test_a_fault_is_said_when_it_begins_when_it_changes_and_when_it_ends(story: Story) -> None:
    for why in ("no answer", "no answer", "another fault"):
        story.health.failed("lane home", Retry(why))
    assert [fields["why"] for _, fields in story.said] == ["no answer", "another fault"]
    assert story.health.problems() == ["lane home: another fault (3 times)"]
    story.health.worked("lane home")
    story.health.worked("lane home")
    assert [event for event, _ in story.said] == ["trouble", "trouble", "recovered"]
