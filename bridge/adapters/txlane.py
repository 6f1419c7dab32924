"""The one writer of an account on a chain: intents in, transactions out, endings back, without a gap or a restart.

An intent holds one account nonce until an attempt with that nonce is final. Every attempt is stored before it goes
out, so whatever is known after a crash is enough to go on. What one tick sends is stored in one commit.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from bridge.adapters.store import Store, Unit
from bridge.core.boundaries import Boundary
from bridge.core.lanes import (
    Attempt,
    DeliverBatch,
    Ending,
    FillGap,
    Intent,
    OpenIntent,
    PostSignatures,
    RetryTransfer,
    free_nonces,
    gaps,
)
from bridge.core.ports import Account, BroadcastOutcome, Call, ChainWriter, Clock, Probe, Receipt, TransactionSigner
from bridge.core.submission import FeeRules, Fees, first_fees, is_overdue, is_within_budget, replacement_fees
from bridge.core.types import Height, TxHash

MAX_IN_FLIGHT = 32
"""Transactions that wait to be mined at a time; nodes keep at least 16 per account, and commonly more."""
PLAIN_TRANSFER_GAS = 21_000
SECONDS_PER_DAY = 86_400
_TAKEN = frozenset({BroadcastOutcome.ACCEPTED, BroadcastOutcome.ALREADY_KNOWN, BroadcastOutcome.UNDERPRICED})
"""Underpriced: a rival for the same nonce is in the pool, ours or another process's. The block decides."""

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


