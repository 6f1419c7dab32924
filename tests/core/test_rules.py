"""Small rules: finality, fees and ranks, committees, books, reasons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.conservation import Book, is_whole
from bridge.core.finality import Depth, Heads, Tag, final_height, is_broken
from bridge.core.hashing import keccak
from bridge.core.quorum import Committee, certificate_of, is_canonical, is_set, split_members
from bridge.core.reasons import HoldClass, Reason, class_of, sentence
from bridge.core.submission import FeeRules, Fees, first_fees, is_overdue, is_within_budget, rank, replacement_fees
from bridge.core.types import Address, Block, ChainId, Epoch, Height, Timestamp, Units

MEMBERS = tuple(Address(bytes([i]) * 20) for i in range(1, 8))
RULES = FeeRules(max_fee_per_gas=1_000, priority_fee_per_gas=10, daily_budget=10**18, patience=3)


def block(height: int, salt: bytes = b"") -> Block:
    return Block(Height(height), keccak(bytes([height]) + salt), Timestamp(height))


def test_depth_counts_from_the_newest_block_and_never_below_zero() -> None:
    assert final_height(Depth(2), Heads(block(10), None)) == 8
    assert final_height(Depth(0), Heads(block(10), None)) == 10
    assert final_height(Depth(20), Heads(block(10), None)) == 0


def test_a_tag_that_the_chain_does_not_answer_makes_nothing_final() -> None:
    assert final_height(Tag(), Heads(block(10), block(7))) == 7
    assert final_height(Tag(), Heads(block(10), None)) == 0


def test_finality_is_broken_by_another_hash_at_the_same_height_only() -> None:
    assert is_broken(block(5), block(5, b"other"))
    assert not is_broken(block(5), block(5))
    assert not is_broken(block(5), block(6))


@given(st.binary(min_size=32, max_size=32))
def test_ranks_are_an_order_of_the_members(root: bytes) -> None:
    assert sorted(rank(keccak(root), member, MEMBERS) for member in MEMBERS) == list(range(7))


@given(st.integers(0, 10**4), st.integers(0, 30))
def test_replacements_rise_enough_and_never_above_the_cap(base_fee: int, times: int) -> None:
    fees: Fees | None = first_fees(base_fee, RULES)
    for _ in range(times):
        assert fees is not None
        bumped = replacement_fees(fees, base_fee, RULES)
        if bumped is None:
            return
        assert bumped.max_fee * 100 >= fees.max_fee * 110
        assert bumped.priority_fee <= bumped.max_fee <= RULES.max_fee_per_gas
        fees = bumped


def test_the_days_budget_bears_what_is_left_of_it_and_none_bears_what_costs_nothing() -> None:
    assert is_within_budget(10**18 - 5, 5, RULES)
    assert not is_within_budget(10**18 - 5, 6, RULES)
    nothing = FeeRules(max_fee_per_gas=0, priority_fee_per_gas=0, daily_budget=0, patience=3)
    assert is_within_budget(0, 0, nothing)
    assert not is_within_budget(0, 1, nothing), "a budget of zero is no leave to spend"


def test_a_transaction_is_overdue_after_the_operators_patience() -> None:
    assert not is_overdue(Height(10), Height(12), RULES)
    assert is_overdue(Height(10), Height(13), RULES)


@given(st.integers(0, 8), st.integers(0, 7))
def test_a_set_needs_more_than_half_and_no_more_than_all(threshold: int, count: int) -> None:
    assert is_set(threshold, MEMBERS[:count]) == (count / 2 < threshold <= count)


def test_a_set_has_no_member_twice_out_of_order_or_zero() -> None:
    assert not is_set(2, (MEMBERS[0], MEMBERS[0]))
    assert not is_set(2, (MEMBERS[1], MEMBERS[0]))
    assert not is_set(1, (Address(bytes(20)),))
    assert split_members(b"".join(MEMBERS)) == MEMBERS


def test_a_certificate_takes_members_only_and_needs_the_threshold() -> None:
    committee = Committee(Epoch(1), 4, MEMBERS)
    signatures = {member: bytes([i]) * 64 for i, member in enumerate(MEMBERS)}
    stranger = {Address(b"\xee" * 20): b"s" * 64}
    three = {member: signatures[member] for member in MEMBERS[2:5]}
    assert certificate_of(committee, three | stranger) is None
    four = three | {MEMBERS[0]: signatures[MEMBERS[0]]}
    assert certificate_of(committee, four) == b"".join(signatures[MEMBERS[i]] for i in (0, 2, 3, 4))
    assert certificate_of(Committee(Epoch(1), 0, MEMBERS), signatures) is None


def test_a_signature_with_a_high_s_is_not_canonical() -> None:
    half = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
    assert is_canonical(bytes(32) + half.to_bytes(32, "big"))
    assert not is_canonical(bytes(32) + (half + 1).to_bytes(32, "big"))
    assert is_canonical(bytes(32) + (1 << 255 | half).to_bytes(32, "big")), "the top bit is the parity of y"
    assert not is_canonical(bytes(63))


def test_books_balance_to_the_yen_or_not_at_all() -> None:
    book = Book(MEMBERS[0], ChainId(1), Units(100), Units(60), Units(30), Units(10))
    short = Book(MEMBERS[0], ChainId(2), Units(100), Units(60), Units(30), Units(9))
    assert is_whole([book, book], Units(200))
    assert not is_whole([book], Units(101))
    assert not is_whole([short], Units(100))
    assert short.difference == 1


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_in_words_what_can_be_done(reason: Reason) -> None:
    assert reason.name in sentence(reason)
    assert class_of(reason).value in sentence(reason)


def test_an_unknown_reason_is_quarantined() -> None:
    assert class_of(250) is HoldClass.QUARANTINE
    assert "250" in sentence(250)
