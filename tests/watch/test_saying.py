"""Breaches pause first and are said next, and neither keeps the other from happening."""

import time

import pytest

from tests.watch.conftest import Watch
from tests.watch.model import HOME, REMOTES, Parcel
from tests.watch.nodes import HANGS_SECONDS

_EVIDENCE = "eth_getTransactionByHash"


def executed_again(watch: Watch, count: int) -> list[Parcel]:
    """Have messages executed a second time, each a breach of its own."""
    parcels = [watch.bridge.lock() for _ in range(count)]
    watch.mine()
    for _ in range(2):
        for parcel in parcels:
            watch.bridge.execute(parcel)
        watch.mine()
        if not watch.tower.sight.readings:
            assert watch.look() == []
    return parcels


def said(watch: Watch) -> list[str]:
    return [line["key"] for line in watch.lines("alarms.jsonl") if line["key"].startswith("INV-03")]


def test_a_pause_begins_before_evidence_is_asked_for(watch: Watch) -> None:
    executed_again(watch, 1)
    node = watch.nodes[REMOTES[0]]
    node.asked.clear()
    watch.look(1)
    assert node.asked.index("eth_sendRawTransaction") < node.asked.index(_EVIDENCE)
    assert watch.pauses()[REMOTES[0]] == 1


def test_a_node_that_withholds_evidence_delays_neither_pauses_nor_each_alarm_anew(watch: Watch) -> None:
    executed_again(watch, 5)
    watch.nodes[REMOTES[0]].slow = _EVIDENCE
    began = time.monotonic()
    watch.look(1)
    assert time.monotonic() - began < 3 * HANGS_SECONDS
    assert len(said(watch)) == 5
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}


def test_breaches_are_said_and_paused_for_though_no_order_can_be_written(watch: Watch) -> None:
    executed_again(watch, 3)
    obstacle = watch.folder / "pauses.partial"
    obstacle.mkdir()
    with pytest.raises(IsADirectoryError):
        watch.look(1)
    assert len(said(watch)) == 3
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}
    obstacle.rmdir()
    with pytest.raises(IsADirectoryError):
        watch.look(1)  # what became of the pauses that had begun
    watch.mine()
    watch.look()
    assert [order.is_done for order in watch.tower.pauser.orders.values()] == [True, True]
    assert sum(watch.pauses().values()) == 2


def test_a_breach_is_said_and_paused_for_though_a_change_of_rules_beside_it_cannot_be_written(watch: Watch) -> None:
    bridge, home = watch.bridge, watch.bridge.home
    bridge.execute(bridge.lock())
    watch.mine()
    burnt = bridge.burn()
    watch.mine(4)
    bridge.execute(burnt)
    watch.mine()
    watch.look()
    obstacle = watch.folder / "register.jsonl"
    obstacle.unlink()
    obstacle.mkdir()
    bridge.execute(burnt)
    home.log(home.gateway, "GuardianSet", bridge.tx(), guardian=bytes(20), rights=3)
    watch.mine()
    with pytest.raises(IsADirectoryError):
        watch.look(1)
    assert len(said(watch)) == 1
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}


def test_alarms_that_cannot_be_written_are_said_when_they_can_be(watch: Watch) -> None:
    parcels = executed_again(watch, 3)
    (watch.folder / "alarms.jsonl").mkdir()
    watch.mine(3)
    for _ in range(2):
        with pytest.raises(IsADirectoryError):
            watch.look(1)
    (watch.folder / "alarms.jsonl").rmdir()
    watch.look()
    assert sorted(said(watch)) == sorted(f"INV-03 0x{parcel.leaf.hex()}" for parcel in parcels)
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}


def test_a_nonce_that_is_given_twice_is_paused_for_though_it_was_said_that_those_before_it_are_missing(
    watch: Watch,
) -> None:
    home = watch.bridge.home
    for _ in range(2):
        watch.bridge.lock()
    (*_, hidden), (emitter, name, fields, _) = home.pending[-2:]
    watch.nodes[HOME].hidden.add(hidden)
    watch.mine()
    assert [alarm.key.split()[0] for alarm in watch.look() if alarm.is_breach] == []
    home.log(emitter, name, watch.bridge.tx(), **fields)
    watch.mine()
    assert [alarm.key.split()[0] for alarm in watch.look() if alarm.is_breach] == ["INV-07"]
    assert watch.pauses()[REMOTES[0]] == 1


def test_what_is_executed_after_it_was_paid_back_is_paused_for_though_it_was_said_to_be_paid_back_twice(
    watch: Watch,
) -> None:
    stuck, home = watch.bridge.lock(), watch.bridge.home
    watch.mine()
    watch.bridge.hold(stuck)
    for _ in range(2):
        home.log(home.gateway, "Returned", watch.bridge.tx(), leaf=stuck.leaf, returnLeaf=bytes(32))
    watch.mine()
    assert [alarm.key.split()[0] for alarm in watch.look() if alarm.is_breach] == []
    watch.bridge.retry(stuck)
    watch.mine()
    assert "INV-12" in [alarm.key.split()[0] for alarm in watch.look() if alarm.is_breach]


def test_batches_of_a_revoked_epoch_from_two_sources_in_one_transaction_are_two_breaches(watch: Watch) -> None:
    home, tx = watch.bridge.home, watch.bridge.tx()
    for remote in range(2):
        watch.bridge.execute(watch.bridge.lock(remote))
    watch.mine()
    home.log(home.committee, "EpochRevoked", watch.bridge.tx(), epoch=1)
    parcels = [watch.bridge.burn(remote) for remote in range(2)]
    watch.mine()
    for parcel in parcels:
        watch.bridge.execute(parcel, tx)
    watch.mine()
    watch.look()
    assert watch.pauses() == {HOME: 2, REMOTES[0]: 1, REMOTES[1]: 1}
