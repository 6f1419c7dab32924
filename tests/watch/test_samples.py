"""What a tower makes of counters that contradict each other: a node mixes the states of two blocks now and then."""

import pytest

from tests.watch.conftest import Watch
from tests.watch.model import HOME, REMOTES


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
