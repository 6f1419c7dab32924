"""A devnet comes up whole, is found by its file, and goes without a trace."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from bridge import devnet
from bridge.adapters.codec import views
from bridge.adapters.config import Network, load, load_network, read_draft
from bridge.adapters.config.checks import check
from bridge.adapters.evm import Rpc
from bridge.adapters.ledger import EvmChain, Query, read
from bridge.adapters.signers import open_transaction_signer
from bridge.core.bonds import BondType, is_isin
from bridge.core.errors import Refuse
from bridge.core.types import Height
from bridge.devnet import lifecycle, processes

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


def command_line(network: Network, name: str) -> str:
    return " ".join(psutil.Process(network.pids[name]).cmdline())


def listeners(pid: int) -> set[str]:
    connections = psutil.Process(pid).net_connections(kind="inet")
    return {found.laddr.ip for found in connections if found.status == psutil.CONN_LISTEN}


def ours(folder: Path) -> list[psutil.Process]:
    """Every process that was started with a path in this folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
    ]


NODES = {"home", "remote-1", "remote-2"}
OFFICES = {"council", "timelock", "watch", "officers"}
DOUBLES = {"home-sealer", "home-second", "remote-1-second", "remote-2-second"}


def test_the_file_says_where_everything_is(network: Network, folder: Path) -> None:
    document = json.loads((folder / "devnet.json").read_text())
    assert document["version"] == 1
    assert {"home", "remotes", "assets", "users", "relayers", "pids"} <= set(document)
    assert set(document["home"]["contracts"]) == OFFICES | {"committee", "gateway", "board"}
    assert [set(remote["contracts"]) for remote in document["remotes"]] == [OFFICES | {"committee", "gateway"}] * 2
    assert [set(asset["remotes"]) for asset in document["assets"]] == [{"remote-1", "remote-2"}] * 2
    assert set(document["users"][0]) == {"name", "address", "keystore", "password_file"}
    assert set(network.pids) == NODES | DOUBLES


def test_no_two_contracts_share_an_address(network: Network) -> None:
    chains = [network.home, *network.remotes]
    addresses = [address for chain in chains for address in chain.contracts.values()]
    addresses += [asset.home for asset in network.assets]
    assert len(set(addresses)) == len(addresses)


def test_nodes_run_as_the_issue_says(network: Network, folder: Path) -> None:
    home, remote = command_line(network, "home"), command_line(network, "remote-1")
    assert "--hardfork berlin --gas-price 0" in home
    assert "--block-time 1 --prune-history 512" in home
    assert f"--state {folder}/nodes/home/state.json --state-interval 1" in home
    assert "--block-time 2 --prune-history 512" in remote
    assert "--slots-in-an-epoch 1" in remote
    assert "--hardfork" not in remote
    for name in NODES:
        assert f"--cache-path {folder}/nodes/{name}/cache" in command_line(network, name)


def test_nodes_listen_on_the_loopback_alone_and_in_groups_of_their_own(network: Network) -> None:
    for pid in network.pids.values():
        assert listeners(pid) == {"127.0.0.1"}
        assert os.getpgid(pid) == pid


async def test_no_account_of_a_node_is_unlocked(network: Network) -> None:
    for chain in (network.home, *network.remotes):
        async with Rpc(chain.rpc) as rpc:
            assert await rpc.result("eth_accounts") == []


async def test_users_hold_two_bonds_that_look_real(network: Network) -> None:
    async with Rpc(network.home.rpc) as rpc:
        home = EvmChain(rpc, network.watched[network.home.chain_id])
        latest = (await home.heads()).latest
        kinds = []
        for asset in network.assets:
            terms = await read(rpc, Query(views.TERMS, asset.home), latest)
            assert is_isin(asset.isin)
            assert terms.isin == asset.isin
            assert terms.issue_date < latest.time + 86_400 < terms.maturity_date
            kinds.append(terms.bond_type)
            for user in network.users:
                balance = await read(rpc, Query(views.BALANCE_OF, asset.home, (user.address,)), latest)
                assert balance == lifecycle.ISSUED
        assert kinds == [BondType.BILL, BondType.FIXED_COUPON]


async def test_everybody_has_money_on_every_chain_and_the_key_in_the_file(network: Network) -> None:
    for account in (*network.users, *network.operators):
        signer = open_transaction_signer(account.keystore, account.password_file)
        assert signer.address == account.address
        for chain in (network.home, *network.remotes):
            async with Rpc(chain.rpc) as rpc:
                found = await EvmChain(rpc, network.watched[chain.chain_id]).account(account.address)
                assert found.balance > 10**18


async def test_the_relayers_configuration_fits_the_chains(folder: Path) -> None:
    path = folder / "relayers" / "relayer-1" / "relayer.toml"
    assert load(path, {}).home.genesis_hash
    assert await check(read_draft(path, {})) == ()


async def test_blocks_come_in_time(network: Network) -> None:
    async with Rpc(network.home.rpc) as rpc:
        home = EvmChain(rpc, network.watched[network.home.chain_id])
        first = (await home.heads()).latest
        await asyncio.sleep(3)
        later = (await home.heads()).latest
    assert 2 <= later.height - first.height <= 4
    assert abs(later.time - time.time()) < 5


def test_a_second_devnet_in_the_same_folder_is_refused(folder: Path, network: Network) -> None:
    with pytest.raises(Refuse, match="jgb-bridge devnet down --dir"):
        devnet.up(devnet.Options(folder, relayers=0))
    assert load_network(folder / "devnet.json") == network
    assert all(psutil.pid_exists(pid) for pid in network.pids.values())


