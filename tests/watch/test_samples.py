"""What a tower makes of samples: of such as contradict themselves, and of such as it could not take."""

import pytest

from tests.watch.conftest import Watch
from tests.watch.model import BONDS, HOME, REMOTES

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
