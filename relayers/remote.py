"""What `jgb-relayer status` shows: the running daemon's own answer."""

from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from bridge.core.errors import Refuse

DEADLINE_SECONDS = 5.0


async def read_status(host: str, port: int) -> dict[str, Any]:
    """Ask a daemon for its status. Raises Refuse if none answers."""
    url = f"http://{host}:{port}/status"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS)) as session,
            session.get(url) as response,
        ):
            answer: dict[str, Any] = await response.json()
            return answer
    except (aiohttp.ClientError, TimeoutError, ValueError):
        advice = "start it with `jgb-relayer run`, or correct api in its configuration"
        raise Refuse(f"no relayer answers at {url}: {advice}") from None


def table_of(answer: dict[str, Any]) -> str:
    """Return the status as text for people."""
    console = Console(width=120)
    with console.capture() as capture:
        console.print(f"signer {answer['signer']}   outbox {answer['outbox']}")
        console.print(_chains(answer["chains"]))
        console.print(_routes(answer["routes"]))
        for problem in answer["problems"]:
            console.print(f"[bold]problem[/bold] {problem}", highlight=False)
        for batch, why in answer["refusals"].items():
            console.print(f"[bold]refused[/bold] {batch}: {why}", highlight=False)
        for batch in answer["unsigned"]:
            why = "our key has signed another batch in its place: the others sign it, or the next epoch"
            console.print(f"[bold]unsigned[/bold] {batch}: {why}", highlight=False)
    return capture.get().rstrip()


def _chains(chains: list[dict[str, Any]]) -> Table:
    table = Table("chain", "id", "final", "newest", "caught up", "epoch", "committee")
    for chain in chains:
        committee = chain["committee"] or {}
        members = f"{committee['threshold']} of {len(committee['members'])}" if committee else "unknown"
        row = [chain["name"], chain["chain_id"], chain["final_height"], chain["latest_height"]]
        table.add_row(*map(str, row), "yes" if chain["caught_up"] else "no", str(committee.get("epoch", "")), members)
    return table


def _routes(routes: list[dict[str, Any]]) -> Table:
    table = Table("route", "transfers", "halted")
    for route in routes:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(route["transfers"].items()))
        table.add_row(route["name"], counts or "none", route["halted"]["why"] if route["halted"] else "")
    return table
