"""Deploys an oracle on one chain: reporters, the oracle itself and its feeds; the index when there is a calendar."""

from dataclasses import dataclass
from typing import Final

from eth_abi import encode

from bridge.adapters.codec.abi import FEED_TERMS, FUNCTIONS
from bridge.adapters.ledger import Sender
from bridge.core import bls
from bridge.core.hashing import keccak
from bridge.core.ports import Call, TransactionSigner
from bridge.core.types import Address, Hash32
from contracts.deploy import Roles, Site, artifact, created, creation
from contracts.governing import Government

_FEEDS_AT_ONCE: Final = 3
"""Creating one takes millions of gas, and a transaction may have 2^24 (EIP-7825)."""


@dataclass(frozen=True, slots=True)
class FeedTerms:
    """What a feed is, see `IFeed.sol`."""

    name: str
    unit: str
    day_count: str
    group: str
    is_price: bool
    due_lag: int
    due_at: int


@dataclass(frozen=True, slots=True)
class OracleOrder:
    """What is to be deployed where."""

    site: Site
    roles: Roles
    government: Government
    officers: Address
    """Desk of those who may veto a rotation."""
    oracle_id: Hash32
    threshold: int
    keys: tuple[bls.Key, ...]
    """In the order of the set."""
    proofs: tuple[bls.Signature, ...]
    """Of possession, in the domain of the oracle's id."""
    activation_delay: int
    feeds: tuple[FeedTerms, ...]


@dataclass(frozen=True, slots=True)
class OracleDeployment:
    """Where it stands."""

    reporters: Address
    oracle: Address
    index: Address
    """Where `deploy_index` will put it, if it is the deployer's next transaction."""
    feeds: dict[str, Address]


async def deploy_oracle(order: OracleOrder) -> OracleDeployment:
    """Deploy all but the index. The feeds' addresses follow from their names (EIP-1014)."""
    site, deployer = order.site, order.roles.deployer
    nonce = (await site.writer.account(deployer.address)).transactions
    reporters, oracle, index = (created(deployer.address, nonce + step) for step in range(3))
    sender = Sender(site.writer, deployer, site.fees)
    feed_code = bytes.fromhex(artifact("remote", "Feed")["bytecode"][2:])
    committee = creation(
        "remote",
        "BlsReporters",
        order.government.timelock,
        order.officers,
        oracle,
        order.activation_delay,
        order.oracle_id,
        order.threshold,
        bls.packed(order.keys),
        order.proofs,
    )
    await sender.send([committee])
    governor = order.government.timelock
    await sender.send([creation("remote", "RateOracle", governor, reporters, order.oracle_id, feed_code)])
    calls = [Call(oracle, _create_feed(terms)) for terms in order.feeds]
    for start in range(0, len(calls), _FEEDS_AT_ONCE):
        await order.government.decide(calls[start : start + _FEEDS_AT_ONCE])
    feeds = {terms.name: feed_address(oracle, terms.name, feed_code) for terms in order.feeds}
    return OracleDeployment(reporters, oracle, index, feeds)


async def deploy_index(site: Site, deployer: TransactionSigner, oracle: Address, feed: Address, base_date: int) -> None:
    """Deploy the compounded index of a feed. The calendar must know the base date, in days since 1970-01-01."""
    call = creation("remote", "CompoundedCallRateIndex", oracle, feed, base_date)
    await Sender(site.writer, deployer, site.fees).send([call])


def feed_address(oracle: Address, name: str, feed_code: bytes) -> Address:
    """Return where an oracle puts the feed of a series."""
    return Address(keccak(b"\xff" + oracle + keccak(name.encode()) + keccak(feed_code))[12:])


def _create_feed(terms: FeedTerms) -> bytes:
    fields = (
        terms.name,
        terms.unit,
        terms.day_count,
        terms.group,
        terms.is_price,
        terms.due_lag,
        terms.due_at,
    )
    return FUNCTIONS["createFeed"].selector + encode((FEED_TERMS,), (fields,))
