"""The command and its groups. Modules load when their command runs, so that `--help` answers at once."""

from importlib import import_module
from pathlib import Path

import click

from bridge.adapters.commands import run_command

_COMMANDS = {
    "lock": "bridge.cli.sending",
    "burn": "bridge.cli.sending",
    "status": "bridge.cli.following",
    "deliver": "bridge.cli.delivering",
    "retry": "bridge.cli.holding",
    "return": "bridge.cli.holding",
    "limits": "bridge.cli.brakes",
    "books": "bridge.cli.accounting",
    "balances": "bridge.cli.accounting",
    "offices": "bridge.cli.offices",
    "pause": "bridge.cli.brakes",
    "veto": "bridge.cli.brakes",
    "devnet": "bridge.cli.devnets",
    "demo": "bridge.cli.demo",
}
_FUNCTIONS = {"return": "send_back"}
"""Of commands whose name is a word of the language."""
_SUMMARIES = {
    "lock": "Lock bonds at home and get wrapped ones on a public chain.",
    "burn": "Burn wrapped bonds and get the bonds at home.",
    "status": "Say where a transfer is.",
    "deliver": "Deliver a transfer from your own key, with no relayer.",
    "retry": "Execute a held transfer whose reason is gone.",
    "return": "Send a held transfer that nobody can receive back to its sender.",
    "limits": "Show how much may move now, when more may, and what is paused.",
    "books": "Show escrow, locked, supply and in flight per bond and chain.",
    "balances": "Show who holds what on every chain.",
    "offices": "Show who governs what; exit 1 if any person's key alone does.",
    "pause": "Pause bonds on a route, as a guardian on duty.",
    "veto": "Send a delayed transfer back, as an officer on duty.",
    "devnet": "Start or stop a whole bridge on this machine.",
    "demo": "Run a whole bridge on this machine and show what happens.",
}


class _Lazy(click.Group):
    """Finds a command in the module that defines it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), _FUNCTIONS.get(cmd_name, cmd_name))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jgb-bridge")
@click.option(
    "--network",
    "network_path",
    envvar="JGB_NETWORK",
    default=Path(".devnet/devnet.json"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="File that names chains, contracts and bonds.",
)
@click.pass_context
def cli(ctx: click.Context, network_path: Path) -> None:
    """Move tokenized Japanese Government Bonds between their home ledger and public chains.

    A wrapped bond is a claim on a bond held in custody at home: 1 unit is JPY 1 face, on every chain.
    """
    ctx.obj = network_path


def main() -> None:
    """Run the command."""
    run_command(cli, "interrupted; what was sent stays sent: `jgb-bridge status ID` tells")
