"""Orders to pause: they end when the chain shows it, and not before."""

from collections.abc import Sequence
from typing import Any

from relayers.watch.alarms import Alarm
from tests.watch.conftest import SECRET, Watch
from tests.watch.model import BONDS, HOME, REMOTES

ASSETS = ["0x" + bond.hex() for bond in BONDS]
THERE = (REMOTES[0], HOME)
_LONGER_THAN_A_VIEW = 2 + 8 + 4 * 64


def advance(watch: Watch, assets: list[str], *, is_all: bool = True) -> None:
    """Look after the order at a remote's end once."""
    pauser = watch.tower.pauser
    watch.run(pauser.advance(pauser.orders[THERE], assets, is_all=is_all))


def paused(watch: Watch) -> list[tuple[int, tuple[str, ...], int]]:
    return watch.nodes[REMOTES[0]].pauses


def test_both_directions_of_all_assets_are_paused_by_one_call(watch: Watch) -> None:
    watch.tower.pauser.order({"INV-10": [REMOTES[0], HOME]}, ASSETS)
    assert watch.tower.pauser.orders.keys() == {THERE, THERE[::-1]}
    advance(watch, [])
    assert paused(watch) == [(HOME, tuple(ASSETS), 3)]
    watch.mine()
    advance(watch, [])
    assert watch.tower.pauser.orders[THERE].is_done
    assert len(watch.tower.pauser.orders[THERE].transactions) == 1


def test_an_order_is_not_done_before_history_was_read_through(watch: Watch) -> None:
    watch.tower.pauser.order({"INV-03": [REMOTES[0]]}, [])
    advance(watch, [], is_all=False)
    assert not watch.tower.pauser.orders[THERE].is_done
    advance(watch, ASSETS, is_all=True)
    assert paused(watch) == [(HOME, tuple(ASSETS), 3)]


def test_only_what_is_not_paused_yet_is_paused(watch: Watch) -> None:
    remote = watch.bridge.remotes[0]
    for direction in (1, 2):
        remote.counts.paused[HOME, BONDS[0], direction] = 2 * remote.head.time
    remote.counts.paused[HOME, BONDS[1], 1] = 2 * remote.head.time
    watch.mine()
    watch.tower.pauser.order({"INV-10": [REMOTES[0]]}, ASSETS)
    advance(watch, [])
    assert paused(watch) == [(HOME, (ASSETS[1],), 2)]


def test_another_breach_while_it_is_paused_sends_nothing_and_one_after_its_end_does(watch: Watch) -> None:
    pauser = watch.tower.pauser
    for round_ in (1, 2):
        pauser.order({f"INV-10 {round_}": [REMOTES[0]]}, ASSETS)
        advance(watch, [])
        watch.mine()
        advance(watch, [])
        assert (len(paused(watch)), pauser.orders[THERE].is_done) == (1, True)
    watch.bridge.remotes[0].mine(180_000)
    pauser.order({"INV-10 3": [REMOTES[0]]}, ASSETS)
    advance(watch, [])
    assert len(paused(watch)) == 2


def test_orders_are_on_disk_before_anything_is_sent(watch: Watch) -> None:
    watch.tower.pauser.order({"INV-02": []}, ASSETS)
    watch.restart(kill=True)
    pending = watch.tower.pauser.pending
    assert {(order.chain, order.other) for order in pending} == {
        pair for remote in REMOTES for pair in ((remote, HOME), (HOME, remote))
    }
    assert {order.assets for order in pending} == {tuple(ASSETS)}
    assert SECRET.hex() not in (watch.folder / "pauses.json").read_text()


def disarmed(watch: Watch, chain: int) -> list[Alarm]:
    """Ask what could not be paused at a chain."""
    return watch.run(watch.tower.pauser.disarmed(chain, ASSETS))


def test_bonds_in_the_break_after_a_pause_are_said_to_be_out_of_reach_and_those_that_are_paused_are_not(
    watch: Watch,
) -> None:
    remote = watch.bridge.remotes[0]
    assert disarmed(watch, remote.chain) == []
    watch.tower.pauser.order({"INV-10": [remote.chain]}, ASSETS[:1])
    advance(watch, [])
    for _ in range(2):
        watch.mine()
        assert disarmed(watch, remote.chain) == []
    remote.mine(86_400)
    (alarm,) = disarmed(watch, remote.chain)
    assert (alarm.key, alarm.remotes, alarm.is_standing) == (f"disarmed {remote.chain} {HOME}", (), True)
    assert ASSETS[0] in alarm.why
    assert ASSETS[1] not in alarm.why
    remote.mine(86_400)
    assert disarmed(watch, remote.chain) == []


def test_home_is_rehearsed_with_the_bonds_of_every_route(watch: Watch) -> None:
    home = watch.bridge.home
    watch.nodes[HOME].paused_here = {(REMOTES[1], BONDS[1], direction) for direction in (1, 2)}
    for direction in (1, 2):
        home.counts.paused[REMOTES[1], BONDS[1], direction] = home.head.time
    watch.mine()
    (alarm,) = disarmed(watch, HOME)
    assert (alarm.key, alarm.evidence) == (f"disarmed {HOME} {REMOTES[1]}", {"assets": [ASSETS[1]]})


def test_a_pause_that_is_mined_while_it_is_rehearsed_does_not_disarm(watch: Watch) -> None:
    node, pauser = watch.nodes[REMOTES[0]], watch.tower.pauser
    pauser.order({"INV-10": [REMOTES[0]]}, ASSETS)
    advance(watch, [])
    answer = node.try_all

    async def mine_first(requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        asked = [params[0]["data"] for method, params in requests if method == "eth_call"]
        if any(ASSETS[0][2:] in data and len(data) > _LONGER_THAN_A_VIEW for data in asked):
            watch.mine()
        return await answer(requests)

    node.try_all = mine_first  # type: ignore[method-assign]
    assert disarmed(watch, REMOTES[0]) == []
