"""One look after another: what is new, what must hold, what to say of it. On a breach it pauses, once per remote."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from structlog.typing import FilteringBoundLogger

from bridge.adapters.keystores import read_key
from relayers.watch.chain import ChainView
from relayers.watch.config import WatchConfig
from relayers.watch.events import Event, plain
from relayers.watch.ledger import Alarm, CommitteeView, Counters, Ledger

_PROBE_BLOCKS: Final = 100
_BALANCE_LOOKS: Final = 30
_BOTH: Final = 3
"""Inbound and outbound."""
_ADDRESS_BYTES: Final = 20


class Tower:
    """A watchtower over one home and its remotes."""

    def __init__(self, config: WatchConfig, log: FilteringBoundLogger, now: Callable[[], float]) -> None:
        self._config = config
        self._now = now
        self._log = log
        home = config.home
        self.ledger = Ledger(home.chain_id)
        self._views: dict[int, ChainView] = {
            chain.chain_id: ChainView(chain, [chain.gateway, chain.watch, *chain.others, *_board(chain)])
            for chain in (*config.remotes, home)
        }
        self._next: dict[int, int] = {chain.chain_id: int(chain.start_height) for chain in (*config.remotes, home)}
        self._probed: dict[int, deque[tuple[int, str]]] = defaultdict(deque)
        self._looks = 0
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._alarms = config.data_dir / "alarms.jsonl"
        self._said = {json.loads(line)["key"] for line in _lines(self._alarms)}
        self._registered = len(list(_lines(config.data_dir / "register.jsonl")))

    async def close(self) -> None:
        """Close the connections."""
        for view in self._views.values():
            await view.close()

    async def look(self) -> list[Alarm]:
        """Look once at everything; return what is wrong and was not said before. Remotes are read before home."""
        heights: dict[int, int] = {}
        events: list[Event] = []
        for chain, view in self._views.items():
            heights[chain] = await view.newest()
            if heights[chain] >= self._next[chain]:
                events += await view.events(self._next[chain], heights[chain])
        alarms = self.ledger.take(events)
        self._write_register()
        alarms += await self._probes(heights)
        self._next = {chain: max(self._next[chain], height + 1) for chain, height in heights.items()}
        if events or self._looks % _BALANCE_LOOKS == 0:
            alarms += await self._books()
            alarms += await self._committees()
        if self._looks % _BALANCE_LOOKS == 0:
            alarms += await self._balances()
        self._looks += 1
        return [alarm for alarm in alarms if await self._say(alarm)]

    # --- What is looked at ------------------------------------------------------------------------------------------

    async def _books(self) -> list[Alarm]:
        alarms = []
        for remote in self._config.remotes:
            for asset in sorted(self.ledger.assets):
                alarms += self.ledger.judge_books(await self._counters(remote.chain_id, asset))
        return alarms

    async def _counters(self, remote: int, asset: str) -> Counters:
        """Read both sides of a book: the remote first, so that nothing can arrive that had not left."""
        token = bytes.fromhex(asset[2:])
        home, there = self._config.home, next(chain for chain in self._config.remotes if chain.chain_id == remote)
        view = self._views[remote]
        height = await view.newest()
        sent_remote = await view.call(
            there.gateway, "runningTotal(uint256,address)", "uint128", home.chain_id, token, at=height
        )
        highest_remote, settled_remote = await view.call(
            there.gateway, "received(uint256,address)", "uint128;uint128", home.chain_id, token, at=height
        )
        wrapped = bytes.fromhex((await view.call(there.gateway, "wrappedOf(address)", "address", token, at=height))[2:])
        supply = await view.call(wrapped, "totalSupply()", "uint256", at=height) if any(wrapped) else 0
        here, gateway = self._views[home.chain_id], home.gateway
        height = await here.newest()
        sent_home = await here.call(gateway, "runningTotal(uint256,address)", "uint128", remote, token, at=height)
        highest_home, settled_home = await here.call(
            gateway, "received(uint256,address)", "uint128;uint128", remote, token, at=height
        )
        return Counters(
            remote=remote,
            asset=asset,
            locked=await here.call(gateway, "locked(uint256,address)", "uint128", remote, token, at=height),
            escrowed=await here.call(gateway, "escrowed(address)", "uint256", token, at=height),
            held=await here.call(token, "balanceOf(address)", "uint256", gateway, at=height),
            supply=supply,
            sent_home=sent_home,
            settled_home=settled_home,
            sent_remote=sent_remote,
            settled_remote=settled_remote,
            highest_home=highest_home,
            highest_remote=highest_remote,
        )

    async def _committees(self) -> list[Alarm]:
        alarms = []
        for chain, view in self._views.items():
            height = await view.newest()
            committee = bytes.fromhex((await view.call(view.chain.gateway, "COMMITTEE()", "address", at=height))[2:])
            epoch = await view.call(committee, "activeEpoch()", "uint64", at=height)
            _, threshold, packed = await view.call(committee, "setOf(uint64)", "bytes32;uint8;bytes", epoch, at=height)
            starts = range(0, len(packed), _ADDRESS_BYTES)
            members = tuple("0x" + packed[start : start + _ADDRESS_BYTES].hex() for start in starts)
            alarms += self.ledger.judge_committee(CommitteeView(chain, epoch, threshold, members))
        return alarms

    async def _probes(self, heights: dict[int, int]) -> list[Alarm]:
        """Count failed transactions to the gateways: Force Bridge 2025-06 was probed for six hours, unnoticed."""
        alarms = []
        for chain, view in self._views.items():
            probed = self._probed[chain]
            first = max(self._next[chain], heights[chain] - _PROBE_BLOCKS + 1)
            for sender, tx in await view.failures(first, heights[chain]):
                probed.append((heights[chain], f"{sender} {tx}"))
            while probed and probed[0][0] <= heights[chain] - _PROBE_BLOCKS:
                probed.popleft()
            if len(probed) >= self._config.probes:
                why = f"{len(probed)} transactions to the gateway on chain {chain} failed within {_PROBE_BLOCKS} blocks"
                evidence = {"transactions": [what for _, what in probed]}
                alarms.append(Alarm(f"probes {chain} {heights[chain] // _PROBE_BLOCKS}", why, evidence=evidence))
        return alarms

    async def _balances(self) -> list[Alarm]:
        alarms = []
        for submitter in self._config.submitters:
            held = await self._views[submitter.chain_id].balance(submitter.account)
            if held < submitter.least:
                account = plain(submitter.account)
                why = (
                    f"{account} holds {held} wei on chain {submitter.chain_id}, less than {submitter.least}: top it up"
                )
                day = int(self._now()) // 86_400
                alarms.append(Alarm(f"balance {submitter.chain_id} {account} {day}", why))
        return alarms

    # --- What is said and done --------------------------------------------------------------------------------------

    def _write_register(self) -> None:
        """Append every change of offices and rules to a file of its own."""
        fresh = self.ledger.register[self._registered :]
        with (self._config.data_dir / "register.jsonl").open("a") as file:
            for event in fresh:
                file.write(json.dumps(_shown(event)) + "\n")
                self._log.info("rules changed", **_shown(event))
        self._registered += len(fresh)

    async def _say(self, alarm: Alarm) -> bool:
        """Keep an alarm with its evidence, and pause if it is a breach; False if it was said before, or is none."""
        if alarm.key in self._said:
            return False
        for chain, tx in alarm.stands_if:
            if not await self._views[chain].is_mined(tx):
                return False
        self._said.add(alarm.key)
        document = {"key": alarm.key, "why": alarm.why, "at": int(self._now()), "is_breach": alarm.is_breach}
        with self._alarms.open("a") as file:
            file.write(json.dumps(document) + "\n")
        folder = self._config.data_dir / "evidence"
        folder.mkdir(exist_ok=True)
        path = folder / f"{alarm.key.replace(' ', '-')[:120]}.json"
        path.write_text(json.dumps({**document, "evidence": plain_tree(alarm.evidence)}, indent=2) + "\n")
        self._log.error("alarm", why=alarm.why, evidence=str(path))
        if alarm.is_breach:
            await self._pause(alarm.chains)
        return True

    async def _pause(self, chains: Iterable[int]) -> None:
        """Pause both ends of every remote that a breach is about, unless that was done before."""
        remotes = [remote for remote in self._config.remotes if remote.chain_id in chains] or self._config.remotes
        for remote in remotes:
            marker = self._config.data_dir / f"paused-{remote.chain_id}.json"
            if marker.exists():
                continue
            sent = [await self._pause_at(remote.chain_id, self._config.home.chain_id)]
            sent.append(await self._pause_at(self._config.home.chain_id, remote.chain_id))
            marker.write_text(json.dumps({"at": int(self._now()), "transactions": sent}) + "\n")
            self._log.error("paused", remote=remote.chain_id, transactions=sent)

    async def _pause_at(self, chain: int, other: int) -> str:
        view, key = self._views[chain], self._config.key
        assets = [bytes.fromhex(asset[2:]) for asset in sorted(self.ledger.assets)]
        return await view.send(
            read_key(key.keystore, key.password_file),
            view.chain.watch,
            "pause(address,uint256,address[],uint8,uint32)",
            view.chain.gateway,
            other,
            assets,
            _BOTH,
            self._config.pause_seconds,
        )


def plain_tree(value: object) -> object:
    """Return evidence as JSON has it."""
    if isinstance(value, dict):
        return {key: plain_tree(item) for key, item in value.items()}
    return plain(value)


def _board(chain: object) -> Sequence[bytes]:
    board = getattr(chain, "board", None)
    return () if board is None else (board,)


def _lines(path: object) -> list[str]:
    try:
        with open(str(path)) as file:  # noqa: PTH123 - a path of any kind
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def _shown(event: Event) -> dict[str, object]:
    fields = {name: plain(value) for name, value in event.fields.items()}
    return {"chain": event.chain, "contract": event.emitter, "change": event.name, "block": event.block, "to": fields}
