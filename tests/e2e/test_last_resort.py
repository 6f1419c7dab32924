"""Every relayer is gone for good, with its keys, before anything was attested: the consortium's way, by its commands.

The council puts other keys in force, its members run relayers with them on empty databases, and nothing is stranded.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bridge.adapters.bundles import decode_bundle
from bridge.adapters.codec import views
from bridge.adapters.config import load
from bridge.adapters.ledger import Query, read
from bridge.adapters.signers import open_attestation_signer
from bridge.core.types import ZERO_ADDRESS, Leaf
from bridge.devnet.accounts import Person, make_person
from bridge.devnet.lifecycle import BALANCE
from bridge.devnet.nodes import fund
from bridge.devnet.processes import free_ports
from tests.commands import Said
from tests.e2e.people import LOT, People, people_of, stranger, until
from tests.e2e.running import COMMANDS, Running, raised, run
from tests.e2e.theft import steal

pytestmark = pytest.mark.e2e
GONE = ("relayer-1", "relayer-2", "relayer-3", "relayer-4")
FRESH = ("fresh-1", "fresh-2", "fresh-3")
COUNCIL = ("council-1", "council-3", "council-4")
"""Three of four: no more are needed."""


@pytest.fixture(scope="module")
def orphaned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A bridge of its own: what happens to it cannot be undone."""
    with raised(tmp_path_factory.mktemp("orphaned") / "net", "--remotes", "1") as bridge:
        yield bridge


@pytest.fixture
async def people(orphaned: Running) -> AsyncIterator[People]:
    async with people_of(orphaned.network) as connected:
        yield connected


async def test_what_nobody_attested_arrives_by_a_committee_of_the_council(
    orphaned: Running, people: People, tmp_path: Path
) -> None:
    await people.settle()
    await people.are_executed(await people.lock(LOT))
    await people.settle()
    await orphaned.stop(*GONE, kill=True)
    payee = stranger()
    (lock,) = await people.lock(LOT, recipient=payee)
    (burn,) = await people.burn(LOT)
    before = await people.balance(people.home, people.bond(), people.address("alice"))
    said = await orphaned.bridge("deliver", f"0x{lock.hex()}", "--as", "carol")
    assert said.err == "it cannot be delivered yet: 0 signatures are on the board, 3 are needed\n"

    signers, posters = _keys(orphaned, "attestation"), _keys(orphaned, "submission")
    await fund(people.remote(0).rpc, [poster.address for poster in posters], BALANCE)
    committee = ("--committee", f"2:{','.join(map(_name, signers))}")
    named = [f"--poster={_name(signer)}={_name(poster)}" for signer, poster in zip(signers, posters, strict=True)]
    await decide(orphaned, tmp_path / "home.json", "home", *named, *committee)
    await decide(orphaned, tmp_path / "remote.json", "remote-1", *committee)
    assert await people.executions([lock, burn]) == [0, 0]

    ports = free_ports(2)
    for name, signer, poster, port in zip(FRESH, signers, posters, ports, strict=False):
        config = _configured(orphaned, tmp_path, name, signer, poster, port)
        await orphaned.add(name, [str(COMMANDS / "jgb-relayer"), "run", "--config", str(config)], port)
    await people.are_executed([lock, burn])
    await people.settle()
    assert await people.executions([lock, burn]) == [1, 1]
    assert await people.balance(people.remote(0), people.wrapped(0), payee) == LOT
    assert await people.balance(people.home, people.bond(), people.address("alice")) == before + LOT
    assert await orphaned.books_balance()


async def test_the_keys_that_are_gone_are_worth_nothing_any_more(orphaned: Running) -> None:
    said = await run("jgb-relayer", "check", "--config", str(orphaned.layout.config(GONE[0])))
    assert said.code == 2
    assert said.err.count("is not in the committee of") == 2, said


