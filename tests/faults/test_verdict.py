"""The last word of a soak names whatever does not hold; and its order of faults follows from the seed."""

from itertools import islice
from random import Random

import pytest

from tests.faults.plagues import PLAGUES, SOLO
from tests.faults.soak import _order
from tests.faults.verdict import Account, Arrived, Sent, faults_of

HOME, REMOTE, ASSET = 1, 2, "0xa"
LOCK, BURN, LOST = "0x01", "0x02", "0x03"


@pytest.fixture
def account() -> Account:
    """A lock of 9 of which 4 came back, and a lock of 2 that nobody can receive."""
    account = Account()
    account.sent[LOCK] = Sent(HOME, REMOTE, 1, 0, ASSET, 9)
    account.sent[LOST] = Sent(HOME, REMOTE, 1, 1, ASSET, 2)
    account.sent[BURN] = Sent(REMOTE, HOME, 1, 0, ASSET, 4)
    account.executed[LOCK].append(Arrived(REMOTE, HOME, 0))
    account.executed[BURN].append(Arrived(HOME, REMOTE, 0))
    account.held[LOST] = "RECIPIENT_INVALID"
    account.minted[REMOTE, ASSET], account.burned[REMOTE, ASSET] = 9, 4
    account.escrowed[ASSET] = 7
    account.views = {f"supply {REMOTE} {ASSET}": 5, f"locked {REMOTE} {ASSET}": 7, f"escrow {ASSET}": 7}
    account.signed["slot", "signer"].add("digest")
    return account


def said(account: Account) -> str:
    return " / ".join(faults_of(account, [ASSET], [REMOTE]))


def test_what_holds_is_not_named(account: Account) -> None:
    assert said(account) == ""


def test_a_return_takes_the_place_of_what_was_sent_back(account: Account) -> None:
    account.sent_back[LOST] = "0x04"
    assert "sent back by a message that is none" in said(account)
    account.sent["0x04"] = Sent(REMOTE, HOME, 2, 1, ASSET, 2)
    account.held["0x04"] = "RECIPIENT_INVALID"
    assert said(account) == ""


def test_a_mint_that_was_never_sent_is_unbacked(account: Account) -> None:
    account.executed["0x05"].append(Arrived(REMOTE, HOME, 7))
    assert account.unbacked == ["0x05"]
    assert "was executed and never sent so" in said(account)


def test_what_is_held_and_was_never_sent_is_named(account: Account) -> None:
    account.held["0x05"] = "BOOK_EXCEEDED"
    assert said(account) == "0x05 is held and was never sent"


@pytest.mark.parametrize("at", [Arrived(REMOTE, HOME, 1), Arrived(3, HOME, 0), Arrived(REMOTE, 3, 0)])
def test_an_execution_elsewhere_or_by_another_nonce_is_unbacked(account: Account, at: Arrived) -> None:
    account.executed[LOCK] = [at]
    assert account.unbacked == [LOCK]


def test_what_is_executed_twice_or_sent_back_besides_is_named(account: Account) -> None:
    account.executed[LOCK].append(Arrived(REMOTE, HOME, 0))
    assert "more than one fate" in said(account)
    account.executed[LOCK].pop()
    account.sent_back[LOCK] = "0x04"
    assert "more than one fate" in said(account)


def test_what_waits_without_a_lasting_reason_is_named(account: Account) -> None:
    account.held[LOST] = "PAUSED"
    assert "still held: PAUSED" in said(account)
    del account.held[LOST]
    assert "0x03 is nowhere" in said(account)


def test_two_digests_in_one_slot_are_named(account: Account) -> None:
    account.signed["slot", "signer"].add("another")
    assert "signer signed more than one digest for slot slot" in said(account)


@pytest.mark.parametrize("view", [f"supply {REMOTE} {ASSET}", f"locked {REMOTE} {ASSET}", f"escrow {ASSET}"])
def test_a_yen_too_much_in_any_book_is_named(account: Account, view: str) -> None:
    account.views[view] += 1
    assert "differ" in said(account)


def test_tokens_that_move_without_a_message_are_named(account: Account) -> None:
    account.minted[REMOTE, ASSET] += 1
    assert "differ" in said(account)
    account.minted[REMOTE, ASSET] -= 1
    account.escrowed[ASSET] += 1
    assert "differ" in said(account)


def test_the_order_of_faults_follows_from_the_seed_and_leaves_none_out() -> None:
    first = list(islice(_order(Random(7), tuple(PLAGUES)), 2 * len(PLAGUES)))  # noqa: S311
    assert first == list(islice(_order(Random(7), tuple(PLAGUES)), 2 * len(PLAGUES)))  # noqa: S311
    assert sorted(first[: len(PLAGUES)]) == sorted(first[len(PLAGUES) :]) == sorted(PLAGUES)
    assert first != list(islice(_order(Random(8), tuple(PLAGUES)), 2 * len(PLAGUES)))  # noqa: S311
    assert PLAGUES.keys() >= SOLO
