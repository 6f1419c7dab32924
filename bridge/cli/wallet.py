"""Sends a user's transactions, and says in a sentence why a contract refuses one."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.adapters.ledger import EvmChain, Sender
from bridge.adapters.signers import LocalTransactionSigner
from bridge.core.errors import Refuse
from bridge.core.ports import Call, Receipt, Reverted
from bridge.core.submission import FeeRules

NO_ALLOWANCE = "ERC20InsufficientAllowance"
_PATIENCE_BLOCKS = 6
_FREE = FeeRules(max_fee_per_gas=0, priority_fee_per_gas=0, daily_budget=0, patience=_PATIENCE_BLOCKS)
_PRICED = FeeRules(
    max_fee_per_gas=500 * 10**9, priority_fee_per_gas=10**9, daily_budget=10**18, patience=_PATIENCE_BLOCKS
)
"""What a user pays at most: 500 gwei per gas."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """A user's key on one chain."""

    chain: EvmChain
    signer: LocalTransactionSigner

    async def refusal_of(self, call: Call) -> str | None:
        """Return the name of the error with which a contract would refuse a call now; None if it would not."""
        try:
            await self.chain.simulate(self.signer.address, call)
        except Reverted as refusal:
            return refusal.error
        return None

    async def send(self, call: Call, what: str) -> Receipt:
        """Send a call and wait for its receipt. Raises Refuse with the reason, before it costs anything."""
        (receipt,) = await self.send_all([call], what)
        return receipt

    async def send_all(self, calls: Sequence[Call], what: str) -> Sequence[Receipt]:
        """Send calls that do not depend on each other, and wait until all are mined."""
        account = await self.chain.account(self.signer.address)
        sender = Sender(self.chain, self.signer, _PRICED if account.base_fee else _FREE)
        try:
            return await sender.send(calls)
        except Reverted as refusal:
            raise Refuse(f"{what} is refused: {explain(refusal)}") from None


_SENTENCES = {
    "AmountOutOfRange": "the amount must be 1 to 2^96 - 1 units",
    "NotMultipleOfDenomination": "{0} is not a multiple of the denomination, {1}",
    "BondMatured": "the bond has matured: only the claim at par is left",
    "RecipientRefused": "this recipient cannot be paid",
    "RouteUnknown": "there is no route to chain {0}",
    "AssetNotAnnounced": "the bond has not been announced to chain {0}",
    "AssetUnknown": "the bond has not been announced there",
    "TooManyLocks": "one account may lock {1} times in a block: try again in the next one",
    "ERC20InsufficientBalance": "insufficient balance: {1} units there, {2} needed",
    NO_ALLOWANCE: "the gateway may take {1} units, {2} are needed",
    "EpochNotActive": "certified by epoch {0}, but {1} is active: wait until it is signed again",
    "DataTooLong": "the reference has {0} bytes, {1} are allowed",
}


def explain(refusal: Reverted) -> str:
    """Return a contract's refusal as a sentence, or its name and arguments where there is none."""
    sentence = _SENTENCES.get(refusal.error)
    if sentence is None:
        return str(refusal)
    try:
        return sentence.format(*refusal.arguments)
    except IndexError:
        return str(refusal)
