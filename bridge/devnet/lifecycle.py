"""From an empty folder to a running bridge, and back."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bridge.adapters.codec import encode_issue
from bridge.adapters.config import (
    AssetEntry,
    HomeEntry,
    Network,
    RelayerEntry,
    RemoteEntry,
    encode_network,
    load_network,
)
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmWriter
from bridge.adapters.signers import open_attestation_signer
from bridge.core.errors import Refuse
from bridge.core.ports import Call
from bridge.core.submission import FeeRules
from bridge.core.types import Units, Windowing
from bridge.devnet.accounts import Cast, make_cast
from bridge.devnet.bonds import bonds_of
from bridge.devnet.daemons import Asked, entry_of, own_providers, start_relayer, write_config
from bridge.devnet.layout import Layout
from bridge.devnet.nodes import (
    Node,
    fund,
    mine_at_once,
    mine_in_time,
    nodes_of,
    ports_needed,
    skip_nonces,
    start_doubles,
    start_node,
)
from bridge.devnet.oracle import (
    OracleCast,
    OracleOffices,
    Surroundings,
    add_index,
    deploy_feeds,
    make_reporters,
    register_reporters,
    start_mirror,
    start_reporter,
)
from bridge.devnet.processes import LOOPBACK, Process, Processes, free_ports
from bridge.devnet.watching import start_watchtower
from contracts.deploy import (
    Deployment,
    Flow,
    Order,
    Parameters,
    Roles,
    Site,
    deploy,
    encode_deployment,
    finish,
    government_of,
)
from contracts.deploy_oracle import OracleDeployment

ISSUED: Final = Units(5_000_000_000)
"""Face value of each bond that each user holds at first."""
FLOW: Final = Flow(inbound=10_000, outbound=10_000, delay_above=30)
"""A trillion yen a day each way; above three billion an amount waits."""
SUPPLY_CAP: Final = Units(1_000_000_000_000)
BALANCE: Final = 1_000 * 10**18
_FREE: Final = FeeRules(0, 0, 0, 1)
_PUBLIC: Final = FeeRules(200 * 10**9, 10**9, 10**20, 3)
_NONCES_APART: Final = 16
_DAY: Final = 86_400
_TIMELOCK_SECONDS: Final = 1
_LOCKS_PER_BLOCK: Final = 1_000
_POSTS_PER_BLOCK: Final = 10_000


@dataclass(frozen=True, slots=True)
class Options:
    """How large a devnet is, and where. Delays in seconds."""

    directory: Path
    relayers: int = 4
    """None leaves a committee of one, whose relayer is not started."""
    remotes: int = 2
    via: Mapping[str, str] = field(default_factory=dict)
    """The address at which relayers ask a chain, by its name, in place of the node's own."""
    own_providers: bool = False
    """Whether each relayer asks every chain through two stand-ins of its own, that fail on command."""
    window: int = 1
    max_batch: int = 128
    reporters: int = 0
    """Of the oracle, on the first remote. A test of the bridge alone needs none."""
    locks_per_block: int = _LOCKS_PER_BLOCK
    activation_delay: int = 4
    return_delay: int = 4
    veto_delay: int = 20
    watchtower: bool = False
    """Whether somebody watches. A test of the bridge alone needs nobody."""
    saves_home: bool = True
    """Whether the home node survives its own end. Saving costs it a core once there are thousands of blocks."""


def up(options: Options, say: Callable[[str], None] = lambda _: None) -> Network:
    """Start everything and return where it is. On failure or Ctrl-C nothing is left running and no file remains.

    Raises Refuse in one line; `say` is told what is being done.
    """
    return asyncio.run(_up(options, say))


def down(directory: Path) -> list[str]:
    """Stop exactly what `up` has started and remove its files; return the names of the processes that still ran."""
    layout = Layout(directory.absolute())
    layout.require()
    processes = Processes(layout)
    names = list(processes.all())
    nodes = [name for name in names if layout.node(name).exists()]
    stopped = processes.stop(name for name in names if name not in nodes)
    stopped += processes.stop(nodes)
    layout.remove()
    return stopped


def stop_one(directory: Path, name: str, *, kill: bool = False) -> None:
    """Stop one process of a running devnet, by SIGKILL if asked."""
    Processes(Layout(directory.absolute())).stop([name], kill=kill)


def start_one(directory: Path, name: str) -> int:
    """Start one process again as it was started; return its new number. Raises Refuse if it still runs.

    Of the nodes, home alone has kept its chain, but for the last second; a remote would start from nothing.
    """
    layout = Layout(directory.absolute())
    processes = Processes(layout)
    process = processes.start_again(name)
    _note_pid(layout, process)
    asyncio.run(processes.ready(process))
    return process.pid


async def _up(options: Options, say: Callable[[str], None]) -> Network:
    layout = Layout(options.directory.absolute())
    nodes = nodes_of(options.remotes, free_ports(ports_needed(options.remotes)), saves_home=options.saves_home)
    _check(options, nodes)
    layout.claim()
    with ExitStack() as undo:
        undo.callback(down, layout.folder)
        network = await _raise(options, layout, nodes, say)
        undo.pop_all()
    return network


