"""A bridge in memory: what honest contracts would log and count, block by block, and what thieves would make of it.

Logs are encoded by the contracts' own ABI, leaves by the relayer's code: the watchtower is held to both.
"""

import copy
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from bridge.core.messages import Kind, Message, leaf_of
from bridge.core.types import Address, ChainId, Nonce, Route, Units
from contracts.deploy import ARTIFACTS

HOME, REMOTES = 1_010_032, (31_337, 31_338)
LOT = 50_000
BONDS = tuple(bytes([0xB0 + number]) * 20 for number in range(2))
MEMBERS = tuple(sorted(bytes([0xC0 + number]) * 20 for number in range(4)))
FAR = 10**15
GENESIS_TIME = 1_800_000_000


def _abi_events() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(ARTIFACTS.glob("*/*.json")):
        for entry in json.loads(path.read_text())["abi"]:
            if entry["type"] == "event":
                found[entry["name"]] = entry
    return found


ABI = _abi_events()


def form(part: dict[str, Any]) -> str:
    """Return the type of an argument as signatures spell it."""
    if not part["type"].startswith("tuple"):
        return str(part["type"])
    return f"({','.join(form(inner) for inner in part['components'])}){part['type'][5:]}"


@dataclass
class Counts:
    """The storage of a gateway and its committee."""

    running: dict[Any, int] = field(default_factory=lambda: defaultdict(int))
    highest: dict[Any, int] = field(default_factory=lambda: defaultdict(int))
    settled: dict[Any, int] = field(default_factory=lambda: defaultdict(int))
    backing: dict[Any, int] = field(default_factory=lambda: defaultdict(int))
    stolen: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    caps: dict[bytes, int] = field(default_factory=lambda: defaultdict(lambda: FAR))
    limits: dict[Any, int] = field(default_factory=lambda: defaultdict(lambda: 10_000))
    """Of what comes in, in units of 1e8."""
    paused: dict[Any, int] = field(default_factory=lambda: defaultdict(int))
    outbound: dict[Any, bytes] = field(default_factory=dict)
    epoch: int = 1
    threshold: int = 3
    members: tuple[bytes, ...] = MEMBERS


@dataclass
class Made:
    """A block."""

    number: int
    hash: str
    time: int
    logs: list[dict[str, Any]]
    failed: list[str]
    counts: Counts


class Ledger:
    """One chain."""

    def __init__(self, chain: int, depth: int) -> None:
        self.chain, self.depth = chain, depth
        self.gateway, self.committee, self.watch, self.board = (
            keccak(text=f"{chain} {name}")[:20] for name in ("gateway", "committee", "watch", "board")
        )
        self.counts = Counts()
        self.salt = 0
        self.pending: list[tuple[bytes, str, dict[str, Any], str]] = []
        self.failed: list[str] = []
        self.blocks = [Made(0, self._hash(0), GENESIS_TIME, [], [], copy.deepcopy(self.counts))]

    @property
    def head(self) -> Made:
        return self.blocks[-1]

    @property
    def final(self) -> Made:
        return self.blocks[max(0, len(self.blocks) - 1 - self.depth)]

    def log(self, emitter: bytes, name: str, tx: str, **fields: object) -> None:
        """Log an event in the next block; arguments by their names in the ABI."""
        self.pending.append((emitter, name, fields, tx))

    def mine(self, seconds: int = 1) -> Made:
        """Make a block."""
        number = len(self.blocks)
        digest = self._hash(number)
        logs = [self._shown(number, place, *what) for place, what in enumerate(self.pending)]
        made = Made(number, digest, self.head.time + seconds, logs, self.failed, copy.deepcopy(self.counts))
        self.blocks.append(made)
        self.pending, self.failed = [], []
        return made

    def reorganise(self, depth: int) -> None:
        """Put empty blocks in place of the last ones."""
        del self.blocks[-depth:]
        self.counts, self.salt = copy.deepcopy(self.head.counts), self.salt + 1
        for _ in range(depth):
            self.mine()

    def _hash(self, number: int) -> str:
        return "0x" + keccak(text=f"{self.chain} {number} {self.salt}").hex()

    def _shown(
        self, number: int, place: int, emitter: bytes, name: str, fields: dict[str, Any], tx: str
    ) -> dict[str, Any]:
        inputs = ABI[name]["inputs"]
        signature = f"{name}({','.join(form(part) for part in inputs)})"
        topics = [keccak(text=signature)]
        topics += [encode((form(part),), (fields[part["name"]],)) for part in inputs if part["indexed"]]
        plain = [part for part in inputs if not part["indexed"]]
        data = encode([form(part) for part in plain], [fields[part["name"]] for part in plain])
        return {
            "address": "0x" + emitter.hex(),
            "topics": ["0x" + topic.hex() for topic in topics],
            "data": "0x" + data.hex(),
            "blockNumber": hex(number),
            "logIndex": hex(place),
            "transactionHash": tx,
        }


