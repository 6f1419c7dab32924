"""What the watchtower asks the chains beside their logs. Every question is pinned to a block or says nothing of one."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from relayers.watch.alarms import Alarm
from relayers.watch.board import Members
from relayers.watch.books import OKU, Side
from relayers.watch.chain import Block, ChainView, View
from relayers.watch.config import Submitter, WatchConfig
from relayers.watch.ledger import Arrival

_PROBE_BLOCKS: Final = 100
_ADDRESS_BYTES: Final = 20
_COUNTERS: Final = 7
_INBOUND: Final = 1


@dataclass(frozen=True, slots=True)
class Escrow:
    """What the home gateway and a bond's token say of what is locked, at one block."""

    asset: str
    escrowed: int
    held: int
    locked: dict[int, int]


class Questions:
    """Questions to the gateways and nodes of all chains."""

    def __init__(self, config: WatchConfig, views: dict[int, ChainView]) -> None:
        self._config = config
        self._views = views
        self._probed: dict[int, int] = {}
        self._failed: dict[int, deque[tuple[int, str]]] = {chain: deque() for chain in views}

    async def sides(self, chain: int, wanted: Sequence[tuple[int, str]], at: Block) -> list[Side]:
        """Return what a gateway counts of bonds, each with the chain at the other end."""
        is_home = chain == self._config.home.chain_id
        tokens = {} if is_home else await self._wrapped(self._views[chain], wanted, at)
        known = [(other, asset) for other, asset in wanted if is_home or int(tokens[asset], 16)]
        asked = [view for other, asset in known for view in self._counters(chain, other, asset, tokens.get(asset))]
        answers = iter(await self._views[chain].views(asked, at) if asked else ())
        found = []
        for other, asset in known:
            sent, (highest, settled), backing, limits, period, until, cap = (next(answers) for _ in range(_COUNTERS))
            found.append(
                Side(
                    chain=chain,
                    other=other,
                    asset=asset,
                    block=at.height,
                    block_hash=at.hash,
                    time=at.time,
                    sent=sent,
                    highest=highest,
                    settled=settled,
                    backing=backing,
                    inbound_limit=int(limits[0]) * OKU,
                    period=period,
                    paused_until=until,
                    cap=None if is_home else cap,
                )
            )
        return found

    def _counters(self, chain: int, other: int, asset: str, token: str | None) -> list[View]:
        gateway = _hex(self._views[chain].chain.gateway)
        return [
            View(gateway, "runningTotal(uint256,address)", "uint128", (other, asset)),
            View(gateway, "received(uint256,address)", "uint128;uint128", (other, asset)),
            View(gateway, "locked(uint256,address)", "uint128", (other, asset))
            if token is None
            else View(token, "totalSupply()", "uint256"),
            View(gateway, "flowLimits(uint256,address)", "uint16;uint16;uint16", (other, asset)),
            View(gateway, "FLOW_PERIOD()", "uint32"),
            View(gateway, "pausedUntil(uint256,address,uint8)", "uint256", (other, asset, _INBOUND)),
            View(gateway, "escrowed(address)", "uint256", (asset,))
            if token is None
            else View(gateway, "capOf(address)", "uint96", (asset,)),
        ]

    async def escrows(self, assets: Sequence[str], at: Block) -> list[Escrow]:
        """Return what is in escrow at home."""
        home, remotes = self._views[self._config.home.chain_id], [remote.chain_id for remote in self._config.remotes]
        gateway = _hex(home.chain.gateway)
        asked = [
            question
            for asset in assets
            for question in (
                View(gateway, "escrowed(address)", "uint256", (asset,)),
                View(asset, "balanceOf(address)", "uint256", (gateway,)),
                *(View(gateway, "locked(uint256,address)", "uint128", (remote, asset)) for remote in remotes),
            )
        ]
        answers = iter(await home.views(asked, at)) if asked else iter(())
        return [
            Escrow(asset, next(answers), next(answers), {remote: next(answers) for remote in remotes})
            for asset in assets
        ]

    async def was_recorded(self, source: int, arrivals: Sequence[tuple[str, Arrival]], at: Block) -> dict[str, bool]:
        """Tell for every leaf whether the source's gateway has recorded it under its nonce."""
        view = self._views[source]
        asked = [
            View(_hex(view.chain.gateway), "outboundLeaf(uint256,uint64)", "bytes32", (arrival.chain, arrival.nonce))
            for _, arrival in arrivals
        ]
        answers = await view.views(asked, at)
        return {leaf: answer == leaf for (leaf, _), answer in zip(arrivals, answers, strict=True)}

    async def committee(self, chain: int, at: Block) -> Members:
        """Return the committee that is active at a chain."""
        view = self._views[chain]
        address = _hex(view.chain.committee)
        (epoch,) = await view.views([View(address, "activeEpoch()", "uint64")], at)
        ((_, threshold, packed),) = await view.views(
            [View(address, "setOf(uint64)", "bytes32;uint8;bytes", (epoch,))], at
        )
        data = bytes.fromhex(packed[2:])
        starts = range(0, len(data), _ADDRESS_BYTES)
        members = tuple("0x" + data[start : start + _ADDRESS_BYTES].hex() for start in starts)
        return Members(chain, epoch, threshold, members)

    async def probes(self, chain: int, head: int) -> list[Alarm]:
        """Count failed transactions to a gateway by strangers: Force Bridge 2025-06 was probed for hours, unnoticed.

        Of blocks that were passed over while it was away, or that are older than the window, it says nothing; nor of
        calls through other contracts.
        """
        known = {_hex(payer.account) for payer in self._config.submitters if payer.chain_id == chain}
        failed, first = self._failed[chain], max(self._probed.get(chain, head) + 1, head - _PROBE_BLOCKS + 1)
        for height, sender, tx in await self._views[chain].failures(first, head):
            if sender not in known:
                failed.append((height, f"{sender} {tx}"))
        self._probed[chain] = max(head, self._probed.get(chain, head))
        while failed and failed[0][0] <= head - _PROBE_BLOCKS:
            failed.popleft()
        if len(failed) < self._config.probes:
            return []
        why = f"{len(failed)} transactions to the gateway on chain {chain} failed within {_PROBE_BLOCKS} blocks"
        todo = "look at what they tried and at who sends them; if they try certificates, call the organisations"
        evidence = {"transactions": [what for _, what in failed]}
        return [Alarm(f"probes {chain}", why, todo, evidence=evidence, is_standing=True)]

    async def balances(self, chain: int) -> list[Alarm]:
        """Name the accounts that hold too little."""
        payers: list[Submitter] = [payer for payer in self._config.submitters if payer.chain_id == chain]
        held = await self._views[chain].balances([_hex(payer.account) for payer in payers])
        return [
            Alarm(
                f"balance {chain} {_hex(payer.account)}",
                f"{_hex(payer.account)} holds {wei} wei on chain {chain}, less than {payer.least}",
                "have its organisation top it up",
                is_standing=True,
            )
            for payer, wei in zip(payers, held, strict=True)
            if wei < payer.least
        ]

    async def _wrapped(self, view: ChainView, wanted: Sequence[tuple[int, str]], at: Block) -> dict[str, str]:
        gateway = _hex(view.chain.gateway)
        asked = [View(gateway, "wrappedOf(address)", "address", (asset,)) for _, asset in wanted]
        return {asset: token for (_, asset), token in zip(wanted, await view.views(asked, at), strict=True)}


def _hex(address: bytes) -> str:
    return "0x" + bytes(address).hex()
