"""The watchtower of a devnet: its configuration, and its process by the command an operator would use."""

from collections.abc import Sequence
from typing import Final

from bridge.adapters.codec import to_checksum
from bridge.adapters.keystores import write_secret
from bridge.core.types import Address
from bridge.devnet.accounts import Cast
from bridge.devnet.daemons import command_of, text
from bridge.devnet.layout import Layout
from bridge.devnet.nodes import Node
from bridge.devnet.processes import LOOPBACK, Process, Processes, free_ports
from contracts.deploy import Deployment

COMMAND: Final = "jgb-watchtower"
NAME: Final = "watchtower"
_LEAST: Final = "1 ether"
_REGISTERED: Final = ("timelock", "council", "officers")
_POLL_SECONDS: Final = 0.25


def start_watchtower(
    layout: Layout, processes: Processes, nodes: Sequence[Node], cast: Cast, deployment: Deployment
) -> Process:
    """Write the configuration and start the daemon; it answers over HTTP when it is ready."""
    path, (port,) = layout.watchtower / "watchtower.toml", free_ports(1)
    write_secret(path, _config(layout, nodes, cast, deployment, port))
    return processes.start(NAME, [command_of(COMMAND), "run", "--config", str(path)], port)


def _config(layout: Layout, nodes: Sequence[Node], cast: Cast, deployment: Deployment, port: int) -> str:
    person = cast.operators["watchtower"].entry
    lines = [
        f"name = {text(NAME)}",
        f"data_dir = {text(layout.watchtower / 'data')}",
        f"poll_seconds = {_POLL_SECONDS}",
        f"\n[api]\nhost = {text(LOOPBACK)}\nport = {port}",
        f"\n[key]\nkeystore = {text(person.keystore)}\npassword_file = {text(person.password_file)}",
        *(_chain(node, deployment) for node in nodes),
    ]
    accounts = [person.address, *(org.submission.address for org in cast.organisations)]
    payers: list[tuple[Node, Address]] = [(node, account) for node in nodes if not node.is_home for account in accounts]
    lines += [
        f'\n[[submitters]]\nchain_id = {node.chain}\naccount = {text(to_checksum(account))}\nleast = "{_LEAST}"'
        for node, account in payers
    ]
    return "\n".join(lines) + "\n"


def _chain(node: Node, deployment: Deployment) -> str:
    contracts = deployment.contracts[node.chain]
    others = ", ".join(text(to_checksum(contracts[name])) for name in _REGISTERED)
    lines = [
        "\n[home]" if node.is_home else "\n[[remotes]]",
        f"name = {text(node.name)}",
        f"chain_id = {node.chain}",
        f"url = {text(node.url)}",
        f"gateway = {text(to_checksum(contracts['gateway']))}",
        f"committee = {text(to_checksum(contracts['committee']))}",
        f"watch = {text(to_checksum(contracts['watch']))}",
        f"others = [{others}]",
        f"start_height = {deployment.start[node.chain]}",
    ]
    if node.is_home:
        lines += [f"board = {text(to_checksum(contracts['board']))}"]
    return "\n".join(lines)
