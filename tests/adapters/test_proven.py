"""A provider whose answer nobody can read has lied: it is named, the next one is asked, and nothing halts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.adapters.codec import to_hex
from bridge.adapters.codec.headers import show_header
from bridge.adapters.evm import NodeError, Request, Rpc
from bridge.adapters.ledger import Checkpoints, SealedReader, proven
from bridge.adapters.ledger.proven import ProvenReader
from bridge.adapters.ledger.providers import Lie, Providers
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Halt
from bridge.core.finality import Heads, Seals
from bridge.core.headers import Header, header_of
from bridge.core.qbft import Dialect, Terms, Trusted
from bridge.core.receipts import EMPTY_ROOT, Log, Receipt, receipts_root
from bridge.core.types import Block, Hash32, Height
from tests.adapters.test_codec_logs import CASES, HOME, WATCHED, A, B
from tests.core.sealing import genesis, hash_of, sealed, validators
from tests.faults.scene import Named

GOOD = CASES[0][0] | {"blockNumber": "0x1"}
BLOOM = b"\xff" * 256
SHOWN = {
    "status": "0x1",
    "cumulativeGasUsed": "0x1",
    "logsBloom": to_hex(BLOOM),
    "logs": [],
    "transactionHash": to_hex(A),
}


def header(root: Hash32) -> Header:
    """Block 1, whose bloom may hold anything."""
    items = sealed(genesis(), validators(1), validators(1)).items
    return header_of((*items[:5], root, BLOOM, *items[7:]))


class Transport:
    """The transport to one node: it answers each method as it is told."""

    def __init__(self, name: str, at: Header) -> None:
        self.name = self.operator = name
        self.says: dict[str, Any] = {
            "eth_getLogs": [],
            "eth_getBlockReceipts": [],
            "eth_getBlockByNumber": show_header(at) | {"hash": to_hex(at.hash)},
        }

    async def ask_all(self, requests: Sequence[Request]) -> list[object]:
        return [self.says[request.method] for request in requests]

    results = ask_all

    async def result(self, method: str, *_: object) -> object:
        return self.says[method]


class Reader(ProvenReader):
    """A reader to whom block 1 is known."""

    def __init__(self, root: Hash32 = EMPTY_ROOT) -> None:
        self.header = header(root)
        self.transports = [Transport(name, self.header) for name in "ab"]
        self.named = Named()
        nodes = [EvmReader(cast("Rpc", transport), WATCHED[HOME]) for transport in self.transports]
        super().__init__(Providers(nodes, self.named), 1, lambda one: one.hash)

    async def heads(self) -> Heads:
        return Heads(await self._anchor(Height(1)), None)

    async def _anchor(self, height: Height) -> Block:
        return Block(height, self.header.hash, self.header.time)


def at_block(reader: Reader, log: dict[str, Any]) -> dict[str, Any]:
    return log | {"blockHash": to_hex(reader.header.hash)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": "0x"},
        {"data": 7},
        {"topics": [GOOD["topics"][0], to_hex(B), *GOOD["topics"][2:]]},
        {"topics": {"0": GOOD["topics"][0]}},
        {"logIndex": "0x1" + "0" * 5_000},
        {"logIndex": "0x100000000"},
        {"transactionHash": [[]]},
    ],
)
async def test_a_log_that_cannot_be_read_and_is_not_proven_is_a_lie_of_who_shows_it(wrong: dict[str, Any]) -> None:
    reader = Reader()
    liar, honest = reader.transports
    liar.says["eth_getLogs"] = [at_block(reader, GOOD | wrong)]
    honest.says["eth_getLogs"] = [at_block(reader, GOOD)]
    (fact,) = await reader.glimpse(Height(1), Height(1))
    assert fact.at.index == 7
    assert list(reader.named.now) == ["provider a, logs"]
    assert "a shows what nobody can have logged: a log cannot be read" in reader.named.now["provider a, logs"]


async def test_a_log_that_cannot_be_read_by_any_is_waited_for_until_it_is_proven() -> None:
    reader = Reader()
    for transport in reader.transports:
        transport.says["eth_getLogs"] = [at_block(reader, GOOD | {"data": "0x"})]
    with pytest.raises(Lie, match="b shows what nobody can have logged"):
        await reader.glimpse(Height(1), Height(1))


async def test_a_log_that_cannot_be_read_and_is_proven_halts() -> None:
    logged = Log(WATCHED[HOME].gateway, (Hash32(bytes.fromhex(GOOD["topics"][0][2:])),), b"")
    shown = SHOWN | {"logs": [{"address": to_hex(logged.address), "topics": GOOD["topics"][:1], "data": "0x"}]}
    reader = Reader(receipts_root([Receipt(0, b"\x01", 1, BLOOM, (logged,))]))
    for transport in reader.transports:
        transport.says["eth_getBlockReceipts"] = [shown]
    with pytest.raises(Halt, match="a log cannot be read"):
        await reader.facts(Height(1), Height(1))


@pytest.mark.parametrize("wrong", [{"type": "0x80"}, {"type": "0x1" + "0" * 5_000}, {"cumulativeGasUsed": [[]]}, {}])
async def test_receipts_that_are_none_are_a_lie_of_who_shows_them(wrong: dict[str, Any]) -> None:
    reader = Reader()
    reader.transports[0].says["eth_getBlockReceipts"] = [SHOWN | wrong]
    assert await reader.facts(Height(1), Height(1)) == []
    assert list(reader.named.now) == ["provider a, receipts"]


PAID = 110
"""More receipts than a block of no gas may have, by what a chain does by itself: 1,000,000 gas, 10,000 each."""
LOG = {"address": to_hex(A[:20]), "topics": [], "data": "0x"}


@pytest.mark.parametrize(
    "shown",
    [
        [SHOWN] * PAID,
        [SHOWN | {"logs": [LOG] * 2_700}],
        [SHOWN | {"logs": [LOG | {"topics": [to_hex(A)] * 4}] * 540}],
        [SHOWN | {"logs": [LOG | {"data": "0x" + "00" * 125_000}]}],
    ],
    ids=["receipts", "logs", "topics", "data"],
)
async def test_receipts_that_the_gas_of_their_block_cannot_pay_for_are_a_lie_before_they_are_hashed(
    shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    reader.transports[0].says["eth_getBlockReceipts"] = shown
    hashed: list[int] = []

    def root(receipts: Sequence[Receipt]) -> Hash32:
        hashed.append(len(receipts))
        return receipts_root(receipts)

    monkeypatch.setattr(proven, "receipts_root", root)
    assert await reader.facts(Height(1), Height(1)) == []
    assert hashed == [0]
    why = "a answered with what are no receipts: they are more than the 0 gas of their block pay for"
    assert reader.named.now == {"provider a, receipts": why}


async def test_a_block_has_no_more_transactions_than_its_gas_pays_for() -> None:
    reader = Reader(A)
    for transport in reader.transports:
        transport.says["eth_getBlockReceipts"] = NodeError(-32_601, "the method does not exist", None)
        transport.says["eth_getBlockByNumber"] |= {"transactions": [to_hex(A)] * PAID}
    with pytest.raises(Lie, match="b shows more transactions of block 1 than its gas pays for"):
        await reader.facts(Height(1), Height(1))


@pytest.mark.parametrize("dialect", Dialect)
async def test_goquorums_private_transactions_use_no_gas_and_are_believed(tmp_path: Path, dialect: Dialect) -> None:
    at = header(receipts_root([Receipt(0, b"\x01", 1, BLOOM, ())] * PAID))
    block = Block(at.height, hash_of(at), at.time)
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    checkpoints.begin(Trusted(block, ()))
    transport = Transport("a", at)
    transport.says["eth_getBlockReceipts"] = [SHOWN] * PAID
    providers = Providers([EvmReader(cast("Rpc", transport), WATCHED[HOME])], Named())
    reader = SealedReader(providers, Seals(block.height, block.hash, Terms(dialect, 1)), checkpoints)
    await reader.heads()
    if dialect is Dialect.GOQUORUM:
        assert await reader.facts(block.height, block.height) == []
    else:
        with pytest.raises(Lie, match="more than the 0 gas of their block pay for"):
            await reader.facts(block.height, block.height)
