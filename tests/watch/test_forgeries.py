"""What arrives without having been sent: judged route by route, whatever else arrives with it or cannot be read."""

from collections.abc import Callable

import pytest

from tests.watch.conftest import Watch
from tests.watch.model import HOME, LOT, REMOTES


@pytest.fixture
def watch(raised: Callable[..., Watch]) -> Watch:
    """A tower that has seen bonds on both remotes."""
    watch = raised(patience_seconds=10)
    for remote in range(2):
        watch.bridge.execute(watch.bridge.lock(remote, amount=9 * LOT))
    watch.mine(3)
    assert watch.look() == []
    return watch


def forged_from_both(watch: Watch) -> dict[int, str]:
    """Have one transaction release bonds for both remotes; return what it is known by, for each."""
    tx = watch.bridge.tx()
    for remote in range(2):
        watch.bridge.forge_release(tx, remote)
    watch.mine()
    return {remote: f"{HOME} {remote} {tx}" for remote in REMOTES}


def said(watch: Watch, first: str) -> set[str]:
    """Return what was said under a first word, without that word."""
    keys = [line["key"].partition(" ") for line in watch.lines("alarms.jsonl")]
    return {rest for word, _, rest in keys if word == first}


def test_forgeries_from_two_sources_in_one_transaction_are_two_breaches(watch: Watch) -> None:
    names = forged_from_both(watch)
    watch.look()
    assert said(watch, "INV-10") == set(names.values())
    assert watch.pauses() == {HOME: 2, REMOTES[0]: 1, REMOTES[1]: 1}
    watch.restart(kill=True)
    assert watch.look() == []


def test_a_source_that_is_blind_hides_no_forgery_from_another_in_the_same_transaction(watch: Watch) -> None:
    watch.nodes[REMOTES[0]].fault = "down"
    watch.look()
    names = forged_from_both(watch)
    watch.look()
    watch.mine(11)
    watch.look()
    assert said(watch, "INV-10") == {names[REMOTES[1]]}
    assert said(watch, "unproven") == {names[REMOTES[0]]}
    watch.nodes[REMOTES[0]].fault = ""
    watch.look()
    assert said(watch, "INV-10") == set(names.values())
