"""The one thing a watchtower may do. What is ordered stays ordered until the chain itself shows that it is paused.

An order is on disk before anything is sent, and what was sent is never believed: a crash between the two, a second
watchtower, a pause by somebody else, all end the same way, by a look at the chain.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from eth_utils import keccak
from structlog.typing import FilteringBoundLogger

from relayers.watch.alarms import Alarm
from relayers.watch.chain import ChainView, View
from relayers.watch.config import WatchConfig, WatchedHome
from relayers.watch.rpc import Refused

_DIRECTIONS: Final = (1, 2)
"""Inbound, outbound; as bits."""
_NOBODYS: Final = "0x" + "01".rjust(40, "0")
"""The address of no token: a pause of no bonds at all would be refused."""
_ASSETS_PER_CALL: Final = 40
_GAS_PER_CALL: Final = 100_000
_GAS_PER_ASSET: Final = 120_000
_GAS_PERCENT: Final = 130
_DEARER_PERCENT: Final = 130
_MINED_SECONDS: Final = 10
"""After so long an order that is not carried out is sent again, dearer."""
_LATE_SECONDS: Final = 30
_ON_ITS_WAY: Final = ("already", "underpriced", "too low")
_PAUSE: Final = "pause(address,uint256,address[],uint8,uint32)"
_NEEDS_ANOTHER: Final = "PauseNeedsAnother(address)"
_REVERTS: Final = {
    _NEEDS_ANOTHER: ("this desk paused last, less than a day ago", "have the officers pause, now"),
    "NotOnDuty(address)": ("its key is not on duty", "have the officers pause, now; put the key on duty"),
    "NotPermitted(address,uint8)": ("the desk may not pause", "have the officers pause, now; give the desk the right"),
    "PauseTooLong(uint256,uint256)": ("`pause_seconds` is too long", "lower it and restart, now"),
}
_BY_SELECTOR: Final = {"0x" + keccak(text=error)[:4].hex(): words for error, words in _REVERTS.items()}
_READY: Final = "have the officers ready to pause them, until a day after that pause has ended: this watchtower cannot"


class Pen:
    """The key of the watch. It shows itself to nobody."""

    def __init__(self, secret: bytes) -> None:
        from eth_account import Account  # noqa: PLC0415 - slow to load

        self._account = Account.from_key(secret)
        self.address: str = str(self._account.address).lower()

    def __repr__(self) -> str:
        return f"Pen({self.address})"

    def sign(self, transaction: Mapping[str, Any]) -> str:
        """Return a signed transaction, 0x-hex."""
        return "0x" + bytes(self._account.sign_transaction(dict(transaction)).raw_transaction).hex()


@dataclass(frozen=True, slots=True)
class Order:
    """A direction pair of a route that must be paused at one gateway."""

    chain: int
    other: int
    cause: str
    ordered_at: int
    assets: tuple[str, ...]
    """Those that were known by then."""
    is_done: bool = False
    transactions: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sent:
    at: float = 0.0
    price: int = 0
    trouble: list[tuple[str, str]] = field(default_factory=list)
    """What stood in the way, and what to do about it."""


class Pauser:
    """Orders and carries out pauses."""

    def __init__(
        self,
        config: WatchConfig,
        views: Mapping[int, ChainView],
        pen: Pen,
        log: FilteringBoundLogger,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._views = views
        self._pen = pen
        self._log = log
        self._now = now
        self._file = config.data_dir / "pauses.json"
        self._sent: dict[tuple[int, int], _Sent] = {}
        self.orders = {(order.chain, order.other): order for order in _load(self._file)}

    def order(self, causes: Mapping[str, Iterable[int]], assets: Iterable[str]) -> None:
        """Have both ends of the routes to the remotes paused that a cause names; of all, if it names home alone."""
        home, remotes = self._config.home.chain_id, [remote.chain_id for remote in self._config.remotes]
        known = tuple(sorted(assets))
        for cause, chains in causes.items():
            for remote in set(chains).intersection(remotes) or remotes:
                for chain, other in ((remote, home), (home, remote)):
                    before = self.orders.get((chain, other))
                    if before is None or before.is_done:
                        self.orders[chain, other] = Order(chain, other, cause, int(self._now()), known)
        self._save()

    @property
    def pending(self) -> list[Order]:
        """Orders that no chain has shown to be carried out."""
        return [order for order in self.orders.values() if not order.is_done]

    async def advance(self, order: Order, assets: Iterable[str], *, is_all: bool) -> None:
        """Look whether an order is carried out, and send what is missing.

        `is_all`: no asset is unknown, as it may be while history is still being read.
        """
        key, view = (order.chain, order.other), self._views[order.chain]
        sent = self._sent.setdefault(key, _Sent())
        missing = await self._missing(view, order.other, sorted({*order.assets, *assets}))
        if not missing and not is_all:
            return
        if not missing:
            self._sent.pop(key)
            self.orders[key] = replace(order, is_done=True)
            self._save()
            names = {"chain": order.chain, "other": order.other, "cause": order.cause}
            if order.transactions:
                self._log.error("paused", **names, transactions=list(order.transactions))
            else:
                self._log.warning("paused already", **names)
            return
        if self._now() - sent.at < _MINED_SECONDS:
            return
        sent.at, sent.trouble = self._now(), []
        done = await self._send(view, order.other, missing, sent)
        self.orders[key] = replace(order, transactions=(*order.transactions, *done))
        self._save()

    def late(self) -> list[Alarm]:
        """Say which orders meet trouble, or take too long."""
        alarms = []
        for order in self.pending:
            sent = self._sent.get((order.chain, order.other), _Sent())
            trouble = list(sent.trouble)
            if not trouble and self._now() - order.ordered_at > _LATE_SECONDS:
                trouble = [("it is not mined", "see whether the node answers; have the officers pause, now")]
            if trouble:
                whys, todos = (sorted(set(part)) for part in zip(*trouble, strict=True))
                why = f"the pause at chain {order.chain} of the route with {order.other} fails: {'; '.join(whys)}"
                key = f"pause {order.chain} {order.other}"
                alarms.append(Alarm(key, why, "; ".join(todos), evidence=asdict(order), is_standing=True))
        return alarms

    async def disarmed(self, chain: int, assets: Iterable[str]) -> list[Alarm]:
        """Say so if it could not pause at a chain, or not some of its bonds."""
        view, home, known = self._views[chain], self._config.home.chain_id, sorted(assets)
        others = [remote.chain_id for remote in self._config.remotes] if chain == home else [home]
        found = await rehearse(view, others[0], self._pen, self._config.pause_seconds, len(known))
        if not found:
            for other in others:
                found += await self._barred(view, other, known)
        return found

    async def _barred(self, view: ChainView, other: int, assets: Sequence[str]) -> list[Alarm]:
        """Name the bonds of a route that only another guardian may pause. What is paused needs nobody."""
        missing = await self._missing(view, other, assets)
        calls = [self._call(view, other, [asset], directions) for asset, directions in missing.items()]
        answers = await view.rpc.try_all([("eth_call", (call, "latest")) for call in calls])
        refused = [
            asset
            for asset, answer in zip(missing, answers, strict=True)
            if isinstance(answer, Refused) and _words(answer) == _REVERTS[_NEEDS_ANOTHER]
        ]
        # A pause of its own may have been mined between the two questions.
        barred = list(await self._missing(view, other, refused)) if refused else []
        if not barred:
            return []
        chain, (reason, _) = view.chain.chain_id, _REVERTS[_NEEDS_ANOTHER]
        why = (
            f"this watchtower could not pause {len(barred)} bonds at chain {chain} of the route with {other}, "
            f"{', '.join(barred)}: {reason}"
        )
        return [Alarm(f"disarmed {chain} {other}", why, _READY, evidence={"assets": barred}, is_standing=True)]

    async def _missing(self, view: ChainView, other: int, assets: Sequence[str]) -> dict[str, int]:
        """Return the assets with the directions that are not paused at the newest block."""
        gateway = "0x" + view.chain.gateway.hex()
        asked = [
            View(gateway, "pausedUntil(uint256,address,uint8)", "uint256", (other, asset, direction))
            for asset in assets
            for direction in _DIRECTIONS
        ]
        calls = [("eth_call", ({"to": question.contract, "data": question.data}, "latest")) for question in asked]
        *answers, block = await view.rpc.ask_all([*calls, ("eth_getBlockByNumber", ("latest", False))])
        time, missing = int(block["timestamp"], 16), dict.fromkeys(assets, 0)
        for question, answer in zip(asked, answers, strict=True):
            _, asset, direction = question.arguments
            if question.answer(answer) <= time:
                missing[str(asset)] |= int(str(direction))
        return {asset: directions for asset, directions in missing.items() if directions}

    async def _send(self, view: ChainView, other: int, missing: Mapping[str, int], sent: _Sent) -> list[str]:
        """Send what pauses what is missing; return the hashes. A call that would revert is taken apart by asset."""
        price, count = await view.rpc.ask_all(
            [("eth_gasPrice", ()), ("eth_getTransactionCount", (self._pen.address, "latest"))]
        )
        is_free = isinstance(view.chain, WatchedHome)
        sent.price = 0 if is_free else max(2 * int(price, 16), sent.price * _DEARER_PERCENT // 100)
        calls = [
            self._call(view, other, chunk, directions)
            for directions in sorted(set(missing.values()))
            for chunk in _chunks([asset for asset, needed in missing.items() if needed == directions])
        ]
        gas = await view.rpc.try_all([("eth_estimateGas", (call,)) for call in calls])
        if any(isinstance(answer, Refused) for answer in gas) and len(missing) > 1:
            calls = [self._call(view, other, [asset], directions) for asset, directions in missing.items()]
            gas = await view.rpc.try_all([("eth_estimateGas", (call,)) for call in calls])
        sent.trouble = [_words(answer) for answer in gas if isinstance(answer, Refused)]
        good = [(call, int(answer, 16)) for call, answer in zip(calls, gas, strict=True) if isinstance(answer, str)]
        return await self._submit(view, good, int(count, 16), sent)

    async def _submit(
        self, view: ChainView, calls: Sequence[tuple[Mapping[str, str], int]], nonce: int, sent: _Sent
    ) -> list[str]:
        """Sign and send calls with their gas, from an account nonce on; return the hashes of what the node took."""
        signed = [
            self._pen.sign(
                {
                    "to": bytes.fromhex(call["to"][2:]),
                    "data": call["data"],
                    "value": 0,
                    "gas": gas * _GAS_PERCENT // 100,
                    "gasPrice": sent.price,
                    "nonce": nonce + place,
                    "chainId": view.chain.chain_id,
                }
            )
            for place, (call, gas) in enumerate(calls)
        ]
        answers = await view.rpc.try_all([("eth_sendRawTransaction", (raw,)) for raw in signed])
        for answer in answers:
            # What is there already, or was replaced by the transaction of another watchtower, is seen by the next look.
            if isinstance(answer, Refused) and not any(word in answer.message.lower() for word in _ON_ITS_WAY):
                sent.trouble.append((answer.message, "send this watchtower's account money, or mend its node, now"))
        return [answer for answer in answers if isinstance(answer, str)]

    def _call(self, view: ChainView, other: int, assets: Sequence[str], directions: int) -> dict[str, str]:
        return _call(view, other, self._pen, assets, directions, self._config.pause_seconds)

    def _save(self) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(order) for order in self.orders.values()], indent=2) + "\n")
        partial.replace(self._file)


async def rehearse(view: ChainView, other: int, pen: Pen, seconds: int, assets: int) -> list[Alarm]:
    """Try a pause of a bond that nobody has, and hold the balance to the price of pausing so many."""
    call = _call(view, other, pen, [_NOBODYS], sum(_DIRECTIONS), seconds)
    answer, price, balance = await view.rpc.try_all(
        [("eth_call", (call, "latest")), ("eth_gasPrice", ()), ("eth_getBalance", (pen.address, "latest"))]
    )
    why, todo = None, ""
    if isinstance(answer, Refused):
        why, todo = _words(answer)
    elif not isinstance(view.chain, WatchedHome) and isinstance(price, str) and isinstance(balance, str):
        needed = 2 * int(price, 16) * (_GAS_PER_CALL + _GAS_PER_ASSET * assets)
        if int(balance, 16) < needed:
            why, todo = f"{pen.address} holds too little for {assets} bonds", f"send it {needed} wei"
    if why is None:
        return []
    chain = view.chain.chain_id
    return [
        Alarm(f"disarmed {chain}", f"this watchtower could not pause at chain {chain}: {why}", todo, is_standing=True)
    ]


def _call(
    view: ChainView, other: int, pen: Pen, assets: Sequence[str], directions: int, seconds: int
) -> dict[str, str]:
    arguments = ("0x" + view.chain.gateway.hex(), other, list(assets), directions, seconds)
    pause = View("0x" + view.chain.watch.hex(), _PAUSE, "", arguments)
    return {"from": pen.address, "to": pause.contract, "data": pause.data}


def _chunks(assets: Sequence[str]) -> list[Sequence[str]]:
    return [assets[start : start + _ASSETS_PER_CALL] for start in range(0, len(assets), _ASSETS_PER_CALL)]


def _words(refused: Refused) -> tuple[str, str]:
    """Return what a revert means, and what to do about it."""
    return _BY_SELECTOR.get(
        refused.data[:10], (refused.message, "see whether its key is on duty and the desk may pause")
    )


def _load(path: Path) -> list[Order]:
    if not path.exists():
        return []
    tuples = ("assets", "transactions")
    return [Order(**{**item, **{name: tuple(item[name]) for name in tuples}}) for item in json.loads(path.read_text())]
