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
from bridge.devnet.processes import Process, Processes
from contracts.deploy import Deployment

COMMAND: Final = "jgb-watchtower"
NAME: Final = "watchtower"
_LEAST: Final = "1 ether"
_REGISTERED: Final = ("timelock", "committee", "council", "officers")


def start_watchtower(
    layout: Layout, processes: Processes, nodes: Sequence[Node], cast: Cast, deployment: Deployment
) -> Process:
    """Write the configuration and start the daemon. It has no port; its node's is one that answers."""
    path = layout.watchtower / "watchtower.toml"
    write_secret(path, _config(layout, nodes, cast, deployment))
    return processes.start(NAME, [command_of(COMMAND), "run", "--config", str(path)], nodes[0].port)


def _config(layout: Layout, nodes: Sequence[Node], cast: Cast, deployment: Deployment) -> str:
    person = cast.operators["watchtower"].entry
    lines = [
        f"name = {text(NAME)}",
        f"data_dir = {text(layout.watchtower / 'data')}",
        f"\n[key]\nkeystore = {text(person.keystore)}\npassword_file = {text(person.password_file)}",
        *(_chain(node, deployment) for node in nodes),
    ]
    payers: list[tuple[Node, Address]] = [
        (node, org.submission.address) for node in nodes if not node.is_home for org in cast.organisations
    ]
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
        f"watch = {text(to_checksum(contracts['watch']))}",
        f"others = [{others}]",
        f"start_height = {deployment.start[node.chain]}",
    ]
    if node.is_home:
        lines += [f"board = {text(to_checksum(contracts['board']))}", "is_free = true"]
    return "\n".join(lines)