@dataclass(slots=True)
class _Tick:
    """What one tick knows and has done."""

    account: Account
    costs: dict[int, int]
    """What each intent's transactions of today may cost at most, in wei."""
    sent: list[TxHash] = field(default_factory=list)
    blocked: str | None = None


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
        permits: Callable[[Intent], bool] = lambda _: True,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> None:
        self._writer = writer
        self._signer = signer
        self._store = store
        self._rules = rules
        self._clock = clock
        self._probe = probe
        self._settle = settle
        self._permits = permits
        self._max_in_flight = max_in_flight
        self._foreign_use = 0
        self._lost_since: dict[int, Height] = {}
        """Head at which an intent's account nonce was first seen used, with no receipt of ours, by intent."""
        self._is_own = False

    @property
    def foreign_use(self) -> int:
        """Account nonces of ours that somebody else has used since the start."""
        return self._foreign_use

    async def tick(self, final_height: Height) -> LaneReport:
        """See what became of what is out, send again what must be, then send what is new.

        Raises errors.Retry when the node does not answer; everything done until then is stored.
        """
        await self._disown_once()
        opened = await self._store.open_intents(self._writer.chain)
        if not opened:
            return LaneReport(0, 0, None, self._foreign_use)
        tick = _Tick(await self._writer.account(self._signer.address), {})
        if self._rules.daily_budget:
            tick.costs = await self._store.costs(self._writer.chain, self._today())
        waiting = await self._follow([one for one in opened if one.nonce is not None], tick, final_height)
        try:
            await self._push(waiting, tick)
            await self._send_new(len(waiting), tick)
        finally:
            if tick.sent:
                async with self._store.unit() as unit:
                    unit.note_sent(tick.sent, tick.account.head)
        opened = await self._store.open_intents(self._writer.chain)
        in_flight = sum(one.nonce is not None for one in opened)
        return LaneReport(in_flight, len(opened) - in_flight, tick.blocked, self._foreign_use)

    # --- What is out ------------------------------------------------------------------------------------------------

    async def _follow(self, out: list[OpenIntent], tick: _Tick, final_height: Height) -> list[OpenIntent]:
        """End what is final, release nonces that somebody else used; return what still waits to be mined."""
        receipts = await self._receipts(out)
        waiting, lost = [], []
        for opened in out:
            receipt = _receipt_of(opened, receipts)
            if receipt is not None:
                if receipt.block.height <= final_height:
                    await self._end(opened.intent, receipt)
            elif (opened.nonce or 0) < tick.account.transactions:
                lost.append(opened)
            else:
                waiting.append(opened)
        await self._release_foreign(self._lost_for_good(lost, tick.account.head, final_height))
        return waiting

    async def _receipts(self, out: Sequence[OpenIntent]) -> dict[TxHash, Receipt]:
        hashes = [attempt.transaction.hash for opened in out for attempt in opened.attempts]
        return dict(await self._writer.receipts(hashes)) if hashes else {}

    async def _end(self, intent: Intent, receipt: Receipt) -> None:
        ending = Ending.SUCCEEDED if receipt.succeeded else Ending.REVERTED
        reason = "" if receipt.succeeded else f"reverted in block {receipt.block.height}"
        async with self._store.unit() as unit:
            unit.end_intent(intent, ending, reason)
            await self._settle(unit, intent, ending, reason, receipt)
            self._probe.reached(Boundary.OUTCOME_BEFORE_COMMIT)
        self._probe.reached(Boundary.OUTCOME_AFTER_COMMIT)

    def _lost_for_good(self, lost: list[OpenIntent], head: Height, final_height: Height) -> list[OpenIntent]:
        """Return those whose nonce has been used since a block that is final by now.

        Until then a reorg may give the nonce back, or a receipt come late: an attempt of ours could still be mined
        with the old nonce, next to one with another.
        """
        self._lost_since = {one.intent.id: self._lost_since.get(one.intent.id, head) for one in lost}
        return [one for one in lost if self._lost_since[one.intent.id] <= final_height]

    async def _release_foreign(self, lost: list[OpenIntent]) -> None:
        """Their nonces are used and no attempt of ours has a receipt: look once more, then take other nonces.

        The count and the receipts were read at two moments; the second look closes the gap between them.
        """
        if not lost:
            return
        receipts = await self._receipts(lost)
        foreign = [opened.intent for opened in lost if _receipt_of(opened, receipts) is None]
        if foreign:
            self._foreign_use += len(foreign)
            async with self._store.unit() as unit:
                unit.release(foreign)

    async def _push(self, waiting: list[OpenIntent], tick: _Tick) -> None:
        """Send again what may never have gone out; send or replace what waits too long."""
        again, replaced = [], []
        for opened in waiting:
            if not opened.attempts:
                replaced.append((opened, first_fees(tick.account.base_fee, self._rules)))
                continue
            sent_at, last = opened.last.sent_at, opened.last
            if sent_at is not None and not is_overdue(sent_at, tick.account.head, self._rules):
                continue
            fees = replacement_fees(last.fees, tick.account.base_fee, self._rules) if sent_at is not None else None
            if tick.account.base_fee and fees is not None and self._is_affordable(opened.intent, fees, tick):
                replaced.append((opened, fees))
            else:
                again.append(opened)
        for opened in (*again, *await self._sign_all(replaced)):
            if not await self._broadcast(opened, tick):
                return

    # --- What is new ------------------------------------------------------------------------------------------------

    async def _send_new(self, waiting: int, tick: _Tick) -> None:
        if tick.blocked is not None:
            return
        opened = await self._store.open_intents(self._writer.chain)
        held = {one.nonce for one in opened if one.nonce is not None}
        queued = [one for one in opened if one.nonce is None and self._permits(one.intent)]
        nonces = free_nonces(tick.account.transactions, held)
        fees = first_fees(tick.account.base_fee, self._rules)
        chosen = []
        for one in queued[: max(0, self._max_in_flight - waiting)]:
            if not self._is_affordable(one.intent, fees, tick):
                break
            chosen.append((replace(one, nonce=next(nonces)), fees))
        held |= {one.nonce for one, _ in chosen if one.nonce is not None}
        if not queued and gaps(tick.account.transactions, held):
            chosen.append((await self._filler(next(nonces)), fees))
        for signed in await self._sign_all(chosen):
            if not await self._broadcast(signed, tick):
                return

    async def _filler(self, nonce: int) -> OpenIntent:
        """Return an intent that does nothing but use up a nonce that later ones wait behind."""
        call = Call(self._signer.address, b"")
        async with self._store.unit() as unit:
            filler = await unit.add_intent(Intent(0, self._writer.chain, FillGap(), call, PLAIN_TRANSFER_GAS))
        return OpenIntent(filler, nonce)

    def _is_affordable(self, intent: Intent, fees: Fees, tick: _Tick) -> bool:
        """Tell whether cap, balance and daily budget allow a transaction; if not, say why."""
        need = fees.max_fee * intent.gas
        spent = sum(tick.costs.values())
        if fees.max_fee < tick.account.base_fee:
            tick.blocked = (
                f"the base fee is {tick.account.base_fee} wei and the cap {self._rules.max_fee_per_gas}:"
                " wait, or raise fees.max_fee_per_gas"
            )
        elif tick.account.balance < need:
            tick.blocked = (
                f"insufficient funds: 0x{self._signer.address.hex()} has {tick.account.balance} wei,"
                f" {need} are needed: top it up"
            )
        elif not is_within_budget(spent - tick.costs.get(intent.id, 0), need, self._rules):
            tick.blocked = (
                f"today's budget of {self._rules.daily_budget} wei is spent up to {spent}:"
                " wait for midnight UTC, or raise fees.daily_budget"
            )
        else:
            tick.costs[intent.id] = need
            return True
        return False

    async def _sign_all(self, chosen: Sequence[tuple[OpenIntent, Fees]]) -> list[OpenIntent]:
        """Sign an attempt for each and store them all; nothing goes out before."""
        signed = [self._sign(opened, fees) for opened, fees in chosen]
        if signed:
            async with self._store.unit() as unit:
                unit.add_attempts(signed, self._signer.address, self._today())
                self._probe.reached(Boundary.LANE_BEFORE_COMMIT)
            self._probe.reached(Boundary.LANE_AFTER_COMMIT)
        return signed

    def _sign(self, opened: OpenIntent, fees: Fees) -> OpenIntent:
        intent, nonce = opened.intent, opened.nonce
        if nonce is None:
            raise ValueError("an attempt needs an account nonce")
        self._probe.reached(Boundary.LANE_BEFORE_SIGN)
        transaction = self._signer.sign_transaction(self._writer.chain, nonce, intent.call, intent.gas, fees)
        self._probe.reached(Boundary.LANE_AFTER_SIGN)
        return replace(opened, attempts=(*opened.attempts, Attempt(transaction, fees)))

    # --- Out into the world -----------------------------------------------------------------------------------------

    async def _broadcast(self, opened: OpenIntent, tick: _Tick) -> bool:
        """Hand the newest attempt to the node; return whether others may follow in this tick."""
        before, after = _boundaries(opened.intent)
        self._probe.reached(before)
        outcome, words = await self._writer.broadcast(opened.last.transaction.raw)
        self._probe.reached(after)
        if outcome in _TAKEN:
            tick.sent.append(opened.last.transaction.hash)
        elif outcome == BroadcastOutcome.INSUFFICIENT_FUNDS:
            tick.blocked = f"insufficient funds of 0x{self._signer.address.hex()}: {words}: top it up"
            return False
        elif outcome == BroadcastOutcome.REFUSED:
            tick.blocked = f"the node refuses a transaction: {words}"
            await self._refuse(opened, words)
        return True  # a nonce that is too low: the next tick finds whose transaction was mined

    async def _refuse(self, opened: OpenIntent, words: str) -> None:
        """The node takes no such transaction: give up the attempt, and the intent if it was the only one."""
        async with self._store.unit() as unit:
            if len(opened.attempts) > 1:
                unit.abandon_attempt(opened.last.transaction.hash)
                return
            unit.end_intent(opened.intent, Ending.REFUSED, words)
            await self._settle(unit, opened.intent, Ending.REFUSED, words, None)

    async def _disown_once(self) -> None:
        """After a change of key, what held nonces of the old account gets nonces of this one."""
        if not self._is_own:
            async with self._store.unit() as unit:
                unit.disown(self._writer.chain, self._signer.address)
            self._is_own = True

    def _today(self) -> int:
        return self._clock.now() // SECONDS_PER_DAY


def _receipt_of(opened: OpenIntent, receipts: dict[TxHash, Receipt]) -> Receipt | None:
    hashes = (attempt.transaction.hash for attempt in opened.attempts)
    return next((receipts[tx] for tx in hashes if tx in receipts), None)


def _boundaries(intent: Intent) -> tuple[Boundary, Boundary]:
    match intent.purpose:
        case PostSignatures():
            return Boundary.POST_BEFORE_BROADCAST, Boundary.POST_AFTER_BROADCAST
        case DeliverBatch() | RetryTransfer() | FillGap():
            return Boundary.DELIVER_BEFORE_BROADCAST, Boundary.DELIVER_AFTER_BROADCAST
