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
        f"name = {_text(organisation.name)}",
        f"data_dir = {_text(layout.relayer(organisation.name) / 'data')}",
        f"\n[api]\nhost = {_text(LOOPBACK)}\nport = {port}",
        _key("attestation", organisation.attestation),
        _key("submission", organisation.submission),
        *(_chain(node, url, deployment) for node, url in nodes),
    ]
    write_secret(layout.config(organisation.name), "\n".join(parts) + "\n")
    return layout.config(organisation.name)


def start_relayer(layout: Layout, processes: Processes, name: str, port: int) -> Process:
    """Start a relayer by its command; it answers over HTTP when it is ready."""
    return processes.start(name, [_command(), "run", "--config", str(layout.config(name))], port)


def entry_of(layout: Layout, process: Process) -> RelayerEntry:
    """Return what users are told of a relayer."""
    api = f"http://{LOOPBACK}:{process.port}"
    return RelayerEntry(name=process.name, config=layout.config(process.name), pid=process.pid, api=api)


def _key(name: str, person: Person) -> str:
    keystore, password_file = _text(person.entry.keystore), _text(person.entry.password_file)
    return f"\n[keys.{name}]\nkeystore = {keystore}\npassword_file = {password_file}"


def _chain(node: Node, url: str, deployment: Deployment) -> str:
    contracts = deployment.contracts[node.chain]
    lines = ["\n[home]"] if node.is_home else ["\n[[remotes]]", f"name = {_text(node.name)}"]
    lines.append(f"chain_id = {node.chain}")
    if node.is_home:
        lines.append(f"genesis_hash = {_text(to_hex(deployment.genesis))}")
        lines.append(f"board = {_text(to_checksum(contracts['board']))}")
    lines += [
        f"gateway = {_text(to_checksum(contracts['gateway']))}",
        f"start_height = {deployment.start[node.chain]}",
        'finality = { kind = "depth", blocks = 0 }' if node.is_home else 'finality = { kind = "tag" }',
        f'providers = [{{ url = {_text(url)}, operator = "devnet" }}]',
        f"poll_seconds = {node.block_seconds / _POLLS_PER_BLOCK}",
    ]
    return "\n".join(lines)


def _text(value: str | Path) -> str:
    """Return a TOML string: JSON's escapes are a subset of TOML's."""
    return json.dumps(str(value))


def _command() -> str:
    """Find the command beside this interpreter, then anywhere."""
    beside = Path(sys.executable).with_name(COMMAND)
    found = str(beside) if beside.exists() else shutil.which(COMMAND)
    if found is None:
        raise Refuse(f"the command {COMMAND} is not installed: run `make setup`")
    return found
