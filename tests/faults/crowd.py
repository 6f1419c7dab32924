"""The users of a soak: they lock, burn, send too much at once and to where nobody can receive, at a steady rate."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from bridge.adapters import codec
from bridge.adapters.ledger import EvmChain, Sender
from bridge.adapters.signers import open_transaction_signer
from bridge.core.ports import Call, Reverted
from bridge.core.reasons import Reason
from bridge.core.submission import FeeRules
from bridge.core.transfers import State
from bridge.core.types import Address, Leaf, Units
from bridge.devnet.accounts import USERS
from tests.e2e.people import EVERYTHING, LOT
from tests.faults.rig import UNWELL, Rig

PAUSE_SECONDS = (1.0, 4.0)
"""Between two acts of one user on one chain. Three users on three chains make two to three transfers a second."""
BYSTANDER = "guardian"
"""Somebody with money for gas who is no party to any transfer."""
FREE = FeeRules(0, 0, 0, 1)
PRICED = FeeRules(200 * 10**9, 10**9, 10**21, 3)
PATIENCE = 25.0
_WEIGHTS = {"lots": 12, "large": 1, "nowhere": 1}

Act = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class User:
    """Somebody with a key, on one chain."""

    rig: Rig
    name: str
    chain: EvmChain
    chance: Random

    @property
    def sender(self) -> Sender:
        """Sends with a user's patience."""
        account = self.rig.people.network.account(self.name)
        signer = open_transaction_signer(account.keystore, account.password_file)
        rules = FREE if self.chain is self.rig.people.home else PRICED
        return Sender(self.chain, signer, rules, PATIENCE)

    @property
    def address(self) -> Address:
        """The account, which is the same on all chains."""
        return self.rig.people.address(self.name)

    @property
    def large(self) -> Units:
        """An amount that must wait for a veto, whatever the day."""
        return Units(self.rig.flow.delay_above * 10**8 + LOT)

    async def live(self) -> None:
        """Act again and again until cancelled."""
        acts = {"lots": self.send_lots, "large": self.send_much, "nowhere": self.send_nowhere}
        while True:
            (act,) = self.chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            await asyncio.sleep(self.chance.uniform(*PAUSE_SECONDS))
            try:
                await acts[act]()
            except UNWELL as fault:
                self.rig.tally.refused[fault.error if isinstance(fault, Reverted) else type(fault).__name__] += 1

    async def send_lots(self) -> None:
        """Lock one to four times at once, or burn once."""
        bond = self.chance.randrange(2)
        amounts = [LOT * self.chance.randint(1, 3) for _ in range(self.chance.randint(1, 4))]
        if self.chain is self.rig.people.home:
            remote = self.chance.choice(self.rig.remotes)
            await self.sender.send([self.lock(bond, amount, remote, self.address) for amount in amounts])
        elif await self.holds(bond) >= amounts[0]:
            await self.sender.send([self.burn(bond, amounts[0])])

    async def send_much(self) -> None:
        """Send more than may go at once, if there is so much."""
        bond, remote = self.chance.randrange(2), self.chance.choice(self.rig.remotes)
        if await self.holds(bond) < self.large:
            return await self.send_lots()
        at_home = self.chain is self.rig.people.home
        call = self.lock(bond, self.large, remote, self.address) if at_home else self.burn(bond, self.large)
        await self.sender.send([call])
        return None

    async def send_nowhere(self) -> None:
        """Lock for a recipient that cannot receive: the wrapped bond's own contract."""
        if self.chain is not self.rig.people.home:
            return await self.send_lots()
        index, bond = self.chance.randrange(len(self.rig.remotes)), self.chance.randrange(2)
        nobody = self.rig.people.wrapped(index, bond)
        await self.sender.send([self.lock(bond, LOT, self.rig.remotes[index], nobody)])
        return None

    async def holds(self, bond: int) -> int:
        """Return what the user has of a bond on this chain."""
        people = self.rig.people
        asset = people.network.assets[bond]
        token = asset.home
        for remote in people.network.remotes:
            token = asset.remotes[remote.name] if remote.chain_id == self.chain.chain else token
        return await people.balance(self.chain, token, self.address)

    def lock(self, bond: int, amount: int, remote: EvmChain, payee: Address) -> Call:
        """Return the call that locks."""
        data = codec.encode_lock(self.rig.people.bond(bond), Units(amount), remote.chain, payee)
        return Call(self.chain.watched.gateway, data)

    def burn(self, bond: int, amount: int) -> Call:
        """Return the call that burns."""
        return Call(
            self.chain.watched.gateway, codec.encode_burn(self.rig.people.bond(bond), Units(amount), self.address)
        )

    async def approve(self) -> None:
        """Let home's gateway take everything."""
        gateway = self.chain.watched.gateway
        calls = [Call(self.rig.people.bond(bond), codec.encode_approve(gateway, EVERYTHING)) for bond in range(2)]
        await self.sender.send(calls)


async def live(rig: Rig, seed: int) -> None:
    """Have all users act, each on each chain, until cancelled."""
    chains = [rig.people.home, *rig.remotes]
    users = [User(rig, name, chain, Random(f"{seed} {name} {chain.chain}")) for chain in chains for name in USERS]  # noqa: S311
    await asyncio.gather(*(user.approve() for user in users if user.chain is rig.people.home))
    async with asyncio.TaskGroup() as group:
        for user in users:
            group.create_task(user.live())
        group.create_task(_send_back(rig))


async def _send_back(rig: Rig) -> None:
    """Send every other transfer back that nobody can receive: anyone may. The others stay held."""
    while True:
        await asyncio.sleep(PAUSE_SECONDS[1])
        for leaf, reason in rig.chronicle.held().items():
            if reason == Reason.RECIPIENT_INVALID and leaf[0] % 2:
                await touch(rig, leaf)


async def retry_all(rig: Rig) -> None:
    """Try everything again that anyone may try again."""
    for leaf, reason in rig.chronicle.held().items():
        if reason != Reason.RECIPIENT_INVALID:
            await touch(rig, leaf)


async def touch(rig: Rig, leaf: Leaf) -> None:
    """Have a bystander retry a held transfer, or send it back if nobody can receive it."""
    entry = rig.chronicle.entries[leaf]
    if entry.state is not State.HELD:
        return
    route, message = entry.sent.route, entry.sent.message
    chain = rig.people.tracer.chains[route.destination_chain]
    is_lost = rig.chronicle.reasons[leaf] == Reason.RECIPIENT_INVALID
    encode = codec.encode_send_back if is_lost else codec.encode_retry
    user = User(rig, BYSTANDER, chain, Random(0))  # noqa: S311
    try:
        await user.sender.send([Call(chain.watched.gateway, encode(route.source_chain, message))])
    except UNWELL as fault:
        rig.tally.refused[fault.error if isinstance(fault, Reverted) else type(fault).__name__] += 1
