"""One honest provider of home suffices, whatever another one promises."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import orjson
import pytest

from bridge.adapters.codec.headers import show_header
from bridge.adapters.evm import Request, Unanswered
from bridge.adapters.ledger import Checkpoints, Providers, SealedReader
from bridge.adapters.ledger.checkpoints import EVERY
from bridge.adapters.ledger.reading import EvmReader
from bridge.adapters.ledger.sealed import STEP
from bridge.core.errors import Halt, Retry
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
        self.path = folder / "checkpoints"
        checkpoints = Checkpoints(self.path)
        checkpoints.begin(Trusted(self.tip, tuple(member.address for member in MEMBERS)))
        providers = Providers([cast("EvmReader", node) for node in self.nodes], self.named)
        self.reader = SealedReader(providers, POLICY, checkpoints)

    def restart(self) -> None:
        """Read from now on with a reader that knows no more than the checkpoints."""
        self.reader = SealedReader(self.reader.providers, POLICY, Checkpoints(self.path))

    async def verify(self) -> None:
        while (await self.reader.heads()).is_behind:
            pass

    def fork(self, height: int) -> Header:
        """Have the validators seal other blocks from a height on; return the one that stood there before."""
        before = self.headers[height - 1]
        del self.headers[height - 1 :]
        below = self.headers[-1]
        twin = sealed(Block(below.height, hash_of(below), below.time), MEMBERS, MEMBERS, time=before.time + 1)
        self.headers.append(twin)
        self.tip = Block(twin.height, hash_of(twin), twin.time)
        return before

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


@pytest.mark.parametrize("below", [0, 1])
@pytest.mark.parametrize("restarts", [False, True])
async def test_blocks_that_were_sealed_twice_up_to_a_checkpoint_halt_after_a_restart_too(
    tmp_path: Path, *, restarts: bool, below: int
) -> None:
    ledger = Ledger(tmp_path, one=0, two=0)
    ledger.mine(EVERY)
    await ledger.verify()
    verified = ledger.headers[-1]
    ledger.fork(EVERY - below)
    ledger.mine(3)
    if restarts:
        ledger.restart()
    with pytest.raises(Halt, match=f"block {EVERY} of chain 1 was sealed twice") as halt:
        await ledger.verify()
    assert halt.value.evidence["final_header"] == show_header(verified)
    assert halt.value.evidence["observed_header"] == show_header(ledger.headers[EVERY - 1])
    assert not ledger.named.ever


async def test_checkpoints_of_a_version_that_kept_no_headers_are_gone_on_from(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, alone=0)
    ledger.mine(EVERY)
    await ledger.verify()
    lines = [orjson.loads(line) for line in ledger.path.read_bytes().splitlines()]
    for line in lines:
        del line["header"]
    ledger.path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    ledger.restart()
    ledger.mine()
    assert await ledger.reader.heads() == Heads(ledger.tip, ledger.tip)
