"""One honest provider of home suffices, whatever another one promises."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bridge.adapters.codec.headers import show_header
from bridge.adapters.evm import Request, Unanswered
from bridge.adapters.ledger import Checkpoints, Providers, SealedReader
from bridge.adapters.ledger.reading import EvmReader
from bridge.adapters.ledger.sealed import STEP
from bridge.core.errors import Retry
from bridge.core.finality import Heads, Seals
from bridge.core.headers import Header
from bridge.core.qbft import Dialect, Terms, Trusted
from bridge.core.types import Block, Hash32, Height, Timestamp
from tests.core.sealing import genesis, hash_of, little_stack, nested, sealed, validators
from tests.faults.scene import Named

MEMBERS = validators(4)
POLICY = Seals(genesis().height, genesis().hash, Terms(Dialect.BESU, 30_000))


class Ledger:
    """A chain with one node per operator; `promises` is how many blocks each says it has beyond the chain's."""

    def __init__(self, folder: Path, **promises: int) -> None:
        self.headers: list[Header] = []
        self.tip = genesis()
        self.named = Named()
        self.nodes = [Node(self, name, ahead) for name, ahead in promises.items()]
        checkpoints = Checkpoints(folder / "checkpoints")
        checkpoints.begin(Trusted(self.tip, tuple(member.address for member in MEMBERS)))
        providers = Providers([cast("EvmReader", node) for node in self.nodes], self.named)
        self.reader = SealedReader(providers, POLICY, checkpoints)

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            header = sealed(self.tip, MEMBERS, MEMBERS)
            self.headers.append(header)
            self.tip = Block(header.height, hash_of(header), header.time)


class Node:
    """One operator's node, and its own transport."""

    def __init__(self, ledger: Ledger, name: str, ahead: int) -> None:
        self.ledger = ledger
        self.ahead = ahead
        self.hangs = False
        self.waited = 0
        self.extra_data: bytes | None = None
        """What stands in its headers in place of the chain's."""
        self.chain = 1
        self.rpc = SimpleNamespace(name=name, operator=name, results=self.results)

    async def heads(self) -> Heads:
        tip = self.ledger.tip
        if self.hangs:
            return Heads(Block(Height(1), Hash32(b"\x01" * 32), Timestamp(tip.time + 1)), None)
        if not self.ahead:
            return Heads(tip, None)
        return Heads(Block(Height(tip.height + self.ahead), Hash32(b"\x01" * 32), Timestamp(tip.time + 1)), None)

    async def results(self, requests: Sequence[Request]) -> list[object]:
        if self.hangs:
            self.waited += 1
            raise Unanswered("it did not answer")
        heights = [int(str(request.params[0]), 16) for request in requests]
        return [self.show(height) for height in heights]

    def show(self, height: int) -> object:
        headers = self.ledger.headers
        if self.extra_data is None:
            return show_header(headers[height - 1]) if height <= len(headers) else None
        header = headers[height - 1] if height <= len(headers) else sealed(self.ledger.tip, MEMBERS, MEMBERS)
        return show_header(header) | {"extraData": "0x" + self.extra_data.hex()}


@pytest.mark.parametrize("ahead", [1, 1_000])
async def test_who_promises_a_block_that_is_not_there_holds_up_nobody_and_stays_named(
    tmp_path: Path, ahead: int
) -> None:
    ledger = Ledger(tmp_path, honest=0, other=ahead)
    for mined in (2, 0, 1, 0, 0, 3):
        ledger.mine(mined)
        heads = await ledger.reader.heads()
        assert (heads.finalized, heads.is_behind) == (ledger.tip, False)
    await ledger.reader.heads()
    assert list(ledger.named.now) == ["provider other, seals"]
    ledger.nodes[1].ahead = 0
    await ledger.reader.heads()
    assert not ledger.named.now


async def test_a_start_at_the_newest_block_goes_on_beside_an_empty_promise(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, other=1, honest=0)
    assert await ledger.reader.heads() == Heads(genesis(), genesis())


async def test_a_promise_is_a_fault_where_nobody_shows_the_newest_verified_block(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, alone=1)
    with pytest.raises(Retry, match="alone has no block 1 yet, and has said that it has"):
        await ledger.reader.heads()


async def test_a_header_that_cannot_be_decoded_holds_up_nobody(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, other=1, honest=0)
    ledger.nodes[0].extra_data = nested(3_000)
    for _ in range(3):
        ledger.mine()
        with little_stack():
            assert (await ledger.reader.heads()).latest == ledger.tip
    assert "its extra data is malformed: lists are nested too deeply" in ledger.named.now["provider other, seals"]


async def test_who_has_more_than_one_step_takes_is_behind_until_the_last_of_them(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, other=1, honest=0)
    ledger.mine(STEP + 1)
    assert [(await ledger.reader.heads()).is_behind for _ in range(3)] == [True, False, False]
    assert (await ledger.reader.heads()).latest == ledger.tip


async def test_who_says_that_a_block_is_another_one_and_hangs_when_asked_for_it_is_waited_for_once(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path, honest=0, other=0)
    ledger.mine()
    await ledger.reader.heads()
    hanging = ledger.nodes[1]
    hanging.hangs = True
    for _ in range(5):
        ledger.mine()
        assert (await ledger.reader.heads()).latest == ledger.tip
    assert hanging.waited == 1
    assert ledger.named.now == {"provider other": "it did not answer"}
