"""Carries certified reports to one chain. Anybody may; publishers take turns, so that usually one of them pays."""

from collections.abc import Callable, Sequence
from typing import Final

from bridge.adapters.codec import to_hex
from bridge.adapters.codec.views import CALENDAR_OF
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger import EvmWriter, Query, Sender, heads_of, read, read_all
from bridge.core.ports import Call, Reverted, TransactionSigner
from bridge.core.submission import rank
from bridge.core.types import ZERO_ADDRESS, Address, Block, Hash32, Timestamp
from oracles.config import OracleRemote
from oracles.core.ledger import CertifiedCalendar, CertifiedReport, Ledger
from oracles.core.report import days_of
from oracles.wire import (
    ADVANCE,
    FEED_OF,
    IS_OUTDATED,
    REVISION_ON,
    Push,
    encode_advance,
    encode_push_calendar,
    encode_push_many,
    encode_rebuild,
)

GAS_PER_PUSH: Final = 10_000_000
"""Most gas of one transaction, well under 2^24 (EIP-7825)."""
GAS_PER_REPORT: Final = 260_000
"""Of a certificate, BLS being the dearer one."""
GAS_PER_NUMBER: Final = 75_000
STEPS: Final = 64
LOOKED_AT: Final = 256
"""Reports whose state on chain is asked for in one go."""


class Publisher:
    """Pushes to one chain what that chain does not have."""

    def __init__(
        self,
        rpc: Rpc,
        remote: OracleRemote,
        sender: TransactionSigner,
        signer: Address,
        turn_seconds: int,
        warn: Callable[..., object],
    ) -> None:
        self.remote = remote
        self.refused: dict[Hash32, str] = {}
        """Digest of a report that the chain does not take, and why."""
        self._rpc = rpc
        self._sender = Sender(EvmWriter(rpc, remote.chain_id), sender, remote.fees.rules)
        self._signer = signer
        self._turn = turn_seconds
        self._warn = warn
        self._final: set[Hash32] = set()
        self._feeds: dict[Hash32, Address] = {}

    async def step(self, ledger: Ledger, now: Timestamp) -> bool:
        """Push what is missing and due to us. Return whether anything was sent. Raises Retry, Refuse."""
        heads = await heads_of(self._rpc)
        if await self._push_calendars(ledger, heads.latest, now):
            return True
        missing = await self._missing(ledger, heads.latest, heads.finalized or heads.latest)
        if missing and self._is_our_turn(ledger, missing[0].report.root, missing[0].at, now):
            return await self._push(ledger, missing)
        return not missing and self._leads(ledger, now) and await self._advance(heads.latest)

    @property
    def pushed(self) -> int:
        """How many reports the chain has for good."""
        return len(self._final)

    # --- Reports ---

    async def _missing(self, ledger: Ledger, latest: Block, final: Block) -> list[CertifiedReport]:
        """Return what the newest block does not have, oldest certificate first."""
        reports = [
            report
            for state in ledger.days.values()
            for report in state.certified
            if report.digest not in self._final and report.digest not in self.refused
        ]
        await self._find_feeds(reports, latest)
        carried = [report for report in reports if report.observations[0].feed in self._feeds]
        known = sorted(carried, key=lambda report: report.position)[:LOOKED_AT]
        queries = [
            Query(REVISION_ON, self._feeds[report.observations[0].feed], (days_of(report.report.day),))
            for report in known
        ]
        at_latest = await read_all(self._rpc, queries, latest)
        at_final = await read_all(self._rpc, queries, final) if final != latest else at_latest
        missing = []
        for report, newest, settled in zip(known, at_latest, at_final, strict=True):
            if settled >= report.report.revision:
                self._final.add(report.digest)
            elif newest < report.report.revision:
                missing.append(report)
        return missing

    async def _find_feeds(self, reports: Sequence[CertifiedReport], at: Block) -> None:
        """Learn where feeds are. One that the chain lacks is asked for again: it may be added."""
        wanted = sorted({one.feed for report in reports for one in report.observations} - self._feeds.keys())
        found = await read_all(self._rpc, [Query(FEED_OF, self.remote.oracle, (feed,)) for feed in wanted], at)
        self._feeds |= {feed: address for feed, address in zip(wanted, found, strict=True) if address != ZERO_ADDRESS}

    def _is_our_turn(self, ledger: Ledger, root: Hash32, since: Timestamp, now: Timestamp) -> bool:
        place = rank(root, self._signer, ledger.reporters.signers)
        return now >= since + place * self._turn

    async def _push(self, ledger: Ledger, missing: Sequence[CertifiedReport]) -> bool:
        pushes: list[tuple[CertifiedReport, Push]] = []
        gas = 0
        for report in missing:
            gas += GAS_PER_REPORT + GAS_PER_NUMBER * len(report.observations)
            certificate = ledger.reporters.certificate(report.signatures)
            if gas > GAS_PER_PUSH or certificate is None:
                break
            pushes.append((report, Push(report.report, report.observations, certificate)))
        return bool(pushes) and await self._send(pushes)

    async def _send(self, pushes: Sequence[tuple[CertifiedReport, Push]]) -> bool:
        """Send; where the chain refuses, find the report that it refuses, and go on without it."""
        try:
            data = encode_push_many([push for _, push in pushes])
            await self._sender.send([Call(self.remote.oracle, data)])
        except Reverted as refusal:
            if len(pushes) > 1:
                middle = len(pushes) // 2
                first = await self._send(pushes[:middle])
                return await self._send(pushes[middle:]) or first
            report = pushes[0][0]
            self.refused[report.digest] = str(refusal)
            self._warn("report refused", chain=self.remote.name, day=str(report.report.day), why=str(refusal))
            return False
        return True

    # --- Calendar and index ---

    def _leads(self, ledger: Ledger, now: Timestamp) -> bool:
        """Tell whether it is our turn at what has no time of its own: each publisher leads for a while."""
        signers = ledger.reporters.signers
        return signers[now // self._turn % len(signers)] == self._signer

    async def _push_calendars(self, ledger: Ledger, at: Block, now: Timestamp) -> bool:
        years = sorted(ledger.calendars)
        known = await read_all(self._rpc, [Query(CALENDAR_OF, self.remote.oracle, (year,)) for year in years], at)
        missing: list[CertifiedCalendar] = [
            ledger.calendars[year]
            for year, version in zip(years, known, strict=True)
            if version < ledger.calendars[year].report.year.version
        ]
        calls = []
        for calendar in missing:
            certificate = ledger.reporters.certificate(calendar.signatures)
            if certificate is not None:
                calls.append(Call(self.remote.oracle, encode_push_calendar(calendar.report, certificate)))
        if not calls or not self._is_our_turn(ledger, missing[0].digest, missing[0].at, now):
            return False
        await self._sender.send(calls)
        return True

    async def _advance(self, at: Block) -> bool:
        """Bring the index up to date: whoever comes first."""
        index = self.remote.index
        if index is None or not await self._has_code(index, at):
            return False
        if await read(self._rpc, Query(IS_OUTDATED, index), at):
            await self._sender.send([Call(index, encode_rebuild(STEPS))])
            return True
        if await read(self._rpc, Query(ADVANCE, index, (STEPS,)), at) == 0:
            return False
        await self._sender.send([Call(index, encode_advance(STEPS))])
        return True

    async def _has_code(self, contract: Address, at: Block) -> bool:
        (code,) = await self._rpc.ask_all([Request("eth_getCode", (to_hex(contract), to_hex(at.height)))])
        return not isinstance(code, NodeError) and code not in (None, "0x")
