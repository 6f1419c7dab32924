"""`jgb-watchtower`: watch the chains, look at them once, or see whether it could do either."""

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

    from relayers.watch.alarms import Alarm
    from relayers.watch.config import WatchConfig
    from relayers.watch.pausing import Pen

config_option = click.option(
    "--config", "config_path", required=True, type=click.Path(path_type=Path), help="TOML file of this watchtower."
)
_LAST_LOOKS = 3
_PATIENT_LOOKS = 20
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jgb-bridge")
def cli() -> None:
    """Recompute the books from the chains, say what is wrong, and pause on a breach. It can do nothing else.

    Exit codes: 0 well, 1 something is wrong on the chains, 2 bad configuration or key.
    """


@cli.command()
@config_option
def run(config_path: Path) -> None:
    """Watch until SIGINT or SIGTERM. Alarms are JSON lines on standard error, and files under the data directory."""
    asyncio.run(_watch(config_path))


@cli.command()
@config_option
@json_option
def once(config_path: Path, *, as_json: bool) -> None:
    """Read everything up to now and say what is wrong that was not said before; exit 1 if anything is.

    A breach is ordered to be paused here too. Not beside `run` on the same data directory.
    """
    _show(*asyncio.run(_look(config_path)), as_json=as_json)


@cli.command()
@config_option
@json_option
def check(config_path: Path, *, as_json: bool) -> None:
    """See whether every chain can be read and could be paused with this key; exit 1 with each problem if not."""
    alarms, status = asyncio.run(_check(config_path))
    _show(alarms, status, as_json=as_json)


def main() -> None:
    """Run the command."""
    run_command(cli)


def _show(alarms: "list[Alarm]", status: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        shown = [{"key": alarm.key, "why": alarm.why, "todo": alarm.todo} for alarm in alarms]
        click.echo(json.dumps({"ok": not alarms, "alarms": shown, **status}, indent=2))
    else:
        for alarm in alarms:
            click.echo(f"{alarm.why}: {alarm.todo}")
        click.echo(f"{len(alarms)} alarms")
    sys.exit(1 if alarms else 0)


async def _look(path: Path) -> "tuple[list[Alarm], dict[str, object]]":
    """Look until everything is read and answered."""
    from relayers.watch.tower import Tower  # noqa: PLC0415

    config, log, pen = _open(path)
    tower = Tower(config, log, time.time, pen)
    try:
        alarms = await tower.look()
        while tower.sight.is_behind:
            alarms += await tower.look()
        for _ in range(_LAST_LOOKS):
            # What a look finds out, the next one asks about; the one after has the answer.
            await asyncio.sleep(config.poll_seconds)
            alarms += await tower.look()
        for _ in range(_PATIENT_LOOKS):
            alarms += await tower.look() if tower.is_busy else []
        known = {alarm.key for alarm in alarms}
        return [*alarms, *(alarm for alarm in tower.sight.unread() if alarm.key not in known)], tower.status()
    finally:
        await tower.close()


async def _check(path: Path) -> "tuple[list[Alarm], dict[str, object]]":
    from relayers.watch.checking import check_chains  # noqa: PLC0415

    config, _, pen = _open(path)
    return await check_chains(config, pen), {"account": pen.address}


async def _watch(path: Path) -> None:
    from relayers.watch.daemon import watch  # noqa: PLC0415

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    config, log, pen = _open(path)
    await watch(config, log, pen, stop)


def _open(path: Path) -> "tuple[WatchConfig, FilteringBoundLogger, Pen]":
    """Read configuration and key: what is wrong with either is said before anything starts."""
    from bridge.adapters.config.loading import load_model  # noqa: PLC0415
    from bridge.adapters.keystores import read_key  # noqa: PLC0415
    from bridge.adapters.telemetry import open_log  # noqa: PLC0415
    from relayers.watch.config import PREFIX, WatchConfig  # noqa: PLC0415
    from relayers.watch.pausing import Pen  # noqa: PLC0415

    config = load_model(WatchConfig, path, os.environ, PREFIX)
    pen = Pen(read_key(config.key.keystore, config.key.password_file))
    return config, open_log(config.log_level, watchtower=config.name), pen


if __name__ == "__main__":
    main()