async def test_a_decision_says_what_it_does_and_too_few_cannot_act(orphaned: Running, tmp_path: Path) -> None:
    file, key = tmp_path / "decision.json", f"0x{stranger().hex()}"
    said = await council(
        "propose", str(file), "--network", str(orphaned.layout.network), "--chain", "home", "--revoke=1"
    )
    assert said.code == 0, said
    assert "end epoch 1 of committee 0x" in said.out
    for name in COUNCIL[:2]:
        said = await council("sign", str(file), *_key(orphaned, name))
        assert "end epoch 1 of committee 0x" in said.out, "nobody signs unread"
    network = ("--network", str(orphaned.layout.network))
    said = await council("act", str(file), *network, *_key(orphaned, "carol"))
    assert said == (2, "", "2 members have signed, 3 must\n")
    said = await council("sign", str(file), *_key(orphaned, "bob"))
    said = await council("act", str(file), *network, *_key(orphaned, "carol"))
    assert (said.code, said.err.splitlines()[-1]) == (2, "2 members have signed, 3 must")
    said = await council("propose", str(file), *network, "--chain", "home", "--committee", f"1:{key},0x{'11' * 20}")
    assert said.code == 2
    assert "is no committee" in said.err


async def test_a_lock_whose_nonce_was_stolen_comes_back_once(orphaned: Running, people: People, tmp_path: Path) -> None:
    """What was forged is paid to nobody, but its nonce is used up: the next lock can never be executed."""
    (last,) = await people.lock(LOT)
    await people.are_executed([last])
    nonce = (await people.tracer.find(last)).message.nonce + 1
    signers = [open_attestation_signer(*orphaned.layout.keys(f"{name}-attestation")) for name in FRESH]
    await steal(people, signers, range(nonce, nonce + 1), LOT, ZERO_ADDRESS)
    before = await people.balance(people.home, people.bond(), people.address("bob"))
    (lock,) = await people.lock(LOT, name="bob")

    async def is_final() -> bool:
        said = await last_return(orphaned, tmp_path / "stolen.json", lock, FRESH[0])
        return said.code == 0

    await until(is_final, "what took the nonce is final")
    said = await last_return(orphaned, tmp_path / "stolen.json", lock, FRESH[2])
    assert said.out.endswith("can be delivered by anybody\n"), said
    (returned,) = decode_bundle((tmp_path / "stolen.json").read_bytes()).leaves()
    said = await orphaned.bridge(
        "deliver", f"0x{returned.hex()}", "--bundle", str(tmp_path / "stolen.json"), "--as", "carol"
    )
    assert said.code == 0, said
    assert await people.balance(people.home, people.bond(), people.address("bob")) == before
    assert await people.executions([lock]) == [0]
    said = await last_return(orphaned, tmp_path / "executed.json", last, FRESH[0])
    assert "the remote has received it" in said.err


async def test_a_lock_for_a_chain_that_is_gone_comes_back_once(
    orphaned: Running, people: People, tmp_path: Path
) -> None:
    """By the fresh committee of home, which the first test has put in force."""
    await orphaned.stop(*FRESH[:2])
    home, before = people.home, await people.balance(people.home, people.bond(), people.address("bob"))
    (lock,) = await people.lock(LOT, name="bob")
    locked = await locked_for(people)
    assert await people.balance(home, people.bond(), people.address("bob")) == before - LOT
    file = tmp_path / "return.json"
    said = await last_return(orphaned, file, lock, FRESH[0])
    assert (said.code, said.err) == (
        2,
        "the remote can still execute it: deliver it, or have the council revoke epoch 2 there\n",
    )
    await closes(orphaned, lock, tmp_path)
    await orphaned.stop("remote-1", "remote-1-second", kill=True)
    said = await last_return(orphaned, file, lock, FRESH[0])
    assert said.code == 2
    assert said.err.endswith("if that chain is gone for good, say --remote-is-gone\n")
    said = await last_return(orphaned, file, lock, FRESH[0], "--remote-is-gone")
    assert said.out.endswith("1 signatures are missing\n"), said
    said = await last_return(orphaned, file, lock, "carol", "--remote-is-gone")
    assert "is not in home's committee of epoch 2" in said.err
    said = await last_return(orphaned, file, lock, FRESH[2], "--remote-is-gone")
    assert said.out.endswith("can be delivered by anybody\n"), said

    (returned,) = decode_bundle(file.read_bytes()).leaves()
    for _ in range(2):
        said = await orphaned.bridge("deliver", f"0x{returned.hex()}", "--bundle", str(file), "--as", "carol")
        assert said.code == 0, said
        assert await people.balance(home, people.bond(), people.address("bob")) == before
    assert await locked_for(people) == locked - LOT
    said = await last_return(orphaned, tmp_path / "again.json", lock, FRESH[0], "--remote-is-gone")
    assert (said.code, said.err) == (2, f"0x{lock.hex()} is returned already\n")


