"""The oracle of a devnet: reporters as real processes, a stand-in for the publishers, feeds on one public chain.

It plays a quarter of made-up fixings over New Year and a curve. Their time has passed, so feeds read STALE: they are
history, and say so.
"""

import asyncio
import secrets
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from bridge.adapters.codec import encode_register_key, to_checksum, to_hex
from bridge.adapters.codec.views import CALENDAR_OF
from bridge.adapters.config import AccountEntry
from bridge.adapters.evm import Rpc
from bridge.adapters.keystores import new_key, write_secret
from bridge.adapters.ledger import Query, newest_block, read
from bridge.core import bls
from bridge.core.bls12381 import ORDER
from bridge.core.errors import Refuse
from bridge.core.ports import Call, TransactionSigner
from bridge.core.types import Address, Hash32
from bridge.devnet.accounts import Person, keep_key, make_person
from bridge.devnet.daemons import command_of, key_lines, text
from bridge.devnet.layout import Layout
from bridge.devnet.mirror import lay_out
from bridge.devnet.nodes import Node
from bridge.devnet.processes import LOOPBACK, Process, Processes
from contracts.deploy import Roles, Site
from contracts.deploy_oracle import FeedTerms, OracleDeployment, OracleOrder, deploy_index, deploy_oracle
from contracts.governing import Government
from oracles.core.catalogue import CALL_RATE_AVERAGE, CATALOGUE, PAR_YIELDS
from oracles.core.report import days_of
from oracles.core.series import Kind, Role, Series
from oracles.core.sets import signer_of

MIRROR: Final = "mirror"
COMMAND: Final = "jgb-oracle"
FIRST: Final = date(2025, 12, 1)
LAST: Final = date(2026, 2, 27)
SAMPLES: Final = Path(__file__).resolve().parents[2] / "tests" / "data"
_CALENDAR_SECONDS: Final = 120
_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class ReporterAccount:
    """A reporter's two keys. The BLS one signs reports, the other one pays."""

    name: str
    key: bls.Key
    proof: bls.Signature
    reporting: AccountEntry
    submission: Person

    @property
    def signer(self) -> Address:
        """What the board calls its BLS key."""
        return signer_of(self.key)


@dataclass(frozen=True, slots=True)
class OracleCast:
    """Everybody of the oracle, in the order of their set."""

    oracle_id: Hash32
    reporters: tuple[ReporterAccount, ...]

    @property
    def threshold(self) -> int:
        """More than half."""
        return len(self.reporters) // 2 + 1


def make_reporters(layout: Layout, count: int) -> OracleCast:
    """Make the reporters' keys and write their keystores."""
    oracle_id = Hash32(secrets.token_bytes(32))
    made = [_reporter(layout, f"reporter-{number}", oracle_id) for number in range(1, count + 1)]
    by_key = {reporter.key: reporter for reporter in made}
    return OracleCast(oracle_id, tuple(by_key[key] for key in bls.in_order(by_key)))


def _reporter(layout: Layout, name: str, oracle_id: Hash32) -> ReporterAccount:
    secret = bls.secret_key(int.from_bytes(new_key(), "big") % (ORDER - 1) + 1)
    key = bls.public_key(secret)
    kept = keep_key(layout, f"{name}-reporting", secret.to_bytes(32, "big"), is_bls=True)
    entry = AccountEntry(name=name, address=signer_of(key), keystore=kept.keystore, password_file=kept.password_file)
    submission = make_person(layout, f"{name}-submission")
    return ReporterAccount(name, key, bls.prove(secret, oracle_id), entry, submission)


@dataclass(frozen=True, slots=True)
class OracleOffices:
    """Where the oracle is deployed, and who governs it there."""

    site: Site
    roles: Roles
    government: Government
    officers: Address


async def deploy_feeds(offices: OracleOffices, oracle: OracleCast, activation_delay: int) -> OracleDeployment:
    """Deploy the oracle with a feed for every series."""
    order = OracleOrder(
        site=offices.site,
        roles=offices.roles,
        government=offices.government,
        officers=offices.officers,
        oracle_id=oracle.oracle_id,
        threshold=oracle.threshold,
        keys=tuple(reporter.key for reporter in oracle.reporters),
        proofs=tuple(reporter.proof for reporter in oracle.reporters),
        activation_delay=activation_delay,
        feeds=tuple(map(_terms, CATALOGUE.values())),
    )
    return await deploy_oracle(order)