@dataclass
class Parcel:
    """A message on its way."""

    leaf: bytes
    message: Message
    source: Ledger
    destination: Ledger
    height: int
    fate: str = "open"
    reason: int = 0
    """Why it is held."""


class Bridge:
    """Home, two remotes, and what is on its way between them."""

    def __init__(self, depth: int = 2) -> None:
        self.home = Ledger(HOME, 0)
        self.remotes = [Ledger(chain, depth) for chain in REMOTES]
        self.parcels: list[Parcel] = []
        self._tx = 0
        for remote in self.remotes:
            self.home.log(
                self.home.gateway,
                "RouteOpened",
                self.tx(),
                chain=remote.chain,
                gateway=remote.gateway,
                window=1,
                maxBatch=128,
            )
            for bond in BONDS:
                self.home.log(
                    self.home.gateway, "AssetAnnounced", self.tx(), chain=remote.chain, asset=bond, isin=bytes(12)
                )
        self.mine()

    def mine(self, times: int = 1, seconds: int = 1) -> None:
        """Make blocks everywhere."""
        for _ in range(times):
            for chain in (self.home, *self.remotes):
                chain.mine(seconds)

    def tx(self) -> str:
        """Return the hash of another transaction."""
        self._tx += 1
        return "0x" + keccak(text=f"tx {self._tx}").hex()

    def lock(self, remote: int = 0, bond: int = 0, amount: int = LOT) -> Parcel:
        """Lock a bond at home."""
        self.home.counts.backing[self.remotes[remote].chain, BONDS[bond]] += amount
        return self._dispatch(self.home, self.remotes[remote], Kind.TRANSFER, BONDS[bond], amount)

    def burn(self, remote: int = 0, bond: int = 0, amount: int = LOT) -> Parcel:
        """Burn what is wrapped."""
        chain = self.remotes[remote]
        chain.counts.backing[HOME, BONDS[bond]] -= amount
        return self._dispatch(chain, self.home, Kind.TRANSFER, BONDS[bond], amount)

    def execute(self, parcel: Parcel, tx: str = "") -> None:
        """Deliver a message, and have it paid."""
        tx = self.deliver(parcel, tx=tx)
        self._settle(parcel)
        self._pay(parcel)
        self.log_arrival("Executed", parcel, tx)
        parcel.fate = "done"

    def hold(self, parcel: Parcel, reason: int = 81) -> None:
        """Deliver a message that cannot be executed."""
        self.hold_on(parcel, reason, self.deliver(parcel))

    def hold_on(self, parcel: Parcel, reason: int, tx: str = "") -> None:
        """Hold a message, or hold it for another reason than before: tried again it is large, or its veto must wait."""
        self.log_arrival("Held", parcel, tx or self.tx(), epoch=1, reason=reason)
        parcel.fate, parcel.reason = "held", reason

    def retry(self, parcel: Parcel) -> None:
        """Execute what was held."""
        self._settle(parcel)
        self._pay(parcel)
        self.log_arrival("Executed", parcel, self.tx())
        parcel.fate = "done"

    def send_back(self, parcel: Parcel) -> Parcel:
        """Send back what was held."""
        tx, message, there = self.tx(), parcel.message, parcel.destination
        self._settle(parcel)
        back = self._dispatch(there, parcel.source, Kind.RETURN, message.asset, message.amount, tx)
        there.log(there.gateway, "SentBack", tx, leaf=parcel.leaf, returnLeaf=back.leaf)
        parcel.fate = "back"
        return back

    def pay_back(self, parcel: Parcel, back: Parcel) -> None:
        """Deliver the return of a message."""
        tx, source = self.deliver(back), parcel.source
        self._settle(back)
        self._pay(back)
        source.log(source.gateway, "Returned", tx, leaf=parcel.leaf, returnLeaf=back.leaf)
        self.log_arrival("Executed", back, tx)
        parcel.fate = back.fate = "done"

    def forge(self, remote: int = 0, bond: int = 0, amount: int = LOT, claims: int | None = None) -> Parcel:
        """Mint with stolen keys what nobody has locked."""
        chain = self.remotes[remote]
        nonce = max([parcel.message.nonce for parcel in self.parcels if parcel.destination is chain], default=-1) + 1
        total = chain.counts.highest[HOME, BONDS[bond]] + amount
        message = _message(Kind.TRANSFER, nonce, BONDS[bond], amount, total)
        leaf = leaf_of(_route(self.home, chain), message)
        height = self.home.head.number if claims is None else claims
        parcel = Parcel(leaf, message, self.home, chain, height)
        self.execute(parcel)
        return parcel

    def forge_release(self, tx: str, remote: int) -> Parcel:
        """Release at home with stolen keys what nobody has burnt."""
        source, nonce = self.remotes[remote], 7
        message = _message(Kind.TRANSFER, nonce, BONDS[0], LOT, self.home.counts.highest[source.chain, BONDS[0]] + LOT)
        parcel = Parcel(leaf_of(_route(source, self.home), message), message, source, self.home, source.head.number)
        self.execute(parcel, tx)
        return parcel

    def post(self, signer: bytes, slot: bytes, digest: bytes) -> None:
        """Post a signature at home."""
        self.home.log(
            self.home.board, "Posted", self.tx(), slot=slot, digest=digest, signer=signer, signature=bytes(64)
        )

    def deliver(self, parcel: Parcel, epoch: int = 1, tx: str = "") -> str:
        """Log the delivery of a batch of one message; return its transaction."""
        there, tx = parcel.destination, tx or self.tx()
        there.log(
            there.gateway,
            "Delivered",
            tx,
            sourceChain=parcel.source.chain,
            epoch=epoch,
            firstNonce=parcel.message.nonce,
            count=1,
            sourceHeight=parcel.height,
            root=parcel.leaf,
        )
        return tx

    def log_arrival(self, name: str, parcel: Parcel, tx: str, **more: int) -> None:
        """Log what became of a message."""
        there, nonce = parcel.destination, parcel.message.nonce
        there.log(there.gateway, name, tx, leaf=parcel.leaf, sourceChain=parcel.source.chain, nonce=nonce, **more)

    def _dispatch(self, source: Ledger, there: Ledger, kind: Kind, bond: bytes, amount: int, tx: str = "") -> Parcel:
        nonce = len([parcel for parcel in source.counts.outbound if parcel[0] == there.chain])
        source.counts.running[there.chain, bond] += amount
        message = _message(kind, nonce, bond, amount, source.counts.running[there.chain, bond])
        leaf = leaf_of(_route(source, there), message)
        source.counts.outbound[there.chain, nonce] = leaf
        parcel = Parcel(leaf, message, source, there, len(source.blocks))
        self.parcels.append(parcel)
        fields = (
            int(kind),
            nonce,
            bond,
            message.sender,
            message.recipient,
            amount,
            message.running_total,
            message.data,
        )
        source.log(
            source.gateway,
            "Dispatched",
            tx or self.tx(),
            leaf=leaf,
            destinationChain=there.chain,
            nonce=nonce,
            message=fields,
        )
        return parcel

    def _settle(self, parcel: Parcel) -> None:
        message, counts = parcel.message, parcel.destination.counts
        key = (parcel.source.chain, message.asset)
        counts.highest[key] = max(counts.highest[key], message.running_total)
        counts.settled[key] += message.amount

    def _pay(self, parcel: Parcel) -> None:
        is_home = parcel.destination is self.home
        sign = -1 if is_home else 1
        parcel.destination.counts.backing[parcel.source.chain, parcel.message.asset] += sign * parcel.message.amount


def _message(kind: Kind, nonce: int, bond: bytes, amount: int, total: int) -> Message:
    sender, recipient = Address(bytes([1]) * 20), Address(bytes([2]) * 20)
    return Message(kind, Nonce(nonce), Address(bond), sender, recipient, Units(amount), Units(total), b"ref")


def _route(source: Ledger, there: Ledger) -> Route:
    return Route(ChainId(source.chain), Address(source.gateway), ChainId(there.chain), Address(there.gateway))
