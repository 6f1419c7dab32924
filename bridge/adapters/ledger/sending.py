"""One account that sends and waits: for users, deployers and issuers. Relayers have a lane instead."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from bridge.adapters.ledger.writing import EvmWriter
from bridge.core.errors import Refuse, Retry
from bridge.core.ports import BroadcastOutcome, Call, Receipt, TransactionSigner
from bridge.core.submission import FeeRules, first_fees
from bridge.core.types import Address, TxHash

GAS_MARGIN_PERCENT: Final = 120
POLL_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 60.0
_TAKEN: Final = frozenset({BroadcastOutcome.ACCEPTED, BroadcastOutcome.ALREADY_KNOWN})


class Sender:
    """Sends the calls of one key on one chain, each group at once, and waits until the whole group is mined."""

    def __init__(
        self, writer: EvmWriter, signer: TransactionSigner, rules: FeeRules, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._writer = writer
        self._signer = signer
        self._rules = rules
        self._patience = patience

    @property
    def address(self) -> Address:
        """The account."""
        return self._signer.address

    async def send(self, calls: Sequence[Call]) -> Sequence[Receipt]:
        """Send calls that do not depend on each other; return their receipts in order.

        Raises Reverted before anything is sent if one would revert, Refuse if the node takes one not or one fails
        all the same, Retry if they are not mined in time.
        """
        gas = await asyncio.gather(*(self._writer.simulate(self.address, call) for call in calls))
        account = await self._writer.account(self.address)
        fees = first_fees(account.base_fee, self._rules)
        hashes = []
        for index, (call, need) in enumerate(zip(calls, gas, strict=True)):
            limit = need * GAS_MARGIN_PERCENT // 100
            nonce = account.transactions + index
            signed = self._signer.sign_transaction(self._writer.chain, nonce, call, limit, fees)
            outcome, words = await self._writer.broadcast(signed.raw)
            if outcome not in _TAKEN:
                raise Refuse(f"chain {self._writer.chain} does not take the transaction: {words}")
            hashes.append(signed.hash)
        return await self._mined(hashes)

    async def _mined(self, hashes: Sequence[TxHash]) -> Sequence[Receipt]:
        receipts: Mapping[TxHash, Receipt] = {}
        try:
            async with asyncio.timeout(self._patience):
                while len(receipts := await self._writer.receipts(hashes)) < len(hashes):  # noqa: ASYNC110 - no event comes
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            missing = len(hashes) - len(receipts)
            raise Retry(f"{missing} of {len(hashes)} transactions are not mined after {self._patience:g} s") from None
        for tx, receipt in receipts.items():
            if not receipt.succeeded:
                raise Refuse(f"transaction 0x{tx.hex()} failed on chain {self._writer.chain}")
        return [receipts[tx] for tx in hashes]
