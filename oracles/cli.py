"""`jgb-oracle`: run a reporter, run it once, show what stands on chain, verify it."""

import asyncio
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.adapters.commands import run_command

if TYPE_CHECKING:
    from oracles.config import OracleConfig

DIFFERENT = 1

config_option = click.option(
    "--config", "config_path", required=True, type=click.Path(path_type=Path), help="TOML file of this reporter."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jgb-bridge")
def cli() -> None:
    """Carry reference rates from their publishers to public chains, as one reporter of a quorum."""


@cli.command()
@config_option
def run(config_path: Path) -> None:
    """Run reporter and publishers in the foreground. SIGINT or SIGTERM stops them; nothing is lost by any stop."""
    from bridge.adapters.telemetry import open_log  # noqa: PLC0415 - `--help` answers without it
    from oracles.app import run as run_daemon  # noqa: PLC0415

    config = _load(config_path)
    asyncio.run(run_daemon(config, open_log(config.log_level, reporter=config.name)))


@cli.command()
@config_option
def once(config_path: Path) -> None:
    """Fetch, report and push whatever can be now, then end."""
    from bridge.adapters.telemetry import open_log  # noqa: PLC0415
    from oracles.app import once as run_once  # noqa: PLC0415

    config = _load(config_path)
    log = open_log(config.log_level, reporter=config.name)
    asyncio.run(run_once(config, log, lambda line: click.echo(line, err=True)))


@cli.command()
@config_option
@json_option
def show(config_path: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show every feed and the index of every chain: value, unit, date, status, freshness, next due (UTC)."""
    config = _load(config_path)
    document = asyncio.run(_show(config))
    if as_json:
        click.echo(json.dumps(document, indent=2))
        return
    from oracles.tables import print_chains  # noqa: PLC0415

    print_chains(document)


@cli.command()
@config_option
@json_option
def verify(config_path: Path, as_json: bool) -> None:  # noqa: FBT001
    """Recompute every round from archived bytes and the index from the fixings; exit 1 names the first difference."""
    config = _load(config_path)
    document = asyncio.run(_verify(config))
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        for row in document["verdicts"]:
            counted = ", ".join(f"{count} {what}" for what, count in row["counted"].items())
            click.echo(f"{row['chain']}  {row['what']}: {row['difference'] or 'all recomputed'} ({counted})")
        if not document["verdicts"]:
            click.echo("nothing stands on any chain yet")
    sys.exit(0 if document["ok"] else DIFFERENT)


def main() -> None:
    """Run the command."""
    run_command(cli)


def _load(path: Path) -> "OracleConfig":
    from oracles.config import load_config  # noqa: PLC0415

    return load_config(path, dict(os.environ))


async def _show(config: "OracleConfig") -> dict[str, Any]:
    from bridge.adapters.evm import Rpc  # noqa: PLC0415
    from bridge.adapters.ledger import read_at_newest  # noqa: PLC0415
    from oracles.core.series import CREDITS  # noqa: PLC0415
    from oracles.feeds import read_oracle  # noqa: PLC0415

    chains, shown = [], set()
    for remote in config.remotes:
        async with Rpc(remote.providers[0].url, remote.providers[0].operator) as rpc:
            reading = partial(read_oracle, rpc, remote, config.series)
            view = await read_at_newest(rpc, reading)
        shown |= {feed.series.publisher for feed in view.feeds}
        chains.append({"name": remote.name, **view.document()})
    return {"chains": chains, "credits": [credit for publisher, credit in CREDITS.items() if publisher in shown]}


async def _verify(config: "OracleConfig") -> dict[str, Any]:
    from bridge.adapters.evm import Rpc  # noqa: PLC0415
    from bridge.adapters.ledger import read_at_newest  # noqa: PLC0415
    from oracles.archive import Archive  # noqa: PLC0415
    from oracles.core.calendar import JAPAN  # noqa: PLC0415
    from oracles.sources import Archived  # noqa: PLC0415
    from oracles.verifying import verify_oracle  # noqa: PLC0415

    archive = Archive(config.data_dir / "archive")
    evidence = Archived(archive, JAPAN)
    verdicts = []
    for remote in config.remotes:
        async with Rpc(remote.providers[0].url, remote.providers[0].operator) as rpc:
            reading = partial(verify_oracle, rpc, remote, config.series, evidence, JAPAN)
            found = await read_at_newest(rpc, reading)
        verdicts += [
            {"chain": remote.name, "what": one.what, "counted": dict(one.counted), "difference": one.difference}
            for one in found
        ]
    archive.close()
    return {"ok": all(row["difference"] is None for row in verdicts), "verdicts": verdicts}


if __name__ == "__main__":
    main()
