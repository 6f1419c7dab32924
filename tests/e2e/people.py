"""The people of a devnet with their keys, and what became of their transfers, told by the chains alone."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.adapters import codec
from bridge.adapters.census import Census
from bridge.adapters.codec import views
from bridge.adapters.config import Network
from bridge.adapters.ledger import EvmChain, Query, Sender, read
from bridge.adapters.signers import open_attestation_signer, open_transaction_signer
from bridge.adapters.tracing import Tracer
from bridge.core.events import AttestationPosted, ChainFact, Dispatched, Executed
from bridge.core.finality import Depth, Tag
from bridge.core.ports import Call, Receipt
from bridge.core.submission import FeeRules
from bridge.core.transfers import State
from bridge.core.types import Address, ChainId, Height, Leaf, Units
from contracts.governing import Government, Seats

LOT = 50_000
PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.3
TIMELOCK_SECONDS = 1
EVERYTHING = Units((1 << 128) - 1)
_FREE = FeeRules(0, 0, 0, 1)
_PRICED = FeeRules(200 * 10**9, 10**9, 10**20, 3)


@dataclass(frozen=True)
class People:
    """Users and operators, and the chains they look at."""

    network: Network
    tracer: Tracer

    @property
    def home(self) -> EvmChain:
        return self.tracer.home

    def remote(self, index: int) -> EvmChain:
        return self.tracer.chains[self.network.remotes[index].chain_id]

    def bond(self, index: int = 0) -> Address:
        """The token at home."""
        return self.network.assets[index].home

    def wrapped(self, remote: int, bond: int = 0) -> Address:
        return self.network.assets[bond].remotes[self.network.remotes[remote].name]

    def address(self, name: str) -> Address:
        return self.network.account(name).address

    async def send(self, name: str, chain: EvmChain, *calls: Call) -> Sequence[Receipt]:
        """Send calls from somebody's key and wait until they are mined."""
        account = self.network.account(name)
        signer = open_transaction_signer(account.keystore, account.password_file)
        rules = _FREE if chain is self.home else _PRICED
        return await Sender(chain, signer, rules).send(calls)

    async def govern(self, chain: EvmChain, *calls: Call) -> Receipt:
        """Have the council propose calls on a chain, and the timelock execute them."""
        entry = self.network.chain(str(chain.chain))
        names = [account.name for account in self.network.operators if account.name.startswith("council-")]
        accounts = [self.network.account(name) for name in names]
        deployer = self.network.account("deployer")
        seats = Seats(
            tuple(open_attestation_signer(account.keystore, account.password_file) for account in accounts),
            len(names) // 2 + 1,
            open_transaction_signer(deployer.keystore, deployer.password_file),
        )
        rules = _FREE if chain is self.home else _PRICED
        council, timelock = entry.contracts["council"], entry.contracts["timelock"]
        return await Government(chain, rules, council, timelock, TIMELOCK_SECONDS, seats).decide(calls)

    async def lock(
        self, *amounts: int, remote: int = 0, recipient: Address | None = None, name: str = "alice", bond: int = 0
    ) -> list[Leaf]:
        """Lock once per amount, all at once; return the ids of the transfers in the order they were sent."""
        await self._allow(name, bond)
        payee, chain = recipient or self.address(name), self.network.remotes[remote].chain_id
        gateway = self.home.watched.gateway
        calls = [Call(gateway, codec.encode_lock(self.bond(bond), Units(amount), chain, payee)) for amount in amounts]
        return await self.sent(self.home, await self.send(name, self.home, *calls))

    async def burn(self, amount: int, remote: int = 0, name: str = "alice", bond: int = 0) -> list[Leaf]:
        """Burn wrapped units of one's own, to have the bond at home."""
        chain = self.remote(remote)
        data = codec.encode_burn(self.bond(bond), Units(amount), self.address(name))
        return await self.sent(chain, await self.send(name, chain, Call(chain.watched.gateway, data)))

    async def balance(self, chain: EvmChain, token: Address, holder: Address) -> int:
        """Return what somebody holds at the newest block."""
        query = Query(views.BALANCE_OF, token, (holder,))
        return await read(chain.rpc, query, (await chain.heads()).latest)

    async def states(self, leaves: Collection[Leaf]) -> dict[Leaf, State]:
        """Return how far transfers are, by final blocks."""
        census = await self._census()
        return {leaf: census.entries[leaf].state for leaf in leaves if leaf in census.entries}

    async def settle(self) -> None:
        """Wait until nothing is on its way, the announcements of the beginning included."""

        async def settled() -> bool:
            return not (await self._census()).unsettled()

        await until(settled, "everything is settled")

    async def are_executed(self, leaves: Collection[Leaf]) -> None:
        """Wait until all transfers are executed, final or not."""

        async def executed() -> bool:
            return min(await self.executions(leaves)) > 0

        await until(executed, f"{len(leaves)} transfers are executed")

    async def become(self, state: State, leaves: Collection[Leaf], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until all transfers are in a state, by final blocks."""

        async def there() -> bool:
            states = await self.states(leaves)
            return [states.get(leaf) for leaf in leaves] == [state] * len(leaves)

        await until(there, f"{len(leaves)} transfers {state.value}", seconds)

    async def executions(self, leaves: Collection[Leaf]) -> list[int]:
        """Return how often each transfer was executed, on all chains together, final or not."""
        counts: Counter[Leaf] = Counter()
        for chain in self.tracer.chains.values():
            counts.update(fact.leaf for fact in await self.facts(chain) if isinstance(fact, Executed))
        return [counts[leaf] for leaf in leaves]

    async def facts(self, chain: EvmChain) -> Sequence[ChainFact]:
        """Return everything that a chain has logged, final or not."""
        return await chain.facts(Height(1), (await chain.heads()).latest.height)

    async def posts(self) -> list[AttestationPosted]:
        """Return every signature on the board."""
        return [fact for fact in await self.facts(self.home) if isinstance(fact, AttestationPosted)]

    async def nobody_signed_twice(self) -> bool:
        """Tell whether the board holds one digest per slot and signer."""
        posts = {(fact.slot, fact.signer, fact.digest) for fact in await self.posts()}
        return len({(slot, signer) for slot, signer, _ in posts}) == len(posts) > 0

    async def transactions(self, name: str) -> dict[ChainId, int]:
        """Return how many transactions somebody has sent on each chain."""
        address = self.address(name)
        return {chain.chain: (await chain.account(address)).transactions for chain in self.tracer.chains.values()}

    async def _census(self) -> Census:
        home = self.home.chain
        census = Census((chain, Depth(0) if chain.chain == home else Tag()) for chain in self.tracer.chains.values())
        await census.refresh()
        return census

    async def _allow(self, name: str, bond: int) -> None:
        """Let the gateway take everything, once."""
        gateway = self.home.watched.gateway
        query = Query(views.ALLOWANCE, self.bond(bond), (self.address(name), gateway))
        if await read(self.home.rpc, query, (await self.home.heads()).latest) < EVERYTHING // 2:
            await self.send(name, self.home, Call(self.bond(bond), codec.encode_approve(gateway, EVERYTHING)))

    async def sent(self, chain: EvmChain, receipts: Sequence[Receipt]) -> list[Leaf]:
        """Return the ids of the transfers that transactions sent, in order."""
        heights = [receipt.block.height for receipt in receipts]
        facts = await chain.facts(min(heights), max(heights))
        by_tx = {fact.at.tx: fact.leaf for fact in facts if isinstance(fact, Dispatched)}
        return [by_tx[receipt.tx] for receipt in receipts]


@asynccontextmanager
async def people_of(network: Network) -> AsyncIterator[People]:
    """Connect to the chains of a network."""
    tracer = Tracer(network)
    try:
        yield People(network, tracer)
    finally:
        await tracer.close()


async def until(is_so: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something. Fails if it takes too long."""
    deadline = time.monotonic() + seconds
    while not await is_so():
        assert time.monotonic() < deadline, f"{what}: not after {seconds:g} s"
        await asyncio.sleep(POLL_SECONDS)


def stranger() -> Address:
    """Return an address that nobody has used before."""
    return Address(secrets.token_bytes(20))
