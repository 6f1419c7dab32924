"""Where facts become state: one unit of work per observation, one `step` per transfer, effects stored with both.

Read `observe` first. Rules live in `bridge.core`; this file finds the transfers they are about.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import assert_never

from bridge.adapters.store import Store, Unit
from bridge.core.boundaries import Boundary
from bridge.core.events import (
    AttestationPosted,
    BatchAttested,
    BatchFormed,
    BatchKey,
    ChainFact,
    Delivered,
    DeliveryIncluded,
    DeliveryLost,
    Dispatched,
    EpochSuperseded,
    Executed,
    ExecutionFinalized,
    HaltRoute,
    Held,
    HoldFinalized,
    MessageFinalized,
    MessageOrphaned,
    OutcomeFact,
    ProgressFact,
    QuorumReached,
    Recertified,
    Returned,
    ReturnFinalized,
    SentBack,
)
from bridge.core.lanes import DeliverBatch, Ending, Intent, PostSignatures, RetryTransfer
from bridge.core.ports import Clock, Probe, Receipt
from bridge.core.quorum import Committee, certificate_of
from bridge.core.records import OwnSignature, Parked
from bridge.core.transfers import State, Transfer, begin, step
from bridge.core.types import Block, ChainId, Height, Leaf, Nonce, Route
from relayers.changes import Changes
from relayers.formation import form
from relayers.memory import LiveBatch, Memory
from relayers.plan import Plan

MAX_HEIGHT = 2**63 - 1
"""What a database can hold of a height. A forged batch may name a greater one."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one chain said up to a final block."""

    chain: ChainId
    final: Block
    facts: Sequence[ChainFact]
    """All of them, in order, above the last observation's final block."""
    headers: Mapping[Height, Block] = field(default_factory=dict)
    """Of the ends of windows that `Engine.windows_wanted` asked for."""
    committee: Committee | None = None
    """Active for deliveries to this chain, at its newest final block."""
    caught_up: bool = True
    """Whether `final` is the newest final block."""


