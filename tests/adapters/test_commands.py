"""How commands end."""

import click
import pytest

from bridge.adapters.commands import FAILED, run_command
from bridge.core.errors import Refuse


@click.command()
@click.argument("how")
@click.pass_context
def ending(ctx: click.Context, how: str) -> None:
    if how == "refused":
        raise Refuse("it cannot be done")
    if how == "interrupted":
        raise KeyboardInterrupt
    if how == "found":
        ctx.exit(1)


@pytest.mark.parametrize(
    ("how", "code"), [(["done"], None), (["found"], 1), (["refused"], FAILED), ([], FAILED), (["interrupted"], 130)]
)
def test_a_command_ends_with_the_code_that_its_end_has(
    how: list[str], code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["ending", *how])
    if code is None:
        run_command(ending)
        return
    with pytest.raises(SystemExit) as end:
        run_command(ending)
    assert end.value.code == code
