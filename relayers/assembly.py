"""Builds a relayer from its configuration: opens keys, store and connections, and wires the parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bridge.adapters.bundles import BundleFolder
from bridge.adapters.config import Home, RelayerConfig, Remote
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain
from bridge.adapters.signers import open_attestation_signer, open_transaction_signer
from bridge.adapters.store import Store
from bridge.adapters.txlane import Lane
from bridge.core.ports import AttestationSigner, Clock, Probe, TransactionSigner
from bridge.core.types import ChainId, Windowing
from relayers.engine import Engine
from relayers.health import Health
from relayers.observer import Observer
from relayers.plan import ChainPlan, Plan, plan_of
from relayers.relayer import Relayer
from relayers.worker import Worker


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
        chains = {}
        for chain in config.chains:
            rpc = await stack.enter_async_context(Rpc(chain.providers[0].url, chain.providers[0].operator))
            chains[chain.chain_id] = EvmChain(rpc, config.watched[chain.chain_id])
        store = await Store.open(f"sqlite+aiosqlite:///{config.data_dir / 'relayer.sqlite'}")
        stack.push_async_callback(store.close)
        plan = await read_plan(config, signers.attestation, chains)
        yield _wire(config, plan, signers, chains, store, surroundings)


async def read_plan(config: RelayerConfig, signer: AttestationSigner, chains: dict[ChainId, EvmChain]) -> Plan:
    """Lay out chains and routes; the windowings are read from the gateways, where they never change."""
    home = config.home.chain_id
    pairs = [(home, remote.chain_id) for remote in config.remotes]
    windowings: dict[tuple[ChainId, ChainId], Windowing] = {}
    for source, destination in [*pairs, *((remote, home) for home, remote in pairs)]:
        windowings[source, destination] = await chains[source].windowing(destination)
    plans = [_chain_plan(chain) for chain in config.chains]
    return plan_of(signer.address, config.home.genesis_hash, plans, windowings)


def _chain_plan(chain: Home | Remote) -> ChainPlan:
    return ChainPlan(
        chain=chain.chain_id,
        name=chain.name,
        gateway=chain.gateway,
        start_height=chain.start_height,
        policy=chain.finality.policy,
        is_home=isinstance(chain, Home),
    )


def _wire(
    config: RelayerConfig,
    plan: Plan,
    signers: _Signers,
    chains: dict[ChainId, EvmChain],
    store: Store,
    surroundings: Surroundings,
) -> Relayer:
    engine = Engine(plan, store, surroundings.clock, surroundings.probe)
    worker = Worker(
        engine=engine,
        store=store,
        signer=signers.attestation,
        sender=signers.submission.address,
        writers=chains,
        board_address=config.home.board,
        bundles=BundleFolder(config.data_dir / "bundles"),
        probe=surroundings.probe,
    )
    lanes = {
        chain.chain_id: Lane(
            writer=chains[chain.chain_id],
            signer=signers.submission,
            store=store,
            rules=chain.fees.rules,
            clock=surroundings.clock,
            probe=surroundings.probe,
            settle=engine.settle,
        )
        for chain in config.chains
    }
    observers = {chain: Observer(plan.chains[chain], reader, engine) for chain, reader in chains.items()}
    return Relayer(engine, observers, worker, lanes, store, surroundings.health)
