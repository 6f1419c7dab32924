"""Offices of a deployment, read from its contracts: their own words first, then what their logs say was given away."""

from collections.abc import Mapping
from typing import Final

from bridge.adapters.codec import read_address, read_bytes, read_fields, read_list, to_hex, views
from bridge.adapters.codec.desks import OFFICE_EVENTS
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger.logs import LogFilter, LogSource
from bridge.adapters.ledger.reading import newest_block
from bridge.adapters.ledger.state import Query, read
from bridge.core.errors import Refuse, Retry
from bridge.core.hashing import keccak
from bridge.core.offices import Council, Office
from bridge.core.types import ZERO_ADDRESS, Address, Block, Hash32, Height

_GETTERS: Final = (views.GOVERNOR, views.GUARDIAN, views.REGISTRAR, views.SCHEDULER, views.ISSUER, views.GATEWAY)
_ADMIN: Final = Hash32(bytes(32))
_ROLES: Final[dict[Hash32, str]] = {_ADMIN: "DEFAULT_ADMIN_ROLE"} | {
    keccak(name.encode()): name for name in ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
}
_RIGHTS: Final = {1: "guardian that may pause", 2: "guardian that may veto"}
_WORD_ADDRESS: Final = 12


class OfficeReader:
    """Reads who holds what on one chain, at one block."""

    def __init__(self, chain: str, rpc: Rpc, contracts: Mapping[str, Address], start: Height) -> None:
        self._chain = chain
        self._rpc = rpc
        self._contracts = contracts
        self._start = start

    async def read(self) -> tuple[list[Office], list[Council]]:
        """Return every office, and the councils. Raises Refuse if a contract is not there, Retry if the node fails."""
        at = await newest_block(self._rpc)
        held = [*await self._said(at), *await self._given(at)]
        code = await self._have_code({holder for _, _, holder in held}, at)
        offices = [Office(self._chain, name, office, holder, code[holder]) for name, office, holder in held]
        return offices, await self._councils(at)

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
                if not isinstance(answer, NodeError) and (output := read_bytes(answer)):
                    found.append((name, getter.name, getter.result(output)))
        return found

    async def _given(self, at: Block) -> list[tuple[str, str, Address]]:
        """Return roles and rights that logs say somebody was given, if they still stand."""
        topics = {to_hex(event.topic): event.name for event in OFFICE_EVENTS.values()}
        wanted = LogFilter(tuple(self._contracts.values()), (tuple(topics),))
        names = {address: name for name, address in self._contracts.items()}
        given: set[tuple[Address, Address, Hash32 | None]] = set()
        for log in await LogSource(self._rpc).read(wanted, self._start, at.height):
            fields = read_fields(log)
            emitter = read_address(fields.get("address"))
            first, *rest = [read_bytes(topic) for topic in read_list(fields.get("topics"))]
            is_guardian = topics[to_hex(first)] == "GuardianSet"
            person = Address(rest[0 if is_guardian else 1][_WORD_ADDRESS:])
            given.add((emitter, person, None if is_guardian else Hash32(rest[0])))
        held = []
        for emitter, person, role in sorted(given, key=lambda one: (names[one[0]], one[1], one[2] or b"")):
            if role is None:
                rights = await read(self._rpc, Query(views.RIGHTS_OF, emitter, (person,)), at)
                held += [(names[emitter], office, person) for bit, office in _RIGHTS.items() if rights & bit]
            elif await read(self._rpc, Query(views.HAS_ROLE, emitter, (role, person)), at):
                held.append((names[emitter], _ROLES.get(role, to_hex(role)), person))
        return held

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
