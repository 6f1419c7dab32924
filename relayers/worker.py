"""Does what the outbox asks for: signs and posts, delivers, retries. Every result is stored before it is sent."""

from collections.abc import Mapping, Sequence

from bridge.adapters import codec
from bridge.adapters.bundles import Bundle, BundleFolder
from bridge.adapters.store import Store
from bridge.core.batches import Batch, digest_of, encode_struct
from bridge.core.boundaries import Boundary
from bridge.core.errors import Retry
from bridge.core.events import Attest, BatchKey, DeliverySubmitted, Effect, RetryHeld, Submit
from bridge.core.lanes import DeliverBatch, Intent, PostSignatures, RetryTransfer
from bridge.core.ports import AttestationSigner, Call, ChainWriter, Probe, Reverted
from bridge.core.quorum import certificate_of
from bridge.core.records import OwnSignature, PendingEffect
from bridge.core.transfers import step
from bridge.core.types import Address, ChainId, Digest, Route
from relayers.engine import Engine
from relayers.memory import LiveBatch

POSTS_PER_TRANSACTION = 64
GAS_MARGIN_PERCENT = 120
MAX_TRANSACTION_GAS = 1 << 24
"""No transaction may ask for more (EIP-7825)."""
GAS_PER_POSTING = 100_000
GAS_PER_POST = 120_000
"""Upper bounds of what the board needs; gas has no price at home, so they are not measured each time."""


