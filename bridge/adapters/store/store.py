"""A relayer's store: what is committed. Reads here, writes in `unit`."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson
from sqlalchemy import Row, Select, event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bridge.adapters.migrations import migrate
from bridge.adapters.store import rows, schema
from bridge.adapters.store.routes import RouteIds
from bridge.adapters.store.unit import Unit
from bridge.core.events import AttestationPosted, BatchKey
from bridge.core.hashing import keccak, word
from bridge.core.lanes import Intent, OpenIntent
from bridge.core.records import FormedBatch, HaltRecord, OwnSignature, Parked, PendingEffect
from bridge.core.transfers import State, Transfer
from bridge.core.types import (
    Block,
    ChainId,
    Digest,
    Hash32,
    Height,
    Leaf,
    Nonce,
    Route,
    Slot,
    Timestamp,
)

CHUNK = 500
"""Values per IN clause; SQLite allows some thousands."""
BUSY_SECONDS = 10
_UNSETTLED = frozenset({State.FINAL, State.ATTESTED, State.QUORATE, State.SUBMITTED})
T = TypeVar("T")


class Store:
    """One database. Writers take turns; a unit that fails leaves nothing behind."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()
        self._routes = RouteIds()
        self.rollbacks = 0
        """How many units have failed: what was remembered of them must be forgotten."""

    @classmethod
    async def open(cls, url: str) -> "Store":
        """Open a database and bring its tables up to date. Raises Refuse if a newer version wrote it."""
        await asyncio.to_thread(migrate, url)
        engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine.sync_engine, "connect", _configure)
        store = cls(engine)
        async with engine.connect() as connection:
            await store._routes.load(connection)
        return store

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """Open a unit of work: it commits at its end, or leaves nothing if anything is raised in it."""
        async with self._turn:
            try:
                async with self._engine.begin() as connection:
                    unit = Unit(connection, self._routes)
                    yield unit
                    await unit.flush()
            except BaseException:
                self.rollbacks += 1
                raise

    # --- What is live -----------------------------------------------------------------------------------------------

    async def cursors(self) -> dict[ChainId, Block]:
        """Return the last verified final block per chain."""
        found = await self._all(select(schema.cursors))
        return {ChainId(row.chain): Block(Height(row.height), Hash32(row.hash), Timestamp(row.time)) for row in found}

    async def next_nonces(self) -> dict[Route, Nonce]:
        """Return the nonce that must become final next, per route."""
        table = schema.transfers
        final = table.c.state.not_in([State.SEEN.value, State.ORPHANED.value])
        query = select(table.c.route, func.max(table.c.nonce).label("top")).where(final).group_by(table.c.route)
        return {self._routes.by_id[row.route]: Nonce(row.top + 1) for row in await self._all(query)}

    async def live_transfers(self) -> list[Transfer]:
        """Return every transfer that is not finished, by route and nonce."""
        table = schema.transfers
        query = select(table).where(table.c.live).order_by(table.c.route, table.c.nonce)
        return [rows.transfer_in(row, self._routes.by_id) for row in await self._all(query)]

    async def live_batches(self) -> list[FormedBatch]:
        """Return every batch with a transfer that is not finished."""
        live = (
            select(schema.transfers.c.route, schema.transfers.c.first_nonce)
            .where(schema.transfers.c.live, schema.transfers.c.first_nonce.is_not(None))
            .distinct()
            .subquery()
        )
        table = schema.batches
        together = (table.c.route == live.c.route) & (table.c.first_nonce == live.c.first_nonce)
        query = select(table).join(live, together).order_by(table.c.route, table.c.first_nonce)
        return [rows.batch_in(row, self._routes.by_id) for row in await self._all(query)]

    async def effects(self) -> list[PendingEffect]:
        """Return the outbox."""
        return [rows.effect_in(row, self._routes.by_id) for row in await self._all(select(schema.effects))]

    async def parked(self) -> list[Parked]:
        """Return parked outcomes, in the order they happened."""
        query = select(schema.parked).order_by(schema.parked.c.place)
        return [rows.parked_in(row, self._routes.by_id) for row in await self._all(query)]

    async def halts(self) -> list[HaltRecord]:
        """Return the halts that nobody has ended."""
        query = select(schema.halts).where(schema.halts.c.resumed_at.is_(None)).order_by(schema.halts.c.id)
        return [
            HaltRecord(self._routes.by_id[row.route], row.why, orjson.loads(row.evidence), Timestamp(row.at))
            for row in await self._all(query)
        ]

    # --- What is asked for ------------------------------------------------------------------------------------------

    async def transfers(self, leaves: Collection[Leaf]) -> dict[Leaf, Transfer]:
        """Return those of these transfers that are known."""
        table = schema.transfers
        found = await self._among(select(table), table.c.leaf, leaves)
        return {row.leaf: rows.transfer_in(row, self._routes.by_id) for row in found}

    async def transfers_of(self, batch: BatchKey) -> list[Transfer]:
        """Return the transfers of a batch, by nonce."""
        table = schema.transfers
        route = self._routes.known(batch.route)
        wanted = (table.c.route == route, table.c.first_nonce == batch.first_nonce)
        query = select(table).where(*wanted).order_by(table.c.nonce)
        return [rows.transfer_in(row, self._routes.by_id) for row in await self._all(query)]

    async def newest_transfers(self, limit: int) -> list[Transfer]:
        """Return the newest transfers, newest first."""
        query = select(schema.transfers).order_by(schema.transfers.c.id.desc()).limit(limit)
        return [rows.transfer_in(row, self._routes.by_id) for row in await self._all(query)]

    async def attestations(self, slots: Collection[Slot]) -> list[AttestationPosted]:
        """Return the board's signatures for these slots."""
        table = schema.attestations
        return [rows.attestation_in(row) for row in await self._among(select(table), table.c.slot, slots)]

    async def signature(self, slot: Slot) -> OwnSignature | None:
        """Return what we signed for a slot."""
        found = await self._among(select(schema.signatures), schema.signatures.c.slot, [slot])
        return rows.signature_in(found[0], self._routes.by_id) if found else None

    async def unposted_signatures(self, limit: int) -> list[OwnSignature]:
        """Return signatures of ours that no final block shows on the board."""
        table = schema.signatures
        query = select(table).where(table.c.posted.is_(False)).limit(limit)
        return [rows.signature_in(row, self._routes.by_id) for row in await self._all(query)]

    async def digests_of(self, batch: BatchKey) -> list[Digest]:
        """Return the digests that we signed for a batch, newest epoch first."""
        table = schema.signatures
        route = self._routes.known(batch.route)
        wanted = (table.c.route == route, table.c.first_nonce == batch.first_nonce)
        query = select(table.c.digest).where(*wanted).order_by(table.c.epoch.desc())
        return [Digest(Hash32(row.digest)) for row in await self._all(query)]

    async def open_intents(self, chain: ChainId) -> list[OpenIntent]:
        """Return the intents of a chain that are not ended, oldest first, with their attempts."""
        table = schema.intents
        wanted = (table.c.chain == chain, table.c.ending.is_(None))
        found = await self._all(select(table).where(*wanted).order_by(table.c.id))
        attempts = schema.attempts
        made = defaultdict(list)
        query = select(attempts).order_by(attempts.c.id)
        for row in await self._among(query, attempts.c.intent, [row.id for row in found]):
            made[row.intent].append(row)
        return [rows.intent_in(row, made[row.id]) for row in found]

    async def intents(self, chain: ChainId) -> list[Intent]:
        """Return what is open on a chain, without the attempts."""
        return [opened.intent for opened in await self.open_intents(chain)]

    async def spent(self, chain: ChainId, day: int) -> int:
        """Return what the transactions signed on a day may cost at most, in wei; of replacements the dearest counts."""
        table = schema.attempts
        query = select(table.c.nonce, table.c.cost).where(table.c.chain == chain, table.c.day == day)
        dearest: dict[int, int] = {}
        for row in await self._all(query):
            dearest[row.nonce] = max(dearest.get(row.nonce, 0), int(row.cost))
        return sum(dearest.values())

    async def counts(self) -> dict[tuple[Route, State], int]:
        """Return how many transfers are in each state, per route."""
        table = schema.transfers
        query = select(table.c.route, table.c.state, func.count().label("n")).group_by(table.c.route, table.c.state)
        return {(self._routes.by_id[row.route], State(row.state)): row.n for row in await self._all(query)}

    async def state_digest(self) -> Hash32:
        """Return a hash of what the chains have decided, equal for every relayer that has read as far.

        Over every final transfer by route and nonce: leaf, source block, batch, outcome, destination block, reason.
        How far our own signing and submission is does not enter.
        """
        table = schema.transfers
        final = table.c.state.not_in([State.SEEN.value, State.ORPHANED.value])
        found = [rows.transfer_in(row, self._routes.by_id) for row in await self._all(select(table).where(final))]
        found.sort(key=lambda transfer: (transfer.route, transfer.message.nonce))
        return keccak(b"".join(map(_decided, found)))

    async def _all(self, query: Select[Any]) -> list[Row[Any]]:
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).all())

    async def _among(self, query: Select[Any], column: Any, values: Iterable[T]) -> list[Row[Any]]:  # noqa: ANN401 - a column of any type
        wanted, found = list(values), []
        for start in range(0, len(wanted), CHUNK):
            found += await self._all(query.where(column.in_(wanted[start : start + CHUNK])))
        return found


def _decided(transfer: Transfer) -> bytes:
    state = "OPEN" if transfer.state in _UNSETTLED else transfer.state.value
    return b"".join(
        (
            transfer.leaf,
            word(transfer.source.height),
            transfer.source.block_hash,
            word(transfer.batch.first_nonce + 1 if transfer.batch else 0),
            state.encode(),
            transfer.destination.block_hash if transfer.destination else b"",
            word(transfer.reason or 0),
        )
    )


def _configure(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's connection
    """Make a commit durable before it is answered, and let readers read while somebody writes."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
