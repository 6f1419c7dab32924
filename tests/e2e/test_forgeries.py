"""What people do about a forgery, which no chain has sent: somebody has stolen the keys of the committee."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge import devnet
from bridge.adapters import codec
from bridge.adapters.bundles import Bundle, encode_bundle
from bridge.adapters.codec import views
from bridge.adapters.config import load, load_network
from bridge.adapters.ledger import Query, read
from bridge.adapters.signers import open_attestation_signer
from bridge.core.ports import Call
from bridge.core.reasons import Reason, sentence
from bridge.core.types import Address, Leaf
from bridge.devnet import Layout
from bridge.devnet.lifecycle import FLOW
from contracts.deploy import CREATION, created
from tests.adapters.scene import scene_of
from tests.commands import Said
from tests.e2e.people import LOT, People, people_of
from tests.e2e.running import run
from tests.e2e.theft import forge

pytestmark = pytest.mark.e2e
LARGE = FLOW.delay_above * 100_000_000 + LOT
_FORWARDS = "6001360360016000376000600060013603600060007{}5af160345760006000fd5b00"
"""Drops the first byte of its calldata, calls somebody with the rest, and reverts if that does. 7{} is PUSH20."""
_CREATES = "60{:02x}80600b6000396000f3{}"


@dataclass(frozen=True)
class Robbed:
    """A devnet without relayers, and whose keys are stolen."""

    layout: Layout
    people: People

    async def forge(self, nonce: int, *, is_covered: bool = True) -> tuple[Leaf, Call]:
        """Certify a large mint for the thief."""
        keys = load(self.layout.config("relayer-1"), {}).keys.attestation
        signer = open_attestation_signer(keys.keystore, keys.password_file)
        thief, nonces = self.people.address("bob"), range(nonce, nonce + 1)
        (leaf,), call = await forge(self.people, [signer], nonces, LARGE, thief, is_covered=is_covered)
        return leaf, call

    async def deliver(self, call: Call) -> None:
        await self.people.send("bob", self.people.remote(0), call)

    async def veto(self, leaf: Leaf) -> Said:
        words = ("--network", str(self.layout.network), "veto", f"0x{leaf.hex()}", "--as", "guardian")
        return await run("jgb-bridge", *words)

    async def reason(self, leaf: Leaf) -> int:
        """Return why the remote holds a message; zero if it does not."""
        chain = self.people.remote(0)
        query = Query(views.HELD, chain.watched.gateway, (leaf,))
        return (await read(chain.rpc, query, (await chain.heads()).latest)).reason


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    folder = tmp_path_factory.mktemp("robbed") / "net"
    devnet.up(devnet.Options(folder, relayers=0, remotes=1))
    yield Layout(folder)
    devnet.down(folder)


@pytest.fixture
async def robbed(layout: Layout) -> AsyncIterator[Robbed]:
    network = load_network(layout.network)
    async with scene_of(network) as scene, people_of(network) as people:
        await scene.announced()
        yield Robbed(layout, people)


async def test_a_forgery_that_waits_is_vetoed_by_its_id_and_said_to_be_one(robbed: Robbed) -> None:
    leaf, call = await robbed.forge(1_000)
    await robbed.deliver(call)
    assert await robbed.reason(leaf) == Reason.DELAYED
    said = await robbed.veto(leaf)
    assert said.code == 0, said
    assert said.err == "held on remote-1, but home has never sent it: it is a forgery\n"
    assert "it is sent back by the RETURN 0x" in said.out
    assert await robbed.reason(leaf) == 0


async def test_a_forgery_that_its_source_does_not_cover_is_said_to_be_quarantined(robbed: Robbed) -> None:
    leaf, call = await robbed.forge(1_001, is_covered=False)
    await robbed.deliver(call)
    said = await robbed.veto(leaf)
    assert said.out.endswith(f"it is quarantined, and nothing goes back: {sentence(Reason.TOTAL_EXCEEDED)}\n"), said
    assert await robbed.reason(leaf) == Reason.TOTAL_EXCEEDED


async def test_a_forgery_that_a_contract_has_delivered_is_found_in_what_that_called(robbed: Robbed) -> None:
    leaf, call = await robbed.forge(1_002)
    await robbed.deliver(Call(await _forwarder(robbed.people, call.to), b"\0" + call.data))
    assert await robbed.reason(leaf) == Reason.DELAYED
    said = await robbed.veto(leaf)
    assert (said.code, await robbed.reason(leaf)) == (0, 0), said


async def test_a_delivery_is_refused_whose_nonce_another_message_has_used_up(robbed: Robbed, tmp_path: Path) -> None:
    first, call = await robbed.forge(1_004)
    second, late = await robbed.forge(1_004, is_covered=False)
    await robbed.deliver(call)
    delivery, file = codec.decode_deliver(late.data), tmp_path / "bundle.json"
    bundle = Bundle(delivery.batch, delivery.messages, delivery.certificate)
    file.write_bytes(encode_bundle(await robbed.people.tracer.digest(delivery.batch), bundle))
    words = ("--network", str(robbed.layout.network), "deliver", f"0x{second.hex()}", "--bundle", str(file))
    said = await run("jgb-bridge", *words, "--as", "carol")
    why = "another message has used up its nonce there, 1004: this one can never be delivered\n"
    assert (said.code, said.err) == (2, why)
    assert await robbed.reason(first) == Reason.DELAYED


async def test_what_no_chain_has_sent_or_held_cannot_be_vetoed(robbed: Robbed) -> None:
    leaf, _ = await robbed.forge(1_003)
    said = await robbed.veto(leaf)
    assert said.code == 2
    assert said.err.startswith(f"no chain knows 0x{leaf.hex()} as a transfer")


async def _forwarder(people: People, gateway: Address) -> Address:
    """Deploy a contract that calls the gateway with what it is called with, behind one more byte."""
    chain, deployer = people.remote(0), people.address("carol")
    address = created(deployer, (await chain.account(deployer)).transactions)
    runtime = _FORWARDS.format(f"3{gateway.hex()}")
    code = bytes.fromhex(_CREATES.format(len(runtime) // 2, runtime))
    await people.send("carol", chain, Call(CREATION, code))
    return address
