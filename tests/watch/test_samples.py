"""What a tower makes of samples: of such as contradict themselves, and of such as it could not take."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from relayers.watch.alarms import Alarm
from tests.watch.conftest import Watch
from tests.watch.model import BONDS, HOME, REMOTES, Bridge
from tests.watch.nodes import PERIOD

OKU = 10**8


SUPPLIES = [(bond, "totalSupply()") for bond in BONDS]


def breaches(alarms: Sequence[Alarm]) -> set[str]:
    """Return what is said of bonds, and paused for, by first words and bonds."""
    return {f"{alarm.key.split()[0]} {alarm.key[-2:]}" for alarm in alarms if alarm.is_breach}


@pytest.mark.parametrize(
    ("torn", "said"),
    [([0], set()), ([0, 0], {"INV-01 b0"}), ([0, 1], set()), ([0, 1, 1], {"INV-01 b1"}), ([0, 1, 0], set())],
)
def test_a_sample_is_believed_when_it_is_wrong_twice(watch: Watch, torn: list[int], said: set[str]) -> None:
    for bond in range(2):
        watch.bridge.execute(watch.bridge.lock(bond=bond))
    watch.mine()
    assert watch.look() == []
    watch.nodes[REMOTES[0]].torn = [SUPPLIES[bond] for bond in torn]
    for bond in range(2):
        watch.bridge.execute(watch.bridge.lock(bond=bond))
    watch.mine()
    assert breaches(watch.look(5)) == said
    assert watch.nodes[REMOTES[0]].torn == []
    assert watch.pauses() == {HOME: len(said), REMOTES[0]: len(said), REMOTES[1]: 0}


def test_a_sample_that_is_doubted_is_not_what_the_next_is_held_to(watch: Watch) -> None:
    watch.bridge.execute(watch.bridge.lock())
    watch.mine()
    assert watch.look() == []
    views = ["escrowed(address)", "escrowed(address)", "runningTotal(uint256,address)"]
    watch.nodes[HOME].torn = [(watch.bridge.home.gateway, view) for view in views]
    for _ in range(2):
        watch.mine(61)
        assert watch.look() == []
    assert watch.nodes[HOME].torn == []


def test_what_cannot_be_read_twice_at_once_is_believed_when_the_next_sample_says_it_too(watch: Watch) -> None:
    watch.bridge.execute(watch.bridge.lock())
    watch.mine()
    assert watch.look() == []
    watch.nodes[REMOTES[0]].scarce = "totalSupply()"
    watch.bridge.remotes[0].counts.backing[HOME, BONDS[0]] += 1
    watch.bridge.execute(watch.bridge.lock())
    watch.mine()
    assert breaches(watch.look()) == {"INV-01 b0"}
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}


def test_a_node_whose_numbers_make_no_sense_hides_no_breach_on_another_chain(watch: Watch) -> None:
    for remote in range(2):
        watch.bridge.execute(watch.bridge.lock(remote))
    watch.mine()
    assert watch.look() == []
    watch.nodes[REMOTES[0]].period = 0
    watch.bridge.remotes[1].counts.backing[HOME, BONDS[0]] += 1
    watch.mine(61)
    assert breaches(watch.look()) == {"INV-01 b0"}
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 0, REMOTES[1]: 1}


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_shown_and_was_not_sent_is_believed_when_both_ends_say_it_twice(watch: Watch, more: int) -> None:
    remote = watch.bridge.remotes[0]
    watch.bridge.execute(watch.bridge.lock())
    watch.mine(4)
    assert watch.look() == []
    watch.nodes[REMOTES[0]].torn = [(remote.gateway, "received(uint256,address)")]
    remote.counts.highest[HOME, BONDS[0]] += more
    watch.mine(61)
    assert breaches(watch.look()) == ({"INV-04 b0"} if more else set())
    watch.mine(61)
    assert watch.look() == []
    assert watch.nodes[REMOTES[0]].torn == []


def test_limits_that_were_raised_while_no_sample_could_be_taken_are_no_breach(watch: Watch) -> None:
    home, key = watch.bridge.home, (REMOTES[0], BONDS[0])
    home.counts.limits[key] = 1
    watch.bridge.execute(watch.bridge.lock(amount=50 * OKU))
    watch.mine()
    assert watch.look() == []
    home.counts.limits[key] = 10
    tx, limits = watch.bridge.tx(), (10, 10_000, 30)
    home.log(home.gateway, "FlowLimitsSet", tx, chain=REMOTES[0], asset=BONDS[0], limits=limits)
    watch.nodes[HOME].fault = "mute"
    watch.mine()
    assert watch.look() == []
    watch.nodes[HOME].fault = ""
    watch.bridge.execute(watch.bridge.burn(amount=3 * OKU))
    watch.mine()
    assert watch.look() == []
    watch.bridge.execute(watch.bridge.burn(amount=11 * OKU))
    watch.mine()
    assert {alarm.key.split()[0] for alarm in watch.look()} == {"limit"}


PAUSED = ("FlowPaused", {"directions": 1, "until": 0, "guardian": bytes(20)})
RESUMED = ("FlowResumed", {"directions": 1})
LIMITED = ("FlowLimitsSet", {"limits": (10_000, 10_000, 30)})


def test_a_node_that_hangs_while_it_is_accused_delays_no_breach_on_another_chain(watch: Watch) -> None:
    for remote in range(2):
        for bond in range(2):
            watch.bridge.execute(watch.bridge.lock(remote, bond))
    watch.mine(4)
    assert watch.look() == []
    for asset in BONDS:
        watch.bridge.remotes[1].counts.highest[HOME, asset] += 1
    watch.mine(61)
    assert breaches(watch.look()) == {"INV-04 b0", "INV-04 b1"}
    watch.nodes[REMOTES[1]].slow = "eth_call"
    watch.bridge.remotes[0].counts.backing[HOME, BONDS[0]] += 1
    watch.mine(61)
    assert breaches(watch.look(1)) == {"INV-01 b0"}


@pytest.mark.parametrize(("remote", "change"), [(0, PAUSED), (0, RESUMED), (1, PAUSED), (1, LIMITED)])
def test_neither_a_pause_nor_what_is_granted_to_another_route_gives_back_a_limit(
    watch: Watch, remote: int, change: tuple[str, dict[str, Any]]
) -> None:
    bridge, home, (name, fields) = watch.bridge, watch.bridge.home, change
    bridge.execute(bridge.lock(amount=20_000 * OKU))
    for amount, said in ((0, set()), (OKU, set()), (6_000 * OKU, set()), (6_000 * OKU, {"limit b0"})):
        bridge.mine(seconds=PERIOD // 32)
        bridge.execute(bridge.burn(amount=amount))
        watch.mine(4)
        assert breaches(watch.look()) == said
        home.log(home.gateway, name, bridge.tx(), chain=REMOTES[remote], asset=BONDS[0], **fields)


def flowing(watch: Watch) -> None:
    """Have three samples of a flow, two blocks apart: bonds come in, some leave, nothing happens."""
    bridge = watch.bridge
    for move in (lambda: bridge.execute(bridge.lock(amount=2_000 * OKU)), lambda: bridge.burn(amount=1_000 * OKU), int):
        bridge.mine(seconds=PERIOD // 32)
        move()
        watch.mine()
        assert [alarm for alarm in watch.look() if alarm.is_breach] == []


def reorganise(bridge: Bridge, depth: int) -> None:
    """Replace the last blocks of a remote by empty ones that last as long."""
    remote = bridge.remotes[0]
    remote.reorganise(depth)
    remote.mine(seconds=bridge.home.head.time - remote.head.time)


@pytest.mark.parametrize("depth", [1, 3])
def test_a_reorganisation_hides_no_flow_that_began_before_it(raised: Callable[..., Watch], depth: int) -> None:
    watch = raised(Bridge(depth=9))
    flowing(watch)
    reorganise(watch.bridge, depth)
    watch.bridge.execute(watch.bridge.lock(amount=11_900 * OKU))
    watch.mine()
    assert [alarm.key for alarm in watch.look() if alarm.is_breach] == [f"limit {REMOTES[0]} {HOME} 0x{BONDS[0].hex()}"]


def test_a_flow_that_was_replaced_is_not_counted_from(raised: Callable[..., Watch]) -> None:
    watch = raised(Bridge(depth=9))
    flowing(watch)
    reorganise(watch.bridge, 3)
    watch.bridge.execute(watch.bridge.lock(amount=9_900 * OKU))
    watch.mine()
    assert [alarm for alarm in watch.look() if alarm.is_breach] == []
