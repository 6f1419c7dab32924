"""Deploys a whole bridge: home and its remotes at once, every address known before the first transaction.

Steps depend on each other only where the contracts say so; what does not depend goes out together.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import rlp
from eth_abi import encode

from bridge.adapters.codec import (
    encode_announce,
    encode_open_route,
    encode_register,
    to_checksum,
    to_hex,
)
from bridge.adapters.codec.abi import FUNCTIONS
from bridge.adapters.ledger import EvmWriter, Sender
from bridge.core.bonds import BondTerms
from bridge.core.errors import Refuse
from bridge.core.hashing import keccak, word
from bridge.core.ports import AttestationSigner, Call, TransactionSigner
from bridge.core.submission import FeeRules
from bridge.core.types import Address, ChainId, Hash32, Height, Units, Windowing
from contracts.governing import Government, Seats

ARTIFACTS: Final = Path(__file__).resolve().parent / "artifacts"
CREATION: Final = Address(b"")
"""Receiver of a transaction that creates a contract."""
_OFFICES: Final = ("council", "timelock", "watch", "officers")
_HOME_CONTRACTS: Final = ("committee", "gateway", "board")
_REMOTE_CONTRACTS: Final = ("committee", "gateway")
_DAY: Final = 86_400
_NO_DELAY: Final = 0
"""While a deployment is being wired."""


@dataclass(frozen=True, slots=True)
class Site:
    """A chain to deploy to, and what its transactions may cost."""

    name: str
    writer: EvmWriter
    fees: FeeRules

    @property
    def chain(self) -> ChainId:
        """The chain's id."""
        return self.writer.chain


@dataclass(frozen=True, slots=True)
class Roles:
    """Who may do what. The deployer has no power afterwards, and nobody has an office but contracts."""

    deployer: TransactionSigner
    council: tuple[AttestationSigner, ...]
    """One per organisation: together they propose to the timelocks, which govern and register."""
    submitter: TransactionSigner
    """Who pays for what they have signed: not the deployer, whose next transactions create what was foretold."""
    watch: tuple[Address, ...]
    """May pause, by the desk of the watch."""
    officers: tuple[Address, ...]
    """May pause and veto, by a desk of their own."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Limits with which every bond begins, in units of JPY 100 million face."""

    inbound: int
    outbound: int
    delay_above: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """The numbers that a deployment fixes. Delays in seconds."""

    members: tuple[Address, ...]
    """The first committee of every destination, ascending."""
    threshold: int
    posters: Mapping[Address, Address]
    """Who posts for a member."""
    windowing: Windowing
    locks_per_block: int
    posts_per_block: int
    activation_delay: int
    return_delay: int
    supply_cap: Units
    flow: Flow
    veto_delay: int
    flow_period: int
    max_pause: int
    """At least a day more than the timelock's delay, so that governance can act inside a pause."""
    timelock_delay: int

    @property
    def council_threshold(self) -> int:
        """More than half of the organisations."""
        return len(self.members) // 2 + 1


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be deployed."""

    home: Site
    remotes: tuple[Site, ...]
    roles: Roles
    parameters: Parameters
    bonds: tuple[BondTerms, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed where."""

    home: ChainId
    genesis: Hash32
    """Hash of home's block 0, which every digest is bound to."""
    contracts: Mapping[ChainId, Mapping[str, Address]]
    bonds: Mapping[str, Address]
    """Tokens at home by ISIN."""
    wrapped: Mapping[ChainId, Mapping[str, Address]]
    """Where the remotes will deploy the wrapped tokens, by ISIN."""
    start: Mapping[ChainId, Height] = field(default_factory=dict)
    """Per chain, the block in which all contracts stand and nothing has happened yet: relayers read from here on."""


