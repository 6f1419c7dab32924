"""A public chain: its headers carry no seals, so that several operators' providers must agree on what is final."""

from typing import Final

from bridge.adapters.codec import to_hex
from bridge.adapters.ledger.proven import ProvenReader
from bridge.adapters.ledger.providers import Providers
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Halt, Retry
from bridge.core.finality import Heads, Policy, final_height
from bridge.core.headers import Header
from bridge.core.types import Block, Hash32, Height

LAG_BLOCKS: Final = 64
"""Two epochs of mainnet: a provider further behind the others than this is named."""


class AgreedReader(ProvenReader):
    """Believes a block to be final when enough providers say so, and none that has it says otherwise."""

    def __init__(self, providers: Providers, enough: int, policy: Policy) -> None:
        super().__init__(providers, enough, _hash_of)
        self._policy = policy
        self._finals: dict[EvmReader, Height] = {}
        self._agreed: Block | None = None

    async def heads(self) -> Heads:
        """Return the newest block of enough providers, and the highest that they agree is final.

        Raises Retry while too few answer, Halt when two of them show different blocks as final.
        """
        heads = await self.providers.each("heads", lambda node: node.heads(), self._enough)
        if len(heads) < self._enough:
            raise Retry(f"{len(heads)} of the {self._enough} providers that must agree on chain {self.chain} answer")
        self._finals = {node: final_height(self._policy, said) for node, said in heads.items()}
        self._name_the_late()
        agreed = Height(sorted(self._finals.values(), reverse=True)[self._enough - 1])
        if self._agreed is None or agreed > self._agreed.height:
            self._agreed = await self._agree(agreed)
        newest = sorted((said.latest for said in heads.values()), reverse=True)[self._enough - 1]
        return Heads(max(newest, self._agreed), self._agreed)

    async def _anchor(self, height: Height) -> Block:
        if self._agreed is None or height > self._agreed.height:
            raise Retry(f"block {height} of chain {self.chain} is not agreed to be final")
        return self._agreed if height == self._agreed.height else await self._agree(height)

    async def _agree(self, height: Height) -> Block:
        """Return the block that all who call this height final show there."""
        asked = [node for node in self._finals if self._finals[node] >= height]

        async def show(node: EvmReader) -> Block | None:
            return (await node.blocks([height]))[height] if node in asked else None

        shown = await self.providers.each("final block", show, len(self.providers.nodes))
        found = {node: block for node, block in shown.items() if block is not None}
        if len({block.hash for block in found.values()}) > 1:
            said: dict[str, object] = {node.rpc.name: to_hex(block.hash) for node, block in found.items()}
            why = f"the providers of chain {self.chain} do not agree on its final block {height}"
            raise Halt(why, {"chain": self.chain, "height": height, "shown": said})
        if len(found) < self._enough:
            raise Retry(f"{len(found)} of {self._enough} providers show the final block {height} of {self.chain}")
        return next(iter(found.values()))

    def _name_the_late(self) -> None:
        highest = max(self._finals.values())
        for node, height in self._finals.items():
            if highest - height > LAG_BLOCKS:
                late = Retry(f"{node.rpc.name} calls block {height} final while others are at {highest}")
                self.providers.accuse(node, "heads", late)


def _hash_of(header: Header) -> Hash32:
    return header.hash
