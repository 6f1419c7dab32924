"""Rebuilds what a relayer knows from the chains alone, and holds its database to it.

Everything is read again by the readers of the daemon: seals from the operator's own block on, providers that must
agree, receipts. It goes into a database of its own, which is thrown away; of the relayer's, one moment is copied. Read
`verified` first.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.adapters.store import Store
from bridge.adapters.store.comparison import differences, highest_rows
from bridge.adapters.store.database import snapshot
from bridge.core.errors import Refuse, Retry
from bridge.core.ports import ChainReader, Clock
from bridge.core.types import Block, ChainId, Hash32, Height
from relayers.engine import Engine, Observation
from relayers.observer import Observer
from relayers.plan import Plan
from relayers.probes import Silent
from relayers.stretch import Stretch

NAMED: Final = 10
"""Differing rows that are named."""
PATIENCE: Final = 60
"""Waits after each of which no chain has said anything new, before the reading is given up."""
PROGRESS_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the chains say, up to which blocks."""

    digest: Hash32
    blocks: Mapping[ChainId, Block]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chains say, and what a database says of the same blocks."""

    rebuilt: Rebuilt
    digest: Hash32 | None
    """None if what it holds cannot be read."""
    differences: tuple[str, ...]
    """The first of them, a sentence each; none if the database is what the chains make of it."""


@dataclass(frozen=True, slots=True)
class Chains:
    """What is read, and where scratch files may lie."""

    plan: Plan
    readers: Mapping[ChainId, ChainReader]
    clock: Clock
    folder: Path
    say: Callable[[str], None]
    wait: Callable[[], Awaitable[None]]
    """Lets time pass where the chains have nothing new."""


async def verified(chains: Chains, database: Path) -> Verdict:
    """Read the chains up to where a database has read them, and compare both. A daemon may go on working with it.

    Raises Refuse if the database has read nothing, or reads a chain again just now.
    """
    copy = chains.folder / "copy.sqlite"
    await asyncio.to_thread(snapshot, database, copy)
    async with _opened(chains, copy.stem) as store:
        until, found = await store.cursors(), list(store.losses)
    _require_steady(chains.plan, until, await asyncio.to_thread(highest_rows, copy, chains.plan.home))
    rebuilt = await replayed(chains, until)
    digest = None
    try:
        if not found:
            await _settle(chains, copy, until)
        async with _opened(chains, copy.stem) as store:
            digest = await store.state_digest()
    except (LookupError, ValueError) as fault:
        found.append(f"the database holds what no relayer can read: {fault}")
    found += [
        f"block {block.height} of {chains.plan.chains[chain].name}: the database has read {_hexed(block.hash)}, "
        f"the chain has {_hexed(rebuilt.blocks[chain].hash)}"
        for chain, block in until.items()
        if rebuilt.blocks[chain].hash != block.hash
    ]
    found += await asyncio.to_thread(differences, copy, _scratch(chains), NAMED)
    return Verdict(rebuilt, digest, tuple(found))


async def replayed(chains: Chains, until: Mapping[ChainId, Block] | None = None) -> Rebuilt:
    """Read the chains from the start into a database of its own, up to these blocks or to what is final now.

    A chain of which no block is named is not read. Raises Retry if the chains say nothing for long.
    """
    read = chains.plan.chains if until is None else until
    async with _opened(chains, _scratch(chains).stem) as store:
        engine = Engine(chains.plan, store, chains.clock, Silent())
        await engine.refresh()
        observers = {
            chain: Observer(
                chains.plan.chains[chain],
                Stretch(chains.readers[chain], None if until is None else until[chain]),
                engine,
            )
            for chain in read
        }
        await _Reading(chains, engine, until or {}).read(observers)
        return Rebuilt(await store.state_digest(), dict(engine.memory.final))


class _Reading:
    """Chains that are read in turns, so that what one decides meets what the other has sent."""

    def __init__(self, chains: Chains, engine: Engine, until: Mapping[ChainId, Block]) -> None:
        self._chains = chains
        self._engine = engine
        self._until = until
        self._said_at = 0.0
        self._idle = 0

    async def read(self, observers: Mapping[ChainId, Observer]) -> None:
        """Read every chain to its end."""
        unread = dict(observers)
        while unread:
            before = dict(self._engine.memory.final)
            trouble: Retry | None = None
            for chain, observer in list(unread.items()):
                try:
                    more = await observer.tick()
                except Retry as fault:
                    trouble = fault
                    continue
                if not more and self._is_there(chain):
                    del unread[chain]
            self._progress()
            if before != self._engine.memory.final:
                self._idle = 0
            elif unread:
                await self._pause(trouble)

    def _is_there(self, chain: ChainId) -> bool:
        if chain not in self._until:
            return True
        final = self._engine.memory.final.get(chain)
        return final is not None and final.height >= self._until[chain].height

    async def _pause(self, trouble: Retry | None) -> None:
        self._idle += 1
        if self._idle > PATIENCE:
            raise trouble or Retry("the chains are shorter than what the database has read of them")
        await self._chains.wait()

    def _progress(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._said_at < PROGRESS_SECONDS:
            return
        self._said_at = now
        parts = []
        for chain, plan in self._chains.plan.chains.items():
            final, last = self._engine.memory.final.get(chain), self._until.get(chain)
            read = f"{plan.name} {final.height if final else 0:,}"
            parts.append(f"{read} of {last.height:,}" if last else read)
        messages = sum(self._engine.memory.next_nonce.values())
        self._chains.say(f"read: {', '.join(parts)}; {messages:,} messages")


async def _settle(chains: Chains, copy: Path, until: Mapping[ChainId, Block]) -> None:
    """Let a copy finish what its relayer would with its next look at each chain.

    A relayer that has just started forms no batch before it knows the destination's committee. What it has read and
    not put together yet is no difference.
    """
    async with _opened(chains, copy.stem) as store:
        engine = Engine(chains.plan, store, chains.clock, Silent())
        await engine.refresh()
        for chain, block in until.items():
            reader = Stretch(chains.readers[chain], block)
            headers = await reader.blocks(sorted(engine.windows_wanted(chain, block.height, ())))
            committee = await reader.committee(block)
            await engine.observe(Observation(chain, block, (), headers, committee))


@asynccontextmanager
async def _opened(chains: Chains, name: str) -> AsyncIterator[Store]:
    """Open one of the scratch databases, whatever it has lost."""
    store = await Store.open(f"sqlite+aiosqlite:///{chains.folder / name}.sqlite", damaged=True)
    try:
        yield store
    finally:
        await store.close()


def _scratch(chains: Chains) -> Path:
    return chains.folder / "rebuilt.sqlite"


def _require_steady(plan: Plan, until: Mapping[ChainId, Block], highest: Mapping[int, int]) -> None:
    """Refuse a database that holds rows above what it says it has read: it is reading a chain again."""
    if not until:
        raise Refuse("the database has read nothing yet: start the daemon, and verify when it has caught up")
    for chain, name in ((chain, chain_plan.name) for chain, chain_plan in plan.chains.items()):
        read = until[chain].height if chain in until else Height(0)
        if highest.get(chain, 0) > read:
            raise Refuse(
                f"the database has read {name} up to block {read} and holds rows of block {highest[chain]}: it reads "
                f"that chain again, so let the daemon catch up first; if it stays so, remove the database"
            )


def _hexed(data: bytes) -> str:
    return "0x" + data.hex()
