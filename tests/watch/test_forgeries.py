"""What arrives without having been sent: judged route by route, whatever else arrives with it or cannot be read."""

from collections.abc import Callable

import pytest

from tests.watch.conftest import Watch
from tests.watch.model import BONDS, HOME, LOT, REMOTES
from tests.watch.nodes import PERIOD

LIMIT = 10_000 * 10**8
"""Of what comes in within a day."""


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


@pytest.mark.parametrize("restarts", [False, True])
def test_after_a_forgery_the_other_bonds_of_its_route_are_held_to_their_limits(watch: Watch, *, restarts: bool) -> None:
    watch.bridge.execute(watch.bridge.lock(bond=1))
    watch.mine()
    watch.look()
    watch.bridge.forge(bond=0)
    watch.mine()
    watch.look()
    assert len(said(watch, "INV-10")) == 1
    if restarts:
        watch.restart(kill=True)
        watch.look()
    watch.bridge.execute(watch.bridge.lock(bond=1, amount=2 * LIMIT))
    watch.mine()
    watch.look()
    assert f"{REMOTES[0]} {HOME} 0x{BONDS[1].hex()}" in said(watch, "limit")


def test_logs_that_are_swallowed_excuse_a_return_that_fills_no_limit(watch: Watch) -> None:
    stuck = watch.bridge.lock(amount=2 * LIMIT)
    watch.mine()
    watch.bridge.hold(stuck)
    watch.bridge.mine(seconds=PERIOD // 32)
    watch.look()
    answer = watch.bridge.send_back(stuck)
    watch.mine()
    watch.nodes[REMOTES[0]].hidden.add(watch.bridge.remotes[0].head.logs[-1]["transactionHash"])
    watch.bridge.pay_back(stuck, answer)
    for _ in range(2):
        watch.bridge.mine(seconds=61)
        assert [alarm.key for alarm in watch.look() if alarm.is_breach] == []
    assert len(said(watch, "logs")) == 1
