"""The one writer of an account on a chain: intents in, transactions out, endings back, without a gap or a restart.

An intent holds one account nonce until an attempt with that nonce is final. Every attempt is stored before it goes
out, so whatever is known after a crash is enough to go on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bridge.adapters.store import Store, Unit
from bridge.adapters.store.unit import SECONDS_PER_DAY
from bridge.core.boundaries import Boundary
from bridge.core.lanes import Attempt, DeliverBatch, Ending, FillGap, Intent, OpenIntent, PostSignatures, RetryTransfer
from bridge.core.ports import (
    Account,
    BroadcastOutcome,
    Call,
    ChainWriter,
    Clock,
    Probe,
    Receipt,
    TransactionSigner,
)
from bridge.core.submission import FeeRules, Fees, first_fees, is_overdue, replacement_fees
from bridge.core.types import Height, TxHash

MAX_IN_FLIGHT = 16
PLAIN_TRANSFER_GAS = 21_000
Settle = Callable[[Unit, Intent, Ending, str, Receipt | None], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What a lane is at."""

    in_flight: int
    queued: int
    blocked_reason: str | None
    """Why nothing new goes out, in words for an operator."""
    foreign_use: int
    """Account nonces that somebody else has used since the start."""


class Lane:
    """Sends the intents of one account on one chain. `tick` is safe to interrupt and repeat anywhere."""

    def __init__(  # noqa: PLR0913 - the composition root names every part
        self,
        *,
        writer: ChainWriter,
        signer: TransactionSigner,
        store: Store,
        rules: FeeRules,
        clock: Clock,
        probe: Probe,
        settle: Settle,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> None:
        self._writer = writer
        self._signer = signer
        self._store = store
        self._rules = rules
        self._clock = clock
        self._probe = probe
        self._settle = settle
        self._max_in_flight = max_in_flight
        self._foreign_use = 0
        self._blocked: str | None = None

    async def tick(self, final_height: Height) -> LaneReport:
        """See what became of what is out, send again what must be, then send what is new.

        Raises errors.Retry when the node does not answer; everything done until then is stored.
        """
        self._blocked = None
        opened = await self._store.open_intents(self._writer.chain)
        if opened:
            account = await self._writer.account(self._signer.address)
            out = [intent for intent in opened if intent.nonce is not None]
            out = await self._follow(out, account, final_height)
            await self._push(out, account)
            await self._send_new(account)
            opened = await self._store.open_intents(self._writer.chain)
        in_flight = sum(intent.nonce is not None for intent in opened)
        return LaneReport(in_flight, len(opened) - in_flight, self._blocked, self._foreign_use)

    async def _follow(self, out: list[OpenIntent], account: Account, final_height: Height) -> list[OpenIntent]:
        """End what is final, release nonces that somebody else used; return what still waits to be mined."""
        receipts = await self._receipts(out)
        waiting = []
        for opened in out:
            receipt = next((receipts[h] for h in _hashes(opened) if h in receipts), None)
            if receipt is not None:
                if receipt.block.height <= final_height:
                    await self._end(opened.intent, receipt)
            elif opened.nonce is not None and opened.nonce < account.transactions:
                await self._release_if_foreign(opened)
            else:
                waiting.append(opened)
        return waiting

    async def _receipts(self, out: list[OpenIntent]) -> dict[TxHash, Receipt]:
        hashes = [tx for opened in out for tx in _hashes(opened)]
        return dict(await self._writer.receipts(hashes)) if hashes else {}

    async def _end(self, intent: Intent, receipt: Receipt) -> None:
        ending = Ending.SUCCEEDED if receipt.succeeded else Ending.REVERTED
        reason = "" if receipt.succeeded else f"reverted in block {receipt.block.height}"
        async with self._store.unit() as unit:
            unit.end_intent(intent, ending, reason)
            await self._settle(unit, intent, ending, reason, receipt)
            self._probe.reached(Boundary.OUTCOME_BEFORE_COMMIT)
        self._probe.reached(Boundary.OUTCOME_AFTER_COMMIT)

    async def _release_if_foreign(self, opened: OpenIntent) -> None:
        """The nonce is used and none of our attempts has a receipt: look once more, then take another nonce.

        The count and the receipts were read at two moments; the second look closes the gap between them.
        """
        if await self._receipts([opened]):
            return
        self._foreign_use += 1
        async with self._store.unit() as unit:
            unit.hold_nonce(opened.intent, None)

    async def _push(self, waiting: list[OpenIntent], account: Account) -> None:
        """Send again what may never have gone out; send or replace what waits too long."""
        for opened in waiting:
            if not opened.attempts:
                await self._broadcast(await self._sign(opened, first_fees(account.base_fee, self._rules)), account)
                continue
            sent_at = opened.last.sent_at
            if sent_at is not None and not is_overdue(sent_at, account.head, self._rules):
                continue
            fees = replacement_fees(opened.last.fees, account.base_fee, self._rules) if sent_at is not None else None
            if account.base_fee and fees is not None and not await self._is_over_budget(opened.intent, fees):
                await self._broadcast(await self._sign(opened, fees), account)
            else:
                await self._broadcast(opened, account)

    async def _send_new(self, account: Account) -> None:
        opened = await self._store.open_intents(self._writer.chain)
        held = {intent.nonce for intent in opened if intent.nonce is not None}
        queued = [intent for intent in opened if intent.nonce is None]
        nonce = account.transactions
        for intent in queued[: max(0, self._max_in_flight - len(held))]:
            while nonce in held:
                nonce += 1
            fees = first_fees(account.base_fee, self._rules)
            if not self._may_pay(intent.intent, fees, account) or await self._is_over_budget(intent.intent, fees):
                return
            held.add(nonce)
            signed = await self._sign(replace(intent, nonce=nonce), fees)
            if not await self._broadcast(signed, account):
                return

    def _may_pay(self, intent: Intent, fees: Fees, account: Account) -> bool:
        if fees.max_fee < account.base_fee:
            self._blocked = (
                f"the base fee is {account.base_fee} wei and the cap {self._rules.max_fee_per_gas}:"
                " wait, or raise fees.max_fee_per_gas"
            )
            return False
        need = fees.max_fee * intent.gas
        if account.balance < need:
            self._blocked = (
                f"insufficient funds: 0x{self._signer.address.hex()} has {account.balance} wei,"
                f" {need} are needed: top it up"
            )
            return False
        return True

    async def _is_over_budget(self, intent: Intent, fees: Fees) -> bool:
        need = fees.max_fee * intent.gas
        if need == 0:
            return False
        spent = await self._store.spent(self._writer.chain, self._clock.now() // SECONDS_PER_DAY)
        if spent + need <= self._rules.daily_budget:
            return False
        self._blocked = (
            f"today's budget of {self._rules.daily_budget} wei is spent up to {spent}:"
            " wait for midnight UTC, or raise fees.daily_budget"
        )
        return True

    async def _sign(self, opened: OpenIntent, fees: Fees) -> OpenIntent:
        """Sign an attempt and store it; nothing goes out before."""
        nonce, intent = opened.nonce, opened.intent
        if nonce is None:
            raise ValueError("an attempt needs an account nonce")
        self._probe.reached(Boundary.LANE_BEFORE_SIGN)
        transaction = self._signer.sign_transaction(self._writer.chain, nonce, intent.call, intent.gas, fees)
        self._probe.reached(Boundary.LANE_AFTER_SIGN)
        attempt = Attempt(transaction, fees)
        async with self._store.unit() as unit:
            unit.hold_nonce(intent, nonce)
            unit.add_attempt(intent, nonce, attempt, self._clock.now())
            self._probe.reached(Boundary.LANE_BEFORE_COMMIT)
        self._probe.reached(Boundary.LANE_AFTER_COMMIT)
        return replace(opened, attempts=(*opened.attempts, attempt))

    async def _broadcast(self, opened: OpenIntent, account: Account) -> bool:
        """Hand the newest attempt to the node; return whether later nonces may follow."""
        before, after = _boundaries(opened.intent)
        self._probe.reached(before)
        outcome, words = await self._writer.broadcast(opened.last.transaction.raw)
        self._probe.reached(after)
        match outcome:
            case BroadcastOutcome.ACCEPTED | BroadcastOutcome.ALREADY_KNOWN:
                await self._note_sent(opened, account)
                return True
            case BroadcastOutcome.UNDERPRICED:
                # A rival attempt for the same nonce is in the pool: ours or another process's. The block decides.
                await self._note_sent(opened, account)
                return True
            case BroadcastOutcome.NONCE_TOO_LOW:
                return True  # the next tick finds whose transaction was mined
            case BroadcastOutcome.INSUFFICIENT_FUNDS:
                self._blocked = f"insufficient funds of 0x{self._signer.address.hex()}: {words}: top it up"
                return False
            case _:
                await self._refuse(opened, words)
                return False

    async def _note_sent(self, opened: OpenIntent, account: Account) -> None:
        async with self._store.unit() as unit:
            unit.note_sent([opened.last.transaction.hash], account.head)

    async def _refuse(self, refused: OpenIntent, words: str) -> None:
        """The node takes no such transaction at any price: give it up, and let nothing wait behind its nonce."""
        self._blocked = f"the node refuses a transaction: {words}"
        opened = await self._store.open_intents(self._writer.chain)
        nonce = refused.nonce or 0
        async with self._store.unit() as unit:
            unit.end_intent(refused.intent, Ending.REFUSED, words)
            if any(other.nonce is not None and other.nonce > nonce for other in opened):
                call = Call(self._signer.address, b"")
                filler = await unit.add_intent(Intent(0, self._writer.chain, FillGap(), call, PLAIN_TRANSFER_GAS))
                unit.hold_nonce(filler, nonce)
            await self._settle(unit, refused.intent, Ending.REFUSED, words, None)


def _hashes(opened: OpenIntent) -> list[TxHash]:
    return [attempt.transaction.hash for attempt in opened.attempts]


def _boundaries(intent: Intent) -> tuple[Boundary, Boundary]:
    match intent.purpose:
        case PostSignatures():
            return Boundary.POST_BEFORE_BROADCAST, Boundary.POST_AFTER_BROADCAST
        case DeliverBatch() | RetryTransfer() | FillGap():
            return Boundary.DELIVER_BEFORE_BROADCAST, Boundary.DELIVER_AFTER_BROADCAST
