"""The law of a transfer's life: what moves it, what is an echo, what halts its route."""

import typing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import events as e
from bridge.core.hashing import keccak
from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.reasons import Reason
from bridge.core.transfers import ECHOES, MOVES, TERMINAL, State, Transfer, begin, step
from bridge.core.types import (
    Address,
    ChainId,
    Epoch,
    Height,
    Leaf,
    Nonce,
    Route,
    TxHash,
    Units,
)

FACTS: tuple[type, ...] = typing.get_args(e.ProgressFact)
ROUTE = Route(ChainId(1), Address(b"a" * 20), ChainId(2), Address(b"b" * 20))
KEY = e.BatchKey(ROUTE, Nonce(0))
AT = e.Mined(Height(7), 0, keccak(b"block"), TxHash(keccak(b"tx")))
LATER = e.Mined(Height(9), 0, keccak(b"later"), TxHash(keccak(b"tx2")))
BOND, ALICE, BOB = (Address(bytes([i]) * 20) for i in (1, 2, 3))
MESSAGE = Message(Kind.TRANSFER, Nonce(0), BOND, ALICE, BOB, Units(50_000), Units(50_000))
LEAF = leaf_of(ROUTE, MESSAGE)
OLD, NEW = Epoch(1), Epoch(2)
RETURN_LEAF = Leaf(keccak(b"return"))

EXAMPLES: dict[type, e.ProgressFact] = {
    e.MessageSeen: e.MessageSeen(AT),
    e.MessageFinalized: e.MessageFinalized(LATER),
    e.MessageOrphaned: e.MessageOrphaned(Height(8)),
    e.BatchFormed: e.BatchFormed(KEY, OLD),
    e.BatchAttested: e.BatchAttested(OLD),
    e.QuorumReached: e.QuorumReached(OLD),
    e.EpochSuperseded: e.EpochSuperseded(NEW),
    e.DeliverySubmitted: e.DeliverySubmitted(OLD),
    e.DeliveryIncluded: e.DeliveryIncluded(LATER),
    e.DeliveryLost: e.DeliveryLost("reverted"),
    e.ExecutionFinalized: e.ExecutionFinalized(LATER),
    e.HoldFinalized: e.HoldFinalized(Reason.CAP, LATER),
    e.ReturnFinalized: e.ReturnFinalized(RETURN_LEAF, LATER),
}


def transfer_in(state: State) -> Transfer:
    """A transfer in a state, with its batch formed where that state has one."""
    fresh = replace(begin(LEAF, ROUTE, MESSAGE, AT), state=state)
    return fresh if state in (State.SEEN, State.ORPHANED) else replace(fresh, batch=KEY, epoch=OLD)


def after(*facts: e.ProgressFact) -> Transfer:
    transfer = begin(LEAF, ROUTE, MESSAGE, AT)
    for fact in facts:
        transfer, effects = step(transfer, fact)
        assert not any(isinstance(effect, e.HaltRoute) for effect in effects), fact
    return transfer


def test_no_pair_is_both_a_move_and_an_echo() -> None:
    assert not MOVES.keys() & ECHOES


def test_every_fact_has_an_example_and_takes_part_in_the_table() -> None:
    assert EXAMPLES.keys() == set(FACTS)
    assert {fact for _, fact in MOVES} == set(FACTS)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_pair_moves_as_the_table_says_or_echoes_or_halts_the_route(state: State, fact: type) -> None:
    transfer = transfer_in(state)
    moved, effects = step(transfer, EXAMPLES[fact])
    if (state, fact) in MOVES:
        assert moved.state is MOVES[state, fact]
    elif (state, fact) in ECHOES:
        assert (moved, effects) == (transfer, ())
    else:
        assert moved == transfer
        assert effects == (e.HaltRoute(ROUTE, effects[0].why),)  # type: ignore[union-attr]


@pytest.mark.parametrize("state", [state for state in State if state in TERMINAL])
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_nothing_moves_a_finished_transfer(state: State, fact: type) -> None:
    assert step(transfer_in(state), EXAMPLES[fact])[0] == transfer_in(state)


def test_every_state_that_is_not_final_leads_somewhere() -> None:
    for state in set(State) - TERMINAL:
        assert any(source is state and target is not state for (source, _), target in MOVES.items())