async def register_reporters(government: Government, board: Address, oracle: OracleCast) -> None:
    """Let the reporters post on the board."""
    calls = [
        Call(board, encode_register_key(reporter.signer, reporter.submission.address)) for reporter in oracle.reporters
    ]
    await government.decide(calls)


async def add_index(site: Site, rpc: Rpc, deployer: TransactionSigner, oracle: OracleDeployment) -> None:
    """Deploy the compounded index as soon as the reporters have pushed the calendar of its base date."""
    try:
        async with asyncio.timeout(_CALENDAR_SECONDS):
            while True:
                if await read(rpc, Query(CALENDAR_OF, oracle.oracle, (LAST.year,)), await newest_block(rpc)):
                    break
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise Refuse(f"the reporters have pushed no calendar after {_CALENDAR_SECONDS} s: see their logs") from None
    feed = oracle.feeds[CALL_RATE_AVERAGE.name]
    await deploy_index(site, deployer, oracle.oracle, feed, days_of(FIRST))


# --- Processes ---


def start_mirror(layout: Layout, processes: Processes, port: int) -> Process:
    """Lay out the sample documents and start the stand-in for the publishers."""
    lay_out(layout.mirror, SAMPLES)
    command = [sys.executable, "-m", "bridge.devnet.mirror", "--folder", str(layout.mirror), "--port", str(port)]
    return processes.start(MIRROR, command, port)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every reporter is told."""

    home: Node
    genesis: Hash32
    board: Address
    start_height: int
    remote: Node
    deployment: OracleDeployment
    mirror_port: int


def start_reporter(
    layout: Layout, processes: Processes, oracle: OracleCast, reporter: ReporterAccount, around: Surroundings, port: int
) -> Process:
    """Write a reporter's configuration and start it by its command."""
    layout.reporter(reporter.name).mkdir()
    path = layout.reporter_config(reporter.name)
    write_secret(path, _config(layout, oracle, reporter, around, port))
    return processes.start(reporter.name, [command_of(COMMAND), "run", "--config", str(path)], port)


def _config(layout: Layout, oracle: OracleCast, reporter: ReporterAccount, around: Surroundings, port: int) -> str:
    return f"""name = {text(reporter.name)}
data_dir = {text(layout.reporter(reporter.name) / "data")}
oracle_id = {text(to_hex(oracle.oracle_id))}
recheck_days = 400
recheck_seconds = 10
turn_seconds = 4
{key_lines("reporting", Person(reporter.name, reporter.submission.signer, reporter.reporting))}
{key_lines("submission", reporter.submission)}

[api]
host = {text(LOOPBACK)}
port = {port}
{_chains(around)}
[[groups]]
name = {text(CALL_RATE_AVERAGE.group)}
first = {FIRST}
last = {LAST}

[[groups]]
name = {text(PAR_YIELDS[0].group)}
first = {LAST}
last = {LAST}
{_publishers(around.mirror_port)}
[settling]
window = 3
patience = 60
"""


def _chains(around: Surroundings) -> str:
    home, remote, deployment = around.home, around.remote, around.deployment
    return f"""
[home]
chain_id = {home.chain}
genesis_hash = {text(to_hex(around.genesis))}
board = {text(to_checksum(around.board))}
start_height = {around.start_height}
providers = [{{ url = {text(home.url)}, operator = "devnet" }}]

[[remotes]]
name = {text(remote.name)}
chain_id = {remote.chain}
oracle = {text(to_checksum(deployment.oracle))}
index = {text(to_checksum(deployment.index))}
providers = [{{ url = {text(remote.url)}, operator = "devnet" }}]
"""


def _publishers(port: int) -> str:
    mirror = f"http://{LOOPBACK}:{port}"
    return f"""
[publishers]
boj_daily = {text(mirror + "/boj-daily")}
boj_api = {text(mirror + "/boj-api")}
mof = {text(mirror + "/mof")}
spacing_seconds = 0
workbook_days = 400
"""


def _terms(series: Series) -> FeedTerms:
    rung = series.rung(Role.FINAL)
    if rung is None:
        raise ValueError(f"{series.name} has no final documents")
    return FeedTerms(
        name=series.name,
        unit=series.unit,
        day_count=series.day_count.value,
        group=series.group,
        is_price=series.kind is Kind.PRICE,
        due_lag=rung.schedule.lag,
        due_at=rung.schedule.at,
    )
