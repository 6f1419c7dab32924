"""Follows one chain: what is final goes to the engine in ranges, what is not is glimpsed. Holds no rule."""

from collections.abc import Callable, Mapping, Sequence

from bridge.core.errors import Halt, Retry
from bridge.core.events import ChainFact
from bridge.core.finality import Heads, is_broken
from bridge.core.ports import ChainReader
from bridge.core.quorum import Committee
from bridge.core.types import Block, Height
from relayers.engine import Engine, Observation
from relayers.plan import ChainPlan

MAX_RANGE = 500
"""Blocks per observation while catching up."""


class Observer:
    """Reads one chain and moves its cursor. A failed tick leaves everything as it was."""

    def __init__(self, plan: ChainPlan, reader: ChainReader, engine: Engine) -> None:
        self._plan = plan
        self._reader = reader
        self._engine = engine
        self._glimpsed = Height(0)
        self._committee: Committee | None = None
        self._heads: Heads | None = None
        self.on_heads: Callable[[Heads], None] = lambda _: None

    async def tick(self) -> bool:
        """Take one step; return whether there is more to do at once.

        Raises errors.Halt when a block that was final has changed, errors.Retry when the node does not answer.
        """
        heads = await self._reader.heads()
        self.on_heads(heads)
        final = heads.finalized.height if heads.finalized is not None else Height(0)
        cursor = self._engine.memory.final.get(self._plan.chain)
        first = Height(cursor.height + 1 if cursor is not None else self._plan.start_height)
        last = min(final, Height(first + MAX_RANGE - 1))
        if last >= first:
            await self._observe(cursor, first, last, heads)
        elif cursor is not None and heads != self._heads:
            await self._check_anchor(cursor)
        self._heads = heads
        if last >= final and not heads.is_behind:
            await self._glimpse(final, heads.latest.height)
        return last < final or heads.is_behind

    async def _observe(self, cursor: Block | None, first: Height, last: Height, heads: Heads) -> None:
        final = heads.finalized.height if heads.finalized is not None else Height(0)
        facts = await self._reader.facts(first, last)
        wanted = self._engine.windows_wanted(self._plan.chain, last, facts) | {last, final}
        if cursor is not None:
            wanted.add(cursor.height)
        blocks = await self._reader.blocks(sorted(wanted))
        if cursor is not None:
            self._hold_to(cursor, blocks[cursor.height])
        _agree(facts, blocks)
        committee = await self._reader.committee(blocks[final])
        await self._engine.observe(
            Observation(
                chain=self._plan.chain,
                final=blocks[last],
                facts=facts,
                headers={height: block for height, block in blocks.items() if height not in (last, final)}
                | {last: blocks[last]},
                committee=committee,
                caught_up=last == final and not heads.is_behind,
            )
        )

    async def _glimpse(self, final: Height, latest: Height) -> None:
        """Look at the blocks that are mined and not final, each once."""
        first = max(final, self._glimpsed) + 1
        if latest < first:
            self._glimpsed = min(self._glimpsed, latest)
            facts: Sequence[ChainFact] = ()
        else:
            facts = await self._reader.glimpse(Height(first), latest)
            self._glimpsed = latest
        await self._engine.glimpse(self._plan.chain, latest, facts)

    async def _check_anchor(self, cursor: Block) -> None:
        """Nothing new is final: see that the last final block still stands."""
        if self._heads is None or cursor.height <= self._heads.latest.height:
            blocks = await self._reader.blocks([cursor.height])
            self._hold_to(cursor, blocks[cursor.height])

    def _hold_to(self, cursor: Block, observed: Block) -> None:
        if is_broken(cursor, observed):
            raise Halt(
                f"block {cursor.height} of {self._plan.name} was final and has changed",
                {
                    "chain": self._plan.chain,
                    "height": cursor.height,
                    "final_hash": "0x" + cursor.hash.hex(),
                    "observed_hash": "0x" + observed.hash.hex(),
                },
            )


def _agree(facts: Sequence[ChainFact], blocks: Mapping[Height, Block]) -> None:
    """Refuse logs of another block than the header that was read for their height."""
    for fact in facts:
        block = blocks.get(fact.at.height)
        if block is not None and block.hash != fact.at.block_hash:
            raise Retry(f"logs and header of block {fact.at.height} are of two different blocks")