class Worker:
    """Carries out effects whose time has come. Everything here is safe to repeat and to interrupt."""

    def __init__(  # noqa: PLR0913 - the composition root names every part
        self,
        *,
        engine: Engine,
        store: Store,
        signer: AttestationSigner,
        sender: Address,
        writers: Mapping[ChainId, ChainWriter],
        board_address: Address,
        bundles: BundleFolder,
        probe: Probe,
    ) -> None:
        self._engine = engine
        self._store = store
        self._signer = signer
        self._sender = sender
        self._writers = writers
        self._board = board_address
        self._bundles = bundles
        self._probe = probe
        self.refusals: dict[BatchKey, str] = {}
        """Why a delivery cannot be submitted now, for the status page."""

    async def tick(self) -> bool:
        """Do what needs no chain's answer; return whether home's lane may have got something to send."""
        was_due = bool(self._attestable())
        await self.attest()
        await self.keep_bundles()
        return was_due

    async def deliver(self, chain: ChainId) -> bool:
        """Do what is due on one chain, which must answer for it; return whether anything was.

        Raises errors.Retry if it does not: no other chain waits for it.
        """
        due = [
            pending
            for pending in self._due()
            if isinstance(pending.effect, Submit | RetryHeld) and _route_of(pending).destination_chain == chain
        ]
        for pending in due:
            if _route_of(pending) in self._engine.memory.halts:
                continue  # halted while the chain answered for another
            if isinstance(pending.effect, Submit):
                await self._submit_one(pending, pending.effect)
            elif isinstance(pending.effect, RetryHeld):
                await self._retry_one(pending, pending.effect)
        return bool(due)

    async def attest(self) -> None:
        """Sign what is final and post it, many at once."""
        while due := self._attestable()[:POSTS_PER_TRANSACTION]:
            await self._attest_some(due)

    async def repost(self) -> None:
        """Post again what no open transaction carries and no final block shows: a post may have been reverted."""
        if not self._knows_the_board():
            return
        carried = {
            slot
            for intent in await self._store.intents(self._engine.plan.home)
            if isinstance(intent.purpose, PostSignatures) and self._engine.permits(intent)
            for slot in intent.purpose.slots
        }
        unposted = await self._store.unposted_signatures()
        missing = await self._still_true([signature for signature in unposted if signature.slot not in carried])
        if missing:
            async with self._engine.unit() as (unit, _):
                await unit.add_intent(self._posting(missing[:POSTS_PER_TRANSACTION]))

    async def _still_true(self, signatures: Sequence[OwnSignature]) -> list[OwnSignature]:
        """Leave out what was signed of a chain that is gone, and what is of a halted route."""
        formed = await self._store.batches({signature.batch for signature in signatures})
        return [
            signature
            for signature in signatures
            if signature.batch in formed
            and signature.batch.route not in self._engine.memory.halts
            and signature.digest == self._digest(formed[signature.batch].in_epoch(signature.epoch))
        ]

    async def keep_bundles(self) -> None:
        """Write every new quorate batch as a file, so that no delivery depends on us or on home."""
        fresh = self._engine.memory.to_bundle
        while fresh:
            key, (batch, certificate) = next(iter(fresh.items()))
            separator = self._engine.plan.routes[key.route].separator
            self._bundles.write(separator, await self._bundle(key, batch, certificate))
            fresh.pop(key, None)

    def _attestable(self) -> list[PendingEffect]:
        """Return what may be signed now: only after the board was read, which shows what our key has signed before."""
        if not self._knows_the_board():
            return []
        return [pending for pending in self._due() if isinstance(pending.effect, Attest)]

    def _knows_the_board(self) -> bool:
        return self._engine.plan.home in self._engine.memory.caught_up

    def _due(self) -> list[PendingEffect]:
        """Return what is due on routes that are not halted and whose destination we have caught up with."""
        memory = self._engine.memory
        return [
            pending
            for pending in memory.effects.values()
            if (route := _route_of(pending)) not in memory.halts
            and route.destination_chain in memory.caught_up
            and pending.due <= memory.latest.get(route.destination_chain, 0)
        ]

    async def _attest_some(self, due: Sequence[PendingEffect]) -> None:
        signatures = [
            self._sign(live)
            for pending in due
            if isinstance(pending.effect, Attest)
            and (live := self._engine.memory.batches.get(pending.effect.batch)) is not None
            and live.epoch == pending.effect.epoch
            and self._is_member(live)
        ]
        async with self._engine.unit() as (unit, changes):
            halts = self._engine.memory.halts  # one may have come since
            for pending in due:
                if _route_of(pending) not in halts:
                    changes.done(pending.effect)
            kept = [signature for signature in signatures if signature.batch.route not in halts]
            for signature in kept:
                await unit.record_signature(signature)
            if kept:
                await unit.add_intent(self._posting(kept))
            self._probe.reached(Boundary.ATTEST_BEFORE_COMMIT)
        self._probe.reached(Boundary.ATTEST_AFTER_COMMIT)

    def _sign(self, live: LiveBatch) -> OwnSignature:
        """Sign exactly what `step` asked for: the digest is computed here again, from the batch itself."""
        digest = self._digest(live.batch)
        self._probe.reached(Boundary.SIGN_BEFORE)
        signature = self._signer.sign_digest(digest)
        self._probe.reached(Boundary.SIGN_AFTER)
        return OwnSignature(live.slot, digest, signature, live.formed.key, live.epoch, posted=False)

    def _digest(self, batch: Batch) -> Digest:
        return digest_of(self._engine.plan.routes[batch.route].separator, batch)

    def _posting(self, signatures: Sequence[OwnSignature]) -> Intent:
        """Return one transaction that posts signatures, and publishes what they were made over if it is at hand."""
        published = [
            (self._engine.plan.routes[signature.batch.route].separator, encode_struct(live.batch))
            for signature in signatures
            if (live := self._engine.memory.batches.get(signature.batch)) and live.digest == signature.digest
        ]
        data = codec.encode_publish_and_post(
            [separator for separator, _ in published],
            [struct for _, struct in published],
            [codec.Post(signature.slot, signature.digest, signature.signature) for signature in signatures],
        )
        gas = GAS_PER_POSTING + GAS_PER_POST * len(signatures)
        purpose = PostSignatures(tuple(signature.slot for signature in signatures))
        return Intent(0, self._engine.plan.home, purpose, Call(self._board, data), gas)

    async def _submit_one(self, pending: PendingEffect, effect: Submit) -> None:
        live = self._engine.memory.batches.get(effect.batch)
        if live is None or live.epoch != effect.epoch:
            return await self._drop(effect)
        if self._is_included(effect.batch):
            return await self._postpone(pending)
        chain = effect.batch.route.destination_chain
        bundle = await self._assemble(live)
        data = codec.encode_deliver(bundle.batch, bundle.messages, bundle.certificate)
        call = Call(effect.batch.route.destination_gateway, data)
        try:
            gas = await self._writers[chain].simulate(self._sender, call)
        except Reverted as refusal:
            self.refusals[effect.batch] = str(refusal)
            return await self._postpone(pending)
        self.refusals.pop(effect.batch, None)
        purpose = DeliverBatch(effect.batch, effect.epoch)
        return await self._store_delivery(effect, Intent(0, chain, purpose, call, _with_margin(gas)))

    async def _store_delivery(self, effect: Submit, intent: Intent) -> None:
        async with self._engine.unit() as (unit, changes):
            if effect not in self._engine.memory.effects or effect.batch.route in self._engine.memory.halts:
                return  # decided by others, or halted, while we simulated
            changes.done(effect)
            for transfer in self._engine.memory.members_of(effect.batch):
                after, _ = step(transfer, DeliverySubmitted(effect.epoch))
                changes.save(after)
            await unit.add_intent(intent)
            self._probe.reached(Boundary.SUBMIT_BEFORE_COMMIT)
        self._probe.reached(Boundary.SUBMIT_AFTER_COMMIT)

    async def _assemble(self, live: LiveBatch) -> Bundle:
        committee = self._engine.memory.committees[live.formed.key.route.destination_chain]
        certificate = certificate_of(committee, live.tally.get(live.digest, {}))
        if certificate is None:
            raise Retry("the quorum is not in memory")
        return await self._bundle(live.formed.key, live.batch, certificate)

    async def _bundle(self, key: BatchKey, batch: Batch, certificate: bytes) -> Bundle:
        transfers = await self._store.transfers_of(key)
        return Bundle(batch, tuple(transfer.message for transfer in transfers), certificate)

    async def _retry_one(self, pending: PendingEffect, effect: RetryHeld) -> None:
        transfer = self._engine.memory.transfers.get(effect.leaf)
        if transfer is None:
            return
        chain = effect.route.destination_chain
        data = codec.encode_retry(effect.route.source_chain, transfer.message)
        call = Call(effect.route.destination_gateway, data)
        try:
            gas = await self._writers[chain].simulate(self._sender, call)
        except Reverted:
            await self._postpone(pending)
            return
        async with self._engine.unit() as (unit, changes):
            if effect.route in self._engine.memory.halts:
                return
            changes.postpone(pending)
            purpose = RetryTransfer(effect.leaf)
            await unit.add_intent(Intent(0, chain, purpose, call, _with_margin(gas)))

    async def _drop(self, effect: Effect) -> None:
        async with self._engine.unit() as (_, changes):
            changes.done(effect)

    async def _postpone(self, pending: PendingEffect) -> None:
        async with self._engine.unit() as (_, changes):
            changes.postpone(pending)

    def _is_member(self, live: LiveBatch) -> bool:
        committee = self._engine.memory.committees.get(live.formed.key.route.destination_chain)
        return committee is not None and self._signer.address in committee.members

    def _is_included(self, key: BatchKey) -> bool:
        """Tell whether somebody's delivery is in a block that may still become final."""
        final = self._engine.memory.final[key.route.destination_chain].height
        return any(
            transfer.included is not None and transfer.included.height > final
            for transfer in self._engine.memory.members_of(key)
        )


def _with_margin(gas: int) -> int:
    """Return a gas limit that a changed state still fits in."""
    return min(gas * GAS_MARGIN_PERCENT // 100, MAX_TRANSACTION_GAS)


def _route_of(pending: PendingEffect) -> Route:
    effect = pending.effect
    return effect.batch.route if isinstance(effect, Attest | Submit) else effect.route
