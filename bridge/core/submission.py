"""Who submits, when, and at what price. Decisions only; the lane (`adapters.txlane`) carries them out."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.hashing import keccak
from bridge.core.types import Address, Hash32, Height

BUMP_PERCENT = 13
"""Nodes accept a replacement from 10 % more on; rounding must not eat the margin."""


@dataclass(frozen=True, slots=True)
class FeeRules:
    """What an operator is ready to pay on one chain. Wei."""

    max_fee_per_gas: int
    priority_fee_per_gas: int
    daily_budget: int
    patience: int
    """Blocks to wait before a transaction is sent again or replaced."""


@dataclass(frozen=True, slots=True)
class Fees:
    """The price of one attempt (EIP-1559). Wei per gas; both zero on a ledger without a price."""

    max_fee: int
    priority_fee: int


def rank(root: Hash32, signer: Address, members: Iterable[Address]) -> int:
    """Return how many members go before `signer` with this batch: order of keccak256(root, member).

    Rank r waits r blocks, so that usually one relayer pays and any other can step in.
    """
    own = keccak(root + signer)
    return sum(keccak(root + member) < own for member in members)


def first_fees(base_fee: int, rules: FeeRules) -> Fees:
    """Return the price of a first attempt: room for the base fee to double, within the operator's cap."""
    max_fee = min(2 * base_fee + rules.priority_fee_per_gas, rules.max_fee_per_gas)
    return Fees(max_fee, min(rules.priority_fee_per_gas, max_fee))


def replacement_fees(last: Fees, base_fee: int, rules: FeeRules) -> Fees | None:
    """Return the price of the next attempt for the same account nonce; None where the cap does not allow one."""
    wanted = max(_bumped(last.max_fee), 2 * base_fee + _bumped(last.priority_fee))
    max_fee = min(wanted, rules.max_fee_per_gas)
    if max_fee < _bumped(last.max_fee):
        return None
    return Fees(max_fee, min(_bumped(last.priority_fee), max_fee))


def is_within_budget(spent: int, cost: int, rules: FeeRules) -> bool:
    """Tell whether the day's budget bears `cost` wei more than were `spent`. What costs nothing needs no budget."""
    return cost == 0 or spent + cost <= rules.daily_budget


def is_overdue(sent_at: Height, head: Height, rules: FeeRules) -> bool:
    """Tell whether a transaction that was sent at `sent_at` has waited long enough.

    A head below `sent_at` is another chain than it was sent to: the node began anew.
    """
    return head < sent_at or head >= sent_at + rules.patience


def _bumped(fee: int) -> int:
    return -(-fee * (100 + BUMP_PERCENT) // 100)