async def deploy(order: Order) -> Deployment:
    """Deploy everything, open the routes, register the posters and announce the bonds.

    The announcements are messages: the wrapped tokens exist when relayers have delivered them.
    """
    if order.parameters.max_pause < order.parameters.timelock_delay + _DAY:
        raise Refuse("a pause would end before governance can act in it: max_pause must be timelock_delay and a day")
    if set(order.roles.watch) & set(order.roles.officers):
        raise Refuse("one person at both desks would be two guardians: name others for the watch than for the officers")
    plan = await _plan(order)
    await asyncio.gather(_deploy_home(order, plan), *(_deploy_remote(order, remote, plan) for remote in order.remotes))
    deployer = order.roles.deployer.address
    sites = (order.home, *order.remotes)
    start = {site.chain: (await site.writer.account(deployer)).head for site in sites}
    home, parameters = order.home, order.parameters
    gateway, board = plan.contracts[home.chain]["gateway"], plan.contracts[home.chain]["board"]
    await government_of(order.home, order.roles, parameters, plan).decide(
        [Call(gateway, _opening(parameters, remote.chain, plan)) for remote in order.remotes]
        + [Call(board, encode_register(signer, poster)) for signer, poster in parameters.posters.items()]
        + [
            Call(gateway, encode_announce(token, remote.chain, parameters.supply_cap))
            for token in plan.bonds.values()
            for remote in order.remotes
        ]
    )
    return replace(plan, start=start)


async def finish(order: Order, plan: Deployment) -> None:
    """Give every timelock its delay: from now on, whatever is decided waits."""
    data = FUNCTIONS["updateDelay"].selector + word(order.parameters.timelock_delay)
    for site in (order.home, *order.remotes):
        government = government_of(site, order.roles, order.parameters, plan)
        await government.decide([Call(government.timelock, data)])


def government_of(site: Site, roles: Roles, parameters: Parameters, plan: Deployment) -> Government:
    """Return the council and timelock of one chain of a deployment that is not finished yet: see `finish`."""
    contracts = plan.contracts[site.chain]
    seats = Seats(roles.council, parameters.council_threshold, roles.submitter)
    return Government(site.writer, site.fees, contracts["council"], contracts["timelock"], _NO_DELAY, seats)


def encode_deployment(deployment: Deployment) -> bytes:
    """Return the deployment as a JSON file: chains by their id, addresses with checksum."""
    document = {
        "version": 1,
        "homeChain": deployment.home,
        "homeGenesis": to_hex(deployment.genesis),
        "chains": {
            str(chain): {
                "start_height": deployment.start[chain],
                "contracts": _checksums(contracts),
                "wrapped": _checksums(deployment.wrapped.get(chain, {})),
            }
            for chain, contracts in deployment.contracts.items()
        },
        "bonds": _checksums(deployment.bonds),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


async def _plan(order: Order) -> Deployment:
    """Foretell every address: a contract's follows from its deployer and the number of its transaction."""
    home, deployer = order.home, order.roles.deployer.address
    first = (await home.writer.account(deployer)).transactions
    here = {name: created(deployer, first + index) for index, name in enumerate((*_OFFICES, *_HOME_CONTRACTS))}
    tokens = [created(deployer, first + len(here) + index) for index in range(len(order.bonds))]
    contracts: dict[ChainId, dict[str, Address]] = {home.chain: here}
    wrapped = {}
    for remote in order.remotes:
        start = (await remote.writer.account(deployer)).transactions
        there = {name: created(deployer, start + index) for index, name in enumerate((*_OFFICES, *_REMOTE_CONTRACTS))}
        contracts[remote.chain] = there
        wrapped[remote.chain] = {
            bond.isin: _wrapped(home.chain, here["gateway"], there["gateway"], token, bond)
            for bond, token in zip(order.bonds, tokens, strict=True)
        }
    bonds = {bond.isin: token for bond, token in zip(order.bonds, tokens, strict=True)}
    return Deployment(home.chain, await home.writer.genesis(), contracts, bonds, wrapped)


async def _deploy_home(order: Order, plan: Deployment) -> None:
    here, parameters = plan.contracts[plan.home], order.parameters
    governor = here["timelock"]
    calls = [
        *_offices("home", order, here),
        _committee("home", order, here, scheduler=governor),
        creation("home", "HomeGateway", here["committee"], governor, governor, plan.genesis, _bounds(parameters, here)),
        creation("home", "AttestationBoard", governor, parameters.posts_per_block),
        *(creation("home", "JGBToken", _struct(bond), governor) for bond in order.bonds),
    ]
    await Sender(order.home.writer, order.roles.deployer, order.home.fees).send(calls)


async def _deploy_remote(order: Order, site: Site, plan: Deployment) -> None:
    there, parameters = plan.contracts[site.chain], order.parameters
    deployer = Sender(site.writer, order.roles.deployer, site.fees)
    committee = _committee("remote", order, there, scheduler=there["gateway"])
    await deployer.send([*_offices("remote", order, there), committee])
    gateway = creation(
        "remote",
        "RemoteGateway",
        there["committee"],
        there["timelock"],
        plan.home,
        plan.contracts[plan.home]["gateway"],
        plan.genesis,
        _bounds(parameters, there),
        parameters.windowing.window,
        parameters.windowing.max_batch,
    )
    # After the committee: the constructor asks it who may schedule.
    await deployer.send([gateway])


def _offices(kind: str, order: Order, here: Mapping[str, Address]) -> list[Call]:
    """Return the creations of council, timelock and both desks, in the order of `_OFFICES`."""
    roles, parameters = order.roles, order.parameters
    seats = Seats(roles.council, parameters.council_threshold, roles.submitter)
    return [
        creation(kind, "Council", seats.threshold, seats.packed),
        creation(kind, "Timelock", _NO_DELAY, here["council"]),
        creation(kind, "GuardianDesk", here["timelock"], list(roles.watch)),
        creation(kind, "GuardianDesk", here["timelock"], list(roles.officers)),
    ]


def _bounds(parameters: Parameters, here: Mapping[str, Address]) -> tuple[object, ...]:
    flow = parameters.flow
    return (
        parameters.return_delay,
        parameters.veto_delay,
        parameters.flow_period,
        parameters.max_pause,
        (flow.inbound, flow.outbound, flow.delay_above),
        here["watch"],
        here["officers"],
    )


def _committee(kind: str, order: Order, here: Mapping[str, Address], scheduler: Address) -> Call:
    parameters = order.parameters
    return creation(
        kind,
        "EcdsaCommittee",
        here["timelock"],
        here["officers"],
        scheduler,
        parameters.activation_delay,
        parameters.threshold,
        b"".join(parameters.members),
    )


def _opening(parameters: Parameters, chain: ChainId, plan: Deployment) -> bytes:
    windowing, gateway = parameters.windowing, plan.contracts[chain]["gateway"]
    return encode_open_route(chain, gateway, windowing.window, windowing.max_batch, parameters.locks_per_block)


def creation(kind: str, contract: str, *arguments: object) -> Call:
    """Return the transaction that creates a contract from its artifact."""
    built = artifact(kind, contract)
    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in built["abi"] if entry["type"] == "constructor"), []
    )
    types = [_type(entry) for entry in inputs]
    return Call(CREATION, bytes.fromhex(built["bytecode"][2:]) + encode(types, arguments))


