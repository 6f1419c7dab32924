"""The relayers: a configuration for each, and a process for each by the command an operator would use."""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bridge.adapters.codec import to_checksum, to_hex
from bridge.adapters.config import RelayerEntry
from bridge.adapters.keystores import write_secret
from bridge.core.errors import Refuse
from bridge.devnet.accounts import Organisation, Person
from bridge.devnet.layout import Layout
from bridge.devnet.nodes import Node
from bridge.devnet.processes import LOOPBACK, Process, Processes
from contracts.deploy import Deployment

COMMAND: Final = "jgb-relayer"
_POLLS_PER_BLOCK: Final = 5


def write_config(
    layout: Layout, organisation: Organisation, port: int, nodes: Sequence[tuple[Node, str]], deployment: Deployment
) -> Path:
    """Write a relayer's configuration; `nodes` comes with the address at which this relayer asks each."""
    layout.relayer(organisation.name).mkdir()
    parts = [
        f"name = {text(organisation.name)}",
        f"data_dir = {text(layout.relayer(organisation.name) / 'data')}",
        f"\n[api]\nhost = {text(LOOPBACK)}\nport = {port}",
        key_lines("attestation", organisation.attestation),
        key_lines("submission", organisation.submission),
        *(_chain(node, url, deployment) for node, url in nodes),
    ]
    write_secret(layout.config(organisation.name), "\n".join(parts) + "\n")
    return layout.config(organisation.name)


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


def _chain(node: Node, url: str, deployment: Deployment) -> str:
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
        f"providers = [{_provider(url, 'first')}, {_provider(node.second_url, 'second')}]",
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
