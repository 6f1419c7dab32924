"""The home ledger: every header verified by its validators' seals, forward from a block that the operator trusts."""

from typing import Final

from bridge.adapters.codec import to_hex
from bridge.adapters.codec.headers import show_header
from bridge.adapters.ledger.checkpoints import EVERY, Checkpoints
from bridge.adapters.ledger.proven import Absent, Proven, ProvenReader
from bridge.adapters.ledger.providers import Lie, Providers
from bridge.adapters.ledger.reading import EvmReader
from bridge.core.errors import Halt, Retry
from bridge.core.finality import Heads, Seals
from bridge.core.headers import Header
from bridge.core.qbft import (
    Dialect,
    Fault,
    HeaderRefused,
    Trusted,
    advance,
    block_hash,
    extra_data_of,
    is_sealed,
    trust,
)
from bridge.core.types import Address, Block, Hash32, Height

STEP: Final = 250
"""Headers verified in one go: 0.15 s of one core, in which nothing else of the relayer moves."""


class SealedReader(ProvenReader):
    """Believes a block when two thirds of the tracked validators have sealed it. One honest provider suffices."""

    def __init__(self, providers: Providers, policy: Seals, checkpoints: Checkpoints) -> None:
        super().__init__(providers, 1, _hash_of)
        self._policy = policy
        self._checkpoints = checkpoints
        self._trusted: Trusted | None = None
        self._sealers: dict[Height, tuple[Address, ...]] = {}

    async def heads(self) -> Heads:
        """Verify some more headers and return the highest verified block, as both the newest and the final one.

        Raises Retry while no provider shows a header that stands, Halt when validators have sealed two blocks at once.
        What a provider only says is there counts for nothing: neither for being behind, nor for a failure of all.
        """
        trusted = self._trusted or await self._begin()
        claims = await self.providers.each("heads", lambda node: node.heads(), 1)
        if not claims:
            raise Retry(f"no provider of chain {self.chain} answers")
        standing = [node for node, said in claims.items() if await self._stands(node, said.latest)]
        before = trusted.block.height
        ahead = [node for node in claims if claims[node].latest.height > before]
        ahead.sort(key=lambda node: -claims[node].latest.height)
        is_cut_short = False
        if ahead:
            try:
                # Who has nothing to add would be cleared by it: `_stands` does that, by what it shows.
                is_cut_short = await self.providers.first(
                    "seals", lambda node: self._advance(node, claims[node].latest.height), ahead, hears_again=False
                )
            except Retry:
                if self._tip().block.height == before and not standing:
                    raise
        newest = self._tip().block
        return Heads(newest, newest, is_behind=is_cut_short)

    async def _anchor(self, height: Height) -> Block:
        """Return the lowest block above a height that was verified before: the way down from it is the shortest."""
        verified = [trusted.block for trusted in self._checkpoints.all] + [self._tip().block]
        if self._known:
            lowest = min(self._known)
            verified.append(self._known[lowest].block)
        above = [block for block in verified if block.height >= height]
        if not above:
            raise Retry(f"block {height} of chain {self.chain} is not verified yet")
        return min(above)

    def _tip(self) -> Trusted:
        if self._trusted is None:
            raise Retry(f"no block of chain {self.chain} is verified yet")
        return self._trusted

    async def _begin(self) -> Trusted:
        """Take up the last checkpoint, or the operator's block if the file is of another one."""
        policy, kept = self._policy, self._checkpoints.all
        if not kept or (kept[0].block.height, kept[0].block.hash) != (policy.height, policy.hash):
            self._checkpoints.begin(*await self.providers.first("trusted block", self._read_start))
        self._trusted = self._checkpoints.all[-1]
        self._recall(self._trusted.block, self._checkpoints.header)
        return self._trusted

    def _recall(self, block: Block, header: Header | None) -> None:
        """Know a checkpoint's block with its sealers again: its twin, sealed while nobody looked, must be judged."""
        if header is not None and _hash_of(header) == block.hash:
            self._sealers[block.height] = extra_data_of(header).validators
            self._keep(Proven(block, header))

    async def _read_start(self, node: EvmReader) -> tuple[Trusted, Header]:
        (header,) = await self.headers_of(node, self._policy.height, self._policy.height)
        try:
            return trust(header, self._policy.hash, self._policy.terms), header
        except HeaderRefused as refusal:
            raise Lie(f"{node.rpc.name}: {refusal}") from refusal

    async def _advance(self, node: EvmReader, offered: Height) -> bool:
        """Verify one provider's next headers, and tell whether it has more than one step takes.

        What is verified before a bad one stays verified.
        """
        first = Height(self._tip().block.height + 1)
        last = min(offered, Height(first + STEP - 1))
        for header in await self._promised(node, first, last):
            trusted = self._tip()
            try:
                following = advance(trusted, header, self._policy.terms)
            except HeaderRefused as refusal:
                if refusal.fault is Fault.PARENT:
                    await self._judge(node, trusted.block.height)
                raise Lie(f"{node.rpc.name}: {refusal}") from refusal
            self._sealers[header.height] = trusted.validators
            self._keep(Proven(following.block, header))
            self._trusted = following
            if header.height % EVERY == 0:
                self._checkpoints.add(following, header)
        return last < offered

    async def _promised(self, node: EvmReader, first: Height, last: Height) -> list[Header]:
        """Return headers up to one that a provider says it has: one who only promises could do so for ever."""
        try:
            return await self.headers_of(node, first, last)
        except Absent as fault:
            raise Lie(f"{fault}, and has said that it has") from fault

    async def _stands(self, node: EvmReader, shown: Block) -> bool:
        """Hold a provider's newest block to the one that was verified at its height; tell whether it is that one.

        Who has just failed to show a header is not asked for another one, nor cleared by what it says is there.
        """
        known = self._known.get(shown.height)
        verified = self._tip().block if known is None else known.block
        if self.providers.has_lapsed(node, "seals"):
            return verified == shown
        if verified == shown:
            self.providers.clear(node, "seals")
            return True
        try:
            await self._judge(node, shown.height)
        except Retry as fault:
            self.providers.accuse(node, "seals", fault)
        return False

    async def _judge(self, node: EvmReader, height: Height) -> None:
        """Tell a provider that lies from validators that have sealed two blocks at one height: that is a breach."""
        known = self._known.get(height)
        if known is None:
            return
        (header,) = await self.headers_of(node, height, height)
        if _hash_of(header) == known.block.hash:
            return
        if not is_sealed(self._sealers.get(height, ()), header):
            raise Lie(f"{node.rpc.name} shows another block {height} that is not sealed")
        evidence: dict[str, object] = {
            "chain": self.chain,
            "height": height,
            "final_hash": to_hex(known.block.hash),
            "observed_hash": to_hex(_hash_of(header)),
            "provider": node.rpc.name,
            "final_header": show_header(known.header),
            "observed_header": show_header(header),
        }
        raise Halt(f"block {height} of chain {self.chain} was sealed twice", evidence)

    def _gas_of(self, header: Header) -> int:
        # GoQuorum's private transactions use none, and yet take their intrinsic gas from what a block has room for.
        used, limit = header.gas
        return limit if self._policy.terms.dialect is Dialect.GOQUORUM else used

    def _forget(self, height: Height) -> None:
        super()._forget(height)
        self._sealers.pop(height, None)


def _hash_of(header: Header) -> Hash32:
    """Return what the chain calls a header's block; of one whose extra data is malformed, what nobody calls one."""
    try:
        return block_hash(header, extra_data_of(header))
    except HeaderRefused:
        return header.hash