class Engine:
    """The state of one relayer. Every change is one commit."""

    def __init__(self, plan: Plan, store: Store, clock: Clock, probe: Probe) -> None:
        self.plan = plan
        self.memory = Memory(plan)
        self._store = store
        self._clock = clock
        self._probe = probe
        self._loaded_after = -1
        self._headers: dict[tuple[ChainId, Height], Block] = {}

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[tuple[Unit, Changes]]:
        """Open a unit of work in which memory and store change together or not at all."""
        async with self._store.unit() as unit:
            await self.refresh()
            changes = Changes(self.memory, self._clock)
            yield unit, changes
            changes.write(unit)

    async def refresh(self) -> None:
        """Load memory again if a unit of work was rolled back since it was loaded."""
        if self._loaded_after != self._store.rollbacks:
            await self.memory.load(self._store)
            self._loaded_after = self._store.rollbacks

    async def observe(self, observation: Observation) -> None:
        """Take in what a chain says up to a final block. A range that is observed twice changes nothing."""
        async with self.unit() as (unit, changes):
            await self._recall(observation.facts)
            if observation.committee is not None:
                self._adopt(changes, observation.chain, observation.committee)
            self._apply_all(changes, observation.facts)
            self._orphan(changes, observation.chain, observation.final)
            self._headers |= {(observation.chain, h): block for h, block in observation.headers.items()}
            self.memory.final[observation.chain] = observation.final
            await self._form_batches(changes)
            self._judge_parked(changes)
            unit.journal(observation.chain, observation.final, observation.facts)
            unit.set_cursor(observation.chain, observation.final)
            self._probe.reached(Boundary.OBSERVE_BEFORE_COMMIT)
        self._probe.reached(Boundary.OBSERVE_AFTER_COMMIT)
        if observation.caught_up:
            self.memory.caught_up.add(observation.chain)

    async def glimpse(self, chain: ChainId, latest: Height, facts: Sequence[ChainFact]) -> None:
        """Take in what is not final yet: shown to people, used to let others go first, never signed."""
        self.memory.latest[chain] = latest
        if not facts:
            return
        async with self.unit() as (_, changes):
            for fact in facts:
                self._glimpse_one(changes, fact)

    async def settle(self, unit: Unit, intent: Intent, _ending: Ending, reason: str, _receipt: Receipt | None) -> None:
        """Take in how a transaction of ours ended; called inside the unit that ends it.

        Its block is final and was observed before. What a delivery that succeeded has left undecided shows that its
        receipt is not of that block: it is delivered again, as after one that failed.
        """
        await self.refresh()
        if not isinstance(intent.purpose, DeliverBatch):
            return
        why = reason or "the events of its block do not bear the receipt out"
        changes = Changes(self.memory, self._clock)
        for transfer in self.memory.members_of(intent.purpose.batch):
            self._step(changes, transfer, DeliveryLost(why))
        changes.write(unit)

    def permits(self, intent: Intent) -> bool:
        """Tell whether a transaction that nobody has seen may go out: nothing of a halted route does."""
        match intent.purpose:
            case DeliverBatch(batch):
                routes = [batch.route]
            case RetryTransfer(leaf):
                transfer = self.memory.transfers.get(leaf)
                routes = [] if transfer is None else [transfer.route]
            case PostSignatures(slots):
                routes = [key.route for slot in slots if (key := self.memory.by_slot.get(slot))]
            case _:
                routes = []
        return not any(route in self.memory.halts for route in routes)

    async def halt(self, routes: Iterable[Route], why: str, evidence: Mapping[str, object]) -> None:
        """Stop acting on routes until an operator resumes them."""
        async with self.unit() as (_, changes):
            for route in routes:
                changes.halt(route, why, evidence)

    def windows_wanted(self, chain: ChainId, final: Height, facts: Iterable[ChainFact]) -> set[Height]:
        """Return the ends of the windows, final by now, whose headers are needed to form batches."""
        heights = {
            (fact.route, fact.at.height)
            for fact in facts
            if isinstance(fact, Dispatched) and fact.route in self.plan.routes
        }
        for plan in self.plan.outbound(chain):
            pending = self.memory.unformed.get(plan.route, {})
            heights |= {(plan.route, self.memory.transfers[leaf].source.height) for leaf in pending.values()}
        ends = {self.plan.window_end(route, height) for route, height in heights}
        return {end for end in ends if end <= final and (chain, end) not in self._headers}

    # --- Chain facts ------------------------------------------------------------------------------------------------

    async def _recall(self, facts: Sequence[ChainFact]) -> None:
        """Fetch what is finished or forgotten, so that a second hearing is known as one."""
        leaves = {fact.leaf for fact in facts if not isinstance(fact, AttestationPosted | Delivered)}
        unknown = leaves - self.memory.transfers.keys()
        self.memory.recalled = await self._store.transfers(unknown) if unknown else {}

    def _apply_all(self, changes: Changes, facts: Sequence[ChainFact]) -> None:
        delivered: dict[bytes, Delivered] = {}
        for fact in facts:
            match fact:
                case Dispatched():
                    self._dispatched(changes, fact)
                case Delivered():
                    delivered[fact.at.tx] = fact
                case AttestationPosted():
                    changes.posts.append(fact)
                case Executed() | Held() | SentBack():
                    self._outcome(changes, fact, delivered.get(fact.at.tx))
                case Recertified() | Returned():
                    pass  # kept in the journal; neither moves a transfer
                case _:
                    assert_never(fact)
        self._count_posts(changes)

    def _dispatched(self, changes: Changes, fact: Dispatched) -> None:
        if fact.route not in self.plan.routes:
            return
        expected = self.memory.next_nonce.get(fact.route, Nonce(0))
        known = self.memory.find(fact.leaf)
        if known is None or known.state in (State.SEEN, State.ORPHANED):
            if fact.message.nonce != expected:
                why = f"message {fact.message.nonce} became final where {expected} must be next"
                changes.halt(fact.route, why, {"leaf": "0x" + fact.leaf.hex(), "height": fact.at.height})
                return
            self.memory.next_nonce[fact.route] = Nonce(expected + 1)
        transfer = known or begin(fact.leaf, fact.route, fact.message, fact.at)
        self._step(changes, transfer, MessageFinalized(fact.at))

    def _outcome(self, changes: Changes, fact: OutcomeFact, delivered: Delivered | None) -> None:
        """Apply an outcome to its transfer, or park it while its batch is not formed here."""
        transfer = self.memory.find(fact.leaf)
        if transfer is not None and transfer.batch is not None:
            self._step(changes, transfer, _progress_of(fact))
            return
        waiting = self.memory.parked.get(fact.leaf, [])
        if isinstance(fact, Executed | Held) and fact.route in self.plan.routes:
            height = Height(min(delivered.source_height, MAX_HEIGHT)) if delivered else Height(0)
            changes.park(Parked(fact.leaf, fact.route, fact, waiting[0].source_height if waiting else height))
        elif waiting:
            changes.park(Parked(fact.leaf, waiting[0].route, fact, waiting[0].source_height))

    def _orphan(self, changes: Changes, chain: ChainId, final: Block) -> None:
        overtaken = [leaf for leaf, height in self.memory.seen[chain].items() if height <= final.height]
        for leaf in overtaken:
            self._step(changes, self.memory.transfers[leaf], MessageOrphaned(final.height))

    def _judge_parked(self, changes: Changes) -> None:
        """An outcome of a leaf that its source has not sent, and cannot send any more, is a breach.

        It cannot where the source is verified past the height that the batch names, or past the message's nonce.
        """
        for leaf, waiting in self.memory.parked.items():
            parked = waiting[0]
            if leaf not in self.memory.transfers and self._is_past(parked):
                why = f"the destination executed or holds 0x{leaf.hex()}, which its source never sent"
                evidence = {"leaf": "0x" + leaf.hex(), "source_height": parked.source_height}
                changes.halt(parked.route, why, evidence | {"destination_tx": "0x" + parked.outcome.at.tx.hex()})

    def _is_past(self, parked: Parked) -> bool:
        final = self.memory.final.get(parked.route.source_chain)
        if final is not None and parked.source_height <= final.height:
            return True
        match parked.outcome:
            case Executed(nonce=nonce) | Held(nonce=nonce):
                return nonce < self.memory.next_nonce.get(parked.route, 0)
            case _:
                return False

    def _glimpse_one(self, changes: Changes, fact: ChainFact) -> None:
        if isinstance(fact, Dispatched) and fact.route in self.plan.routes:
            if fact.leaf in self.memory.transfers or fact.message.nonce < self.memory.next_nonce.get(fact.route, 0):
                return
            changes.save(begin(fact.leaf, fact.route, fact.message, fact.at))
        elif isinstance(fact, Executed | Held):
            transfer = self.memory.transfers.get(fact.leaf)
            if transfer is not None and transfer.batch is not None:
                self._step(changes, transfer, DeliveryIncluded(fact.at))

    # --- Batches, epochs, quorums -----------------------------------------------------------------------------------

    def _adopt(self, changes: Changes, chain: ChainId, committee: Committee) -> None:
        """Follow a change of the destination's committee: everything undelivered is signed again."""
        previous = self.memory.committees.get(chain)
        self.memory.committees[chain] = committee
        if previous is not None and previous.epoch == committee.epoch:
            return
        for key, live in list(self.memory.batches.items()):
            if key.route.destination_chain != chain:
                continue
            changes.regathered.add(key)
            if live.epoch != committee.epoch:
                changes.drop_effects_of(key, live.epoch)
                self.memory.gather(live.formed, live.leaves, committee.epoch)
                for transfer in self.memory.members_of(key):
                    self._step(changes, transfer, EpochSuperseded(committee.epoch))

    async def _form_batches(self, changes: Changes) -> None:
        """Form every batch whose window is final and whose destination's epoch is known; count what was posted."""
        opened = []
        for plan in self.plan.routes.values():
            committee = self.memory.committees.get(plan.route.destination_chain)
            if committee is None:
                continue
            for formed, transfers in form(plan, self.memory, self._headers):
                changes.formed.append(formed)
                self.memory.gather(formed, tuple(transfer.leaf for transfer in transfers), committee.epoch)
                opened.append(formed.key)
                for transfer in transfers:
                    self._step(changes, transfer, BatchFormed(formed.key, committee.epoch))
        await self._count_stored(changes, [*opened, *changes.regathered])
        for key in opened:
            for transfer in self.memory.members_of(key):
                self._unpark(changes, transfer.leaf)
        if not any(self.memory.unformed.values()):
            self._headers.clear()

    async def _count_stored(self, changes: Changes, keys: Sequence[BatchKey]) -> None:
        slots = {live.slot for key in keys if (live := self.memory.batches.get(key))}
        if not slots:
            return
        self.memory.note_signed(await self._store.signed(slots))
        for key in keys:
            if key in self.memory.batches and self.memory.batches[key].slot in self.memory.spent:
                changes.drop_attest(key)
        stored = await self._store.attestations(slots)
        fresh = [post for post in changes.posts if post.slot in slots]
        self._weigh(changes, self.memory.count([*stored, *fresh]))
        self._note_own(changes, [*stored, *fresh])

    def _count_posts(self, changes: Changes) -> None:
        self._note_own(changes, changes.posts)
        self._weigh(changes, self.memory.count(changes.posts))

    def _note_own(self, changes: Changes, posts: Iterable[AttestationPosted]) -> None:
        for post in posts:
            if post.signer != self.plan.signer:
                continue
            changes.posted.add(post.slot)
            key = self.memory.by_slot.get(post.slot)
            if key is None:
                continue
            live = self.memory.batches[key]
            if post.digest == live.digest:
                changes.drop_attest(key)
                for transfer in self.memory.members_of(key):
                    self._step(changes, transfer, BatchAttested(live.epoch))
            elif post.slot not in self.memory.spent:
                self._spend(changes, live, post)

    def _spend(self, changes: Changes, live: LiveBatch, post: AttestationPosted) -> None:
        """Our key has signed another batch in this one's place, unknown to this database: it signs no second one."""
        key = live.formed.key
        self.memory.spent[post.slot] = post.digest
        changes.drop_attest(key)
        changes.own.append(OwnSignature(post.slot, post.digest, post.signature, key, live.epoch, posted=True))
        why = f"the board shows that our key has signed another batch at message {key.first_nonce}"
        evidence = {"slot": post.slot, "signed": post.digest, "asked": live.digest, "tx": post.at.tx}
        changes.halt(key.route, why, {name: "0x" + value.hex() for name, value in evidence.items()})

    def _weigh(self, changes: Changes, keys: Iterable[BatchKey]) -> None:
        """See whether a quorum stands on the board for our digest, or for another one of the same slot."""
        for key in keys:
            live = self.memory.batches[key]
            committee = self.memory.committees.get(key.route.destination_chain)
            if committee is None:
                continue  # weighed when the committee is adopted
            for digest, signatures in live.tally.items():
                certificate = certificate_of(committee, signatures)
                if certificate is None:
                    continue
                if digest != live.digest:
                    why = f"a quorum signed another batch at message {key.first_nonce}"
                    changes.halt(key.route, why, {"digest": "0x" + digest.hex(), "epoch": live.epoch})
                elif not live.quorate:
                    live.quorate = True
                    self.memory.to_bundle[key] = (live.batch, certificate)
                    for transfer in self.memory.members_of(key):
                        self._step(changes, transfer, QuorumReached(live.epoch))

    def _unpark(self, changes: Changes, leaf: Leaf) -> None:
        for parked in changes.unpark(leaf):
            transfer = self.memory.find(leaf)
            if transfer is not None:
                self._step(changes, transfer, _progress_of(parked.outcome))

    def _step(self, changes: Changes, transfer: Transfer, fact: ProgressFact) -> None:
        after, effects = step(transfer, fact)
        if after is not transfer:
            changes.save(after)
        for effect in effects:
            if isinstance(effect, HaltRoute):
                changes.halt(effect.route, effect.why, {})
            else:
                changes.demand(effect)


def _progress_of(fact: OutcomeFact) -> ProgressFact:
    match fact:
        case Executed(at=at):
            return ExecutionFinalized(at)
        case Held(reason=reason, at=at):
            return HoldFinalized(reason, at)
        case SentBack(return_leaf=return_leaf, at=at):
            return ReturnFinalized(return_leaf, at)
        case _:
            raise ValueError(f"{type(fact).__name__} is no outcome of a transfer")
