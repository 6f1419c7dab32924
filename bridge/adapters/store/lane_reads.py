"""What is committed about transactions of ours."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, select

from bridge.adapters.store import schema
from bridge.adapters.store.lane_rows import intent_in, open_intent_in
from bridge.adapters.store.reads import Reads
from bridge.core.lanes import Intent, OpenIntent
from bridge.core.types import ChainId


class LaneReads(Reads):
    """Intents that are not ended, and what was spent."""

    async def open_intents(self, chain: ChainId) -> list[OpenIntent]:
        """Return the intents of a chain that are not ended, oldest first, with the attempts that still count."""
        found = await self._open(chain)
        attempts = schema.attempts
        query = select(attempts).where(attempts.c.abandoned.is_(False)).order_by(attempts.c.id)
        made = defaultdict[int, list[Row[Any]]](list)
        for row in await self._among(query, attempts.c.intent, [row.id for row in found if row.nonce is not None]):
            made[row.intent].append(row)
        return [open_intent_in(row, made[row.id]) for row in found]

    async def intents(self, chain: ChainId) -> list[Intent]:
        """Return what is open on a chain, without the attempts."""
        return [intent_in(row) for row in await self._open(chain)]

    async def costs(self, chain: ChainId, day: int) -> dict[int, int]:
        """Return what the transactions signed on a day may cost at most, in wei, by intent.

        Of replacements, the dearest counts. Days are counted from 1970-01-01 UTC.
        """
        table = schema.attempts
        wanted = (table.c.chain == chain, table.c.day == day, table.c.abandoned.is_(False))
        dearest: dict[int, int] = {}
        for row in await self._all(select(table.c.intent, table.c.cost).where(*wanted)):
            dearest[row.intent] = max(dearest.get(row.intent, 0), int(row.cost))
        return dearest

    async def _open(self, chain: ChainId) -> list[Row[Any]]:
        table = schema.intents
        wanted = (table.c.chain == chain, table.c.ending.is_(None))
        return list(await self._all(select(table).where(*wanted).order_by(table.c.id)))
