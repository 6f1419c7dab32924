"""`jgb-relayer`: run the daemon, check its configuration, see and end halts."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.adapters.commands import FAILED, run_command
from bridge.core.boundaries import Boundary
from bridge.core.errors import Refuse
from relayers.probes import Killer, Silent

if TYPE_CHECKING:
    from bridge.adapters.config import RelayerConfig

DIFFERENT = 1
"""How `replay --verify` ends when the database is not what the chains make of it."""

PAUSE_SECONDS = 1.0
"""Between two looks at chains that have nothing new."""

config_option = click.option(
    "--config", "config_path", required=True, type=click.Path(path_type=Path), help="TOML file of this relayer."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jgb-bridge")
def cli() -> None:
    """Carry transfers between the home ledger and public chains, as one organisation of the committee."""


@cli.command()
@config_option
@click.option(
    "--crash-at",
    metavar="BOUNDARY[:N]",
    hidden=True,
    help="For tests: die by SIGKILL at the N-th passing of a boundary of bridge.core.boundaries.",
)
def run(config_path: Path, crash_at: str | None) -> None:
    """Run the daemon in the foreground. SIGINT or SIGTERM stops it; nothing is lost by any stop."""
    from bridge.adapters.telemetry import open_log  # noqa: PLC0415 - `--help` answers without it
    from relayers.app import run as run_daemon  # noqa: PLC0415

    config = _checked(config_path)
    log = open_log(config.log_level, relayer=config.name)
    asyncio.run(run_daemon(config, log, _probe(crash_at)))


@cli.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(config_path: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Check configuration, keys, nodes and contracts, and name everything that is wrong."""
    from bridge.adapters.config import read_draft  # noqa: PLC0415
    from bridge.adapters.config.checks import check as check_draft  # noqa: PLC0415

    problems = asyncio.run(check_draft(read_draft(config_path, os.environ)))
    if as_json:
        found = [{"where": p.where, "what": p.what, "todo": p.todo} for p in problems]
        click.echo(json.dumps({"ok": not problems, "problems": found}, indent=2))
    else:
        for problem in problems:
            click.echo(str(problem), err=True)
        if not problems:
            click.echo("everything fits")
    sys.exit(FAILED if problems else 0)


@cli.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(config_path: Path, as_json: bool) -> None:  # noqa: FBT001
    """Ask the running daemon how it is."""
    from relayers.remote import read_status, table_of  # noqa: PLC0415

    config = _read(config_path)
    answer = asyncio.run(read_status(config.api.host, config.api.port))
    click.echo(json.dumps(answer, indent=2) if as_json else table_of(answer))


@cli.command()
@config_option
@click.option("--verify", is_flag=True, help="Compare with this relayer's database, up to the blocks it has read.")
@click.option(
    "--from-checkpoint", is_flag=True, help="Believe the headers of home that this relayer has verified before."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(config_path: Path, verify: bool, from_checkpoint: bool, as_json: bool) -> None:  # noqa: FBT001
    """Rebuild the state from the chains and print its digest. The daemon may run meanwhile; no key is needed.

    With --verify: exit 0 if the database is what the chains make of it, 1 if not, with the first rows that differ.
    """
    from relayers.replaying import replay_state  # noqa: PLC0415

    config = _read(config_path)
    said = asyncio.run(replay_state(config, _wait, verify=verify, from_checkpoint=from_checkpoint))
    click.echo(json.dumps(said.document, indent=2) if as_json else said.text)
    sys.exit(0 if said.is_well else DIFFERENT)


@cli.command()
@click.argument("route")
@config_option
@click.option("--reason", required=True, help="Why the route may go on; kept with the halt.")
def resume(route: str, config_path: Path, reason: str) -> None:
    """End the halt of ROUTE (such as 1010032-31337). The chain is read again from its start; stop the daemon first."""
    from relayers.resumption import resume_route  # noqa: PLC0415

    config = _read(config_path)
    click.echo(asyncio.run(resume_route(config, route, reason)))


async def _wait() -> None:
    await asyncio.sleep(PAUSE_SECONDS)


def main() -> None:
    """Run the command."""
    run_command(cli)


def _checked(path: Path) -> "RelayerConfig":
    """Return a configuration that fits the world. Raises Refuse with all that is wrong, and nothing is started."""
    from bridge.adapters.config import BadConfig, read_draft  # noqa: PLC0415
    from bridge.adapters.config.checks import check as check_draft  # noqa: PLC0415
    from bridge.adapters.config.checks import warnings  # noqa: PLC0415

    draft = read_draft(path, os.environ)
    problems = asyncio.run(check_draft(draft))
    lasting = tuple(problem for problem in problems if not problem.is_passing)
    if lasting or draft.config is None:
        raise BadConfig(problems)
    for warning in [*map(str, problems), *warnings(draft.config.keys)]:
        click.echo(warning, err=True)
    return draft.config


def _read(path: Path) -> "RelayerConfig":
    from bridge.adapters.config import load  # noqa: PLC0415

    return load(path, os.environ)


def _probe(crash_at: str | None) -> Silent | Killer:
    if crash_at is None:
        return Silent()
    name, _, passing = crash_at.rpartition(":")
    try:
        return Killer(Boundary(name), int(passing)) if passing.isdigit() else Killer(Boundary(crash_at), 1)
    except ValueError:
        raise Refuse(f"no boundary {crash_at}: there are {', '.join(b.value for b in Boundary)}") from None


if __name__ == "__main__":
    main()
