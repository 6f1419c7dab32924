"""Builds a relayer from its configuration: opens keys, store and connections, and wires the parts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_fixed

from bridge.adapters.bundles import BundleFolder
from bridge.adapters.config import Home, RelayerConfig, Remote
from bridge.adapters.config.checks import CHECKPOINTS
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import AgreedReader, AnyWriter, Checkpoints, EvmReader, EvmWriter, Providers, SealedReader
from bridge.adapters.signers import open_attestation_signer, open_transaction_signer
from bridge.adapters.store import Store
from bridge.adapters.txlane import Lane
from bridge.core.errors import Retry
from bridge.core.ports import AttestationSigner, ChainReader, ChainWriter, Clock, Faults, Probe, TransactionSigner
from bridge.core.types import Address, ChainId, Windowing
from relayers.engine import Engine
from relayers.health import Health
from relayers.observer import Observer
from relayers.plan import ChainPlan, Plan, plan_of
from relayers.relayer import Relayer
from relayers.worker import Worker

AGAIN_SECONDS: Final = 2
DATABASE: Final = "relayer.sqlite"
"""In the data directory."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a relayer is given besides its configuration."""

    clock: Clock
    probe: Probe
    health: Health


@dataclass(frozen=True, slots=True)
class _Signers:
    attestation: AttestationSigner
    submission: TransactionSigner


@dataclass(frozen=True, slots=True)
class Access:
    """One chain: read from providers of whom none is believed, written through any of them."""

    reader: ChainReader
    writer: ChainWriter


@asynccontextmanager
async def assembled(config: RelayerConfig, surroundings: Surroundings) -> AsyncIterator[Relayer]:
    """Open everything, yield the relayer, close everything."""
    keys = config.keys
    signers = _Signers(
        open_attestation_signer(keys.attestation.keystore, keys.attestation.password_file),
        open_transaction_signer(keys.submission.keystore, keys.submission.password_file),
    )
    config.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        chains = await stack.enter_async_context(opened(config, config.data_dir / CHECKPOINTS, surroundings.health))
        store = await Store.open(f"sqlite+aiosqlite:///{config.data_dir / DATABASE}")
        stack.push_async_callback(store.close)
        plan = await _plan_in_time(config, signers.attestation.address, chains, surroundings.health)
        yield _wire(config, plan, signers, chains, store, surroundings)


@asynccontextmanager
async def opened(config: RelayerConfig, checkpoints: Path, faults: Faults) -> AsyncIterator[dict[ChainId, Access]]:
    """Connect to every chain. What is verified of home is kept in the file of checkpoints."""
    async with AsyncExitStack() as stack:
        chains = {}
        for chain in config.chains:
            rpcs = [
                await stack.enter_async_context(Rpc(node.url, node.operator, deadline=chain.deadline_seconds))
                for node in chain.providers
            ]
            chains[chain.chain_id] = _access(config, chain, rpcs, checkpoints, faults)
        yield chains


def _access(
    config: RelayerConfig, chain: Home | Remote, rpcs: Sequence[Rpc], checkpoints: Path, faults: Faults
) -> Access:
    """Return a chain by its providers and its finality policy."""
    watched = config.watched[chain.chain_id]
    providers = Providers([EvmReader(rpc, watched) for rpc in rpcs], faults)
    writer = AnyWriter([EvmWriter(rpc, chain.chain_id) for rpc in rpcs])
    sealed = chain.sealed if isinstance(chain, Home) else None
    if sealed is None:
        return Access(AgreedReader(providers, chain.voices, chain.finality.policy), writer)
    return Access(SealedReader(providers, sealed, Checkpoints(checkpoints)), writer)


async def _plan_in_time(
    config: RelayerConfig, signer: Address, chains: Mapping[ChainId, Access], faults: Faults
) -> Plan:
    """Read the plan; while a chain has too few voices for it, say so and ask again: an outage passes without a hand."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(Retry),
        wait=wait_fixed(AGAIN_SECONDS),
        before_sleep=lambda state: faults.failed("start", _fault_of(state)),
    ):
        with attempt:
            plan = await read_plan(config, signer, chains)
            faults.worked("start")
            return plan
    raise Retry("the routes were not asked for")


def _fault_of(state: RetryCallState) -> Exception:
    fault = state.outcome.exception() if state.outcome is not None else None
    return fault if isinstance(fault, Exception) else Retry("no answer")


async def read_plan(config: RelayerConfig, signer: Address, chains: Mapping[ChainId, Access]) -> Plan:
    """Lay out chains and routes; the windowings are read from the gateways, where they never change."""
    home = config.home.chain_id
    pairs = [(home, remote.chain_id) for remote in config.remotes]
    windowings: dict[tuple[ChainId, ChainId], Windowing] = {}
    for source, destination in [*pairs, *((remote, home) for home, remote in pairs)]:
        windowings[source, destination] = await chains[source].reader.windowing(destination)
    plans = [_chain_plan(chain) for chain in config.chains]
    return plan_of(signer, config.home.genesis_hash, plans, windowings)


def _chain_plan(chain: Home | Remote) -> ChainPlan:
    return ChainPlan(
        chain=chain.chain_id,
        name=chain.name,
        gateway=chain.gateway,
        start_height=chain.start_height,
        is_home=isinstance(chain, Home),
    )


def _wire(
    config: RelayerConfig,
    plan: Plan,
    signers: _Signers,
    chains: Mapping[ChainId, Access],
    store: Store,
    surroundings: Surroundings,
) -> Relayer:
    engine = Engine(plan, store, surroundings.clock, surroundings.probe)
    worker = Worker(
        engine=engine,
        store=store,
        signer=signers.attestation,
        sender=signers.submission.address,
        writers={chain: access.writer for chain, access in chains.items()},
        board_address=config.home.board,
        bundles=BundleFolder(config.data_dir / "bundles"),
        probe=surroundings.probe,
    )
    lanes = {
        chain.chain_id: Lane(
            writer=chains[chain.chain_id].writer,
            signer=signers.submission,
            store=store,
            rules=chain.fees.rules,
            clock=surroundings.clock,
            probe=surroundings.probe,
            settle=engine.settle,
            permits=engine.permits,
        )
        for chain in config.chains
    }
    observers = {chain: Observer(plan.chains[chain], access.reader, engine) for chain, access in chains.items()}
    return Relayer(engine, observers, worker, lanes, store, surroundings.health)
