"""A public chain: its headers carry no seals, so that several operators' providers must agree on what is final."""

from collections.abc import Mapping
from typing import Final, TypeVar

from bridge.adapters.codec import to_hex
from bridge.adapters.ledger.proven import ProvenReader
from bridge.adapters.ledger.providers import Providers
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Halt, Retry
from bridge.core.finality import Heads, Policy, final_height
from bridge.core.headers import Header
from bridge.core.types import Block, Hash32, Height

P = TypeVar("P", Height, Block)

LAG_BLOCKS: Final = 64
"""Two epochs of mainnet: a provider further from the others than this is named; one behind them is not waited for."""


class AgreedReader(ProvenReader):
    """Believes a block to be final when providers of enough operators say so, and no other one says otherwise.

    It believes no more than the lowest of those that answer calls final, so that each of them is asked about it: else a
    lie one block above the honest ones' final block would be believed before these could contradict it.
    """

    def __init__(self, providers: Providers, enough: int, policy: Policy) -> None:
        super().__init__(providers, enough, _hash_of)
        self._policy = policy
        self._finals: dict[EvmReader, Height] = {}
        self._agreed: Block | None = None
        self._heeded: dict[EvmReader, Height] = {}
        """The final block of each late provider that was compared last."""

    async def heads(self) -> Heads:
        """Return the newest block of enough operators, and the highest that all who answer agree is final.

        Raises Retry while too few answer, Halt when two of them show different blocks as final.
        """
        heads = await self.providers.each("heads", lambda node: node.heads(), self._enough)
        voices = self.providers.voices(heads)
        if voices < self._enough:
            raise Retry(f"{voices} of the {self._enough} providers that must agree on chain {self.chain} answer")
        self._finals = {node: final_height(self._policy, said) for node, said in heads.items()}
        reached = self._reached(self._finals)
        self._name_the_distant(reached)
        final = min(height for height in self._finals.values() if reached - height <= LAG_BLOCKS)
        await self._heed_the_late(final)
        if self._agreed is None or final > self._agreed.height:
            self._agreed = await self._agree(final)
        newest = self._reached({node: said.latest for node, said in heads.items()})
        return Heads(max(newest, self._agreed), self._agreed)

    async def _anchor(self, height: Height) -> Block:
        if self._agreed is None or height > self._agreed.height:
            raise Retry(f"block {height} of chain {self.chain} is not agreed to be final")
        return self._agreed if height == self._agreed.height else await self._agree(height)

    def _reached(self, said: Mapping[EvmReader, P]) -> P:
        """Return how far enough operators are. One of several nodes is as far as the furthest of them."""
        furthest: dict[str, P] = {}
        for node, point in said.items():
            operator = node.rpc.operator
            furthest[operator] = max(point, furthest.get(operator, point))
        return sorted(furthest.values(), reverse=True)[self._enough - 1]

    async def _heed_the_late(self, final: Height) -> None:
        """Compare what is final with those who are too late to be waited for, once per block that they call final."""
        for node, height in self._finals.items():
            if height < final and self._heeded.get(node) != height:
                await self._shown(height)
                self._heeded[node] = height

    async def _agree(self, height: Height) -> Block:
        """Return the block that all who call this height final show there."""
        found = await self._shown(height)
        voices = self.providers.voices(found)
        if voices < self._enough:
            raise Retry(f"{voices} of {self._enough} providers show the final block {height} of {self.chain}")
        return next(iter(found.values()))

    async def _shown(self, height: Height) -> dict[EvmReader, Block]:
        """Return what those who call this height final show there. Raises Halt if it is not the same.

        All of them are waited for, but for a moment only who has just failed at it.
        """
        nodes = self.providers.nodes
        late = [node for node in nodes if self.providers.has_lapsed(node, "final block")]
        prompt = self.providers.voices(node for node in nodes if node not in late) if late else len(nodes)
        asked = [node for node in self._finals if self._finals[node] >= height]

        async def show(node: EvmReader) -> Block | None:
            return (await node.blocks([height]))[height] if node in asked else None

        shown = await self.providers.each("final block", show, max(prompt, self._enough))
        found = {node: block for node, block in shown.items() if block is not None}
        if len({block.hash for block in found.values()}) > 1:
            said: dict[str, object] = {node.rpc.name: to_hex(block.hash) for node, block in found.items()}
            why = f"the providers of chain {self.chain} do not agree on its final block {height}"
            raise Halt(why, {"chain": self.chain, "height": height, "shown": said})
        return found

    def _name_the_distant(self, reached: Height) -> None:
        """Name who is far from what was reached: from above too, for nobody else has seen what it calls final.

        Where those who are no further are not enough by themselves, nobody can tell which of both are wrong.
        """
        highest = max(self._finals.values())
        are_told = self.providers.voices(node for node in self._finals if self._finals[node] <= reached) >= self._enough
        for node, height in self._finals.items():
            others = reached if are_told or height > reached else highest
            if abs(height - others) > LAG_BLOCKS:
                distant = Retry(f"{node.rpc.name} calls block {height} final while others are at {others}")
                self.providers.accuse(node, "heads", distant)


def _hash_of(header: Header) -> Hash32:
    return header.hash
