"""Offices of a deployment, read from its contracts: their own words first, then what their logs say was given away."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from bridge.adapters.codec import View, read_address, read_bytes, read_fields, read_hash, read_list, to_hex, views
from bridge.adapters.codec.desks import OFFICE_EVENTS
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger.logs import LogFilter, LogSource
from bridge.adapters.ledger.outcomes import revert_of
from bridge.adapters.ledger.reading import newest_block
from bridge.adapters.ledger.state import Query, read
from bridge.core.errors import Refuse, Retry
from bridge.core.hashing import keccak
from bridge.core.offices import ON_DUTY, PAUSER, VETOER, Council, Office
from bridge.core.types import ZERO_ADDRESS, ZERO_HASH, Address, Block, ChainId, Hash32, Height

_GETTERS: Final = (
    views.GOVERNOR,
    views.GUARDIAN,
    views.REGISTRAR,
    views.SCHEDULER,
    views.ISSUER,
    views.GATEWAY,
    views.COMMITTEE,
    views.REPORTERS,
)
_ROLES: Final[dict[Hash32, str]] = {ZERO_HASH: "DEFAULT_ADMIN_ROLE"} | {
    keccak(name.encode()): name for name in ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
}
_RIGHTS: Final = {1: PAUSER, 2: VETOER}
_GUARDIAN: Final = "GuardianSet"
_DUTY: Final = "DutySet"
_ROLE: Final = "role"
_OUT_OF_GAS: Final = "OutOfGas"
"""A revert that is the node's, not the contract's."""
_WORD_ADDRESS: Final = 12


class _Gift(NamedTuple):
    """What a log says that somebody was given, or lost."""

    emitter: Address
    person: Address
    event: str
    role: Hash32
    """Zero but for roles."""


class OfficeReader:
    """Reads who holds what on one chain, at one block."""

    def __init__(
        self,
        chain: str,
        rpc: Rpc,
        contracts: Mapping[str, Address],
        start: Height,
        counterparts: Mapping[ChainId, Address] = MappingProxyType({}),
    ) -> None:
        self._chain = chain
        self._rpc = rpc
        self._contracts = contracts
        self._start = start
        self._counterparts = counterparts
        """Gateways at the other ends, as the network's file names them."""

    async def read(self) -> tuple[list[Office], list[Council]]:
        """Return every office, and the councils.

        Raises Refuse if a contract is not there or the gateway's routes lead elsewhere, Retry if the node fails.
        """
        at = await newest_block(self._rpc)
        await self._require_counterparts(at)
        held = [*await self._said(at), *await self._given(at)]
        code = await self._have_code({holder for _, _, holder in held}, at)
        offices = [Office(self._chain, name, office, holder, code[holder]) for name, office, holder in held]
        return offices, await self._councils(at)

    async def _require_counterparts(self, at: Block) -> None:
        for chain, named in self._counterparts.items():
            route = await read(self._rpc, Query(views.ROUTE, self._contracts["gateway"], (chain,)), at)
            if route.gateway != named:
                raise Refuse(
                    f"{self._chain}: the gateway's route to chain {chain} leads to {to_hex(route.gateway)}, "
                    f"and the network's file names {to_hex(named)}"
                )

    async def _said(self, at: Block) -> list[tuple[str, str, Address]]:
        """Return what contracts answer to the getters that they have."""
        code = await self._have_code(set(self._contracts.values()), at)
        gone = [name for name, address in self._contracts.items() if not code[address]]
        if gone:
            raise Refuse(f"{self._chain} has no contract at the address of {', '.join(gone)}")
        pin = {"blockHash": to_hex(at.hash)}
        found = []
        for name, contract in self._contracts.items():
            calls = [{"to": to_hex(contract), "data": to_hex(getter.call())} for getter in _GETTERS]
            answers = await self._rpc.ask_all([Request("eth_call", (call, pin)) for call in calls])
            for getter, answer in zip(_GETTERS, answers, strict=True):
                if (holder := self._meaning(getter, answer)) is not None:
                    found.append((name, getter.name, holder))
        return found

    def _meaning(self, getter: View[Address], answer: object) -> Address | None:
        """Return who holds an office; None if the contract reverts: it has no such office.

        Whatever else a node says in place of an answer says nothing of the contract.
        """
        if isinstance(answer, NodeError):
            reverted = revert_of(answer)
            if reverted is None or reverted.error == _OUT_OF_GAS:
                raise Retry(f"{self._rpc.name} does not tell a {getter.name}: {answer}")
            return None
        try:
            return getter.result(read_bytes(answer))
        except ValueError as fault:
            raise Retry(f"{self._rpc.name} answered with what is no {getter.name}: {fault}") from fault

    async def _given(self, at: Block) -> list[tuple[str, str, Address]]:
        """Return roles and rights that logs say somebody was given, if they still stand."""
        topics = {to_hex(event.topic): event.name for event in OFFICE_EVENTS.values()}
        wanted = LogFilter(tuple(self._contracts.values()), (tuple(topics),))
        logs = await LogSource(self._rpc).read(wanted, self._start, at.height)
        try:
            given = {_gift(topics, read_fields(log)) for log in logs}
        except (KeyError, IndexError, ValueError) as fault:
            raise Retry(f"{self._rpc.name} answered with logs that cannot be read: {fault}") from fault
        names = {address: name for name, address in self._contracts.items()}
        held = []
        for gift in sorted(given, key=lambda gift: (names[gift.emitter], gift)):
            held += [(names[gift.emitter], office, gift.person) for office in await self._standing(gift, at)]
        return held

    async def _standing(self, gift: _Gift, at: Block) -> list[str]:
        """Return the offices that still stand, of those that somebody was given by one kind of event."""
        if gift.event == _GUARDIAN:
            rights = await read(self._rpc, Query(views.RIGHTS_OF, gift.emitter, (gift.person,)), at)
            return [office for bit, office in _RIGHTS.items() if rights & bit]
        if gift.event == _DUTY:
            is_on_duty = await read(self._rpc, Query(views.IS_ON_DUTY, gift.emitter, (gift.person,)), at)
            return [ON_DUTY] * is_on_duty
        has_role = await read(self._rpc, Query(views.HAS_ROLE, gift.emitter, (gift.role, gift.person)), at)
        return [_ROLES.get(gift.role, to_hex(gift.role))] * has_role

    async def _councils(self, at: Block) -> list[Council]:
        council, timelock = self._contracts.get("council"), self._contracts.get("timelock")
        if council is None or timelock is None:
            raise Refuse(f"{self._chain} has no council or no timelock")
        members = await read(self._rpc, Query(views.COUNCIL_MEMBERS, council), at)
        threshold = await read(self._rpc, Query(views.COUNCIL_THRESHOLD, council), at)
        return [
            Council(self._chain, len(members), threshold, await read(self._rpc, Query(views.MIN_DELAY, timelock), at))
        ]

    async def _have_code(self, accounts: set[Address], at: Block) -> dict[Address, bool]:
        order = sorted(accounts)
        requests = [Request("eth_getCode", (to_hex(account), to_hex(at.height))) for account in order]
        found = {}
        for account, answer in zip(order, await self._rpc.ask_all(requests), strict=True):
            if isinstance(answer, NodeError):
                raise Retry(f"{self._rpc.name} does not tell the code of {to_hex(account)}: {answer}")
            found[account] = account != ZERO_ADDRESS and len(read_bytes(answer)) > 0
        return found


def _gift(events: Mapping[str, str], log: Mapping[str, object]) -> _Gift:
    first, *rest = [read_hash(topic) for topic in read_list(log.get("topics"))]
    event = events[to_hex(first)]
    emitter = read_address(log.get("address"))
    if event in (_GUARDIAN, _DUTY):
        return _Gift(emitter, Address(rest[0][_WORD_ADDRESS:]), event, ZERO_HASH)
    return _Gift(emitter, Address(rest[1][_WORD_ADDRESS:]), _ROLE, rest[0])