async def closes(running: Running, lock: Leaf, folder: Path) -> None:
    """Close a chain that lives: its epoch is revoked, and what waits in its timelock to replace it is cancelled."""
    await decide(running, folder / "revoke.json", "remote-1", "--revoke=2")
    await submit(running, folder / "replace.json", "remote-1", "--committee", f"1:0x{stranger().hex()}")
    refusals: list[str] = []

    async def waits() -> bool:
        refusals.append((await last_return(running, folder / "closed.json", lock, FRESH[0])).err)
        return "waits in the remote's timelock" in refusals[-1]

    await until(waits, "the revocation is final")
    operation = next(word for word in refusals[-1].split() if word.startswith("0x"))
    said = await submit(running, folder / "cancel.json", "remote-1", "--cancel", operation)
    assert said.out.startswith("cancelled in transaction 0x"), said
    said = await council("execute", str(folder / "replace.json"), *_network(running), *_key(running, "carol"))
    assert "the timelock does not take it" in said.err

    async def is_closed() -> bool:
        return (await last_return(running, folder / "closed.json", lock, FRESH[0])).code == 0

    await until(is_closed, "the cancellation is final")


async def locked_for(people: People) -> int:
    """Return what home's book holds for the remote."""
    query = Query(views.LOCKED, people.home.watched.gateway, (people.network.remotes[0].chain_id, people.bond()))
    return await read(people.home.rpc, query, (await people.home.heads()).latest)


async def last_return(running: Running, file: Path, lock: Leaf, name: str, *options: str) -> Said:
    """Have somebody examine a lock and sign its return."""
    key = _key(running, f"{name}-attestation" if name in FRESH else name)
    words = (str(file), "--network", str(running.layout.network), "--transfer", f"0x{lock.hex()}", *key, *options)
    return await run(Path(sys.executable).name, "-m", "contracts.last_return", *words)


async def decide(running: Running, file: Path, chain: str, *what: str) -> None:
    """Have the council decide something, each member by a command of its own, and a user carry it out."""
    await submit(running, file, chain, *what)

    async def executed() -> bool:
        return (await council("execute", str(file), *_network(running), *_key(running, "carol"))).code == 0

    await until(executed, f"what the council has decided on {chain} is executed")


async def submit(running: Running, file: Path, chain: str, *what: str) -> Said:
    """Have the council sign something, and a user submit it; what waits for the timelock waits."""
    said = await council("propose", str(file), *_network(running), "--chain", chain, *what)
    assert said.code == 0, said
    for name in COUNCIL:
        said = await council("sign", str(file), *_key(running, name))
        assert said.code == 0, said
    said = await council("act", str(file), *_network(running), *_key(running, "carol"))
    assert said.code == 0, said
    return said


async def council(*words: str) -> Said:
    return await run(Path(sys.executable).name, "-m", "contracts.council", *words)


def _network(running: Running) -> tuple[str, str]:
    return ("--network", str(running.layout.network))


def _key(running: Running, name: str) -> tuple[str, ...]:
    keystore, password_file = map(str, running.layout.keys(name))
    return ("--keystore", keystore, "--password-file", password_file)


def _keys(running: Running, kind: str) -> list[Person]:
    return [make_person(running.layout, f"{name}-{kind}") for name in FRESH]


def _name(person: Person) -> str:
    return f"0x{person.address.hex()}"


def _configured(running: Running, folder: Path, name: str, signer: Person, poster: Person, port: int) -> Path:
    """Write the configuration of a fresh relayer: another's, with keys, folder and port of its own."""
    old = load(running.layout.config(GONE[0]), {})
    text = running.layout.config(GONE[0]).read_text()
    for key, person in ((old.keys.attestation, signer), (old.keys.submission, poster)):
        text = text.replace(str(key.keystore), str(person.entry.keystore))
        text = text.replace(str(key.password_file), str(person.entry.password_file))
    text = text.replace(str(old.data_dir), str(folder / name)).replace(f"port = {old.api.port}", f"port = {port}")
    config = folder / f"{name}.toml"
    config.write_text(text)
    return config