async def _raise(options: Options, layout: Layout, nodes: Sequence[Node], say: Callable[[str], None]) -> Network:
    processes = Processes(layout)
    async with AsyncExitStack() as closing:
        rpcs = {node.name: await closing.enter_async_context(Rpc(node.url, node.name)) for node in nodes}
        say(f"starting {len(nodes)} nodes")
        started = [start_node(node, layout, processes) for node in nodes]
        await asyncio.gather(*(processes.ready(process) for process in started))
        doubles = start_doubles(nodes, layout, processes)
        say("making keys")
        cast = make_cast(layout, max(1, options.relayers))
        oracle = make_reporters(layout, options.reporters) if options.reporters else None
        await asyncio.gather(*(processes.ready(process) for process in doubles))
        say("deploying contracts, issuing and announcing two bonds")
        deployment, feeds = await _deploy(options, nodes, rpcs, cast, oracle)
    layout.deployment.write_bytes(encode_deployment(deployment))
    network = _network(nodes, cast, deployment, processes)
    layout.network.write_bytes(encode_network(network))
    say(f"starting {options.relayers} relayers")
    network = await _start_relayers(options, layout, nodes, cast, deployment, network)
    if options.watchtower:
        start_watchtower(layout, processes, nodes, cast, deployment)
        network = _publish(layout, network, network.relayers)
    if oracle is None or feeds is None:
        return network
    say(f"starting a stand-in for the publishers and {options.reporters} reporters")
    return await _start_oracle(layout, nodes, cast, deployment, _Oracle(oracle, feeds), network)


@dataclass(frozen=True, slots=True)
class _Oracle:
    """Who reports, and where."""

    cast: OracleCast
    deployment: OracleDeployment


async def _deploy(
    options: Options, nodes: Sequence[Node], rpcs: Mapping[str, Rpc], cast: Cast, oracle: OracleCast | None
) -> tuple[Deployment, OracleDeployment | None]:
    """Deploy and hand out money and bonds while blocks come at once, then let time pass as on real chains."""
    home, *remotes = (
        Site(node.name, EvmWriter(rpcs[node.name], node.chain), _FREE if node.is_home else _PUBLIC) for node in nodes
    )
    for index, node in enumerate(nodes):
        await mine_at_once(node, rpcs[node.name])
        reporters = [] if oracle is None else [reporter.submission.address for reporter in oracle.reporters]
        await fund(rpcs[node.name], [*cast.funded(), *reporters], BALANCE)
        # Contracts of two chains at one address would let a mistaken chain pass for the right one.
        await skip_nonces(rpcs[node.name], cast.operators["deployer"].address, index * _NONCES_APART)
    order = Order(home, tuple(remotes), _roles(cast), _parameters(options, cast), bonds_of(datetime.now(UTC)))
    deployment = await deploy(order)
    roles, parameters, board = order.roles, order.parameters, deployment.contracts[home.chain]["board"]
    government = government_of(home, roles, parameters, deployment)
    await government.decide(
        [Call(token, encode_issue(user.address, ISSUED)) for token in deployment.bonds.values() for user in cast.users]
    )
    feeds = None
    if oracle is not None:
        await register_reporters(government, board, oracle)
        there = government_of(remotes[0], roles, parameters, deployment)
        officers = deployment.contracts[remotes[0].chain]["officers"]
        feeds = await deploy_feeds(OracleOffices(remotes[0], roles, there, officers), oracle, options.activation_delay)
    await finish(order, deployment)
    for node in nodes:
        await mine_in_time(node, rpcs[node.name])
    return deployment, feeds


def _roles(cast: Cast) -> Roles:
    operators = cast.operators
    return Roles(
        deployer=operators["deployer"].signer,
        council=tuple(
            open_attestation_signer(org.council.entry.keystore, org.council.entry.password_file)
            for org in cast.organisations
        ),
        submitter=cast.organisations[0].council.signer,
        watch=(operators["watchtower"].address,),
        officers=(operators["guardian"].address,),
    )


def _parameters(options: Options, cast: Cast) -> Parameters:
    members = sorted(org.attestation.address for org in cast.organisations)
    return Parameters(
        members=tuple(members),
        threshold=len(members) // 2 + 1,
        posters={org.attestation.address: org.submission.address for org in cast.organisations},
        windowing=Windowing(options.window, options.max_batch),
        locks_per_block=options.locks_per_block,
        posts_per_block=_POSTS_PER_BLOCK,
        activation_delay=options.activation_delay,
        return_delay=options.return_delay,
        supply_cap=SUPPLY_CAP,
        flow=FLOW,
        veto_delay=options.veto_delay,
        flow_period=_DAY,
        max_pause=2 * _DAY,
        timelock_delay=_TIMELOCK_SECONDS,
    )