def _type(entry: Mapping[str, Any]) -> str:
    """Return the type of a constructor's argument as the ABI writes it."""
    if not entry["type"].startswith("tuple"):
        return str(entry["type"])
    return f"({','.join(map(_type, entry['components']))}){entry['type'].removeprefix('tuple')}"


@cache
def artifact(kind: str, contract: str) -> dict[str, Any]:
    """Return what was compiled for a kind of chain. Raises Refuse if it is not there."""
    path = ARTIFACTS / kind / f"{contract}.json"
    try:
        built: dict[str, Any] = json.loads(path.read_text())
    except OSError:
        raise Refuse(f"there is no artifact {kind}/{contract}.json: run `make artifacts`") from None
    return built


def _struct(bond: BondTerms) -> tuple[object, ...]:
    return (
        bond.isin.encode(),
        bond.bond_type,
        bond.issue_number,
        bond.coupon_rate,
        bond.issue_date,
        bond.maturity_date,
        bond.denomination,
    )


def created(deployer: Address, nonce: int) -> Address:
    """Address of a contract that an account creates (CREATE)."""
    return Address(keccak(rlp.encode([deployer, nonce]))[12:])


def _wrapped(home: ChainId, home_gateway: Address, gateway: Address, token: Address, bond: BondTerms) -> Address:
    """Address of a wrapped token (CREATE2, SPEC 2.4)."""
    salt = keccak(word(home) + word(home_gateway) + word(token))
    code = creation("remote", "WrappedJGB", home, token, _struct(bond)).data
    return Address(keccak(b"\xff" + gateway + salt + keccak(code))[12:])


def _checksums(addresses: Mapping[str, Address]) -> dict[str, str]:
    return {name: to_checksum(address) for name, address in addresses.items()}
