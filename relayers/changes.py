"""What one unit of work changes, collected while facts are applied and written at its end."""

from collections.abc import Mapping

from bridge.adapters.store import Unit
from bridge.core.events import Attest, AttestationPosted, BatchKey, Effect, HaltRoute, RetryHeld, Submit
from bridge.core.ports import Clock
from bridge.core.records import FormedBatch, HaltRecord, OwnSignature, Parked, PendingEffect
from bridge.core.submission import rank
from bridge.core.transfers import State, Transfer
from bridge.core.types import ChainId, Epoch, Height, Leaf, Route, Slot
from relayers.memory import Memory

RETRY_AFTER = 4
"""Blocks of the destination between two looks at a held message, or after a lost delivery; doubled each time."""
MAX_DOUBLINGS = 6
_UNDECIDED = frozenset({State.FINAL, State.ATTESTED, State.QUORATE, State.SUBMITTED})


class Changes:
    """Changes memory at once and remembers what to write."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock
        self._saved: dict[Leaf, Transfer] = {}
        self._added: dict[Effect, PendingEffect] = {}
        self._removed: set[Effect] = set()
        self._parked: list[Parked] = []
        self._unparked: set[Leaf] = set()
        self._halted: list[HaltRecord] = []
        self.formed: list[FormedBatch] = []
        self.posts: list[AttestationPosted] = []
        self.posted: set[Slot] = set()
        self.own: list[OwnSignature] = []
        """What our key has signed and this database did not know of."""
        self.regathered: set[BatchKey] = set()

    def save(self, transfer: Transfer) -> None:
        """Keep the newest version of a transfer, and drop the effects that it has made pointless."""
        self._saved[transfer.leaf] = transfer
        self._memory.put(transfer)
        if transfer.state not in _UNDECIDED and transfer.batch is not None and transfer.epoch is not None:
            if not any(t.state in _UNDECIDED for t in self._memory.members_of(transfer.batch)):
                self.drop_effects_of(transfer.batch, transfer.epoch)
            if transfer.state is not State.HELD:
                self._remove(RetryHeld(transfer.route, transfer.leaf))

    def demand(self, effect: Effect) -> None:
        """Store what must be done and when."""
        if effect in self._memory.effects or isinstance(effect, HaltRoute):
            return
        self._removed.discard(effect)
        pending = PendingEffect(effect, self._due(effect))
        self._memory.effects[effect] = self._added[effect] = pending

    def postpone(self, pending: PendingEffect) -> None:
        """Try again later: after twice as long each time."""
        chain = _destination(pending.effect)
        wait = RETRY_AFTER << min(pending.attempts, MAX_DOUBLINGS)
        due = Height(self._memory.latest.get(chain, Height(0)) + wait)
        again = PendingEffect(pending.effect, due, pending.attempts + 1)
        self._memory.effects[pending.effect] = self._added[pending.effect] = again

    def done(self, effect: Effect) -> None:
        """Strike an effect whose doing is stored in this unit."""
        self._remove(effect)

    def drop_attest(self, key: BatchKey) -> None:
        """Our signature stands on the board: there is nothing left to sign for this epoch."""
        self._remove(Attest(key, self._memory.batches[key].epoch))

    def drop_effects_of(self, key: BatchKey, epoch: Epoch) -> None:
        """Strike what was to be done about a batch for an epoch."""
        self._remove(Attest(key, epoch))
        self._remove(Submit(key, epoch))

    def park(self, parked: Parked) -> None:
        """Keep an outcome until its message is final here."""
        waiting = self._memory.parked.setdefault(parked.leaf, [])
        if parked not in waiting:
            waiting.append(parked)
            self._parked.append(parked)

    def unpark(self, leaf: Leaf) -> list[Parked]:
        """Take the outcomes of a leaf out, in order."""
        waiting = self._memory.parked.pop(leaf, [])
        if waiting:
            self._unparked.add(leaf)
        return waiting

    def halt(self, route: Route, why: str, evidence: Mapping[str, object]) -> None:
        """Halt a route, once: the first reason is the one that counts."""
        if route not in self._memory.halts:
            record = HaltRecord(route, why, evidence, self._clock.now())
            self._memory.halts[route] = record
            self._halted.append(record)

    def write(self, unit: Unit) -> None:
        """Write everything into the unit of work."""
        unit.save_batches(self.formed)
        unit.save_transfers(self._saved.values())
        unit.add_attestations(self.posts)
        unit.keep_signatures(self.own)
        unit.mark_posted(self.posted)
        unit.remove_effects(self._removed)
        unit.add_effects(self._added.values())
        unit.unpark(self._unparked)
        unit.park([parked for parked in self._parked if parked.leaf not in self._unparked])
        for record in self._halted:
            unit.halt(record)

    def _remove(self, effect: Effect) -> None:
        self._added.pop(effect, None)
        if self._memory.effects.pop(effect, None) is not None:
            self._removed.add(effect)

    def _due(self, effect: Effect) -> Height:
        """Return the destination's height from which on it is our turn."""
        latest = self._memory.latest.get(_destination(effect), Height(0))
        if isinstance(effect, Submit):
            committee = self._memory.committees[_destination(effect)]
            root = self._memory.batches[effect.batch].formed.root
            return Height(latest + rank(root, self._memory.plan.signer, committee.members))
        return Height(latest + RETRY_AFTER) if isinstance(effect, RetryHeld) else Height(0)


def _destination(effect: Effect) -> ChainId:
    route = effect.batch.route if isinstance(effect, Attest | Submit) else effect.route
    return route.destination_chain
