"""A tower over a bridge in memory: silent while all is honest, loud once when it is not, and never in the way."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from eth_utils import keccak

from relayers.watch.alarms import Alarm
from tests.watch.conftest import SECRET, Watch
from tests.watch.model import BONDS, HOME, LOT, MEMBERS, REMOTES, Bridge

Raised = Callable[..., Watch]


def keys(alarms: Sequence[Alarm]) -> list[str]:
    """Return what alarms are about: their first words."""
    return sorted(alarm.key.split()[0] for alarm in alarms)


def revert(error: str) -> str:
    """Return what a call that reverts with an error answers."""
    return "0x" + keccak(text=error)[:4].hex()


def travelled(watch: Watch) -> None:
    """Have one bond out and in the books of both remotes."""
    for remote in range(2):
        parcel = watch.bridge.lock(remote)
        watch.mine()
        watch.bridge.execute(parcel)
        watch.mine()


def test_honest_traffic_raises_no_alarm(watch: Watch) -> None:
    travelled(watch)
    assert watch.look() == []
    back = watch.bridge.burn()
    watch.mine(3)
    watch.bridge.execute(back)
    stuck = watch.bridge.lock()
    watch.mine()
    watch.bridge.hold(stuck)
    watch.mine()
    assert watch.look() == []
    answer = watch.bridge.send_back(stuck)
    watch.mine(3)
    watch.bridge.pay_back(stuck, answer)
    watch.mine(3)
    assert watch.look() == []
    assert watch.tower.ledger.state.sent == {}
    assert watch.pauses() == {HOME: 0, REMOTES[0]: 0, REMOTES[1]: 0}


def test_a_forged_mint_is_said_once_with_evidence_and_both_ends_are_paused_once(watch: Watch) -> None:
    travelled(watch)
    assert watch.look() == []
    watch.bridge.forge()
    watch.mine()
    assert "INV-10" in keys(watch.look())
    watch.mine()
    assert watch.look() == []
    watch.mine(5)
    assert watch.look() == []
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}
    (said,) = [line for line in watch.lines("alarms.jsonl") if line["key"].startswith("INV-10")]
    assert said["why"]
    assert said["todo"]
    assert "recorded_at_source" in watch.folder.joinpath(said["evidence"]).read_text()
    assert len(watch.events("paused")) == 2


def test_a_forged_mint_that_names_a_block_to_come_is_found_as_soon_as_home_is_past_its_time(watch: Watch) -> None:
    travelled(watch)
    watch.bridge.forge(claims=10**9)
    watch.mine()
    assert "INV-10" not in keys(watch.look())
    watch.mine(4)
    assert "INV-10" in keys(watch.look())


def test_an_arrival_whose_source_lags_is_no_breach_however_long_it_lags(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    parcel = watch.bridge.lock()
    watch.mine()
    watch.nodes[HOME].lag = 2
    watch.bridge.execute(parcel)
    watch.mine()
    for _ in range(30):
        watch.nodes[HOME].lag += 10
        watch.mine(10)
        found = watch.look()
        assert {key for key in keys(found) if key not in ("unproven", "stalled")} == set()
    assert [line["key"] for line in watch.lines("alarms.jsonl") if line["key"].startswith("unproven")] != []
    watch.nodes[HOME].lag = 0
    assert watch.look() == []
    assert watch.tower.book.standing == []
    assert sum(watch.pauses().values()) == 0


def test_another_message_under_a_nonce_that_is_on_its_way_is_a_breach(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    sent = watch.bridge.lock()
    forged = watch.bridge.forge()
    assert forged.message.nonce == sent.message.nonce + 1
    taken = replace(forged, message=replace(forged.message, nonce=sent.message.nonce), leaf=b"f" * 32)
    watch.bridge.remotes[0].pending.clear()
    watch.bridge.execute(taken)
    watch.mine()
    (alarm,) = [alarm for alarm in watch.look() if alarm.key.startswith("INV-10")]
    assert alarm.evidence["recorded_at_source"] == {"0x" + "66" * 32: False}


def test_logs_that_a_node_swallows_are_no_breach(watch: Watch) -> None:
    parcel = watch.bridge.lock()
    watch.mine()
    watch.nodes[HOME].hidden.add(watch.bridge.home.head.logs[-1]["transactionHash"])
    watch.bridge.execute(parcel)
    watch.mine()
    assert "logs" in keys(watch.look())
    assert sum(watch.pauses().values()) == 0


def test_a_reorganisation_of_what_is_not_final_is_no_breach(watch: Watch) -> None:
    travelled(watch)
    watch.mine(3)
    watch.look()
    parcel = watch.bridge.lock()
    watch.mine()
    watch.bridge.execute(parcel)
    watch.mine()
    assert watch.look() == []
    watch.bridge.remotes[0].reorganise(1)
    assert watch.look() == []
    watch.bridge.execute(parcel)
    watch.mine(4)
    assert watch.look() == []
    assert watch.tower.ledger.state.sent == {}


def test_a_final_block_that_changes_is_said_and_everything_is_read_again(watch: Watch) -> None:
    travelled(watch)
    watch.mine(4)
    watch.look()
    watch.bridge.remotes[0].reorganise(4)
    assert keys(watch.look()) == ["finality"]
    watch.mine()
    assert watch.look() == []
    assert watch.tower.sight.is_caught_up(REMOTES[0])


def test_a_restart_forgets_nothing_and_says_nothing_twice(watch: Watch) -> None:
    travelled(watch)
    stuck = watch.bridge.lock()
    watch.mine()
    watch.bridge.hold(stuck)
    watch.bridge.forge(1)
    watch.mine(4)
    assert "INV-10" in keys(watch.look())
    watch.mine()
    watch.look()
    for kill in (False, True):
        watch.restart(kill=kill)
        watch.nodes[HOME].asked.clear()
        assert watch.look() == []
    watch.bridge.retry(stuck)
    watch.mine(4)
    assert watch.look() == []
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 0, REMOTES[1]: 1}


def test_after_a_restart_only_what_is_new_is_read(raised: Raised) -> None:
    watch = raised()
    travelled(watch)
    watch.mine(10)
    watch.look()
    before = watch.tower.sight.cursors
    watch.restart()
    assert watch.tower.sight.cursors == before
    assert before[HOME].height > 10


def test_a_pause_ordered_before_a_crash_is_carried_out_after_it(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    watch.bridge.forge()
    watch.mine()
    for node in watch.nodes.values():
        node.loses = 1
    watch.look()
    assert sum(watch.pauses().values()) == 0
    watch.restart(kill=True)
    watch.look()
    watch.mine()
    watch.look()
    assert watch.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}
    assert watch.tower.pauser.pending == []


def test_a_pause_that_is_not_mined_is_sent_again_and_said(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    watch.bridge.forge()
    watch.mine()
    watch.nodes[REMOTES[0]].loses = 4
    watch.look()
    found = []
    for _ in range(6):
        watch.mine(11)
        found += watch.look()
    assert watch.pauses()[REMOTES[0]] == 1
    assert "pause" in keys(found)
    assert watch.tower.book.standing == []


def test_a_pause_that_reverts_is_an_alarm_of_its_own_and_is_tried_again(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    watch.bridge.forge()
    watch.mine()
    watch.nodes[REMOTES[0]].refuses = revert("PauseNeedsAnother(address)")
    found = watch.look()
    assert "pause" in keys(found)
    (alarm,) = [alarm for alarm in found if alarm.key.startswith("pause ")]
    assert "officers" in alarm.todo
    assert watch.pauses()[HOME] == 1
    watch.nodes[REMOTES[0]].refuses = ""
    watch.mine(11)
    watch.look()
    watch.mine()
    watch.look()
    assert watch.pauses()[REMOTES[0]] == 1
    assert watch.tower.book.standing == []


def test_two_towers_with_one_key_pause_once(raised: Raised) -> None:
    bridge = Bridge()
    first, second = raised(bridge), raised(bridge)
    second.nodes = first.nodes
    for chain, view in second.tower.views.items():
        view.rpc = first.nodes[chain]  # type: ignore[assignment]
    travelled(first)
    first.look(), second.look()
    bridge.forge()
    first.mine()
    assert "INV-10" in keys(first.look())
    first.mine()
    assert "INV-10" in keys(second.look())
    first.mine()
    second.look()
    assert first.pauses() == {HOME: 1, REMOTES[0]: 1, REMOTES[1]: 0}
    assert second.tower.pauser.pending == []
    assert len(second.events("paused already")) == 2


@pytest.mark.parametrize("fault", ["hangs", "down", "nonsense"])
def test_a_node_that_fails_is_said_once_and_the_other_chains_are_watched(watch: Watch, fault: str) -> None:
    travelled(watch)
    watch.look()
    watch.nodes[REMOTES[1]].fault = fault
    watch.look()
    watch.mine(6)
    assert keys(watch.look(5)) == ["blind"]
    assert watch.look() == []
    watch.bridge.forge(0)
    watch.mine()
    assert "INV-10" in keys(watch.look())
    watch.nodes[REMOTES[1]].fault = ""
    watch.look(4)
    watch.mine()
    watch.look()
    assert watch.tower.book.standing == []
    assert watch.tower.sight.is_caught_up(REMOTES[1])


def test_a_node_that_is_blind_from_the_start_holds_up_nobody(watch: Watch) -> None:
    watch.nodes[REMOTES[1]].fault = "down"
    travelled(watch)
    watch.bridge.forge(0)
    watch.mine()
    assert "INV-10" in keys(watch.look(4))


def test_views_that_fail_while_heads_are_served_are_said(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    watch.nodes[REMOTES[0]].fault = "mute"
    watch.mine(61)
    watch.look()
    watch.mine(61)
    found = watch.look()
    assert "unanswered" in keys(found)


def test_an_idle_home_for_a_day_is_quiet_and_a_stalled_one_is_not(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    for _ in range(24):
        watch.bridge.mine(5, seconds=100)
        assert watch.look(1) == []
    watch.late = 121
    assert keys(watch.look(1)) == ["stalled"] * 3
    assert watch.look(1) == []
    watch.late = 0
    watch.look(1)
    assert watch.tower.book.standing == []


def test_a_home_that_makes_no_empty_blocks_is_never_said_to_stand_still(raised: Raised) -> None:
    watch = raised()
    home = watch.tower.views[HOME].chain.model_copy(update={"stall_seconds": 0})
    watch.tower.views[HOME].chain = home
    watch.look()
    watch.late = 86_400
    assert [alarm.key for alarm in watch.look(1)] == [f"stalled {chain}" for chain in REMOTES]


def test_failed_transactions_by_strangers_are_said_and_those_of_payers_are_not(raised: Raised) -> None:
    payer = "0x" + "aa" * 20
    watch = raised(submitters=[{"chain_id": REMOTES[0], "account": payer, "least": "1"}])
    watch.look()
    watch.bridge.remotes[0].failed = [payer] * 9
    watch.mine()
    assert watch.look() == []
    watch.bridge.remotes[0].failed = ["0x" + "bb" * 20] * 5
    watch.mine()
    assert keys(watch.look()) == ["probes"]
    blocks = watch.nodes[REMOTES[0]].asked.count("eth_getBlockByNumber")
    watch.look()
    assert watch.nodes[REMOTES[0]].asked.count("eth_getBlockByNumber") - blocks < 40
    watch.mine(101)
    watch.look()
    assert watch.tower.book.standing == []


def test_a_payer_that_runs_dry_is_said_until_it_is_topped_up(raised: Raised) -> None:
    watch = raised(submitters=[{"chain_id": REMOTES[0], "account": "0x" + "aa" * 20, "least": "1 ether"}])
    watch.nodes[REMOTES[0]].wei = 10**17
    assert keys(watch.look()) == ["balance"]
    watch.nodes[REMOTES[0]].wei = 10**18
    watch.mine(61)
    assert watch.look() == []
    assert watch.tower.book.standing == []


def test_a_tower_that_could_not_pause_says_so_beforehand(watch: Watch) -> None:
    watch.nodes[REMOTES[1]].refuses = revert("NotOnDuty(address)")
    (alarm,) = watch.look()
    assert (alarm.key, alarm.remotes) == (f"disarmed {REMOTES[1]}", ())
    assert "not on duty" in alarm.why


def test_a_change_of_rules_is_registered_once(watch: Watch) -> None:
    watch.bridge.home.log(watch.bridge.home.gateway, "GuardianSet", watch.bridge.tx(), guardian=bytes(20), rights=3)
    watch.mine(4)
    watch.look()
    watch.restart(kill=True)
    watch.look()
    changes = [line["event"] for line in watch.lines("register.jsonl")]
    assert changes.count("GuardianSet") == 1
    assert changes.count("RouteOpened") == 2


def test_an_escrow_with_less_than_its_books_is_paused_everywhere(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    watch.bridge.home.counts.stolen[BONDS[0]] = LOT
    watch.bridge.lock()
    watch.mine()
    assert "INV-02" in keys(watch.look())
    assert watch.pauses() == {HOME: 2, REMOTES[0]: 1, REMOTES[1]: 1}


def test_a_minority_that_may_sign_is_a_breach(watch: Watch) -> None:
    watch.look()
    watch.bridge.remotes[0].counts.threshold = 2
    watch.mine(61)
    assert keys(watch.look()) == ["INV-09"]


def test_two_digests_for_one_slot_are_said_once(watch: Watch) -> None:
    for digest in (b"a", b"b", b"a"):
        watch.bridge.post(MEMBERS[0], b"s" * 32, digest * 32)
        watch.mine()
    assert keys(watch.look()) == ["equivocation"]
    watch.restart(kill=True)
    assert watch.look() == []


def test_the_key_is_nowhere_but_in_its_keystore(watch: Watch) -> None:
    travelled(watch)
    watch.look()
    watch.bridge.forge()
    watch.mine()
    watch.look()
    written = watch.log.getvalue() + "".join(path.read_text() for path in watch.folder.rglob("*") if path.is_file())
    assert SECRET.hex() not in written
    assert SECRET.hex() not in repr(watch.tower.pauser.__dict__)
