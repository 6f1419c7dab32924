"""The live part of the store, held in memory: what is not finished, and nothing else.

The store is the truth. Memory changes only inside a unit of work; if that unit fails, memory is thrown away and
loaded again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.adapters.store import Store
from bridge.core import reasons
from bridge.core.batches import Batch, digest_of, slot_of
from bridge.core.events import Attest, AttestationPosted, BatchKey, Effect, RetryHeld, Submit
from bridge.core.quorum import Committee
from bridge.core.records import FormedBatch, HaltRecord, Parked, PendingEffect
from bridge.core.transfers import TERMINAL, State, Transfer
from bridge.core.types import Address, Block, ChainId, Digest, Epoch, Height, Leaf, Nonce, Route, Slot
from relayers.plan import Plan


@dataclass(slots=True)
class LiveBatch:
    """A formed batch with a transfer that is not finished, and the signatures gathered for its current epoch."""

    formed: FormedBatch
    leaves: tuple[Leaf, ...]
    batch: Batch
    """What is signed for the current epoch."""
    slot: Slot
    digest: Digest
    tally: dict[Digest, dict[Address, bytes]] = field(default_factory=dict)
    quorate: bool = False

    @property
    def epoch(self) -> Epoch:
        """The epoch that signatures are gathered for."""
        return self.batch.epoch


class Memory:
    """What the engine and the workers look at between two commits."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.transfers: dict[Leaf, Transfer] = {}
        self.unformed: dict[Route, dict[Nonce, Leaf]] = defaultdict(dict)
        self.seen: dict[ChainId, dict[Leaf, Height]] = defaultdict(dict)
        self.batches: dict[BatchKey, LiveBatch] = {}
        self.by_slot: dict[Slot, BatchKey] = {}
        self.next_nonce: dict[Route, Nonce] = {}
        self.effects: dict[Effect, PendingEffect] = {}
        self.parked: dict[Leaf, list[Parked]] = {}
        self.recalled: dict[Leaf, Transfer] = {}
        self.halts: dict[Route, HaltRecord] = {}
        self.committees: dict[ChainId, Committee] = {}
        self.final: dict[ChainId, Block] = {}
        self.latest: dict[ChainId, Height] = {}
        self.caught_up: set[ChainId] = set()
        self.spent: dict[Slot, Digest] = {}
        """Slots of live batches for which our key has signed another digest: it signs no second one."""
        self.to_bundle: dict[BatchKey, tuple[Batch, bytes]] = {}
        """Quorate batches with their certificates, to be kept as files."""

    async def load(self, store: Store) -> None:
        """Read everything live from the store. What only the chains know (committees, heads) is kept as it is."""
        committees, latest, caught_up = self.committees, self.latest, self.caught_up
        self.__init__(self.plan)  # type: ignore[misc]
        self.committees, self.latest, self.caught_up = committees, latest, caught_up
        self.final = await store.cursors()
        self.next_nonce = await store.next_nonces()
        self.effects = {pending.effect: pending for pending in await store.effects()}
        for parked in await store.parked():
            self.parked.setdefault(parked.leaf, []).append(parked)
        self.halts = {halt.route: halt for halt in await store.halts()}
        for transfer in await store.live_transfers():
            self.put(transfer)
        for formed in await store.live_batches():
            self._reopen(formed, await store.transfers_of(formed.key))
        slots = list(self.by_slot)
        self.count(await store.attestations(slots))
        signed = await store.signed(slots)
        self.note_signed(signed)
        self._demand_again(signed)

    def find(self, leaf: Leaf) -> Transfer | None:
        """Return a transfer that is live, or was recalled for the facts at hand."""
        return self.transfers.get(leaf) or self.recalled.get(leaf)

    def put(self, transfer: Transfer) -> None:
        """Take in the newest version of a transfer; a finished one is let go."""
        route, nonce = transfer.route, transfer.message.nonce
        if transfer.state is State.SEEN:
            self.seen[route.source_chain][transfer.leaf] = transfer.source.height
        else:
            self.seen[route.source_chain].pop(transfer.leaf, None)
        if transfer.state is State.FINAL and transfer.batch is None:
            self.unformed[route][nonce] = transfer.leaf
        elif transfer.batch is not None:
            self.unformed[route].pop(nonce, None)
        if transfer.state in TERMINAL or transfer.state is State.ORPHANED:
            self.transfers.pop(transfer.leaf, None)
            self._close_batch(transfer.batch)
        else:
            self.transfers[transfer.leaf] = transfer

    def gather(self, formed: FormedBatch, leaves: tuple[Leaf, ...], epoch: Epoch) -> LiveBatch:
        """Gather signatures for a batch from now on for this epoch: a slot and a digest of their own."""
        key = formed.key
        if key in self.batches:
            self._drop_slot(self.batches[key].slot)
        batch = formed.in_epoch(epoch)
        slot = slot_of(key.route, key.first_nonce, epoch)
        live = LiveBatch(formed, leaves, batch, slot, digest_of(self.plan.routes[key.route].separator, batch))
        self.batches[key] = live
        self.by_slot[slot] = key
        return live

    def _reopen(self, formed: FormedBatch, transfers: Sequence[Transfer]) -> None:
        """Take a batch of the store in again, in the epoch its undecided transfers are in."""
        epoch = max(transfer.formed[1] for transfer in transfers if transfer.leaf in self.transfers)
        live = self.gather(formed, tuple(transfer.leaf for transfer in transfers), epoch)
        live.quorate = any(transfer.state in (State.QUORATE, State.SUBMITTED) for transfer in transfers)

    def _demand_again(self, signed: Collection[Slot]) -> None:
        """Demand what the states of transfers demand, should the outbox have lost it."""
        for transfer in self.transfers.values():
            effect = _demanded_by(transfer)
            if effect is None or effect in self.effects:
                continue
            if isinstance(effect, Attest) and slot_of(transfer.route, effect.batch.first_nonce, effect.epoch) in signed:
                continue  # signed, and on its way to the board: `Worker.repost` sees to it
            self.effects[effect] = PendingEffect(effect, Height(0))

    def note_signed(self, signed: Mapping[Slot, Digest]) -> None:
        """Take in what our key has signed for slots of live batches."""
        for slot, digest in signed.items():
            if digest != self.batches[self.by_slot[slot]].digest:
                self.spent[slot] = digest

    def count(self, posts: Iterable[AttestationPosted]) -> set[BatchKey]:
        """Take in signatures for live batches; return whose tally grew."""
        grown = set()
        for post in posts:
            key = self.by_slot.get(post.slot)
            if key is not None:
                self.batches[key].tally.setdefault(post.digest, {})[post.signer] = post.signature
                grown.add(key)
        return grown

    def members_of(self, key: BatchKey) -> Sequence[Transfer]:
        """Return the unfinished transfers of a batch, by nonce."""
        live = self.batches.get(key)
        if live is None:
            return ()
        return [self.transfers[leaf] for leaf in live.leaves if leaf in self.transfers]

    def _close_batch(self, key: BatchKey | None) -> None:
        live = self.batches.get(key) if key is not None else None
        if live is None or any(leaf in self.transfers for leaf in live.leaves):
            return
        del self.batches[live.formed.key]
        self._drop_slot(live.slot)

    def _drop_slot(self, slot: Slot) -> None:
        self.by_slot.pop(slot, None)
        self.spent.pop(slot, None)


def _demanded_by(transfer: Transfer) -> Effect | None:
    """Return what is to be done about a transfer in its state, if it is ours to do."""
    match transfer.state:
        case State.FINAL if transfer.batch is not None:
            return Attest(*transfer.formed)
        case State.QUORATE:
            return Submit(*transfer.formed)
        case State.HELD if transfer.reason is not None:
            if reasons.class_of(transfer.reason) is not reasons.HoldClass.QUARANTINE:
                return RetryHeld(transfer.route, transfer.leaf)
        case _:
            pass
    return None
