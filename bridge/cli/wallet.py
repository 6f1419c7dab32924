"""Sends a user's transactions, and says in a sentence why a contract refuses one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.adapters.ledger import EvmChain, Sender
from bridge.adapters.signers import LocalTransactionSigner
from bridge.core.errors import Refuse
from bridge.core.ports import Call, Receipt, Reverted
from bridge.core.reasons import sentence
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
    "OutboundLimit": "the flow limit of this bond lets {1} units leave now: see `jgb-bridge limits`",
    "OutboundPaused": "a guardian has paused this bond until {1}: see `jgb-bridge limits`",
    "StillHeld": "it would be held again, {1}",
    "StillDelayed": "it waits for a veto until {1}",
    "NotHeld": "it is not held there",
    "Quarantined": "its reason (code {1}) is one that only the destination's governor can end",
    "NotReturnable": "what is held with code {1} is not sent back",
    "ReturnTooEarly": "it can be sent back from {1} on",
    "NotVetoable": "only what is DELAYED can be vetoed; this is held with code {1}",
    "PauseTooLong": "a pause lasts {1} s at most",
    "PauseNeedsAnother": "who paused last needs another guardian to go on",
    "NotOnDuty": "this key is not on duty at the desk",
    "DataTooLong": "the reference has {0} bytes, {1} are allowed",
}


def show_time(seconds: int) -> str:
    """Return UTC seconds as people read them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_SECOND_ARGUMENT: Mapping[str, Callable[[int], str]] = {
    "OutboundPaused": show_time,
    "StillDelayed": show_time,
    "ReturnTooEarly": show_time,
    "StillHeld": sentence,
}
"""How the second argument of a refusal is shown, where a number would say little."""


def explain(refusal: Reverted) -> str:
    """Return a contract's refusal as a sentence, or its name and arguments where there is none."""
    words = _SENTENCES.get(refusal.error)
    if words is None:
        return str(refusal)
    show = _SECOND_ARGUMENT.get(refusal.error)
    try:
        first, *rest = refusal.arguments or ("",)
        shown = [show(rest[0])] if show is not None and isinstance(rest[0], int) else rest
        return words.format(first, *shown)
    except IndexError:
        return str(refusal)
