"""The nodes: Anvil, once as the home ledger and once per public chain, with the test doubles before them.

Home's blocks are sealed by a stand-in for its validators; every chain has a stand-in for a second operator's node.
"""

import secrets
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.adapters.codec import to_hex
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.keystores import write_secret
from bridge.core.errors import Refuse
from bridge.core.types import Address, ChainId
from bridge.devnet.layout import Layout
from bridge.devnet.processes import LOOPBACK, Process, Processes
from contracts.build import BuildError, anvil_binary

HOME: Final = "home"
HOME_CHAIN: Final = ChainId(1_010_032)
FIRST_REMOTE_CHAIN: Final = 31_337
_HOME_SECONDS: Final = 1
_REMOTE_SECONDS: Final = 2
_KEPT_STATES: Final = "512"
_DEPLOYMENT_SECONDS: Final = 300
"""By which home is born before now: more than the blocks of a deployment, which are a second apart."""
_VALIDATORS: Final = 4
_SPARE_VALIDATORS: Final = 3
"""With keys and no seat: they can be voted in."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of one chain on a port of this machine."""

    name: str
    chain: ChainId
    port: int
    """Where it answers everybody."""
    second_port: int
    """Where the stand-in for a second operator's node answers."""
    inner_port: int
    """Where Anvil listens: behind the sealer at home, at `port` elsewhere."""
    state_seconds: int | None = None
    """How often it saves its state to survive its own end; None for a node that saves nothing."""

    @property
    def is_home(self) -> bool:
        """Whether it is the home ledger: no fees and an old EVM."""
        return self.name == HOME

    @property
    def block_seconds(self) -> int:
        """Seconds from block to block."""
        return _HOME_SECONDS if self.is_home else _REMOTE_SECONDS

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def second_url(self) -> str:
        """Where the second provider answers."""
        return f"http://{LOOPBACK}:{self.second_port}"

    @property
    def inner_url(self) -> str:
        """Where Anvil itself answers."""
        return f"http://{LOOPBACK}:{self.inner_port}"


def ports_needed(remotes: int) -> int:
    """Return how many ports so many remotes and home take."""
    return 3 + 2 * remotes


def nodes_of(remotes: int, ports: Iterable[int], *, saves_home: bool) -> list[Node]:
    """Return home, which may save its state every second, and so many remotes."""
    free = iter(ports)
    inner, port, second = next(free), next(free), next(free)
    nodes = [Node(HOME, HOME_CHAIN, port, second, inner, 1 if saves_home else None)]
    for index in range(remotes):
        port, second = next(free), next(free)
        nodes.append(Node(f"remote-{index + 1}", ChainId(FIRST_REMOTE_CHAIN + index), port, second, port))
    return nodes


def start_node(node: Node, layout: Layout, processes: Processes) -> Process:
    """Start a node itself."""
    layout.node(node.name).mkdir()
    return processes.start(node.name, _command(node, layout), node.inner_port)


def start_doubles(nodes: Sequence[Node], layout: Layout, processes: Processes) -> list[Process]:
    """Start the stand-ins: home's validators, and a second provider for each chain."""
    started = []
    for node in nodes:
        if node.is_home:
            keys = layout.node(node.name) / "validators.keys"
            made = [secrets.token_hex(32) for _ in range(_VALIDATORS + _SPARE_VALIDATORS)]
            write_secret(keys, "\n".join(made) + "\n")
            words = ["--keys", str(keys), "--validators", str(_VALIDATORS)]
            command = _double("sealer", node.inner_url, node.port, words)
            started.append(processes.start(f"{node.name}-sealer", command, node.port))
        command = _double("stand_in", node.url, node.second_port, [])
        started.append(processes.start(f"{node.name}-second", command, node.second_port))
    return started


def start_stand_ins(name: str, urls: Mapping[int, str], processes: Processes) -> Process:
    """Start one process that stands in, on each port, for another operator's node behind it."""
    (first, url), *others = urls.items()
    words = [word for port, behind in others for word in ("--upstream", behind, "--port", str(port))]
    return processes.start(name, _double("stand_in", url, first, words), first)


def _double(module: str, upstream: str, port: int, words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", f"bridge.devnet.{module}", "--upstream", upstream, "--port", str(port), *words]


async def mine_at_once(node: Node, rpc: Rpc) -> None:
    """Mine every transaction in a block of its own as it comes: a deployment takes seconds less.

    Home's blocks are a second apart by their clock all the same: each must be later than its parent to be sealed.
    """
    pace = [Request("anvil_setBlockTimestampInterval", (1,))] if node.is_home else []
    await _order(rpc, [*pace, Request("evm_setAutomine", (True,))])


async def mine_in_time(node: Node, rpc: Rpc) -> None:
    """Mine a block every so often, as real chains do, and let home's clock show the time of the day from now on."""
    now = [Request("anvil_removeBlockTimestampInterval"), Request("evm_setTime", (int(time.time()),))]
    await _order(rpc, [*(now if node.is_home else []), Request("evm_setIntervalMining", (node.block_seconds,))])


async def fund(rpc: Rpc, accounts: Iterable[Address], wei: int) -> None:
    """Give accounts a balance."""
    await _order(rpc, [Request("anvil_setBalance", (to_hex(account), to_hex(wei))) for account in accounts])


async def skip_nonces(rpc: Rpc, account: Address, count: int) -> None:
    """Let an account start at a higher nonce, so that what it creates lies elsewhere than on other chains."""
    await _order(rpc, [Request("anvil_setNonce", (to_hex(account), to_hex(count)))])


async def _order(rpc: Rpc, requests: list[Request]) -> None:
    for request, answer in zip(requests, await rpc.ask_all(requests), strict=True):
        if isinstance(answer, NodeError):
            raise Refuse(f"{rpc.name} refused {request.method}: {answer}")


def _command(node: Node, layout: Layout) -> list[str]:
    """Return the command line. No account is unlocked: every key of a devnet is in a keystore.

    Without pruning, and with caches elsewhere, dead states of idle nodes fill disks. Without a birthday in its command
    line, home makes another block 0 at each start, keeps them all, and in the end shows the wrong one; its clock stands
    still while it is down.
    """
    try:
        binary = str(anvil_binary())
    except BuildError as fault:
        raise Refuse(str(fault)) from None
    folder = layout.node(node.name)
    command = [binary, "--host", LOOPBACK, "--port", str(node.inner_port), "--chain-id", str(node.chain)]
    command += ["--accounts", "0", "--block-time", str(node.block_seconds), "--prune-history", _KEPT_STATES, "--quiet"]
    command += ["--cache-path", str(folder / "cache")]
    if node.is_home:
        command += [
            "--hardfork",
            "berlin",
            "--gas-price",
            "0",
            "--timestamp",
            str(int(time.time()) - _DEPLOYMENT_SECONDS),
        ]
    else:
        command += ["--slots-in-an-epoch", "1"]
    if node.state_seconds is not None:
        command += ["--state", str(folder / "state.json"), "--state-interval", str(node.state_seconds)]
    return command
