"""What a relayer finds out before it starts: everything that does not fit the chains, with its next step."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import devnet
from bridge.adapters.codec import to_checksum
from bridge.adapters.config import Network, load_network, read_draft
from bridge.adapters.config.checks import check
from bridge.core.types import Address, ChainId

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("devnet") / "net"
    devnet.up(devnet.Options(folder, relayers=0))
    yield folder
    devnet.down(folder)


@pytest.fixture
def network(folder: Path) -> Network:
    return load_network(folder / "devnet.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text, net: text.replace(net.remotes[0].rpc, net.remotes[1].rpc), "is a node of chain 31338, not 31337"),
        (lambda text, net: text.replace(net.remotes[0].rpc, "http://127.0.0.1:9"), "see that the node runs"),
        (lambda text, _: other_genesis(text), "block 0 of"),
        (lambda text, net: swapped(text, net.remotes[0].contracts["gateway"], b"\x11" * 20), "there is no contract at"),
        (
            lambda text, net: swapped(text, net.home.contracts["board"], b"\x12" * 20),
            "home.board: there is no contract",
        ),
        (
            lambda text, net: swapped(text, net.remotes[0].contracts["gateway"], net.remotes[0].contracts["committee"]),
            "remotes[0].gateway",
        ),
        (lambda text, _: text.replace("relayer-1-attestation", "alice"), "is not in the committee of home.gateway"),
        (lambda text, _: text.replace("relayer-1-submission", "alice"), "have the governor register this one"),
        (lambda text, _: text.replace("relayer-1-submission.password", "alice.password"), "has another password"),
    ],
)
async def test_what_does_not_fit_the_chains_is_named(
    folder: Path, tmp_path: Path, network: Network, change: object, said: str
) -> None:
    assert callable(change)
    text = (folder / "relayers" / "relayer-1" / "relayer.toml").read_text()
    path = tmp_path / "relayer.toml"
    path.write_text(change(text, network))
    assert path.read_text() != text
    problems = [str(problem) for problem in await check(read_draft(path, {}))]
    assert any(said in problem for problem in problems), problems


async def test_problems_of_file_and_chains_are_named_together(folder: Path, tmp_path: Path, network: Network) -> None:
    text = (folder / "relayers" / "relayer-1" / "relayer.toml").read_text()
    text = text.replace("[api]", "[api]\ncolour = 3").replace(network.remotes[1].rpc, "http://127.0.0.1:9")
    path = tmp_path / "relayer.toml"
    path.write_text(text.replace("relayer-1-attestation", "bob"))
    places = [problem.where for problem in await check(read_draft(path, {}))]
    assert places == [
        "api.colour",
        "remotes[1].providers[0]",
        "keys.attestation",
        "keys.submission",
        "keys.attestation",
        "keys.attestation",
    ]


def swapped(text: str, old: Address, new: bytes) -> str:
    return text.replace(to_checksum(old), f"0x{new.hex()}")


def other_genesis(text: str) -> str:
    return re.sub('genesis_hash = ".*"', f'genesis_hash = "0x{"ab" * 32}"', text)


def test_the_chains_have_different_ids(network: Network) -> None:
    assert len({network.home.chain_id, *(remote.chain_id for remote in network.remotes)}) == 3
    assert ChainId(1) not in network.watched
