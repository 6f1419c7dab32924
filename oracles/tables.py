"""Tables for people."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table

from oracles.feeds import instant

WIDTH: Final = 150


def print_chains(document: dict[str, Any]) -> None:
    """Print what `show` found."""
    console = Console(width=max(Console().width, WIDTH))
    for chain in document["chains"]:
        title = f"{chain['name']}, block {chain['height']}"
        table = Table("feed", "value", "unit", "date", "status", "rounds", "freshness", "next due (UTC)", title=title)
        for feed in chain["feeds"]:
            state = f"HOLD {feed['hold']['reason']}" if feed["hold"] else feed["freshness"]
            cells = (feed["feed"], feed["value"] or "-", feed["unit"], feed["date"] or "-", feed["status"] or "-")
            table.add_row(*cells, str(feed["rounds"]), state, instant(feed["next_due_at"]))
        console.print(table)
        index = chain["index"]
        if index is not None:
            state = ", outdated: a rebuild is due" if index["outdated"] else ""
            console.print(
                f"compounded call rate index on {index['date']}: {index['value']} "
                f"(generation {index['generation']}, {index['steps']} steps{state})"
            )
    for credit in document["credits"]:
        console.print(credit, style="dim")
