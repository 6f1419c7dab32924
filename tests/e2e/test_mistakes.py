"""What operators and users get wrong is said at once, in one line each, and nothing is started or sent."""

import socket
from pathlib import Path

import pytest

from bridge.adapters import codec
from bridge.adapters.codec import to_checksum
from bridge.adapters.config import Network
from bridge.core.ports import Call
from bridge.devnet.processes import free_ports
from tests.e2e.people import LOT, People
from tests.e2e.running import Running, run

pytestmark = pytest.mark.e2e
NOBODY = "0x" + "11" * 20
UNKNOWN = "0x" + "ab" * 32


# --- Operators ---


async def test_everything_wrong_with_a_configuration_is_said_at_once_and_nothing_starts(
    running: Running, tmp_path: Path
) -> None:
    network, port = running.network, free_ports(1)[0]
    text = _own_config(running, tmp_path, port)
    first, second = network.remotes
    changes = {
        "[api]\n": "[api]\ncolour = 3\n",
        first.rpc: second.rpc,
        to_checksum(second.contracts["gateway"]): NOBODY,
        "relayer-1-attestation": "alice",
    }
    for right, wrong in changes.items():
        assert right in text
        text = text.replace(right, wrong)
    config = tmp_path / "relayer.toml"
    config.write_text(text)
    said = await run("jgb-relayer", "run", "--config", str(config))
    assert (said.code, said.out) == (2, "")
    expected = (
        "api.colour: ",
        "remotes[0].providers[0]: ",
        "remotes[1].gateway: there is no contract at",
        "home.gateway: its route to chain 31338 leads to",
        "keys.attestation: ",
        "keys.submission: ",
    )
    lines = said.err.splitlines()
    assert [place for place in expected if not any(line.startswith(place) for line in lines)] == []
    assert "is a node of chain 31338, not 31337" in said.err
    assert "is not in the committee of home.gateway" in said.err
    assert all(any(line.startswith(place) for place in expected) for line in lines), "something else is said too"
    assert _nothing_started(tmp_path, port)


async def test_a_committee_that_certifies_nothing_is_a_mistake_too(
    running: Running, people: People, tmp_path: Path
) -> None:
    chain, port = people.remote(1), free_ports(1)[0]
    config = tmp_path / "relayer.toml"
    config.write_text(_own_config(running, tmp_path, port))
    before = await chain.committee((await chain.heads()).latest)
    committee = running.network.remotes[1].contracts["committee"]
    await people.govern(chain, Call(committee, codec.encode_revoke(before.epoch)))
    try:
        said = await run("jgb-relayer", "run", "--config", str(config))
    finally:
        replace = codec.encode_replace(before.threshold, before.members)
        await people.govern(chain, Call(committee, replace))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"remotes[1].gateway: its committee's epoch {before.epoch} is revoked: ")
    assert len(said.err.splitlines()) == 1
    assert _nothing_started(tmp_path, port)


async def test_a_configuration_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for command in ("run", "check"):
        said = await run("jgb-relayer", command, "--config", str(tmp_path / "none.toml"))
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"{tmp_path}/none.toml: No such file or directory: ")
        assert len(said.err.splitlines()) == 1


def _own_config(running: Running, folder: Path, port: int) -> str:
    """Return relayer 1's configuration with a folder and a port of its own."""
    text = running.layout.config("relayer-1").read_text()
    text = text.replace(str(running.layout.relayer("relayer-1") / "data"), str(folder / "data"))
    return text.replace(f"port = {running.port('relayer-1')}", f"port = {port}")


def _nothing_started(folder: Path, port: int) -> bool:
    with socket.socket() as probe:
        is_free = probe.connect_ex(("127.0.0.1", port)) != 0
    return is_free and not (folder / "data").exists()


# --- Users ---


def lock(
    isin: str, amount: str, *, chain: str = "remote-1", recipient: str = "carol", user: str = "carol"
) -> list[str]:
    return ["lock", isin, amount, "--to", chain, "--recipient", recipient, "--as", user]


def mistyped(network: Network) -> str:
    """An ISIN with a wrong check digit."""
    isin = network.assets[0].isin
    return isin[:-1] + str((int(isin[-1]) + 1) % 10)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (lambda net: lock(mistyped(net), "50000"), "the check digit of"),
        (lambda net: lock(isin_of(net), "fifty"), "fifty is no amount: give whole units"),
        (lambda net: lock(isin_of(net), "0"), "0 is out of range"),
        (lambda net: lock(isin_of(net), "25000"), "25000 is not a multiple of the denomination, 50000"),
        (lambda net: lock(isin_of(net), "50000", chain="mars"), "no chain mars: there are home, remote-1, remote-2"),
        (lambda net: lock(isin_of(net), "50000", recipient="dave"), "no account dave"),
        (lambda net: lock(isin_of(net), str(LOT * 10**9)), "insufficient balance: "),
        (
            lambda net: [
                "burn",
                isin_of(net),
                str(LOT * 10**9),
                "--on",
                "remote-1",
                "--recipient",
                "bob",
                "--as",
                "bob",
            ],
            "insufficient balance: ",
        ),
        (lambda _: ["status", UNKNOWN], f"no chain knows {UNKNOWN} as a transfer"),
        (lambda _: ["deliver", "0x12", "--as", "carol"], "0x12 is no transfer id"),
    ],
)
async def test_a_user_s_mistake_is_one_line_and_nothing_is_sent(
    running: Running, people: People, words: object, said: str
) -> None:
    assert callable(words)
    before = {name: await people.transactions(name) for name in ("carol", "bob")}
    found = await running.bridge(*words(running.network))
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert len(found.err.splitlines()) == 1
    assert {name: await people.transactions(name) for name in ("carol", "bob")} == before


def isin_of(network: Network) -> str:
    return network.assets[0].isin
