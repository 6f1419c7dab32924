"""Does the configuration fit the world? Asked before anything starts; every problem is named with its next step."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bridge.adapters.codec import read_block, read_bytes, read_quantity, to_checksum, to_hex, views
from bridge.adapters.codec.headers import read_header
from bridge.adapters.config.loading import Draft, Problem
from bridge.adapters.config.relayer import Chain, Home, KeyFile, Keys
from bridge.adapters.evm import Request, Rpc
from bridge.adapters.keystores import is_exposed
from bridge.adapters.ledger.checkpoints import Checkpoints
from bridge.adapters.ledger.reading import LATEST
from bridge.adapters.ledger.state import Query, read, read_all
from bridge.adapters.signers import open_transaction_signer, require_fast_backend
from bridge.core.batches import domain_separator
from bridge.core.errors import Refuse, Retry
from bridge.core.qbft import HeaderRefused, Trusted, trust
from bridge.core.quorum import is_set
from bridge.core.types import ZERO_ADDRESS, Address, Block, Domain

DEADLINE_SECONDS: Final = 5.0
CHECKPOINTS: Final = "home-headers.jsonl"
"""In the data directory: see `ledger.checkpoints`."""
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Site:
    """A chain's place in the configuration, and a node of it that answers as it should."""

    where: str
    chain: Chain
    rpc: Rpc
    at: Block


async def check(draft: Draft) -> tuple[Problem, ...]:
    """Return everything that is wrong with a configuration: what its reading found, then what the chains say."""
    addresses, problems = _open_keys(draft.keys)
    places: list[tuple[str, Chain]] = [] if draft.home is None else [("home", draft.home)]
    places += [(f"remotes[{index}]", remote) for index, remote in sorted(draft.remotes.items())]
    rpcs: list[Rpc] = []
    try:
        sites = []
        for site, found in await asyncio.gather(*(_visit(where, chain, rpcs) for where, chain in places)):
            problems += found
            sites += [] if site is None else [site]
        for found in await asyncio.gather(*(_check_site(site, sites, draft.home, addresses) for site in sites)):
            problems += found
        for site in sites:
            if isinstance(site.chain, Home):
                problems += await _check_seals(site, site.chain, draft.data_dir)
    finally:
        await asyncio.gather(*(rpc.close() for rpc in rpcs))
    return (*draft.problems, *problems)


def warnings(keys: Keys) -> list[str]:
    """Return what is unwise and no reason to refuse."""
    return [
        f"{path} can be read by other accounts of this machine: chmod 600 it"
        for key in (keys.attestation, keys.submission)
        for path in (key.keystore, key.password_file)
        if is_exposed(path)
    ]


@dataclass(frozen=True, slots=True)
class _Accounts:
    attestation: Address | None = None
    submission: Address | None = None


def _open_keys(keys: Keys | None) -> tuple[_Accounts, list[Problem]]:
    problems: list[Problem] = []
    try:
        require_fast_backend()
    except Refuse as refusal:
        problems.append(Problem("keys", *_split(refusal)))
    if keys is None:
        return _Accounts(), problems
    opened = {}
    for name, key in (("attestation", keys.attestation), ("submission", keys.submission)):
        opened[name], found = _open_key(f"keys.{name}", key)
        problems += found
    return _Accounts(**opened), problems


def _open_key(where: str, key: KeyFile) -> tuple[Address | None, list[Problem]]:
    try:
        return open_transaction_signer(key.keystore, key.password_file).address, []
    except Refuse as refusal:
        return None, [Problem(where, *_split(refusal))]


def _split(refusal: Refuse) -> tuple[str, str]:
    """Return what is wrong and what to do: the parts before and after the last colon."""
    what, _, todo = str(refusal).rpartition(": ")
    return what, todo


async def _visit(where: str, chain: Chain, rpcs: list[Rpc]) -> tuple[_Site | None, list[Problem]]:
    """Ask all providers of a chain at once; return the first that answers as it should."""
    own = [Rpc(provider.url, provider.operator, deadline=DEADLINE_SECONDS) for provider in chain.providers]
    rpcs += own
    answers = await asyncio.gather(*(_check_provider(where, i, chain, rpc) for i, rpc in enumerate(own)))
    problems = [problem for _, found in answers for problem in found]
    good = (_Site(where, chain, rpc, at) for rpc, (at, _) in zip(own, answers, strict=True) if at is not None)
    site = next(good, None)
    # Whoever starts again during an outage of one provider goes on with the others, or waits for it: nothing is signed
    # on fewer voices than must agree.
    return site, [replace(problem, is_passing=problem.is_passing and site is not None) for problem in problems]


async def _check_provider(where: str, index: int, chain: Chain, rpc: Rpc) -> tuple[Block | None, list[Problem]]:
    """Return the newest block, if this is a node of the right chain."""
    place = f"{where}.providers[{index}]"
    header = [Request("eth_getBlockByNumber", (which, False)) for which in ("0x0", LATEST)]
    try:
        chain_id, genesis, latest = await rpc.results([Request("eth_chainId"), *header])
        given, first, newest = read_quantity(chain_id), read_block(genesis), read_block(latest)
    except Retry as fault:
        todo = "see that the node runs and can be reached from here"
        return None, [Problem(place, str(fault), todo, is_passing=True)]
    except ValueError as fault:
        return None, [Problem(place, f"{rpc.name} is no Ethereum node: {fault}", "correct the url")]
    if given != chain.chain_id:
        what = f"{rpc.name} is a node of chain {given}, not {chain.chain_id}"
        return None, [Problem(place, what, f"correct the url, or {where}.chain_id")]
    if isinstance(chain, Home) and first.hash != chain.genesis_hash:
        what = f"block 0 of {rpc.name} is {to_hex(first.hash)}"
        return None, [Problem(f"{where}.genesis_hash", what, "correct it, or the url: that is another ledger")]
    return newest, []


