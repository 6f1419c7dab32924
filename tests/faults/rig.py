"""The stage of a soak: a devnet whose relayers have providers of their own, and the hands that act on it."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from bridge.adapters.census import Census
from bridge.adapters.config import Network, load
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain
from bridge.core.errors import Refuse, Retry
from bridge.core.events import Dispatched, Executed, Held, SentBack
from bridge.core.finality import Depth, Tag
from bridge.core.ports import Call, Reverted
from bridge.core.types import ChainId, Leaf
from bridge.devnet.stand_in import SET
from contracts.deploy import Flow
from tests.e2e.people import People, people_of
from tests.e2e.running import Running

UNWELL = (Retry, Refuse, Reverted)
"""What a person meets who sends a transaction into trouble."""
ASK_SECONDS = 20.0
REVIVALS = 60
LIES = frozenset({"heads", "forged"})
"""Faults after which two operators' nodes show two chains: the relayer halts and its operator is needed."""


class Chronicle(Census):
    """A census that keeps the reasons of holds, and when each transfer was first seen and when it was settled."""

    def __init__(self, people: People) -> None:
        home = people.home.chain
        super().__init__((chain, Depth(0) if chain.chain == home else Tag()) for chain in people.tracer.chains.values())
        self.seen_at: dict[Leaf, float] = {}
        self.settled_at: dict[Leaf, float] = {}
        self.reasons: dict[Leaf, int] = {}

    def held(self) -> dict[Leaf, int]:
        """Return what is held now, with the reasons."""
        unsettled = self.unsettled()
        return {leaf: self.reasons[leaf] for leaf in unsettled if leaf in self.reasons}

    def _note_sent(self, fact: Dispatched) -> None:
        self.seen_at.setdefault(fact.leaf, time.monotonic())
        super()._note_sent(fact)

    def _note_arrival(self, fact: Executed | Held | SentBack) -> None:
        if isinstance(fact, Held):
            self.reasons[fact.leaf] = fact.reason
        else:
            self.settled_at.setdefault(fact.leaf, time.monotonic())
        super()._note_arrival(fact)


@dataclass
class Provider:
    """One provider of one relayer, and what is wrong with it at the moment."""

    relayer: str
    chain: ChainId
    control: Rpc
    faults: dict[int, Mapping[str, object]] = field(default_factory=dict)

    @property
    def is_lying(self) -> bool:
        """Whether it shows another chain than there is."""
        return any(LIES & faults.keys() for faults in self.faults.values())

    @asynccontextmanager
    async def broken(self, key: int, faults: Mapping[str, object]) -> AsyncIterator[None]:
        """Add faults to those that there are already, for a while."""
        self.faults[key] = faults
        try:
            await self._tell()
            yield
        finally:
            del self.faults[key]
            await self._tell()

    async def _tell(self) -> None:
        merged = {name: value for faults in self.faults.values() for name, value in faults.items()}
        await self.control.result(SET, merged)


@dataclass
class Tally:
    """What was done to the bridge, and what came of it."""

    faults: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    """Faults that found nothing to strike, or were themselves struck by another."""
    kills: int = 0
    halts: Counter[str] = field(default_factory=Counter)
    """By kind."""
    resumes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """What users were told instead of a receipt."""
    wrong: list[str] = field(default_factory=list)
    """What no fault explains."""


@dataclass
class Rig:
    """Everything that faults, users and operators act on."""

    running: Running
    people: People
    """They ask home's node itself, behind its validators: what those show is the relayers' trouble alone."""
    chronicle: Chronicle
    providers: list[Provider]
    sealer: Rpc
    flow: Flow
    tally: Tally = field(default_factory=Tally)
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """By what they are about: a process, an account, a chain's rules. Two faults never wrestle for one of them."""
    keys: "count[int]" = field(default_factory=count)
    is_closing: bool = False
    """Whether the soak was interrupted: nothing is started any more."""
    has_forked: bool = False
    has_lied: bool = False
    is_sealed_well: bool = True

    @property
    def relayers(self) -> list[str]:
        """Their names."""
        return [entry.name for entry in self.people.network.relayers]

    @property
    def remotes(self) -> list[EvmChain]:
        """The public chains."""
        return [self.people.remote(index) for index in range(len(self.people.network.remotes))]

    def providers_of(self, relayer: str, chain: ChainId) -> list[Provider]:
        """Return the two providers of a relayer, the first operator's first."""
        return [found for found in self.providers if (found.relayer, found.chain) == (relayer, chain)]

    async def ask(self, relayer: str, path: str) -> tuple[int, dict[str, Any]] | None:
        """Ask a relayer over HTTP; None if it does not answer."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self.running.ask(relayer, path)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def revive(self, relayer: str) -> None:
        """Start a relayer as an operator's supervisor does: again and again while its start-up check refuses.

        The check names providers that do not answer; faults may be acting on them just now.
        """
        why = ""
        for _ in range(REVIVALS):
            if self.is_closing:
                return
            try:
                await self.running.start(relayer)
            except Refuse as refusal:
                why = str(refusal)
                await asyncio.sleep(2)
            else:
                return
        self.tally.wrong.append(f"{relayer} cannot be started: {why}")

    async def govern(self, chain: EvmChain, *calls: Call) -> None:
        """Have the council decide on a chain, again if trouble on the chain has swallowed it."""
        async with self.locks[f"council {chain.chain}"]:
            for attempt in range(4):
                try:
                    await self.people.govern(chain, *calls)
                except UNWELL:
                    if attempt == 3:
                        raise
                    await asyncio.sleep(2)
                else:
                    return


@asynccontextmanager
async def rig_of(network: Network, folder: Path, flow: Flow) -> AsyncIterator[Rig]:
    """Open connections to a devnet that was raised with providers of its own for each relayer."""
    running = Running(folder)
    inner = f"http://127.0.0.1:{running.port('home')}"
    plain = network.model_copy(update={"home": network.home.model_copy(update={"rpc": inner})})
    providers = [
        Provider(entry.name, chain.chain_id, Rpc(node.url, node.operator))
        for entry in network.relayers
        for chain in load(entry.config, {}).chains
        for node in chain.providers
    ]
    sealer = Rpc(network.home.rpc, "sealer")
    async with people_of(plain) as people:
        try:
            yield Rig(running, people, Chronicle(people), providers, sealer, flow)
        finally:
            for rpc in (sealer, *(provider.control for provider in providers)):
                await rpc.close()
