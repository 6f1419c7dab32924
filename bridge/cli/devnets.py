"""`devnet up` and `devnet down`: a whole bridge on this machine."""

from pathlib import Path

import click
import orjson

from bridge.core.errors import Refuse

DIRECTORY = Path(".devnet")

directory_option = click.option(
    "--dir",
    "directory",
    default=DIRECTORY,
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for everything the devnet writes.",
)


@click.group()
def devnet() -> None:
    """Start or stop a whole bridge on this machine: nodes, contracts, relayers, users with bonds."""


@devnet.command()
@directory_option
@click.option("--relayers", default=4, show_default=True, help="Organisations in the committee, one daemon each.")
@click.option("--remotes", default=2, show_default=True, help="Public chains.")
@click.option("--reporters", default=4, show_default=True, help="Reporters of the oracle; 0 for none.")
@click.option("--watchtower/--no-watchtower", default=True, help="Whether a watchtower runs.")
@click.option("--via", multiple=True, metavar="CHAIN=URL", help="Have the relayers ask a chain through this URL.")
@click.option("--json", "as_json", is_flag=True, help="Print the network's file instead of text.")
def up(  # noqa: PLR0913 - one per option
    directory: Path,
    relayers: int,
    remotes: int,
    reporters: int,
    via: tuple[str, ...],
    *,
    watchtower: bool,
    as_json: bool,
) -> None:
    """Start a devnet and return when it is ready."""
    from bridge.adapters.config import encode_network  # noqa: PLC0415 - `--help` answers without it
    from bridge.devnet import Options  # noqa: PLC0415
    from bridge.devnet import up as raise_devnet  # noqa: PLC0415

    options = Options(
        directory,
        relayers=relayers,
        remotes=remotes,
        reporters=reporters,
        via=_pairs(via),
        watchtower=watchtower,
    )
    network = raise_devnet(options, (lambda _: None) if as_json else _say)
    if as_json:
        click.echo(encode_network(network).decode(), nl=False)
        return
    file = directory / "devnet.json"
    click.echo(f"ready: {file} names everything; `jgb-bridge devnet down --dir {directory}` ends it")
    option = "" if directory == DIRECTORY else f"--network {file} "
    isin, remote = network.assets[0].isin, network.remotes[0].name
    if network.reporters:
        click.echo(f"try: jgb-oracle show --config {network.reporters[0].config}")
    click.echo(f"try: jgb-bridge {option}lock {isin} 50000 --to {remote} --recipient alice --as alice")


@devnet.command()
@directory_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def down(directory: Path, *, as_json: bool) -> None:
    """Stop what `devnet up` has started, and remove its files."""
    from bridge.devnet import down as raze_devnet  # noqa: PLC0415

    stopped = raze_devnet(directory)
    if as_json:
        click.echo(orjson.dumps({"stopped": stopped}).decode())
    else:
        click.echo(f"stopped {', '.join(stopped) or 'nothing: no process of it ran any more'}; removed {directory}")


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        chain, equals, url = text.partition("=")
        if not equals or not url.startswith(("http://", "https://")):
            raise Refuse(f"{text} is no CHAIN=URL, such as home=http://127.0.0.1:8545")
        pairs[chain] = url
    return pairs


def _say(line: str) -> None:
    click.echo(f"  {line}")
