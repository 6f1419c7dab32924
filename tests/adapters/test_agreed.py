"""What is final on a public chain: enough operators say so, and none that answers is left unasked."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from bridge.adapters.evm import Unanswered
from bridge.adapters.ledger import AgreedReader, Providers
from bridge.adapters.ledger.agreed import LAG_BLOCKS
from bridge.adapters.ledger.providers import GRACE_SECONDS
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Halt, Retry
from bridge.core.finality import Heads, Tag
from bridge.core.hashing import keccak
from bridge.core.quorum import Committee
from bridge.core.types import ZERO_ADDRESS, Block, ChainId, Epoch, Height, Timestamp, Windowing
from tests.faults.scene import Named

FORKED_AT = 10
DEADLINE = 2 * GRACE_SECONDS
TRUE, FALSE = "true", "false"
OLD, NEW = (Committee(Epoch(epoch), 1, (ZERO_ADDRESS,)) for epoch in (1, 2))


class Node:
    """One operator's node; it shows one of two chains, which are the same up to a height."""

    def __init__(self, operator: str, final: int, shows: str = TRUE, *, host: str = "host") -> None:
        self.rpc = SimpleNamespace(name=f"{operator} ({host})", operator=operator)
        self.chain = 1
        self.final = final
        self.shows = shows
        self.is_down = False
        self.hangs = False
        """On all but how far the chain is."""
        self.asked: list[Height] = []

    async def heads(self) -> Heads:
        if self.is_down:
            raise Retry("it is down")
        return Heads(self.at(self.final + 3), self.at(self.final))

    async def blocks(self, heights: Sequence[Height]) -> dict[Height, Block]:
        self.asked += heights
        if self.hangs:
            await asyncio.sleep(DEADLINE)
            raise Unanswered("it did not answer")
        return {height: self.at(height) for height in heights}

    def at(self, height: int) -> Block:
        chain = self.shows if height > FORKED_AT else TRUE
        return Block(Height(height), keccak(f"{chain} {height}".encode()), Timestamp(1_000 + height))


def reader(enough: int, *nodes: Node, named: Named | None = None) -> AgreedReader:
    providers = Providers([cast("EvmReader", node) for node in nodes], named or Named())
    return AgreedReader(providers, enough, Tag())


async def final(of: AgreedReader) -> Block:
    found = (await of.heads()).finalized
    assert found is not None
    return found


async def test_two_nodes_of_one_operator_are_one_voice() -> None:
    other = Node("b", 11)
    agreed = reader(2, Node("a", 11, FALSE, host="one"), Node("a", 11, FALSE, host="two"), other)
    other.is_down = True
    with pytest.raises(Retry, match="1 of the 2 providers that must agree on chain 1 answer"):
        await agreed.heads()
    other.is_down = False
    with pytest.raises(Halt, match="do not agree on its final block 11"):
        await agreed.heads()


async def test_two_nodes_of_one_operator_carry_the_chain_no_further_than_another_one_is() -> None:
    agreed = reader(2, Node("a", 200, FALSE, host="one"), Node("a", 200, FALSE, host="two"), Node("b", 10))
    assert await final(agreed) == Node("b", 10).at(10)
    assert (await agreed.heads()).latest.height == 13


class Answering(Node):
    """It also answers for contracts: for the first `torn` times, out of another state than that of the block."""

    torn = 0
    has_route = True

    async def committee(self, _: Block) -> Committee:
        if self.is_down:
            raise Retry("it is down")
        self.torn -= 1
        return OLD if self.torn >= 0 else NEW

    async def windowing(self, destination: ChainId) -> Windowing:
        if self.is_down:
            raise Retry("it is down")
        if not self.has_route:
            raise Halt(f"the gateway on chain 1 has no route to chain {destination}", {})
        return Windowing(destination, 128)


async def test_what_a_contract_answers_by_two_nodes_of_one_operator_is_one_voice() -> None:
    other = Answering("b", 11)
    other.is_down = True
    agreed = reader(2, Answering("a", 11, host="one"), Answering("a", 11, host="two"), other)
    with pytest.raises(Retry, match="1 of 2 providers say which committee chain 1 has"):
        await agreed.committee(other.at(11))


async def test_who_answers_out_of_two_states_is_asked_again_before_anything_halts() -> None:
    torn, *others = (Answering(name, 11) for name in ("one", "two", "three"))
    torn.torn = 1
    assert await reader(2, torn, *others).committee(torn.at(11)) == NEW
    torn.torn = 2
    with pytest.raises(Halt, match="do not agree on its committee") as halt:
        await reader(2, torn, *others).committee(torn.at(11))
    assert halt.value.evidence == {
        "chain": 1,
        "one (host)": str(OLD),
        "two (host)": str(NEW),
        "three (host)": str(NEW),
    }


