"""The nodes: Anvil, once as the home ledger and once per public chain."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bridge.adapters.codec import to_hex
from bridge.adapters.evm import NodeError, Request, Rpc
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


@dataclass(frozen=True, slots=True)
class Node:
    """A node of one chain on a port of this machine."""

    name: str
    chain: ChainId
    port: int
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


def nodes_of(remotes: int, ports: Iterable[int], *, saves_home: bool) -> list[Node]:
    """Return home, which may save its state every second, and so many remotes."""
    names = [HOME, *(f"remote-{number}" for number in range(1, remotes + 1))]
    chains = [HOME_CHAIN, *(ChainId(FIRST_REMOTE_CHAIN + index) for index in range(remotes))]
    saves = [1 if saves_home else None, *[None] * remotes]
    return [Node(*node) for node in zip(names, chains, ports, saves, strict=True)]


def start_node(node: Node, layout: Layout, processes: Processes) -> Process:
    """Start a node."""
    layout.node(node.name).mkdir()
    return processes.start(node.name, _command(node, layout), node.port)


async def mine_at_once(rpc: Rpc) -> None:
    """Mine every transaction in a block of its own as it comes: a deployment takes seconds less."""
    await _order(rpc, [Request("evm_setAutomine", (True,))])


async def mine_in_time(node: Node, rpc: Rpc) -> None:
    """Mine a block every so often, as real chains do."""
    await _order(rpc, [Request("evm_setIntervalMining", (node.block_seconds,))])


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
    command = [binary, "--host", LOOPBACK, "--port", str(node.port), "--chain-id", str(node.chain), "--accounts", "0"]
    command += ["--block-time", str(node.block_seconds), "--prune-history", _KEPT_STATES, "--quiet"]
    command += ["--cache-path", str(folder / "cache")]
    if node.is_home:
        command += ["--hardfork", "berlin", "--gas-price", "0", "--timestamp", str(int(time.time()))]
    else:
        command += ["--slots-in-an-epoch", "1"]
    if node.state_seconds is not None:
        command += ["--state", str(folder / "state.json"), "--state-interval", str(node.state_seconds)]
    return command
