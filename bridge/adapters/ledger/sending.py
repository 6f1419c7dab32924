"""One account that sends and waits: for users, deployers and issuers. Relayers have a lane instead."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.adapters.ledger.writing import EvmWriter
from bridge.core.errors import Refuse, Retry
from bridge.core.ports import BroadcastOutcome, Call, Receipt, TransactionSigner
from bridge.core.submission import FeeRules, Fees, first_fees, is_within_budget, replacement_fees
from bridge.core.types import Address, TxHash

GAS_MARGIN_PERCENT: Final = 120
POLL_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 60.0
RAISE_SECONDS: Final = 20.0
"""After so long, what is not mined is offered again at a higher price."""
_DAY_SECONDS: Final = 86_400
_TAKEN: Final = frozenset({BroadcastOutcome.ACCEPTED, BroadcastOutcome.ALREADY_KNOWN})


@dataclass(slots=True)
class _Pending:
    """One account nonce, and every transaction that was offered for it."""

    nonce: int
    call: Call
    limit: int
    fees: Fees
    hashes: list[TxHash]


class Sender:
    """Sends the calls of one key on one chain, each group at once, and waits until the whole group is mined."""

    def __init__(
        self,
        writer: EvmWriter,
        signer: TransactionSigner,
        rules: FeeRules,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._writer = writer
        self._signer = signer
        self._rules = rules
        self._patience = patience
        self._clock = clock
        self._spent = (0, 0)
        """Day since 1970 (UTC), and wei that what was sent on it may cost at most."""

    @property
    def address(self) -> Address:
        """The account."""
        return self._signer.address

    async def send(self, calls: Sequence[Call]) -> Sequence[Receipt]:
        """Send calls that do not depend on each other; return their receipts in order.

        Raises Reverted before anything is sent if one would revert, Refuse if they may cost more than is left of the
        day's budget, if the node takes one not or one fails all the same, Retry if they are not mined in time.
        """
        gas = await asyncio.gather(*(self._writer.simulate(self.address, call) for call in calls))
        account = await self._writer.account(self.address)
        fees = first_fees(account.base_fee, self._rules)
        limits = [need * GAS_MARGIN_PERCENT // 100 for need in gas]
        self._spend(sum(limits) * fees.max_fee)
        pending = [
            _Pending(account.transactions + index, call, limit, fees, [])
            for index, (call, limit) in enumerate(zip(calls, limits, strict=True))
        ]
        for one in pending:
            outcome, words = await self._offer(one)
            if outcome not in _TAKEN:
                raise Refuse(f"chain {self._writer.chain} does not take the transaction: {words}")
        return await self._mined(pending)

    async def _offer(self, one: _Pending) -> tuple[str, str]:
        signed = self._signer.sign_transaction(self._writer.chain, one.nonce, one.call, one.limit, one.fees)
        one.hashes.append(signed.hash)
        return await self._writer.broadcast(signed.raw)

    async def _mined(self, pending: Sequence[_Pending]) -> Sequence[Receipt]:
        began = raised = time.monotonic()
        while True:
            receipts = await self._writer.receipts([tx for one in pending for tx in one.hashes])
            mined = [next((receipts[tx] for tx in one.hashes if tx in receipts), None) for one in pending]
            done = [receipt for receipt in mined if receipt is not None]
            if len(done) == len(pending):
                return self._succeeded(done)
            if time.monotonic() - began > self._patience:
                missing = len(pending) - len(done)
                raise Retry(f"{missing} of {len(pending)} transactions are not mined after {self._patience:g} s")
            if time.monotonic() - raised > RAISE_SECONDS:
                await self._raise([one for one, receipt in zip(pending, mined, strict=True) if receipt is None])
                raised = time.monotonic()
            await asyncio.sleep(POLL_SECONDS)

    async def _raise(self, waiting: Sequence[_Pending]) -> None:
        """Offer what waits at a higher price, within the operator's cap and budget."""
        base_fee = (await self._writer.account(self.address)).base_fee
        for one in waiting:
            fees = replacement_fees(one.fees, base_fee, self._rules)
            if fees is None or fees == one.fees:
                continue
            more = one.limit * (fees.max_fee - one.fees.max_fee)
            if not is_within_budget(self._spent_today(), more, self._rules):
                return  # what is out goes on waiting at its price
            self._spend(more)
            one.fees = fees
            await self._offer(one)

    def _spend(self, cost: int) -> None:
        """Count what may be spent at most. Raises Refuse beyond the day's budget."""
        spent = self._spent_today()
        if not is_within_budget(spent, cost, self._rules):
            raise Refuse(
                f"chain {self._writer.chain}: {cost} wei more than the {spent} of today would pass the daily budget "
                f"of {self._rules.daily_budget}: wait for midnight UTC, or raise fees.daily_budget"
            )
        self._spent = self._today(), spent + cost

    def _spent_today(self) -> int:
        day, spent = self._spent
        return spent if day == self._today() else 0

    def _today(self) -> int:
        return int(self._clock() // _DAY_SECONDS)

    def _succeeded(self, receipts: Sequence[Receipt]) -> Sequence[Receipt]:
        for receipt in receipts:
            if not receipt.succeeded:
                raise Refuse(f"transaction 0x{receipt.tx.hex()} failed on chain {self._writer.chain}")
        return receipts
