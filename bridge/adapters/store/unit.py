"""A unit of work: everything that one commit writes. Nothing of it exists before the commit."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlalchemy import Insert, Table, bindparam, delete, func, insert, select, update

from bridge.adapters.store import rows, schema
from bridge.adapters.store.database import upsert
from bridge.adapters.store.entries import encode_entry
from bridge.adapters.store.lane_writes import LaneWrites
from bridge.adapters.store.rows import Values
from bridge.core.errors import Halt
from bridge.core.events import AttestationPosted, ChainFact, Effect, ProgressFact
from bridge.core.records import FormedBatch, HaltRecord, OwnSignature, Parked, PendingEffect
from bridge.core.transfers import Transfer
from bridge.core.types import Block, ChainId, Height, Leaf, Route, Slot, Timestamp


def _replace(table: Table, key: tuple[str, ...], changing: tuple[str, ...]) -> Insert:
    statement = upsert(table)
    updated = {name: statement.excluded[name] for name in changing}
    return statement.on_conflict_do_update(index_elements=list(key), set_=updated)


_EFFECT_KEY: Final = ("kind", "route", "first_nonce", "epoch", "leaf")
_IS_EFFECT: Final = tuple(schema.effects.c[name] == bindparam(f"key_{name}") for name in _EFFECT_KEY)

_SET_CURSOR: Final = _replace(schema.cursors, ("chain",), ("height", "hash", "time"))
_SAVE_TRANSFERS: Final = _replace(
    schema.transfers,
    ("leaf",),
    (
        "state",
        "live",
        "source_height",
        "source",
        "first_nonce",
        "epoch",
        "included_height",
        "included",
        "destination_height",
        "destination",
        "reason",
        "return_leaf",
    ),
)
_SAVE_BATCHES: Final = upsert(schema.batches).on_conflict_do_nothing()
_ADD_ATTESTATIONS: Final = upsert(schema.attestations).on_conflict_do_nothing()
_KEEP_SIGNATURES: Final = upsert(schema.signatures).on_conflict_do_nothing()
_ADD_EFFECTS: Final = _replace(schema.effects, _EFFECT_KEY, ("due", "attempts"))
_REMOVE_EFFECTS: Final = delete(schema.effects).where(*_IS_EFFECT)
_POSTPONE: Final = (
    update(schema.effects).where(*_IS_EFFECT).values(due=bindparam("new_due"), attempts=bindparam("new_attempts"))
)
_PARK: Final = upsert(schema.parked).on_conflict_do_nothing()
_UNPARK: Final = delete(schema.parked).where(schema.parked.c.leaf == bindparam("key_leaf"))
_COUNT_UNPARKED: Final = (
    update(schema.tallies)
    .where(schema.tallies.c.name == schema.parked.name)
    .values(
        kept=schema.tallies.c.kept
        - select(func.count()).where(schema.parked.c.leaf == bindparam("key_leaf")).scalar_subquery()
    )
)
_MARK_POSTED: Final = (
    update(schema.signatures).where(schema.signatures.c.slot == bindparam("key_slot")).values(posted=True)
)
_RESUME: Final = (
    update(schema.halts)
    .where(schema.halts.c.route == bindparam("key_route"), schema.halts.c.resumed_at.is_(None))
    .values(resumed_at=bindparam("at_time"), resumed_because=bindparam("because"))
)


class Unit(LaneWrites):
    """Collects writes; they are carried out in their order before the commit. What must answer at once is awaited."""

    # --- Facts and transfers ----------------------------------------------------------------------------------------

    def set_cursor(self, chain: ChainId, block: Block) -> None:
        """Note the last verified final block of a chain."""
        self._later(_SET_CURSOR, [rows.cursor_values(chain, block)])

    def forget_cursors(self, chains: Collection[ChainId]) -> None:
        """Have chains read again from their start."""
        self._later(delete(schema.cursors).where(schema.cursors.c.chain.in_(list(chains))))

    def forget_chains(self) -> None:
        """Forget all that the chains say again when they are read from their start, and what it had us want to send.

        Kept is what no chain says: our signatures, halts, and the transactions that hold an account nonce. Whether
        signatures stand on the board is seen anew.
        """
        for table in schema.READ_FROM_CHAINS:
            self._later(delete(table))
        emptied = [table.name for table in schema.READ_FROM_CHAINS]
        self._later(update(schema.tallies).where(schema.tallies.c.name.in_(emptied)).values(kept=0))
        self._later(update(schema.signatures).values(posted=False))
        self.withdraw_unsent("what demanded it is read again")

    def journal(self, chain: ChainId, block: Block, facts: Sequence[ChainFact | ProgressFact]) -> None:
        """Append what a chain said up to a block; a block without facts leaves no entry."""
        if facts:
            values = {"chain": chain, "height": block.height, "hash": block.hash, "facts": encode_entry(facts)}
            self._later(insert(schema.journal), [values])

    def save_transfers(self, transfers: Iterable[Transfer]) -> None:
        """Insert transfers, or replace what is known of them."""
        self._later_by_route(_SAVE_TRANSFERS, transfers, lambda transfer: transfer.route, rows.transfer_values)

    def save_batches(self, batches: Iterable[FormedBatch]) -> None:
        """Insert batches; one that is known is left as it is: boundaries never change."""
        self._later_by_route(_SAVE_BATCHES, batches, lambda formed: formed.key.route, rows.batch_values)

    def add_attestations(self, posts: Iterable[AttestationPosted]) -> None:
        """Keep signatures of the board; one that is known is left as it is."""
        self._later(_ADD_ATTESTATIONS, [rows.attestation_values(post) for post in posts])

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
            route = await self._routes.of(self._connection, signature.batch.route)
            await self._connection.execute(insert(schema.signatures), rows.signature_values(signature, route))

    def keep_signatures(self, signatures: Iterable[OwnSignature]) -> None:
        """Keep signatures of ours that are found on the board; one that is known for the slot is left as it is."""
        self._later_by_route(_KEEP_SIGNATURES, signatures, lambda one: one.batch.route, rows.signature_values)

    def mark_posted(self, slots: Collection[Slot]) -> None:
        """Note that our signatures for these slots stand on the board."""
        self._later(_MARK_POSTED, [{"key_slot": slot} for slot in slots])

    # --- Outbox, parked outcomes, halts -----------------------------------------------------------------------------

    def add_effects(self, effects: Iterable[PendingEffect]) -> None:
        """Demand effects, or change when they are due."""
        self._later_by_route(_ADD_EFFECTS, effects, _pending_route, _pending_values)

    def remove_effects(self, effects: Iterable[Effect]) -> None:
        """Strike effects; one that is not there is no error."""
        self._later_by_route(_REMOVE_EFFECTS, effects, rows.effect_route, _key_values)

    def postpone(self, effect: Effect, due: Height, attempts: int) -> None:
        """Change when a demanded effect is due, and how often it was tried."""
        changed = {"new_due": due, "new_attempts": attempts}
        self._later_by_route(
            _POSTPONE, [effect], rows.effect_route, lambda effect, route: _key_values(effect, route) | changed
        )

    def park(self, parked: Iterable[Parked]) -> None:
        """Keep outcomes until their messages are final here."""
        self._later_by_route(_PARK, parked, lambda parked: parked.route, rows.parked_values)

    def unpark(self, leaves: Collection[Leaf]) -> None:
        """Forget outcomes that were applied."""
        keys = [{"key_leaf": leaf} for leaf in leaves]
        self._later(_COUNT_UNPARKED, keys)
        self._later(_UNPARK, keys)

    def halt(self, record: HaltRecord) -> None:
        """Halt a route."""
        self._later_by_route(insert(schema.halts), [record], lambda record: record.route, rows.halt_values)

    def resume(self, route: Route, reason: str, at: Timestamp) -> None:
        """End the halts of a route; they are kept, with the reason."""
        why = {"at_time": at, "because": reason}
        self._later_by_route(_RESUME, [route], lambda route: route, lambda _, number: {"key_route": number, **why})


def _pending_route(pending: PendingEffect) -> Route:
    return rows.effect_route(pending.effect)


def _pending_values(pending: PendingEffect, route: int) -> Values:
    return {**rows.effect_key(pending.effect, route), "due": pending.due, "attempts": pending.attempts}


def _key_values(effect: Effect, route: int) -> Values:
    return {f"key_{name}": value for name, value in rows.effect_key(effect, route).items()}