async def _check_site(site: _Site, sites: Sequence[_Site], home: Home | None, accounts: _Accounts) -> list[Problem]:
    """Look at the contracts of one chain; a node that fails on the way is a problem like others."""
    try:
        problems = await _check_code(site)
        if problems:
            return problems
        problems = await _check_routes(site, sites, home)
        problems += await _check_committee(site, accounts.attestation)
        if isinstance(site.chain, Home):
            problems += await _check_poster(site, site.chain, accounts)
    except Retry as fault:
        todo = "correct the addresses, or see what is wrong with the node"
        return [Problem(f"{site.where}.gateway", str(fault), todo)]
    return problems


async def _check_seals(site: _Site, home: Home, data_dir: Path | None) -> list[Problem]:
    """See that the trusted block is what it is said to be, and not too old to prove anything."""
    policy, place = home.sealed, f"{site.where}.seals"
    if policy is None:
        return []
    try:
        header = read_header(await site.rpc.result("eth_getBlockByNumber", to_hex(policy.height), False))  # noqa: FBT003
        newest = trust(header, policy.hash, policy.terms)
    except (HeaderRefused, Retry, ValueError) as fault:
        todo = "correct it, or set finality to what this ledger has"
        return [Problem(place, f"the trusted block {policy.height} is not to be had: {fault}", todo)]
    kept: list[Trusted] = [] if data_dir is None else Checkpoints(data_dir / CHECKPOINTS).all
    if kept and kept[0] == newest:
        newest = kept[-1]
    days = (int(time.time()) - newest.block.time) // _DAY
    if days > home.seals.trusting_days:
        what = f"the newest verified block, {newest.block.height}, is {days} days old"
        return [Problem(place, what, "name a newer trusted_height and trusted_hash, compared with several operators")]
    return []


async def _check_code(site: _Site) -> list[Problem]:
    chain = site.chain
    contracts = {"gateway": chain.gateway} | ({"board": chain.board} if isinstance(chain, Home) else {})
    codes = await site.rpc.results([Request("eth_getCode", (to_hex(at), LATEST)) for at in contracts.values()])
    return [
        Problem(f"{site.where}.{name}", f"there is no contract at {to_checksum(address)}", "correct the address")
        for (name, address), code in zip(contracts.items(), codes, strict=True)
        if not read_bytes(code)
    ]


async def _check_routes(site: _Site, sites: Sequence[_Site], home: Home | None) -> list[Problem]:
    """See that this gateway knows its counterparts as configured, and the ledger that its digests are bound to."""
    chain, problems = site.chain, []
    others = [other for other in sites if isinstance(other.chain, Home) != isinstance(chain, Home)]
    queries = [Query(views.ROUTE, chain.gateway, (other.chain.chain_id,)) for other in others]
    for other, end in zip(others, await read_all(site.rpc, queries, site.at), strict=True):
        if end.gateway != other.chain.gateway:
            leads = f"leads to {to_checksum(end.gateway)}" if end.gateway != ZERO_ADDRESS else "is not open"
            what = f"its route to chain {other.chain.chain_id} {leads}, not to {to_checksum(other.chain.gateway)}"
            problems.append(Problem(f"{site.where}.gateway", what, f"correct it, or {other.where}.gateway"))
    if home is not None:
        separator = await read(site.rpc, Query(views.DOMAIN_SEPARATOR, chain.gateway), site.at)
        if separator != domain_separator(Domain(chain.chain_id, chain.gateway, home.genesis_hash)):
            what = "it was deployed for another home ledger or as another kind of gateway"
            problems.append(Problem(f"{site.where}.gateway", what, "correct it, or home.genesis_hash"))
    return problems


async def _check_committee(site: _Site, signer: Address | None) -> list[Problem]:
    committee = await read(site.rpc, Query(views.COMMITTEE, site.chain.gateway), site.at)
    epoch = await read(site.rpc, Query(views.ACTIVE_EPOCH, committee), site.at)
    members = await read(site.rpc, Query(views.SET_OF, committee, (epoch,)), site.at)
    is_revoked = await read(site.rpc, Query(views.IS_REVOKED, committee, (epoch,)), site.at)
    where, problems = f"{site.where}.gateway", []
    if is_revoked or not is_set(members.threshold, members.members):
        state = "is revoked" if is_revoked else f"has a threshold of {members.threshold}"
        what = f"its committee's epoch {epoch} {state}: nothing can be certified"
        problems.append(Problem(where, what, "have the governor put another set in force"))
    if signer is not None and signer not in members.members:
        what = f"{to_checksum(signer)} is not in the committee of {site.where}.gateway (epoch {epoch})"
        todo = "name the key that is, or have the governor rotate this one in"
        problems.append(Problem("keys.attestation", what, todo))
    return problems


async def _check_poster(site: _Site, home: Home, accounts: _Accounts) -> list[Problem]:
    if accounts.attestation is None or accounts.submission is None:
        return []
    poster = await read(site.rpc, Query(views.POSTER_OF, home.board, (accounts.attestation,)), site.at)
    if poster == accounts.submission:
        return []
    who = "nobody" if poster == ZERO_ADDRESS else to_checksum(poster)
    what = f"{who} may post for {to_checksum(accounts.attestation)}, not {to_checksum(accounts.submission)}"
    return [Problem("keys.submission", what, "name that key, or have the governor register this one on the board")]
