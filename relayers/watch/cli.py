"""`jgb-watchtower`: watch the chains, or look at them once."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.adapters.commands import run_command

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from relayers.watch.config import WatchConfig
    from relayers.watch.tower import Tower

config_option = click.option(
    "--config", "config_path", required=True, type=click.Path(path_type=Path), help="TOML file of this watchtower."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jgb-bridge")
def cli() -> None:
    """Recompute the books from the chains, say what is wrong, and pause on a breach. It can do nothing else."""


@cli.command()
@config_option
def run(config_path: Path) -> None:
    """Watch until SIGINT or SIGTERM. Alarms are JSON lines on standard error, and files under the data directory."""
    asyncio.run(_watch(config_path))


@cli.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def once(config_path: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Read everything from the start and say what is wrong; exit 1 if anything is. A breach is paused here too."""
    alarms, books = asyncio.run(_look_once(config_path))
    if as_json:
        click.echo(json.dumps({"ok": not alarms, "alarms": alarms, "assets": books}, indent=2))
    else:
        for alarm in alarms:
            click.echo(alarm)
        click.echo(f"{books} bonds looked at, {len(alarms)} alarms")
    sys.exit(1 if alarms else 0)


def main() -> None:
    """Run the command."""
    run_command(cli)


async def _look_once(path: Path) -> tuple[list[str], int]:
    tower = _tower(path)
    try:
        alarms = [*await tower.look(), *await tower.look()]
        return [alarm.why for alarm in alarms], len(tower.ledger.assets)
    finally:
        await tower.close()


async def _watch(path: Path) -> None:
    from relayers.watch.daemon import watch  # noqa: PLC0415

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    config, log = _open(path)
    await watch(config, log, stop)


def _open(path: Path) -> "tuple[WatchConfig, FilteringBoundLogger]":
    from bridge.adapters.config.loading import load_model  # noqa: PLC0415
    from bridge.adapters.telemetry import open_log  # noqa: PLC0415
    from relayers.watch.config import PREFIX, WatchConfig  # noqa: PLC0415

    config = load_model(WatchConfig, path, os.environ, PREFIX)
    return config, open_log(config.log_level, watchtower=config.name)


def _tower(path: Path) -> "Tower":
    from relayers.watch.tower import Tower  # noqa: PLC0415

    return Tower(*_open(path), time.time)


if __name__ == "__main__":
    main()
