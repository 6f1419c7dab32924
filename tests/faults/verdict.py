"""The last word of a soak: every log of every chain, read and added up here by hand, held to what contracts say.

Nothing is shared with the relayers, nor with `jgb-bridge books`: logs and views are read with eth_abi alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from eth_abi import decode, encode
from eth_utils import keccak

from bridge.adapters.config import Network
from bridge.adapters.evm import Rpc

TRANSFER, RETURN = 1, 2
MESSAGE = "(uint8,uint64,address,address,address,uint128,uint128,bytes)"
LEAF_TAG = keccak(b"jgb-bridge/message/1")
NOBODY = "0x" + "00" * 20
REASONS = {
    33: "CAP",
    34: "LIMIT",
    35: "DELAYED",
    36: "PAUSED",
    41: "MATURED",
    42: "ODD_LOT",
    64: "BOOK_EXCEEDED",
    65: "TOTAL_EXCEEDED",
    80: "ASSET_UNKNOWN",
    81: "RECIPIENT_INVALID",
    82: "TERMS_CONFLICT",
    83: "TERMS_INVALID",
    84: "COMMITTEE_MISMATCH",
    85: "RETURN_UNMATCHED",
    86: "KIND_UNKNOWN",
    87: "NOT_SENDABLE",
}
MAY_LAST = frozenset({"RECIPIENT_INVALID"})
"""Reasons that nothing in a soak takes away: whoever is held by another one should have gone on."""


def _topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


DISPATCHED = _topic(f"Dispatched(bytes32,uint256,uint64,{MESSAGE})")
EXECUTED = _topic("Executed(bytes32,uint256,uint64)")
HELD = _topic("Held(bytes32,uint256,uint64,uint64,uint8)")
SENT_BACK = _topic("SentBack(bytes32,bytes32)")
POSTED = _topic("Posted(bytes32,bytes32,address,bytes)")
MOVED = _topic("Transfer(address,address,uint256)")


class Sent(NamedTuple):
    """A message as its source logged it."""

    source: int
    destination: int
    kind: int
    nonce: int
    asset: str
    amount: int


NOTHING = Sent(0, 0, 0, 0, NOBODY, 0)


class Arrived(NamedTuple):
    """An execution as its destination logged it."""

    destination: int
    source: int
    nonce: int


@dataclass
class Account:
    """What the logs say."""

    sent: dict[str, Sent] = field(default_factory=dict)
    executed: defaultdict[str, list[Arrived]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, str] = field(default_factory=dict)
    sent_back: dict[str, str] = field(default_factory=dict)
    signed: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    minted: Counter[tuple[int, str]] = field(default_factory=Counter)
    burned: Counter[tuple[int, str]] = field(default_factory=Counter)
    escrowed: Counter[str] = field(default_factory=Counter)
    views: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def transfers(self) -> dict[str, Sent]:
        """Messages that carry value."""
        return {leaf: sent for leaf, sent in self.sent.items() if sent.kind in (TRANSFER, RETURN)}

    @property
    def unbacked(self) -> list[str]:
        """Executions that no source has sent so."""
        return [
            leaf
            for leaf, arrivals in self.executed.items()
            for at in arrivals
            if leaf not in self.sent
            or (self.sent[leaf].source, self.sent[leaf].destination, self.sent[leaf].nonce)
            != (at.source, at.destination, at.nonce)
        ]

    @property
    def waiting(self) -> dict[str, str]:
        """Messages that are neither executed nor sent back, with the reason they are held for, or with none."""
        decided = self.executed.keys() | self.sent_back.keys()
        return {leaf: self.held.get(leaf, "") for leaf in self.sent if leaf not in decided}


async def account_of(network: Network, rpcs: Mapping[int, Rpc]) -> Account:
    """Read everything there is."""
    account = Account()
    home, gateways = network.home, {entry.chain_id: _hex(entry.contracts["gateway"]) for entry in _entries(network)}
    for entry in _entries(network):
        chain, rpc = entry.chain_id, rpcs[entry.chain_id]
        for log in await _logs(rpc, [gateways[chain]]):
            _read_gateway(account, chain, log, gateways)
        for asset in network.assets:
            key = _hex(asset.home)
            token = key if chain == home.chain_id else _hex(asset.remotes[entry.name])
            for log in await _logs(rpc, [token]):
                _read_token(account, chain, key, log, gateways[home.chain_id] if chain == home.chain_id else None)
            if chain != home.chain_id:
                account.views[f"supply {chain} {key}"] = await _call(rpc, token, "totalSupply()")
                arguments = ("uint256", "address"), (chain, key)
                locked = await _call(
                    rpcs[home.chain_id], gateways[home.chain_id], "locked(uint256,address)", *arguments
                )
                account.views[f"locked {chain} {key}"] = locked
            else:
                account.views[f"escrow {key}"] = await _call(
                    rpc, token, "balanceOf(address)", ("address",), (gateways[chain],)
                )
    for log in await _logs(rpcs[home.chain_id], [_hex(home.contracts["board"])]):
        if log["topics"][0] == POSTED:
            slot, digest, signer = log["topics"][1:]
            account.signed[slot, signer].add(digest)
    remotes = [remote.chain_id for remote in network.remotes]
    account.wrong += faults_of(account, [_hex(asset.home) for asset in network.assets], remotes)
    return account


def faults_of(account: Account, assets: Sequence[str], remotes: Sequence[int]) -> Iterator[str]:
    """Name everything that does not hold."""
    for leaf in account.unbacked:
        yield f"{leaf} was executed and never sent so"
    yield from (f"{leaf} is held and was never sent" for leaf in account.held if leaf not in account.sent)
    for leaf, arrivals in account.executed.items():
        if len(arrivals) > 1 or leaf in account.sent_back:
            yield f"{leaf} has more than one fate"
    for leaf, reason in account.waiting.items():
        if reason not in MAY_LAST:
            yield f"{leaf} is {f'still held: {reason}' if reason else 'nowhere'}"
    for leaf, return_leaf in account.sent_back.items():
        if account.sent.get(return_leaf, NOTHING).kind != RETURN:
            yield f"{leaf} was sent back by a message that is none: {return_leaf}"
    twice = [slot for slot, digests in account.signed.items() if len(digests) > 1]
    yield from (f"{signer} signed more than one digest for slot {slot}" for slot, signer in twice)
    for asset in assets:
        yield from _books(account, asset, remotes)


def _books(account: Account, asset: str, remotes: Sequence[int]) -> Iterator[str]:
    """Add one bond's books up: by messages, by the tokens' own transfers, and by the contracts' counters."""
    escrow = 0
    for chain in remotes:
        out = _sum(account, asset, source=None, destination=chain)
        back = _sum(account, asset, source=chain, destination=None)
        supply = out.executed - back.sent
        locked = out.sent - back.executed
        escrow += locked
        said = {
            "supply by messages": supply,
            "supply by transfers of the token": account.minted[chain, asset] - account.burned[chain, asset],
            "totalSupply()": account.views[f"supply {chain} {asset}"],
            "locked less what is on its way": locked - out.waiting - back.waiting,
            "locked() less what is on its way": account.views[f"locked {chain} {asset}"] - out.waiting - back.waiting,
        }
        if len(set(said.values())) > 1:
            yield f"the books of {asset} on chain {chain} differ: {said}"
    held = {account.escrowed[asset], account.views[f"escrow {asset}"], escrow}
    if len(held) > 1:
        yield f"the escrow of {asset} differs: {sorted(held)}"


