"""Who has lied is asked again: a provider that was mended is well again, and one that was not stays named."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge.adapters.evm import Unanswered
from bridge.adapters.ledger import providers
from bridge.adapters.ledger.providers import GRACE_SECONDS, Lie, Providers
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Retry
from tests.faults.scene import Named

WHAT = "receipts"


@dataclass(frozen=True, eq=False)
class Node:
    """A node that is known by its name."""

    rpc: SimpleNamespace


class Nodes:
    """Two nodes; `says` is what each does when it is asked."""

    def __init__(self) -> None:
        self.named = Named()
        self.first, self.second = (cast("EvmReader", Node(SimpleNamespace(name=name, operator=name))) for name in "ab")
        self.providers = Providers([self.first, self.second], self.named)
        self.says: dict[EvmReader, Any] = {self.first: "truth", self.second: "truth"}
        self.asked: list[EvmReader] = []

    async def ask(self, node: EvmReader) -> str:
        self.asked.append(node)
        said = self.says[node]
        if said == "silence":
            await asyncio.sleep(60)
        if isinstance(said, Exception):
            raise said
        return str(said)

    async def hear(self) -> str:
        return await self.providers.first(WHAT, self.ask)


async def say_heads(node: EvmReader) -> str:
    return f"heads of {node.rpc.name}"


@pytest.fixture
async def nodes() -> Nodes:
    """The first of them has just lied."""
    nodes = Nodes()
    nodes.says[nodes.first] = Lie("a lies")
    assert await nodes.hear() == "truth"
    assert nodes.named.now == {f"provider a, {WHAT}": "a lies"}
    return nodes


async def test_who_tells_the_truth_again_is_not_named_any_more(nodes: Nodes) -> None:
    nodes.says[nodes.first] = "truth"
    await nodes.hear()
    assert nodes.named.now == {}
    nodes.asked.clear()
    await nodes.hear()
    assert nodes.asked == [nodes.first]


async def test_who_lies_on_stays_named_and_is_believed_in_nothing(nodes: Nodes) -> None:
    assert await nodes.hear() == "truth"
    assert nodes.named.now == {f"provider a, {WHAT}": "a lies"}


async def test_who_lied_about_one_thing_is_not_cleared_by_another(nodes: Nodes) -> None:
    nodes.says[nodes.first] = "truth"
    await nodes.providers.first("headers", nodes.ask)
    assert nodes.named.now == {f"provider a, {WHAT}": "a lies"}


async def test_who_lied_and_hangs_now_holds_up_a_moment_once(nodes: Nodes) -> None:
    nodes.says[nodes.first] = "silence"
    async with asyncio.timeout(2 * GRACE_SECONDS):
        await nodes.hear()
        nodes.asked.clear()
        await nodes.hear()
    assert nodes.asked == [nodes.second]


async def test_when_all_fail_the_last_ones_fault_is_raised(nodes: Nodes) -> None:
    nodes.says[nodes.second] = Retry("b is gone")
    with pytest.raises(Retry, match="a lies"):
        await nodes.hear()


async def test_who_says_how_far_the_chain_is_and_hangs_on_the_rest_is_waited_for_once_and_named_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nodes = Nodes()
    why = "a did not answer eth_getBlockReceipts within 10 s"
    nodes.says[nodes.first] = Unanswered(why)
    for _ in range(5):
        await nodes.providers.each("heads", say_heads, 2)
        assert await nodes.hear() == "truth"
    assert nodes.asked.count(nodes.first) == 1
    assert nodes.named.now == {"provider a": why}
    nodes.says[nodes.first] = "truth"
    monkeypatch.setattr(providers, "LATE_SECONDS", 0.0)
    nodes.asked.clear()
    await nodes.hear()
    assert nodes.asked == [nodes.first]
    assert nodes.named.now == {}


async def test_who_refused_one_thing_is_asked_first_for_another_and_well_with_its_next_answer() -> None:
    nodes = Nodes()
    nodes.says[nodes.first] = Retry("a refused eth_getBlockReceipts")
    await nodes.hear()
    assert nodes.named.now == {"provider a": "a refused eth_getBlockReceipts"}
    await nodes.providers.each("heads", say_heads, 2)
    assert nodes.named.now == {}
    nodes.says[nodes.first] = "truth"
    nodes.asked.clear()
    await nodes.providers.first("headers", nodes.ask)
    await nodes.hear()
    assert nodes.asked == [nodes.first, nodes.second]


async def test_who_does_not_even_say_how_far_the_chain_is_is_asked_last_for_everything() -> None:
    nodes = Nodes()
    nodes.says[nodes.first] = Unanswered("a did not answer")
    await nodes.providers.each("heads", nodes.ask, 1)
    nodes.asked.clear()
    await nodes.hear()
    assert nodes.asked == [nodes.second]