def test_a_transfer_walks_from_seen_to_executed_and_asks_for_each_step() -> None:
    transfer = begin(LEAF, ROUTE, MESSAGE, AT)
    asked: list[e.Effect] = []
    for fact in (
        e.MessageFinalized(AT),
        e.BatchFormed(KEY, OLD),
        e.BatchAttested(OLD),
        e.QuorumReached(OLD),
        e.DeliverySubmitted(OLD),
        e.DeliveryIncluded(LATER),
        e.ExecutionFinalized(LATER),
    ):
        transfer, effects = step(transfer, fact)
        asked += effects
    assert transfer.state is State.EXECUTED
    assert transfer.destination == LATER
    assert asked == [e.Attest(KEY, OLD), e.Submit(KEY, OLD)]


def test_a_quorum_of_others_is_enough() -> None:
    assert after(e.MessageFinalized(AT), e.BatchFormed(KEY, OLD), e.QuorumReached(OLD)).state is State.QUORATE


@pytest.mark.parametrize("state", [State.FINAL, State.ATTESTED, State.QUORATE, State.SUBMITTED, State.HELD])
def test_an_execution_by_another_relayer_is_welcome_from_final_on(state: State) -> None:
    assert step(transfer_in(state), e.ExecutionFinalized(LATER))[0].state is State.EXECUTED


@pytest.mark.parametrize("state", [State.FINAL, State.ATTESTED, State.QUORATE, State.SUBMITTED])
def test_a_rotation_in_any_state_before_the_outcome_is_signed_again(state: State) -> None:
    moved, effects = step(transfer_in(state), e.EpochSuperseded(NEW))
    assert (moved.state, moved.epoch) == (State.FINAL, NEW)
    assert effects == (e.Attest(KEY, NEW),)
    assert step(moved, e.QuorumReached(OLD)) == (moved, ()), "a quorum of the old epoch is worth nothing"
    assert step(moved, e.QuorumReached(NEW))[0].state is State.QUORATE


def test_a_lost_delivery_is_submitted_again() -> None:
    moved, effects = step(transfer_in(State.SUBMITTED), e.DeliveryLost("reorg"))
    assert moved.state is State.QUORATE
    assert effects == (e.Submit(KEY, OLD),)


def test_an_orphan_that_is_mined_again_lives_again() -> None:
    orphan = after(e.MessageOrphaned(Height(8)))
    assert orphan.state is State.ORPHANED
    assert step(orphan, e.MessageFinalized(LATER))[0].source == LATER
    assert step(orphan, e.MessageSeen(LATER))[0].state is State.SEEN


def test_a_hold_is_retried_unless_compliance_must_decide() -> None:
    held, effects = step(transfer_in(State.SUBMITTED), e.HoldFinalized(Reason.CAP, LATER))
    assert (held.state, held.reason) == (State.HELD, Reason.CAP)
    assert effects == (e.RetryHeld(ROUTE, LEAF),)
    assert step(transfer_in(State.SUBMITTED), e.HoldFinalized(Reason.RETURN_UNMATCHED, LATER))[1] == ()
    assert step(transfer_in(State.SUBMITTED), e.HoldFinalized(199, LATER))[1] == ()


def test_a_held_transfer_that_is_sent_back_is_returned() -> None:
    returned = step(transfer_in(State.HELD), e.ReturnFinalized(RETURN_LEAF, LATER))[0]
    assert (returned.state, returned.return_leaf) == (State.RETURNED, RETURN_LEAF)


def test_a_final_message_that_vanishes_halts_the_route() -> None:
    _, effects = step(transfer_in(State.FINAL), e.MessageOrphaned(Height(8)))
    assert isinstance(effects[0], e.HaltRoute)


@given(st.lists(st.sampled_from(list(EXAMPLES.values())), max_size=12))
def test_whatever_is_heard_nothing_is_signed_before_it_is_final(facts: list[e.ProgressFact]) -> None:
    transfer = begin(LEAF, ROUTE, MESSAGE, AT)
    was_final = False
    for fact in facts:
        transfer, effects = step(transfer, fact)
        was_final |= transfer.state is State.FINAL
        assert was_final or not any(isinstance(effect, e.Attest | e.Submit) for effect in effects)


@given(st.lists(st.sampled_from(list(EXAMPLES.values())), max_size=12), st.data())
def test_a_fact_heard_twice_in_a_row_changes_nothing_the_second_time(
    facts: list[e.ProgressFact], data: st.DataObject
) -> None:
    transfer = begin(LEAF, ROUTE, MESSAGE, AT)
    for fact in facts:
        transfer, _ = step(transfer, fact)
    fact = data.draw(st.sampled_from(list(EXAMPLES.values())))
    once, _ = step(transfer, fact)
    if not isinstance(fact, e.BatchFormed):
        assert step(once, fact)[0] == once
