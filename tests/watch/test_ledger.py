"""The ledger: silent over every honest history, whatever the order in which chains are read; each breach once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relayers.watch.alarms import Alarm
from relayers.watch.events import DELAYED, TOTAL_EXCEEDED, Event, read_event
from relayers.watch.ledger import Ledger, Places
from tests.watch import model
from tests.watch.conftest import Watch
from tests.watch.model import BONDS, HOME, LOT, REMOTES, Bridge, Parcel


def places(bridge: Bridge) -> Places:
    """Return the contracts of a bridge."""
    chains = (bridge.home, *bridge.remotes)
    return Places(
        HOME,
        {chain.chain: "0x" + chain.gateway.hex() for chain in chains},
        {chain.chain: "0x" + chain.committee.hex() for chain in chains},
    )


def events(chain: model.Ledger, first: int = 0, last: int | None = None) -> list[Event]:
    """Return what a chain has logged."""
    blocks = chain.blocks[first : None if last is None else last + 1]
    found = [read_event(chain.chain, log) for made in blocks for log in made.logs]
    return [event for event in found if event is not None]


def everything(bridge: Bridge) -> list[Event]:
    """Return what all chains have logged."""
    return [event for chain in (*bridge.remotes, bridge.home) for event in events(chain)]


def taken(bridge: Bridge) -> tuple[Ledger, list[Alarm]]:
    """Have a ledger take everything."""
    ledger = Ledger(places(bridge))
    return ledger, ledger.take(everything(bridge))


def ids(alarms: Sequence[Alarm]) -> list[str]:
    return [alarm.key.split()[0] for alarm in alarms]


def arrived(bridge: Bridge, outcome: Callable[[Bridge, Parcel], object] = Bridge.execute) -> Parcel:
    """Return a transfer that has left and arrived."""
    parcel = bridge.lock()
    bridge.mine()
    outcome(bridge, parcel)
    bridge.mine()
    return parcel


@st.composite
def histories(draw: st.DrawFn) -> Bridge:
    """A bridge after a number of honest moves."""
    bridge = Bridge()
    returns: list[tuple[Parcel, Parcel]] = []
    for move in draw(st.lists(st.integers(0, 8), max_size=30)):
        waiting = [parcel for parcel in bridge.parcels if parcel.fate == "open" and parcel.message.kind == 1]
        held = [parcel for parcel in bridge.parcels if parcel.fate == "held"]
        remote, bond = draw(st.integers(0, 1)), draw(st.integers(0, 1))
        wrapped = bridge.remotes[remote].counts.backing[HOME, BONDS[bond]]
        match move:
            case 0 | 1:
                bridge.lock(remote, bond, LOT * draw(st.integers(1, 9)))
            case 2 if wrapped >= LOT:
                bridge.burn(remote, bond, LOT)
            case 3 | 4 if waiting:
                bridge.execute(draw(st.sampled_from(waiting)))
            case 5 if waiting:
                bridge.hold(draw(st.sampled_from(waiting)), draw(st.sampled_from((34, DELAYED, 81))))
            case 6 if held:
                parcel = draw(st.sampled_from(held))
                if parcel.reason == TOTAL_EXCEEDED or draw(st.booleans()):
                    bridge.retry(parcel)
                else:
                    returns.append((parcel, bridge.send_back(parcel)))
            case 7 if returns:
                bridge.pay_back(*returns.pop())
            case 8 if held:
                parcel = draw(st.sampled_from(held))
                bridge.hold_on(parcel, TOTAL_EXCEEDED if parcel.reason == DELAYED else DELAYED)
            case _:
                pass
        bridge.mine()
    return bridge


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=True))
def test_no_honest_history_raises_an_alarm_however_the_chains_are_read(bridge: Bridge, dice: Random) -> None:
    ledger = Ledger(places(bridge))
    ahead = {chain.chain: 0 for chain in (bridge.home, *bridge.remotes)}
    while any(ahead[chain.chain] < len(chain.blocks) for chain in (bridge.home, *bridge.remotes)):
        read = []
        for chain in (bridge.home, *bridge.remotes):
            step = dice.randint(0, 30)
            first = ahead[chain.chain]
            read += events(chain, first, first + step - 1) if step else []
            ahead[chain.chain] = min(len(chain.blocks), first + step)
        assert ledger.take(read) == []
    on_their_way = [parcel for parcel in bridge.parcels if parcel.fate != "done"]
    assert ledger.unsent() == {}
    assert set(ledger.state.sent) == {"0x" + parcel.leaf.hex() for parcel in on_their_way}
    assert ledger.state.returned == {}
    for remote in bridge.remotes:
        for bond in BONDS:
            asset = "0x" + bond.hex()
            assert ledger.backing(HOME, remote.chain, asset) == bridge.home.counts.backing[remote.chain, bond]
            assert ledger.backing(remote.chain, HOME, asset) == remote.counts.backing[HOME, bond]


@settings(max_examples=15, deadline=None)
@given(histories(), st.randoms(use_true_random=True))
def test_no_honest_history_raises_an_alarm_in_a_tower_whose_nodes_lag(bridge: Bridge, dice: Random) -> None:
    chains = (bridge.home, *bridge.remotes)
    with TemporaryDirectory() as folder:
        watch = Watch(bridge, Path(folder) / "tower")
        shown = {chain.chain: 1 for chain in chains}
        for _ in range(400):
            for chain in chains:
                shown[chain.chain] = min(len(chain.blocks), shown[chain.chain] + dice.randint(0, 4))
                watch.nodes[chain.chain].lag = len(chain.blocks) - shown[chain.chain]
            assert watch.look(1) == []
            if all(shown[chain.chain] == len(chain.blocks) for chain in chains):
                break
        assert watch.look() == []
        assert watch.tower.sight.is_caught_up(HOME)
        watch.end()


def test_a_copy_goes_on_and_leaves_the_ledger_as_it_is() -> None:
    bridge = Bridge()
    ledger, _ = taken(bridge)
    arrived(bridge, Bridge.hold)
    before = ledger.state.copy()
    ledger.copy().take([event for chain in (bridge.home, *bridge.remotes) for event in events(chain, 2)])
    assert ledger.state == before


def test_what_nobody_sent_waits_with_the_height_it_names() -> None:
    bridge = Bridge()
    forged = bridge.forge(claims=77)
    bridge.mine()
    ledger, alarms = taken(bridge)
    assert alarms == []
    (((leaf, arrival),),) = ledger.unsent().values()
    assert (leaf, arrival.claims, arrival.source) == ("0x" + forged.leaf.hex(), 77, HOME)


def test_a_message_executed_twice_is_inv_03() -> None:
    bridge = Bridge()
    parcel = arrived(bridge)
    bridge.log_arrival("Executed", parcel, bridge.deliver(parcel))
    bridge.mine()
    assert ids(taken(bridge)[1]) == ["INV-03"]


@pytest.mark.parametrize("ahead", [0, 2, 9], ids=lambda ahead: f"{ahead} events ahead of its source")
@pytest.mark.parametrize(
    ("reasons", "is_wrong"),
    [
        ([36, DELAYED], False),
        ([TOTAL_EXCEEDED, DELAYED], False),
        ([34, DELAYED, TOTAL_EXCEEDED, DELAYED, TOTAL_EXCEEDED], False),
        ([81, 81], True),
        ([DELAYED, DELAYED], True),
        ([34, TOTAL_EXCEEDED], True),
        ([DELAYED, 34], True),
        ([34, DELAYED, TOTAL_EXCEEDED, TOTAL_EXCEEDED], True),
    ],
)
def test_a_message_held_twice_is_inv_03_unless_it_was_found_large_or_vetoed(
    reasons: list[int], ahead: int, *, is_wrong: bool
) -> None:
    bridge = Bridge()
    parcel = arrived(bridge, lambda bridge, parcel: bridge.hold(parcel, reasons[0]))
    for reason in reasons[1:]:
        bridge.hold_on(parcel, reason)
        bridge.mine()
    ledger, there = Ledger(places(bridge)), events(bridge.remotes[0])
    alarms = [alarm for read in (there[:ahead], events(bridge.home), there[ahead:]) for alarm in ledger.take(read)]
    assert ids(alarms) == ["INV-03"] * is_wrong


def test_a_message_executed_under_the_nonce_of_another_is_inv_03_once_that_one_has_ended() -> None:
    bridge = Bridge()
    parcel = arrived(bridge)
    bridge.remotes[0].log(
        bridge.remotes[0].gateway, "Executed", bridge.tx(), leaf=bytes(32), sourceChain=HOME, nonce=parcel.message.nonce
    )
    bridge.mine()
    assert ids(taken(bridge)[1]) == ["INV-03"]


def test_a_nonce_given_twice_is_inv_07_and_one_skipped_is_said_without_a_pause() -> None:
    bridge = Bridge()
    bridge.lock()
    bridge.mine()
    ledger, _ = taken(bridge)
    (again,) = ledger.take([event for event in events(bridge.home) if event.name == "Dispatched"])
    assert (again.key.split()[0], again.is_breach) == ("INV-07", True)
    for _ in range(3):
        bridge.lock()
    bridge.mine()
    (skipped,) = ledger.take([events(bridge.home)[-1]])
    assert (skipped.key.split()[0], skipped.is_breach) == ("INV-07", False)


def test_a_leaf_that_is_not_the_hash_of_its_message_is_inv_10() -> None:
    bridge = Bridge()
    bridge.lock()
    bridge.mine()
    (event,) = [event for event in events(bridge.home) if event.name == "Dispatched"]
    kind, nonce, asset, sender, recipient, amount, *rest = event.fields["message"]
    richer = (kind, nonce, asset, sender, recipient, amount + 1, *rest)
    fields = {**event.fields, "message": richer}
    changed = Event(event.chain, event.emitter, event.name, fields, event.block, event.index, event.tx)
    assert ids(Ledger(places(bridge)).take([changed])) == ["INV-10"]


def test_what_was_sent_back_and_then_executed_is_inv_12() -> None:
    bridge = Bridge()
    parcel = arrived(bridge, Bridge.hold)
    bridge.send_back(parcel)
    bridge.retry(parcel)
    bridge.mine()
    assert ids(taken(bridge)[1]) == ["INV-12"]


def test_what_was_paid_back_and_then_executed_is_inv_12() -> None:
    bridge = Bridge()
    parcel = arrived(bridge, Bridge.hold)
    ledger, _ = taken(bridge)
    first = len(bridge.home.blocks)
    gateway = bridge.home.gateway
    bridge.home.log(gateway, "Returned", bridge.tx(), leaf=parcel.leaf, returnLeaf=bytes(32))
    bridge.retry(parcel)
    bridge.mine()
    new = [event for chain in (bridge.home, *bridge.remotes) for event in events(chain, first)]
    order = sorted(new, key=lambda event: event.name != "Returned")
    alarms = [alarm for event in order for alarm in ledger.take([event])]
    assert ids(alarms) == ["INV-12"]


def test_what_is_sent_back_without_having_been_held_is_inv_11() -> None:
    bridge = Bridge()
    bridge.lock()
    bridge.mine()
    bridge.send_back(bridge.parcels[0])
    bridge.mine()
    (alarm,) = taken(bridge)[1]
    assert (alarm.key.split()[0], alarm.is_breach) == ("INV-11", False)


def test_a_batch_of_a_revoked_epoch_is_inv_13() -> None:
    bridge = Bridge()
    remote = bridge.remotes[0]
    remote.log(remote.committee, "EpochRevoked", bridge.tx(), epoch=1)
    bridge.mine()
    parcel = bridge.lock()
    bridge.mine()
    bridge.deliver(parcel, epoch=1)
    bridge.mine()
    assert ids(taken(bridge)[1]) == ["INV-13"]


@pytest.mark.parametrize(
    ("steps", "is_wrong"),
    [
        ([("EpochScheduled", 2), ("EpochVetoed", 2), ("EpochScheduled", 2), ("EpochReplaced", 3)], False),
        ([("EpochScheduled", 2), ("EpochVetoed", 2), ("EpochReplaced", 2), ("EpochReplaced", 3)], False),
        ([("EpochReplaced", 2), ("EpochReplaced", 4)], True),
        ([("EpochReplaced", 5), ("EpochReplaced", 2)], True),
    ],
)
def test_epochs_that_do_not_count_up_are_inv_08(steps: list[tuple[str, int]], *, is_wrong: bool) -> None:
    bridge = Bridge()
    remote = bridge.remotes[0]
    more = {
        "EpochScheduled": {"setHash": bytes(32), "threshold": 3, "activatesAt": 0},
        "EpochReplaced": {"setHash": bytes(32), "threshold": 3},
    }
    for name, epoch in steps:
        remote.log(remote.committee, name, bridge.tx(), epoch=epoch, **more.get(name, {}))
        bridge.mine()
    assert ids(taken(bridge)[1]) == ["INV-08"] * is_wrong


def test_a_route_to_a_chain_that_is_not_watched_is_said() -> None:
    bridge = Bridge()
    gateway = bridge.home.gateway
    bridge.home.log(gateway, "RouteOpened", bridge.tx(), chain=5, gateway=bytes([5]) * 20, window=1, maxBatch=1)
    bridge.mine()
    (alarm,) = taken(bridge)[1]
    assert (alarm.key, alarm.is_breach) == ("route 5", False)


def test_events_of_other_contracts_than_the_gateways_are_not_believed() -> None:
    bridge = Bridge()
    parcel = arrived(bridge)
    for emitter in (bridge.remotes[0].watch, bytes([9]) * 20):
        bridge.remotes[0].log(
            emitter, "Executed", bridge.tx(), leaf=parcel.leaf, sourceChain=HOME, nonce=parcel.message.nonce
        )
    bridge.mine()
    ledger, alarms = taken(bridge)
    assert (alarms, ledger.unsent()) == ([], {})


def test_what_is_kept_grows_with_what_is_on_its_way_not_with_the_history() -> None:
    bridge = Bridge()
    for _ in range(50):
        arrived(bridge)
    ledger, _ = taken(bridge)
    state = ledger.state
    assert (state.sent, state.waiting, state.open, state.returned) == ({}, {}, {}, {})
    assert state.next_nonce == {f"{HOME}>{REMOTES[0]}": 50}