def _network(nodes: Sequence[Node], cast: Cast, deployment: Deployment, processes: Processes) -> Network:
    home, *remotes = nodes
    contracts = {chain: dict(contracts) for chain, contracts in deployment.contracts.items()}
    start = deployment.start
    return Network(
        home=HomeEntry(
            rpc=home.url, chain_id=home.chain, contracts=contracts[home.chain], start_height=start[home.chain]
        ),
        remotes=tuple(
            RemoteEntry(
                name=node.name,
                rpc=node.url,
                chain_id=node.chain,
                contracts=contracts[node.chain],
                start_height=start[node.chain],
            )
            for node in remotes
        ),
        assets=tuple(
            AssetEntry(
                isin=isin,
                home=token,
                remotes={node.name: deployment.wrapped[node.chain][isin] for node in remotes},
            )
            for isin, token in deployment.bonds.items()
        ),
        users=tuple(user.entry for user in cast.users),
        operators=tuple(
            person.entry for person in (*cast.operators.values(), *(org.council for org in cast.organisations))
        ),
        pids={name: process.pid for name, process in processes.all().items()},
    )


async def _start_relayers(
    options: Options,
    layout: Layout,
    nodes: Sequence[Node],
    cast: Cast,
    deployment: Deployment,
    network: Network,
) -> Network:
    processes = Processes(layout)
    ports = dict(zip(cast.organisations, free_ports(len(cast.organisations)), strict=True))
    for organisation, port in ports.items():
        asked = [_asked(options, node) for node in nodes]
        if options.own_providers:
            asked = await own_providers(processes, organisation.name, asked)
        write_config(layout, organisation, port, asked, deployment)
    started = [
        start_relayer(layout, processes, organisation.name, ports[organisation])
        for organisation in cast.organisations[: options.relayers]
    ]
    await asyncio.gather(*(processes.ready(process) for process in started))
    return _publish(layout, network, tuple(entry_of(layout, process) for process in started))


def _asked(options: Options, node: Node) -> Asked:
    url = options.via.get(node.name) or options.via.get(str(node.chain)) or node.url
    return Asked(node, url, node.second_url)


async def _start_oracle(
    layout: Layout, nodes: Sequence[Node], cast: Cast, deployment: Deployment, oracle: _Oracle, network: Network
) -> Network:
    processes = Processes(layout)
    home, remote = nodes[0], nodes[1]
    ports = free_ports(len(oracle.cast.reporters) + 1)
    mirror = start_mirror(layout, processes, ports[0])
    await processes.ready(mirror)
    around = Surroundings(
        home=home,
        genesis=deployment.genesis,
        board=deployment.contracts[home.chain]["board"],
        start_height=deployment.start[home.chain],
        remote=remote,
        deployment=oracle.deployment,
        mirror_port=mirror.port,
    )
    started = [
        start_reporter(layout, processes, oracle.cast, reporter, around, port)
        for reporter, port in zip(oracle.cast.reporters, ports[1:], strict=True)
    ]
    await asyncio.gather(*(processes.ready(process) for process in started))
    async with Rpc(remote.url, remote.name) as rpc:
        site = Site(remote.name, EvmWriter(rpc, remote.chain), _PUBLIC)
        await add_index(site, rpc, cast.operators["deployer"].signer, oracle.deployment)
    return _publish(layout, _with_oracle(layout, network, oracle, started, mirror), network.relayers)


def _with_oracle(
    layout: Layout, network: Network, oracle: _Oracle, started: Sequence[Process], mirror: Process
) -> Network:
    """Return the network with the oracle's contracts, feeds and daemons."""
    found = oracle.deployment
    contracts = {"oracle": found.oracle, "reporters": found.reporters, "index": found.index}
    first, *others = network.remotes
    first = first.model_copy(update={"contracts": {**first.contracts, **contracts}, "feeds": found.feeds})
    entries = tuple(
        RelayerEntry(
            name=process.name,
            config=layout.reporter_config(process.name),
            pid=process.pid,
            api=f"http://{LOOPBACK}:{process.port}",
        )
        for process in started
    )
    remotes = (first, *others)
    where = f"http://{LOOPBACK}:{mirror.port}"
    return network.model_copy(update={"remotes": remotes, "reporters": entries, "mirror": where})


def _publish(layout: Layout, network: Network, relayers: tuple[RelayerEntry, ...]) -> Network:
    pids = {name: process.pid for name, process in Processes(layout).all().items()}
    complete = network.model_copy(update={"relayers": relayers, "pids": pids})
    layout.network.write_bytes(encode_network(complete))
    return complete


def _note_pid(layout: Layout, process: Process) -> None:
    network = load_network(layout.network)
    relayers = tuple(entry_of(layout, process) if entry.name == process.name else entry for entry in network.relayers)
    _publish(layout, network, relayers)


def _check(options: Options, nodes: Sequence[Node]) -> None:
    known = {name for node in nodes for name in (node.name, str(node.chain))}
    if unknown := sorted(options.via.keys() - known):
        raise Refuse(f"no chain {unknown[0]} to route: there are {', '.join(node.name for node in nodes)}")
    if options.remotes < 1 or options.relayers < 0:
        raise Refuse("a devnet has at least one remote and no negative number of relayers")