async def test_home_comes_back_with_its_history_after_it_was_killed(folder: Path, network: Network) -> None:
    async with Rpc(network.home.rpc) as rpc:
        home = EvmChain(rpc, network.watched[network.home.chain_id])
        genesis, facts = await home.genesis(), await home.facts(*await span(home))
        committee = await home.committee((await home.heads()).latest)
        await asyncio.sleep(1.5)  # the state of the deployment is on disk by now
    await asyncio.to_thread(devnet.stop_one, folder, "home", kill=True)
    assert not psutil.pid_exists(network.pids["home"])
    pid = await asyncio.to_thread(devnet.start_one, folder, "home")
    assert load_network(folder / "devnet.json").pids["home"] == pid != network.pids["home"]
    async with Rpc(network.home.rpc) as rpc:
        home = EvmChain(rpc, network.watched[network.home.chain_id])
        assert await home.genesis() == genesis
        assert await home.facts(*await span(home)) == facts
        assert await home.committee((await home.heads()).latest) == committee
        height = (await home.heads()).latest.height
        await asyncio.sleep(2.5)
        assert (await home.heads()).latest.height > height


async def span(chain: EvmChain) -> tuple[Height, Height]:
    return Height(1), (await chain.heads()).latest.height


def test_what_runs_is_not_started_twice_and_what_is_unknown_not_at_all(folder: Path) -> None:
    with pytest.raises(Refuse, match="remote-1 runs already"):
        devnet.start_one(folder, "remote-1")
    with pytest.raises(Refuse, match="no process mars: there are home"):
        devnet.stop_one(folder, "mars")


# --- Coming and going ---


def test_nothing_remains(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    network = devnet.up(devnet.Options(folder, relayers=0, remotes=1))
    assert len(ours(folder)) == 3
    assert sorted(devnet.down(folder)) == ["home", "home-sealer", "home-second", "remote-1", "remote-1-second"]
    assert not any(psutil.pid_exists(pid) for pid in network.pids.values())
    assert ours(folder) == []
    assert not folder.exists()
    with pytest.raises(Refuse, match="no devnet in"):
        devnet.down(folder)


def test_files_of_others_stay(tmp_path: Path) -> None:
    devnet.up(devnet.Options(tmp_path / "net", relayers=0, remotes=1))
    (tmp_path / "net" / "notes.txt").write_text("mine")
    devnet.down(tmp_path / "net")
    assert [path.name for path in (tmp_path / "net").iterdir()] == ["notes.txt"]
    with pytest.raises(Refuse, match="is not empty"):
        devnet.up(devnet.Options(tmp_path / "net", relayers=0, remotes=1))


def test_down_leaves_alone_who_has_got_the_number_of_a_dead_process(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    devnet.up(devnet.Options(folder, relayers=0, remotes=1))
    devnet.stop_one(folder, "remote-1", kill=True)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        file = folder / "processes.json"
        entries = json.loads(file.read_text())
        for entry in entries:
            if entry["name"] == "remote-1":
                entry["pid"] = bystander.pid
        file.write_text(json.dumps(entries))
        assert devnet.down(folder) == ["home-sealer", "home-second", "remote-1-second", "home"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        assert len(ours(tmp_path)) == 3
        raise Refuse("no contracts today")

    monkeypatch.setattr(lifecycle, "deploy", fail)
    with pytest.raises(Refuse, match="no contracts today"):
        devnet.up(devnet.Options(tmp_path / "net", relayers=0, remotes=1))
    assert ours(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_node_that_does_not_start_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(lifecycle, "free_ports", lambda count: [port, *processes.free_ports(count - 1)])
        with pytest.raises(Refuse, match=r"home ended at once: .*[Aa]ddress"):
            devnet.up(devnet.Options(tmp_path / "net", relayers=0, remotes=1))
    assert ours(tmp_path) == []


def test_no_port_is_given_twice_or_while_it_is_taken() -> None:
    (first,) = processes.free_ports(1)
    with socket.create_server(("127.0.0.1", first + 1)):
        later = [port for _ in range(3) for port in processes.free_ports(2)]
    assert len({first, first + 1, *later}) == 8


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, sys; from bridge import devnet\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a test run in the background ignores it
        "devnet.up(devnet.Options(pathlib.Path(sys.argv[1]), relayers=0), print)"
    )
    command = [sys.executable, "-u", "-c", code, str(tmp_path / "net")]
    starting = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert starting.stdout is not None
    assert starting.stdout.readline().startswith("starting")
    starting.send_signal(signal.SIGINT)
    assert starting.wait(20) != 0
    starting.stdout.close()
    assert ours(tmp_path / "net") == []
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"via": {"mars": "http://127.0.0.1:1"}}, "no chain mars to route: there are home, remote-1"),
        ({"remotes": 0}, "at least one remote"),
        ({"relayers": -1}, "at least one remote"),
    ],
)
def test_what_makes_no_devnet_is_refused_before_anything_starts(
    tmp_path: Path, options: dict[str, object], said: str
) -> None:
    with pytest.raises(Refuse, match=said):
        devnet.up(devnet.Options(tmp_path / "net", **{"remotes": 1, "relayers": 0} | options))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_relayers_ask_a_chain_where_they_are_told_to(tmp_path: Path) -> None:
    via = {"remote-1": "http://127.0.0.1:9", "1010032": "http://127.0.0.1:10"}
    network = devnet.up(devnet.Options(tmp_path / "net", relayers=0, remotes=1, via=via))
    config = load(tmp_path / "net" / "relayers" / "relayer-1" / "relayer.toml", {})
    devnet.down(tmp_path / "net")
    assert config.remotes[0].providers[0].url == "http://127.0.0.1:9"
    assert config.home.providers[0].url == "http://127.0.0.1:10"
    assert network.remotes[0].rpc != config.remotes[0].providers[0].url