class Sums(NamedTuple):
    """Units of messages in one direction: of TRANSFERs that were sent, executed, and of all that wait."""

    sent: int
    executed: int
    waiting: int


def _sum(account: Account, asset: str, source: int | None, destination: int | None) -> Sums:
    """Add up one direction. A RETURN is paid like a TRANSFER, but nothing was locked or burned for it."""
    chosen = {
        leaf: sent
        for leaf, sent in account.transfers.items()
        if sent.asset == asset and source in (None, sent.source) and destination in (None, sent.destination)
    }
    waiting = account.waiting
    return Sums(
        sum(sent.amount for sent in chosen.values() if sent.kind == TRANSFER),
        sum(sent.amount for leaf, sent in chosen.items() if leaf in account.executed),
        sum(sent.amount for leaf, sent in chosen.items() if leaf in waiting),
    )


def _read_gateway(account: Account, chain: int, log: Mapping[str, Any], gateways: Mapping[int, str]) -> None:
    topic, *indexed = log["topics"]
    data = bytes.fromhex(log["data"][2:])
    if topic == DISPATCHED:
        ((kind, nonce, asset, sender, recipient, amount, total, content),) = decode((MESSAGE,), data)
        other = int(indexed[1], 16)
        message = (kind, nonce, asset, sender, recipient, amount, total, content)
        where = (chain, gateways[chain], other, gateways[other])
        types = ("bytes32", "uint256", "address", "uint256", "address", MESSAGE)
        leaf = "0x" + keccak(keccak(encode(types, (LEAF_TAG, *where, message)))).hex()
        if leaf in account.sent or leaf != indexed[0]:
            account.wrong.append(f"{indexed[0]} was logged as sent, and is {leaf}")
        account.sent[leaf] = Sent(chain, other, kind, nonce, asset.lower(), amount)
    elif topic == EXECUTED:
        (nonce,) = decode(("uint64",), data)
        account.executed[indexed[0]].append(Arrived(chain, int(indexed[1], 16), nonce))
    elif topic == HELD:
        _, _, reason = decode(("uint64", "uint64", "uint8"), data)
        account.held[indexed[0]] = REASONS.get(reason, "")
    elif topic == SENT_BACK:
        account.sent_back[indexed[0]] = indexed[1]


def _read_token(account: Account, chain: int, asset: str, log: Mapping[str, Any], gateway: str | None) -> None:
    """Take in a transfer of a token: of the bond itself into or out of home's gateway, or a mint or burn elsewhere."""
    if log["topics"][0] != MOVED:
        return
    source, destination = ("0x" + topic[26:] for topic in log["topics"][1:3])
    (amount,) = decode(("uint256",), bytes.fromhex(log["data"][2:]))
    if gateway is not None:
        account.escrowed[asset] += amount * ((destination == gateway) - (source == gateway))
    else:
        account.minted[chain, asset] += amount * (source == NOBODY)
        account.burned[chain, asset] += amount * (destination == NOBODY)


async def _logs(rpc: Rpc, addresses: Sequence[str]) -> list[dict[str, Any]]:
    wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": list(addresses)}
    return cast("list[dict[str, Any]]", await rpc.result("eth_getLogs", wanted))


async def _call(rpc: Rpc, to: str, signature: str, types: Sequence[str] = (), values: Sequence[object] = ()) -> int:
    data = "0x" + (keccak(text=signature)[:4] + encode(types, values)).hex()
    return int(str(await rpc.result("eth_call", {"to": to, "data": data}, "latest")), 16)


def _entries(network: Network) -> list[Any]:
    return [network.home, *network.remotes]


def _hex(address: bytes) -> str:
    return "0x" + address.hex()
