"""How every command of this project ends: what the input or the world did wrong is one line, and an exit code."""

import sys
from typing import Final

import click

from bridge.core.errors import BridgeError

FAILED: Final = 2
INTERRUPTED: Final = 130


def run_command(command: click.Command, when_interrupted: str = "interrupted; nothing is lost") -> None:
    """Run a command line. Exits as the command says, with 2 after bad input or a refusal, with 130 after Ctrl-C."""
    try:
        code = command(standalone_mode=False)
        if isinstance(code, int) and code:
            sys.exit(code)  # what a command gave to `ctx.exit`
    except click.ClickException as fault:
        fault.show()
        sys.exit(FAILED)
    except (click.Abort, KeyboardInterrupt):
        click.echo(when_interrupted, err=True)
        sys.exit(INTERRUPTED)
    except BridgeError as fault:
        click.echo(str(fault), err=True)
        sys.exit(FAILED)