async def test_one_that_denies_a_route_is_named_and_not_believed_against_the_others() -> None:
    named = Named()
    denying, *others = (Answering(name, 11) for name in ("one", "two", "three"))
    denying.has_route = False
    agreed = reader(2, denying, *others, named=named)
    assert await agreed.windowing(ChainId(2)) == Windowing(2, 128)
    assert named.now == {"provider one (host)": "one (host) says that the gateway on chain 1 has no route to chain 2"}


async def test_a_route_that_all_deny_halts_and_one_that_is_denied_while_others_are_silent_does_not() -> None:
    nodes = [Answering(name, 11) for name in ("one", "two")]
    nodes[0].has_route, nodes[1].is_down = False, True
    with pytest.raises(Retry, match="0 of 1 providers say which windowing chain 1 has"):
        await reader(1, *nodes).windowing(ChainId(2))
    nodes[1].has_route, nodes[1].is_down = False, False
    with pytest.raises(Halt, match="has no route to chain 2"):
        await reader(1, *nodes).windowing(ChainId(2))


@pytest.mark.parametrize("lead", [1, LAG_BLOCKS])
async def test_a_lie_above_what_an_honest_provider_calls_final_is_not_believed_and_halts_when_it_gets_there(
    lead: int,
) -> None:
    honest = Node("honest", FORKED_AT)
    agreed = reader(2, *(Node(name, FORKED_AT + lead, FALSE) for name in ("one", "two")), honest)
    assert await final(agreed) == honest.at(FORKED_AT)
    honest.final += 1
    with pytest.raises(Halt, match="do not agree on its final block 11") as halt:
        await agreed.heads()
    shown = halt.value.evidence["shown"]
    assert isinstance(shown, dict)
    assert {name: hash_ == shown["one (host)"] for name, hash_ in shown.items()} == {
        "one (host)": True,
        "two (host)": True,
        "honest (host)": False,
    }


async def test_who_is_far_behind_is_not_waited_for_but_contradicts_with_what_it_calls_final() -> None:
    late = Node("late", FORKED_AT)
    far = FORKED_AT + LAG_BLOCKS + 5
    agreed = reader(2, Node("one", far), Node("two", far), late)
    assert (await final(agreed)).height == far
    await agreed.heads()
    assert late.asked == [FORKED_AT]
    late.shows, late.final = FALSE, FORKED_AT + 1
    with pytest.raises(Halt, match="do not agree on its final block 11"):
        await agreed.heads()


async def test_who_hangs_on_what_it_calls_final_is_waited_for_in_full_once() -> None:
    nodes = [Node(name, FORKED_AT) for name in ("one", "two", "hanging")]
    nodes[2].hangs = True
    agreed = reader(2, *nodes)
    async with asyncio.timeout(DEADLINE + 3 * GRACE_SECONDS):
        for _ in range(3):
            for node in nodes:
                node.final += 1
            assert await final(agreed) == nodes[0].at(nodes[0].final)
    nodes[2].hangs, nodes[2].shows = False, FALSE
    nodes[0].final = nodes[1].final = nodes[2].final = nodes[0].final + 1
    with pytest.raises(Halt, match="do not agree on its final block"):
        await agreed.heads()


async def test_where_all_must_agree_the_last_one_is_waited_for() -> None:
    late = Node("late", FORKED_AT)
    agreed = reader(2, Node("one", 500), late)
    assert (await final(agreed)).height == FORKED_AT
    late.is_down = True
    with pytest.raises(Retry, match="1 of the 2"):
        await agreed.heads()


FAR = FORKED_AT + LAG_BLOCKS + 1


@pytest.mark.parametrize(
    ("finals", "distant"),
    [
        ({"one": 10, "two": 10, "three": 10**9}, {"three": 10}),
        ({"one": FAR, "two": FAR, "three": 10}, {"three": FAR}),
        ({"one": FAR, "two": 10**9, "three": 10}, {"two": FAR, "three": FAR}),
        ({"one": FAR, "two": 10}, {"one": 10, "two": FAR}),
        ({"one": FAR - 1, "two": 10, "three": 10}, {}),
    ],
)
async def test_who_is_far_from_what_enough_operators_reach_is_named_and_nobody_else(
    finals: dict[str, int], distant: dict[str, int]
) -> None:
    named = Named()
    await reader(2, *(Node(name, height) for name, height in finals.items()), named=named).heads()
    assert named.ever == {
        f"provider {name} (host)": f"{name} (host) calls block {finals[name]} final while others are at {others}"
        for name, others in distant.items()
    }
