"""Logs from providers that limit, lag, reorganise and lie."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from bridge.adapters.codec import to_hex
from bridge.adapters.evm import NodeError, Request, Rpc, Unanswered
from bridge.adapters.ledger import LogFilter, LogSource
from bridge.core.errors import Retry
from bridge.core.types import Address, Hash32, Height

WANTED = LogFilter((Address(b"\xa1" * 20),), (("0xaa", "0xbb"), (), ("0xcc",)))
EVERY = 10
"""A log stands in every tenth block."""


def block_hash(height: int) -> str:
    return to_hex(Hash32(height.to_bytes(32, "big")))


def log(height: int, **changes: object) -> dict[str, Any]:
    return {"blockNumber": to_hex(height), "blockHash": block_hash(height), "logIndex": "0x0", **changes}


class Provider:
    """Answers as a node with these limits does."""

    name = "provider"

    def __init__(self, *, widest: int = 10**9, head: int = 10**9, refusal: str = "range is too large") -> None:
        self.widest = widest
        self.head = head
        self.refusal = refusal
        self.asked: list[tuple[int, int]] = []
        self.logs: Callable[[int, int], Any] = lambda first, last: [
            log(height) for height in range(first, last + 1) if height % EVERY == 0
        ]

    async def ask_all(self, requests: Sequence[Request]) -> list[object]:
        (wanted,), (number, _) = requests[0].params, requests[1].params
        fields = cast("dict[str, str]", wanted)
        first, last = int(fields["fromBlock"], 16), int(fields["toBlock"], 16)
        assert int(cast("str", number), 16) == last
        self.asked.append((first, last))
        header = {"hash": block_hash(last)} if last <= self.head else None
        if last - first + 1 > self.widest:
            return [NodeError(-32005, self.refusal, None), header]
        return [self.logs(first, last), header]


def source(provider: Provider) -> LogSource:
    return LogSource(cast("Rpc", provider))


def heights(logs: Sequence[object]) -> list[int]:
    return [int(cast("dict[str, str]", found)["blockNumber"], 16) for found in logs]


def test_a_filter_leaves_room_for_any_topic() -> None:
    assert WANTED.params(Height(1), Height(16)) == {
        "fromBlock": "0x1",
        "toBlock": "0x10",
        "address": ["0x" + "a1" * 20],
        "topics": [["0xaa", "0xbb"], None, ["0xcc"]],
    }


async def test_a_long_range_is_read_in_parts_without_gap_or_overlap() -> None:
    provider = Provider()
    assert heights(await source(provider).read(WANTED, Height(1), Height(5_000))) == list(range(EVERY, 5_001, EVERY))
    assert provider.asked[0][0] == 1
    assert provider.asked[-1][1] == 5_000
    assert all(before[1] + 1 == after[0] for before, after in zip(provider.asked, provider.asked[1:], strict=False))


@pytest.mark.parametrize("widest", [1, 7, 100])
async def test_a_range_that_is_too_wide_is_halved_until_it_fits(widest: int) -> None:
    provider = Provider(widest=widest)
    logs = await source(provider).read(WANTED, Height(1), Height(400))
    assert heights(logs) == list(range(EVERY, 401, EVERY))
    assert len(provider.asked) < 3 * 400 / widest + 20


@pytest.mark.parametrize(
    "words",
    [
        "query returned more than 10000 results",
        "Requested range exceeds maximum RPC range limit",
        "block range is too large",
        "Log response size exceeded",
        "query timeout exceeded",
        "eth_getLogs is limited to a 10,000 range",
    ],
)
async def test_the_limits_of_providers_are_known_by_their_words(words: str) -> None:
    provider = Provider(widest=50, refusal=words)
    assert heights(await source(provider).read(WANTED, Height(1), Height(100))) == list(range(EVERY, 101, EVERY))


@pytest.mark.parametrize("words", ["rate limit exceeded", "daily request count exceeded", "internal error"])
async def test_a_refusal_of_another_kind_is_not_answered_with_more_requests(words: str) -> None:
    provider = Provider(widest=50, refusal=words)
    with pytest.raises(Retry, match=words):
        await source(provider).read(WANTED, Height(1), Height(100))
    assert len(provider.asked) == 1


async def test_one_block_that_is_too_much_is_not_halved_for_ever() -> None:
    provider = Provider(widest=0)
    with pytest.raises(Retry, match="too large"):
        await source(provider).read(WANTED, Height(5), Height(5))


async def test_a_node_that_lags_has_not_said_that_there_is_nothing() -> None:
    with pytest.raises(Retry, match="has no block 100 yet"):
        await source(Provider(head=99)).read(WANTED, Height(91), Height(100))


async def test_a_range_that_is_not_answered_in_time_is_narrower_the_next_time() -> None:
    provider = Provider()
    reader = source(provider)
    answer = provider.ask_all

    async def hang(requests: Sequence[Request]) -> list[object]:
        await answer(requests)
        raise Unanswered("too slow")

    provider.ask_all = hang  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(Unanswered):
            await reader.read(WANTED, Height(1), Height(800))
    assert [last - first + 1 for first, last in provider.asked] == [800, 400, 200]


@pytest.mark.parametrize(
    "bad",
    [
        log(5, removed=True),
        log(5, blockHash=None),
        log(5, blockNumber=None),
        log(99),
        log(10, blockHash=block_hash(11)),
        "log",
    ],
    ids=["taken back", "pending", "without a height", "not asked for", "of another block", "no log"],
)
async def test_logs_that_do_not_stand_are_refused(bad: object) -> None:
    provider = Provider()
    provider.logs = lambda _first, _last: [log(4), bad]
    with pytest.raises(Retry, match="do not stand"):
        await source(provider).read(WANTED, Height(1), Height(10))


async def test_what_is_no_list_is_refused() -> None:
    provider = Provider()
    provider.logs = lambda _first, _last: {"logs": []}
    with pytest.raises(Retry, match="do not stand"):
        await source(provider).read(WANTED, Height(1), Height(10))
