"""`demo`: foreign investors over two bridges, a relayer killed on the way, a burst, a veto, and books to the yen."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from bridge.core.errors import BridgeError

if TYPE_CHECKING:
    from bridge.adapters.config import Network

FOLDER = Path("build/demo")
FAILED = 1
WIDTH = 120
REPORTERS = 4


@click.command()
@click.option("--burst", default=200, show_default=True, help="Locks in the burst.")
@click.option("--keep", is_flag=True, help="Leave the devnet running afterwards.")
@click.option("--json", "as_json", is_flag=True, help="Print the report instead of the table.")
def demo(burst: int, *, keep: bool, as_json: bool) -> None:
    """Run a whole bridge on this machine and show what happens. Exit 0 only if all of it is right."""
    from bridge.devnet import Options, down, up  # noqa: PLC0415 - `--help` answers without it

    directory = FOLDER / "devnet"
    if (directory / "processes.json").exists():
        down(directory)
    shutil.rmtree(FOLDER, ignore_errors=True)
    say = (lambda _: None) if as_json else _say
    network = up(Options(directory, reporters=REPORTERS, watchtower=True), say)
    try:
        report = asyncio.run(_play(network, directory, burst, say))
    except BridgeError:
        _keep_logs(directory)
        raise
    finally:
        if not keep:
            down(directory)
    path = FOLDER / "report.json"
    path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if as_json:
        click.echo(path.read_text(), nl=False)
    else:
        _show(report, path)
        if keep:
            click.echo(f"the devnet runs on: try `jgb-bridge --network {directory}/devnet.json books`")
    sys.exit(0 if report["ok"] else FAILED)


async def _play(network: "Network", directory: Path, burst: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Play the bridge's part, then the oracle's."""
    from bridge.cli.accounting import read_books  # noqa: PLC0415
    from bridge.devnet.oracle_scenario import play_oracle  # noqa: PLC0415
    from bridge.devnet.scenario import play  # noqa: PLC0415

    report = await play(network, directory, burst, say, read_books)
    oracle = await play_oracle(network, say)
    return {**report, "ok": report["ok"] and oracle["ok"], "oracle": oracle}


def _say(line: str) -> None:
    click.echo(f"  {line}")


def _keep_logs(directory: Path) -> None:
    """Keep what the processes wrote, so that a failure can be understood."""
    shutil.copytree(directory / "logs", FOLDER / "logs", dirs_exist_ok=True)
    click.echo(f"the logs are kept in {FOLDER / 'logs'}", err=True)


def _show(report: dict[str, Any], path: Path) -> None:
    console = Console(width=max(Console().width, WIDTH))
    named = [row for row in report["transfers"] if not row["burst"]]
    table = Table("what", "id", "from", "to", "units", "state", "seconds", title="Transfers")
    for row in named:
        units = f"{int(row['amount']):,}" if int(row["amount"]) else ""
        short = row["id"][:10] + "…"
        took = str(row["seconds"]) if row["seconds"] is not None else "-"
        table.add_row(row["story"], short, row["source"], row["destination"], units, row["state"], took)
    console.print(table)
    burst = report["burst"]
    console.print(
        f"burst: {burst['executed']} of {burst['transfers']} locks executed in {burst['batches']} batches, "
        f"{burst['seconds']} s from the first lock to the last mint"
    )
    table = Table("bond", "chain", "locked", "supply", "in flight", "difference", title="Books, after")
    for bond in report["books"]["after"]["bonds"]:
        for chain in bond["chains"]:
            flight = int(chain["in_flight_out"]) + int(chain["in_flight_home"])
            numbers = [int(chain["locked"]), int(chain["supply"]), flight, int(chain["difference"])]
            table.add_row(bond["isin"], chain["chain"], *(f"{number:,}" for number in numbers))
    console.print(table)
    _show_oracle(console, report["oracle"])
    verdict = (
        "every transfer EXECUTED, the vetoed one RETURNED, books balance to the yen, every round recomputed"
        if report["ok"]
        else "NOT as it should be"
    )
    console.print(f"{verdict}; the whole report is in {path}")


def _show_oracle(console: Console, oracle: dict[str, Any]) -> None:
    title = "Oracle: made-up fixings of last winter, so every feed reads STALE"
    table = Table("feed", "value", "unit", "date", "status", "rounds", "freshness", title=title)
    for feed in oracle["feeds"]:
        cells = (feed["feed"], feed["value"], feed["unit"], feed["date"], feed["status"], str(feed["rounds"]))
        table.add_row(*cells, feed["freshness"])
    console.print(table)
    index, verified = oracle["index"], oracle["verified"]
    console.print(
        f"compounded call rate index on {index['date']}: {index['value']}, generation {index['generation']} after a "
        f"correction\n{oracle['provisional']} became {oracle['final']} when it was final; recomputed: "
        f"{verified['rounds']} rounds, {verified['dates']} dates, {verified['steps']} steps of the index"
    )
