"""A relayer's store: what is committed. Reads here, writes in `unit`."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TextIO

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.adapters.migrations import migrate
from bridge.adapters.store import database, rows, schema
from bridge.adapters.store.history import History
from bridge.adapters.store.lane_reads import LaneReads
from bridge.adapters.store.unit import Unit
from bridge.adapters.store.wholeness import losses
from bridge.core.agreement import state_digest
from bridge.core.errors import Refuse
from bridge.core.events import AttestationPosted, BatchKey
from bridge.core.records import FormedBatch, HaltRecord, OwnSignature, Parked, PendingEffect
from bridge.core.transfers import TERMINAL, State, Transfer
from bridge.core.types import Block, ChainId, Digest, Hash32, Leaf, Nonce, Route, Slot

LISTED = 200


class Store(LaneReads, History):
    """One database, for one process. Writers take turns; a unit that fails leaves nothing behind."""

    def __init__(self, engine: AsyncEngine, claim: TextIO | None) -> None:
        super().__init__(engine)
        self._claim = claim
        self._turn = asyncio.Lock()
        self.rollbacks = 0
        """How many units have failed: what was remembered of them must be forgotten."""
        self.losses: list[str] = []
        """What was missing when it was opened, if it was opened all the same."""

    @classmethod
    async def open(cls, url: str, busy_seconds: float = database.BUSY_SECONDS, *, damaged: bool = False) -> "Store":
        """Open a database and bring its tables up to date.

        Raises Refuse if another process has it open, if a newer version wrote it, if it is none of a relayer, or if it
        has lost rows; that is not asked where `damaged` says that somebody only wants to look.
        """
        claim = database.claim(url)
        async with AsyncExitStack() as undo:
            if claim is not None:
                undo.callback(claim.close)
            await asyncio.to_thread(migrate, url)
            store = cls(database.create(url, busy_seconds), claim)
            undo.push_async_callback(store._engine.dispose)
            with database.faults():
                async with store._engine.connect() as connection:
                    store.losses = await losses(connection)
                    if store.losses and not damaged:
                        raise Refuse(_lost(str(database.file_of(url)), store.losses))
                    await store._routes.load(connection)
            undo.pop_all()
        return store

    async def close(self) -> None:
        """Close the connections, and let other processes have the database."""
        await self._engine.dispose()
        if self._claim is not None:
            self._claim.close()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """Open a unit of work: it commits at its end, or leaves nothing if anything is raised in it.

        Raises Retry if the disk or another process keeps it from being written.
        """
        async with self._turn:
            committed = False
            try:
                with database.faults():
                    async with self._engine.connect() as connection:
                        await connection.execution_options(**database.WRITES)
                        async with connection.begin():
                            unit = Unit(connection, self._routes)
                            yield unit
                            await unit.flush()
                committed = True
            finally:
                self.rollbacks += not committed
                self._routes.settle(committed=committed)

    # --- What is live -----------------------------------------------------------------------------------------------

    async def cursors(self) -> dict[ChainId, Block]:
        """Return the last verified final block per chain."""
        return {ChainId(row.chain): rows.cursor_in(row) for row in await self._all(select(schema.cursors))}

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
        query = select(schema.parked).order_by(schema.parked.c.height, schema.parked.c.place)
        return [rows.parked_in(row, self._routes.by_id) for row in await self._all(query)]

    async def halts(self) -> list[HaltRecord]:
        """Return the halts that nobody has ended, oldest first."""
        query = select(schema.halts).where(schema.halts.c.resumed_at.is_(None)).order_by(schema.halts.c.id)
        return [rows.halt_in(row, self._routes.by_id) for row in await self._all(query)]

    # --- What is asked for ------------------------------------------------------------------------------------------

    async def transfers(self, leaves: Collection[Leaf]) -> dict[Leaf, Transfer]:
        """Return those of these transfers that are known."""
        table = schema.transfers
        found = await self._among(select(table), table.c.leaf, leaves)
        return {row.leaf: rows.transfer_in(row, self._routes.by_id) for row in found}

    async def transfers_of(self, batch: BatchKey) -> list[Transfer]:
        """Return the transfers of a batch, by nonce."""
        table, batches = schema.transfers, schema.batches
        first, route = batch.first_nonce, self._routes.known(batch.route)
        size = select(batches.c.size).where(batches.c.route == route, batches.c.first_nonce == first).scalar_subquery()
        within = (table.c.nonce >= first, table.c.nonce < first + size)
        wanted = (table.c.route == route, *within, table.c.first_nonce == first)
        query = select(table).where(*wanted).order_by(table.c.nonce)
        return [rows.transfer_in(row, self._routes.by_id) for row in await self._all(query)]

    async def transfer_at(self, route: Route, nonce: Nonce) -> Transfer | None:
        """Return the transfer with a nonce, the one that was not orphaned."""
        table = schema.transfers
        wanted = (table.c.route == self._routes.known(route), table.c.nonce == nonce)
        query = select(table).where(*wanted, table.c.state != State.ORPHANED.value)
        found = await self._all(query)
        return rows.transfer_in(found[0], self._routes.by_id) if found else None

    async def list_transfers(
        self, route: Route | None = None, state: State | None = None, limit: int = LISTED
    ) -> list[Transfer]:
        """Return the newest transfers of a route or of all, in one state or in any, newest first."""
        table = schema.transfers
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        if route is not None:
            query = query.where(table.c.route == self._routes.known(route))
        if state is not None:
            query = query.where(table.c.state == state.value)
        if state is not None and state not in TERMINAL:
            query = query.where(table.c.live)  # there are few, and they have an index of their own
        return [rows.transfer_in(row, self._routes.by_id) for row in await self._all(query)]

    async def newest_transfers(self, limit: int) -> list[Transfer]:
        """Return the newest transfers, newest first."""
        return await self.list_transfers(limit=limit)

    async def batch(self, key: BatchKey) -> FormedBatch | None:
        """Return a batch, if it is formed."""
        return (await self.batches([key])).get(key)

    async def batches(self, keys: Collection[BatchKey]) -> dict[BatchKey, FormedBatch]:
        """Return those of these batches that are formed."""
        table = schema.batches
        wanted: dict[Route, list[int]] = {}
        for key in keys:
            wanted.setdefault(key.route, []).append(key.first_nonce)
        found = []
        for route, nonces in wanted.items():
            query = select(table).where(table.c.route == self._routes.known(route))
            found += await self._among(query, table.c.first_nonce, nonces)
        formed = [rows.batch_in(row, self._routes.by_id) for row in found]
        return {batch.key: batch for batch in formed}

    async def attestations(self, slots: Collection[Slot]) -> list[AttestationPosted]:
        """Return the board's signatures for these slots."""
        table = schema.attestations
        return [rows.attestation_in(row) for row in await self._among(select(table), table.c.slot, slots)]

    async def signature(self, slot: Slot) -> OwnSignature | None:
        """Return what we signed for a slot."""
        found = await self._all(select(schema.signatures).where(schema.signatures.c.slot == slot))
        return rows.signature_in(found[0], self._routes.by_id) if found else None

    async def signed(self, slots: Collection[Slot]) -> dict[Slot, Digest]:
        """Return what we have signed for those of these slots that we have signed something for."""
        table = schema.signatures
        found = await self._among(select(table.c.slot, table.c.digest), table.c.slot, slots)
        return {Slot(Hash32(row.slot)): Digest(Hash32(row.digest)) for row in found}

    async def unposted_signatures(self) -> list[OwnSignature]:
        """Return signatures of ours that no final block shows on the board."""
        table = schema.signatures
        query = select(table).where(~table.c.posted)
        return [rows.signature_in(row, self._routes.by_id) for row in await self._all(query)]

    async def digests_of(self, batch: BatchKey) -> list[Digest]:
        """Return the digests that we signed for a batch, newest epoch first."""
        table = schema.signatures
        wanted = (table.c.route == self._routes.known(batch.route), table.c.first_nonce == batch.first_nonce)
        query = select(table.c.digest).where(*wanted).order_by(table.c.epoch.desc())
        return [Digest(Hash32(row.digest)) for row in await self._all(query)]

    # --- What it adds up to -----------------------------------------------------------------------------------------

    async def counts(self) -> dict[tuple[Route, State], int]:
        """Return how many transfers are in each state, per route."""
        counts: dict[tuple[Route, State], int] = {}
        for chunk in await self._chunks():
            for state, count in chunk.states.items():
                counts[chunk.route, state] = counts.get((chunk.route, state), 0) + count
        table = schema.transfers
        not_final = (table.c.live, table.c.state.in_([State.SEEN.value, State.ORPHANED.value]))
        query = select(table.c.route, table.c.state, func.count().label("n")).where(*not_final)
        for row in await self._all(query.group_by(table.c.route, table.c.state)):
            counts[self._routes.by_id[row.route], State(row.state)] = row.n
        return counts

    async def state_digest(self) -> Hash32:
        """Return a hash of what the chains have decided, equal for every relayer that has read as far.

        How far our own signing and submission is does not enter; see `core.agreement`.
        """
        return state_digest((chunk.route, chunk.number, chunk.hash) for chunk in await self._chunks())


def _lost(name: str, losses: list[str]) -> str:
    advice = "remove it with its -wal and -shm files and start again, all of it is read from the chains"
    return f"the database {name} has lost rows, it holds {'; '.join(losses)}: {advice}"
