"""A unit of work: everything that one commit writes. Nothing of it exists before the commit."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.adapters.store import rows, schema
from bridge.adapters.store.routes import RouteIds
from bridge.core.errors import Halt
from bridge.core.events import AttestationPosted, ChainFact, Effect
from bridge.core.lanes import Attempt, Ending, Intent
from bridge.core.records import FormedBatch, HaltRecord, OwnSignature, Parked, PendingEffect
from bridge.core.transfers import Transfer
from bridge.core.types import Block, ChainId, Height, Leaf, Route, Slot, Timestamp, TxHash

SECONDS_PER_DAY = 86_400


class Unit:
    """Collects writes in their order; `flush` carries them out. What must answer at once is awaited."""

    def __init__(self, connection: AsyncConnection, routes: RouteIds) -> None:
        self._connection = connection
        self._routes = routes
        self._writes: list[Callable[[], Awaitable[None]]] = []

    async def flush(self) -> None:
        """Carry out everything collected."""
        for write in self._writes:
            await write()
        self._writes.clear()

    # --- Facts and transfers ----------------------------------------------------------------------------------------

    def set_cursor(self, chain: ChainId, block: Block) -> None:
        """Note the last verified final block of a chain."""
        values = {"chain": chain, "height": block.height, "hash": block.hash, "time": block.time}
        statement = upsert(schema.cursors)
        updated = {name: statement.excluded[name] for name in ("height", "hash", "time")}
        self._later(statement.on_conflict_do_update(index_elements=["chain"], set_=updated), [values])

    def forget_cursors(self, chains: Collection[ChainId]) -> None:
        """Have chains read again from their start."""
        self._later(delete(schema.cursors).where(schema.cursors.c.chain.in_(list(chains))))

    def journal(self, chain: ChainId, block: Block, facts: Sequence[ChainFact]) -> None:
        """Append what a chain said up to a block; a block without facts leaves no entry."""
        if facts:
            values = {"chain": chain, "height": block.height, "hash": block.hash, "facts": rows.encode_facts(facts)}
            self._later(insert(schema.journal), [values])

    def save_transfers(self, transfers: Iterable[Transfer]) -> None:
        """Insert transfers, or replace what is known of them."""
        saved = list(transfers)
        statement = upsert(schema.transfers)
        changing = ("state", "live", "source", "first_nonce", "epoch")
        changing += ("included", "destination", "reason", "return_leaf")  # type: ignore[assignment]
        updated = {name: statement.excluded[name] for name in changing}
        statement = statement.on_conflict_do_update(index_elements=["leaf"], set_=updated)

        async def write() -> None:
            values = [rows.transfer_values(t, await self._routes.of(self._connection, t.route)) for t in saved]
            await self._connection.execute(statement, values)

        if saved:
            self._writes.append(write)

    def save_batches(self, batches: Iterable[FormedBatch]) -> None:
        """Insert batches; one that is known is left as it is: boundaries never change."""
        saved = list(batches)
        statement = upsert(schema.batches).on_conflict_do_nothing()

        async def write() -> None:
            ids = [await self._routes.of(self._connection, formed.key.route) for formed in saved]
            values = [rows.batch_values(formed, route) for formed, route in zip(saved, ids, strict=True)]
            await self._connection.execute(statement, values)

        if saved:
            self._writes.append(write)

    def add_attestations(self, posts: Iterable[AttestationPosted]) -> None:
        """Keep signatures of the board; one that is known is left as it is."""
        values = [rows.attestation_values(post) for post in posts]
        if values:
            self._later(upsert(schema.attestations).on_conflict_do_nothing(), values)

    # --- Our signatures ---------------------------------------------------------------------------------------------

    async def record_signature(self, signature: OwnSignature) -> None:
        """Keep what we signed, before anyone sees it. Raises Halt if we signed another digest for the slot."""
        known = await self._connection.scalar(
            select(schema.signatures.c.digest).where(schema.signatures.c.slot == signature.slot)
        )
        if known is not None and known != signature.digest:
            evidence: dict[str, object] = {
                "route": signature.batch.route.name,
                "slot": "0x" + signature.slot.hex(),
                "signed": "0x" + known.hex(),
                "asked": "0x" + signature.digest.hex(),
            }
            raise Halt(f"asked to sign a second digest for message {signature.batch.first_nonce}", evidence)
        if known is None:
            values = {
                "slot": signature.slot,
                "digest": signature.digest,
                "signature": signature.signature,
                "route": await self._routes.of(self._connection, signature.batch.route),
                "first_nonce": signature.batch.first_nonce,
                "epoch": signature.epoch,
                "posted": signature.posted,
            }
            await self._connection.execute(insert(schema.signatures), values)

    def mark_posted(self, slots: Collection[Slot]) -> None:
        """Note that our signatures for these slots stand on the board."""
        if slots:
            table = schema.signatures
            self._later(update(table).where(table.c.slot.in_(list(slots))).values(posted=True))

    # --- Outbox, parked outcomes, halts -----------------------------------------------------------------------------

    def add_effects(self, effects: Iterable[PendingEffect]) -> None:
        """Demand effects, or change when they are due."""
        for pending in effects:
            self._writes.append(self._effect_writer(pending))

    def remove_effects(self, effects: Iterable[Effect]) -> None:
        """Strike effects."""
        for effect in effects:
            self._writes.append(self._effect_striker(effect))

    def park(self, parked: Iterable[Parked]) -> None:
        """Keep outcomes until their messages are final here."""
        kept = list(parked)

        async def write() -> None:
            values = [rows.parked_values(p, await self._routes.of(self._connection, p.route)) for p in kept]
            await self._connection.execute(upsert(schema.parked).on_conflict_do_nothing(), values)

        if kept:
            self._writes.append(write)

    def unpark(self, leaves: Collection[Leaf]) -> None:
        """Forget outcomes that were applied."""
        if leaves:
            self._later(delete(schema.parked).where(schema.parked.c.leaf.in_(list(leaves))))

    def halt(self, record: HaltRecord) -> None:
        """Halt a route."""

        async def write() -> None:
            values = {
                "route": await self._routes.of(self._connection, record.route),
                "why": record.why,
                "evidence": orjson.dumps(dict(record.evidence)),
                "at": record.at,
            }
            await self._connection.execute(insert(schema.halts), values)

        self._writes.append(write)

    def resume(self, route: Route, reason: str, at: Timestamp) -> None:
        """End a halt; it is kept with the reason."""

        async def write() -> None:
            table = schema.halts
            wanted = (table.c.route == await self._routes.of(self._connection, route), table.c.resumed_at.is_(None))
            await self._connection.execute(update(table).where(*wanted).values(resumed_at=at, resumed_because=reason))

        self._writes.append(write)

    # --- Transactions -----------------------------------------------------------------------------------------------

    async def add_intent(self, intent: Intent) -> Intent:
        """Store a transaction to send; return it with its id."""
        values = {
            "chain": intent.chain,
            "purpose": rows.encode_purpose(intent.purpose),
            "call_to": intent.call.to,
            "call_data": intent.call.data,
            "gas": intent.gas,
        }
        result = await self._connection.execute(insert(schema.intents), values)
        (number,) = result.inserted_primary_key or (0,)
        return Intent(number, intent.chain, intent.purpose, intent.call, intent.gas)

    def hold_nonce(self, intent: Intent, nonce: int | None) -> None:
        """Give an intent an account nonce, or take it away because somebody else used it."""
        table = schema.intents
        self._later(update(table).where(table.c.id == intent.id).values(nonce=nonce))
        if nonce is None:
            self._later(delete(schema.attempts).where(schema.attempts.c.intent == intent.id))

    def add_attempt(self, intent: Intent, nonce: int, attempt: Attempt, at: Timestamp) -> None:
        """Store a signed transaction before it goes out."""
        values = {
            "intent": intent.id,
            "chain": intent.chain,
            "nonce": nonce,
            "hash": attempt.transaction.hash,
            "raw": attempt.transaction.raw,
            "max_fee": str(attempt.fees.max_fee),
            "priority_fee": str(attempt.fees.priority_fee),
            "cost": str(attempt.fees.max_fee * intent.gas),
            "day": at // SECONDS_PER_DAY,
        }
        self._later(insert(schema.attempts), [values])

    def note_sent(self, hashes: Collection[TxHash], head: Height) -> None:
        """Note at which head transactions went out."""
        if hashes:
            table = schema.attempts
            self._later(update(table).where(table.c.hash.in_(list(hashes))).values(sent_at=head))

    def end_intent(self, intent: Intent, ending: Ending, reason: str) -> None:
        """End an intent for good."""
        table = schema.intents
        self._later(update(table).where(table.c.id == intent.id).values(ending=ending.value, reason=reason))

    def _later(self, statement: object, values: list[rows.Values] | None = None) -> None:
        async def write() -> None:
            await self._connection.execute(statement, values)  # type: ignore[call-overload]

        self._writes.append(write)

    def _effect_writer(self, pending: PendingEffect) -> Callable[[], Awaitable[None]]:
        async def write() -> None:
            identity = await self._identity(pending.effect)
            statement = upsert(schema.effects)
            updated = {name: statement.excluded[name] for name in ("due", "attempts")}
            statement = statement.on_conflict_do_update(index_elements=list(identity), set_=updated)
            await self._connection.execute(statement, {**identity, "due": pending.due, "attempts": pending.attempts})

        return write

    def _effect_striker(self, effect: Effect) -> Callable[[], Awaitable[None]]:
        async def write() -> None:
            identity = await self._identity(effect)
            table = schema.effects
            await self._connection.execute(
                delete(table).where(*(table.c[name] == value for name, value in identity.items()))
            )

        return write

    async def _identity(self, effect: Effect) -> rows.Values:
        route = effect.batch.route if hasattr(effect, "batch") else effect.route
        return rows.effect_identity(effect, await self._routes.of(self._connection, route))
