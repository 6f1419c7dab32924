"""What a tower makes of samples: of such as contradict themselves, and of such as it could not take."""

from collections.abc import Callable

import pytest

from tests.watch.conftest import Watch
from tests.watch.model import BONDS, HOME, REMOTES, Bridge
from tests.watch.nodes import PERIOD

OKU = 10**8


@pytest.mark.parametrize(("torn", "said", "pauses"), [(1, [], 0), (2, ["INV-01", "INV-06"], 1)])
def test_a_sample_is_believed_when_it_is_wrong_twice(watch: Watch, torn: int, said: list[str], pauses: int) -> None:
    watch.bridge.execute(watch.bridge.lock())
    watch.mine()
    assert watch.look() == []
    watch.nodes[REMOTES[0]].torn = torn
    watch.bridge.execute(watch.bridge.lock())
    watch.mine()
    assert sorted({alarm.key.split()[0] for alarm in watch.look()}) == said
    assert watch.nodes[REMOTES[0]].torn == 0
    assert watch.pauses() == {HOME: pauses, REMOTES[0]: pauses, REMOTES[1]: 0}


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
