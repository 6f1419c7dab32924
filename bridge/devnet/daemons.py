"""The relayers: a configuration for each, and a process for each by the command an operator would use."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.adapters.codec import to_checksum, to_hex
from bridge.adapters.config import RelayerEntry
from bridge.adapters.keystores import write_secret
from bridge.core.errors import Refuse
from bridge.devnet.accounts import Organisation, Person
from bridge.devnet.layout import Layout
from bridge.devnet.nodes import Node, start_stand_ins
from bridge.devnet.processes import LOOPBACK, Process, Processes, free_ports
from contracts.deploy import Deployment

COMMAND: Final = "jgb-relayer"
FIRST: Final = "first"
SECOND: Final = "second"
"""Whom a relayer's configuration calls the operators of its providers."""
_POLLS_PER_BLOCK: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A chain, and the addresses at which a relayer asks its two providers."""

    node: Node
    first: str
    second: str


def write_config(
    layout: Layout, organisation: Organisation, port: int, chains: Sequence[Asked], deployment: Deployment
) -> Path:
    """Write a relayer's configuration."""
    layout.relayer(organisation.name).mkdir()
    parts = [
        f"name = {text(organisation.name)}",
        f"data_dir = {text(layout.relayer(organisation.name) / 'data')}",
        f"\n[api]\nhost = {text(LOOPBACK)}\nport = {port}",
        key_lines("attestation", organisation.attestation),
        key_lines("submission", organisation.submission),
        *(_chain(asked, deployment) for asked in chains),
    ]
    write_secret(layout.config(organisation.name), "\n".join(parts) + "\n")
    return layout.config(organisation.name)


async def own_providers(processes: Processes, name: str, chains: Sequence[Asked]) -> list[Asked]:
    """Start stand-ins for all providers of one relayer, in one process; return where it asks them."""
    ports = iter(free_ports(2 * len(chains)))
    asked: list[Asked] = []
    behind: dict[int, str] = {}
    for chain in chains:
        first, second = next(ports), next(ports)
        behind |= {first: chain.first, second: chain.node.url}
        asked.append(Asked(chain.node, f"http://{LOOPBACK}:{first}", f"http://{LOOPBACK}:{second}"))
    await processes.ready(start_stand_ins(f"{name}-providers", behind, processes))
    return asked


def start_relayer(layout: Layout, processes: Processes, name: str, port: int) -> Process:
    """Start a relayer by its command; it answers over HTTP when it is ready."""
    return processes.start(name, [command_of(COMMAND), "run", "--config", str(layout.config(name))], port)


def entry_of(layout: Layout, process: Process) -> RelayerEntry:
    """Return what users are told of a relayer."""
    api = f"http://{LOOPBACK}:{process.port}"
    return RelayerEntry(name=process.name, config=layout.config(process.name), pid=process.pid, api=api)


def key_lines(name: str, person: Person) -> str:
    """Return the table of a key in a configuration."""
    keystore, password_file = text(person.entry.keystore), text(person.entry.password_file)
    return f"\n[keys.{name}]\nkeystore = {keystore}\npassword_file = {password_file}"


def _chain(asked: Asked, deployment: Deployment) -> str:
    node = asked.node
    contracts = deployment.contracts[node.chain]
    lines = ["\n[home]"] if node.is_home else ["\n[[remotes]]", f"name = {text(node.name)}"]
    lines.append(f"chain_id = {node.chain}")
    if node.is_home:
        lines.append(f"genesis_hash = {text(to_hex(deployment.genesis))}")
        lines.append(f"board = {text(to_checksum(contracts['board']))}")
    lines += [
        f"gateway = {text(to_checksum(contracts['gateway']))}",
        f"start_height = {deployment.start[node.chain]}",
        'finality = { kind = "seals" }' if node.is_home else 'finality = { kind = "tag" }',
        f"providers = [{_provider(asked.first, FIRST)}, {_provider(asked.second, SECOND)}]",
        f"poll_seconds = {node.block_seconds / _POLLS_PER_BLOCK}",
    ]
    return "\n".join(lines)


def _provider(url: str, operator: str) -> str:
    return f"{{ url = {text(url)}, operator = {text(operator)} }}"


def text(value: str | Path) -> str:
    """Return a TOML string: JSON's escapes are a subset of TOML's."""
    return json.dumps(str(value))


def command_of(command: str) -> str:
    """Find a command beside this interpreter, then anywhere. Raises Refuse."""
    beside = Path(sys.executable).with_name(command)
    found = str(beside) if beside.exists() else shutil.which(command)
    if found is None:
        raise Refuse(f"the command {command} is not installed: run `make setup`")
    return found
