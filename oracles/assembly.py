"""A reporter and its publishers, put together from a configuration, after everything about it was checked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bridge.adapters.codec import read_block, read_bytes, read_quantity, to_checksum, to_hex
from bridge.adapters.codec.views import ACTIVE_EPOCH
from bridge.adapters.config import BadConfig, Problem
from bridge.adapters.evm import Request, Rpc
from bridge.adapters.ledger import Query, newest_block, read
from bridge.adapters.signers import LocalTransactionSigner, open_transaction_signer
from bridge.core.errors import Refuse, Retry
from bridge.core.types import Block, Timestamp
from oracles.archive import Archive
from oracles.board import Board
from oracles.config import OracleChain, OracleConfig, OracleHome, OracleRemote
from oracles.core.calendar import JAPAN
from oracles.core.ledger import Ledger
from oracles.core.report import OracleId
from oracles.core.sets import ReporterSet
from oracles.journal import Journal
from oracles.publisher import Publisher
from oracles.reporter import Reporter, Surroundings
from oracles.signing import ReportSigner, open_signer, set_of
from oracles.sources import Fetcher, Published
from oracles.wire import KEY_POSTER_OF, MEMBERS_OF, ORACLE_ID, REPORTERS


@dataclass(frozen=True, slots=True)
class Oracle:
    """What one process runs."""

    reporter: Reporter
    publishers: tuple[Publisher, ...]
    evidence: Published
    archive: Archive


@asynccontextmanager
async def assembled(
    config: OracleConfig, clock: Callable[[], Timestamp], warn: Callable[..., object]
) -> AsyncIterator[Oracle]:
    """Open everything; close it at the end. Raises BadConfig with all that does not fit the world."""
    async with AsyncExitStack() as closing:
        home = await closing.enter_async_context(_rpc(config.home))
        remotes = [await closing.enter_async_context(_rpc(remote)) for remote in config.remotes]
        signer, sender = _open_keys(config)
        reporters = await check(config, home, remotes, signer, sender)
        archive = Archive(config.data_dir / "archive")
        closing.callback(archive.close)
        journal = Journal(config.data_dir / "journal.db")
        closing.callback(journal.close)
        fetcher = Fetcher(archive, clock, warn, config.publishers.spacing_seconds)
        closing.push_async_callback(fetcher.close)
        evidence = Published(archive, fetcher, config.publishers, JAPAN, clock)
        ledger = Ledger(OracleId(config.oracle_id), reporters)
        around = Surroundings(Board(home, config.home, sender), evidence, journal, JAPAN, warn)
        reporter = Reporter(config, ledger, signer, around)
        publishers = tuple(
            Publisher(rpc, remote, sender, signer.address, config.turn_seconds, warn)
            for rpc, remote in zip(remotes, config.remotes, strict=True)
        )
        yield Oracle(reporter, publishers, evidence, archive)


async def check(
    config: OracleConfig, home: Rpc, remotes: list[Rpc], signer: ReportSigner, sender: LocalTransactionSigner
) -> ReporterSet:
    """Return the reporters' set; raise BadConfig with every way in which the configuration does not fit the chains."""
    problems: list[Problem] = []
    sets: list[ReporterSet] = []
    await _try(problems, "home", _check_home(config.home, home, signer, sender))
    for index, (rpc, remote) in enumerate(zip(remotes, config.remotes, strict=True)):
        await _try(problems, f"remotes[{index}]", _check_remote(config, rpc, remote, signer, sets))
    if len({one.set_hash for one in sets}) > 1:
        problems.append(Problem("remotes", "their oracles have different reporters", "push the rotation to all first"))
    if problems:
        raise BadConfig(tuple(problems))
    return sets[0]


async def _try(problems: list[Problem], where: str, checking: Awaitable[list[tuple[str, str]]]) -> None:
    try:
        problems += [Problem(where, what, todo) for what, todo in await checking]
    except Retry as fault:
        problems.append(Problem(where, str(fault), "see that the node runs, and that the addresses are right"))
    except Refuse as refusal:
        problems.append(Problem(where, str(refusal), "correct it"))


async def _check_home(
    home: OracleHome, rpc: Rpc, signer: ReportSigner, sender: LocalTransactionSigner
) -> list[tuple[str, str]]:
    at, found = await _check_chain(home, rpc)
    if found:
        return found
    (genesis,) = await rpc.results([Request("eth_getBlockByNumber", ("0x0", False))])
    if read_block(genesis).hash != home.genesis_hash:
        return [(f"block 0 of {rpc.name} is {to_hex(read_block(genesis).hash)}", "correct genesis_hash, or the url")]
    poster = await read(rpc, Query(KEY_POSTER_OF, home.board, (signer.address,)), at)
    if poster != sender.address:
        what = f"{to_checksum(poster)} may post for the reporting key, not {to_checksum(sender.address)}"
        return [(what, "have the governor register this account on the board")]
    return []


async def _check_remote(
    config: OracleConfig, rpc: Rpc, remote: OracleRemote, signer: ReportSigner, sets: list[ReporterSet]
) -> list[tuple[str, str]]:
    at, found = await _check_chain(remote, rpc)
    if found:
        return found
    (code,) = await rpc.results([Request("eth_getCode", (to_hex(remote.oracle), to_hex(at.height)))])
    if not read_bytes(code):
        return [(f"there is no contract at {to_checksum(remote.oracle)}", "correct oracle")]
    if await read(rpc, Query(ORACLE_ID, remote.oracle), at) != config.oracle_id:
        return [("its oracle has another id", "correct oracle, or oracle_id")]
    contract = await read(rpc, Query(REPORTERS, remote.oracle), at)
    epoch = await read(rpc, Query(ACTIVE_EPOCH, contract), at)
    reporters = set_of(config.scheme, epoch, await read(rpc, Query(MEMBERS_OF, contract, (epoch,)), at))
    sets.append(reporters)
    if signer.address not in reporters.signers:
        return [("the reporting key is not in its reporters' set", "name the key that is, or have it rotated in")]
    return []


async def _check_chain(chain: OracleChain, rpc: Rpc) -> tuple[Block, list[tuple[str, str]]]:
    (chain_id,) = await rpc.results([Request("eth_chainId")])
    found = []
    if read_quantity(chain_id) != chain.chain_id:
        found.append((f"{rpc.name} is a node of chain {read_quantity(chain_id)}", "correct the url, or chain_id"))
    return await newest_block(rpc), found


def _open_keys(config: OracleConfig) -> tuple[ReportSigner, LocalTransactionSigner]:
    reporting, submission = config.keys.reporting, config.keys.submission
    return (
        open_signer(config.scheme, reporting.keystore, reporting.password_file),
        open_transaction_signer(submission.keystore, submission.password_file),
    )


def _rpc(chain: OracleChain) -> Rpc:
    provider = chain.providers[0]
    return Rpc(provider.url, provider.operator)
