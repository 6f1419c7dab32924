"""What nodes say to a transaction, in the words of Anvil, geth, GoQuorum and Besu.

Words of geth: core/txpool/errors.go and core/error.go; of Besu: RpcErrorType.java; of Anvil: eth/error.rs.
"""

import re
from typing import Final

from bridge.adapters.codec import decode_revert, read_bytes
from bridge.adapters.evm import NodeError
from bridge.core.ports import BroadcastOutcome, Reverted

_EXECUTION_REVERTED: Final = 3
"""Error code of a revert (geth, Anvil, Besu)."""

_WORDS: Final = {
    BroadcastOutcome.ALREADY_KNOWN: ("already known", "already imported", r"\bknown transaction"),
    BroadcastOutcome.NONCE_TOO_LOW: ("nonce (is )?too low",),
    BroadcastOutcome.UNDERPRICED: (
        "underpriced",
        "insufficient gas price to replace",
        "less than block base fee",
        "gas price (below|too low)",
        "fee too low",
    ),
    BroadcastOutcome.INSUFFICIENT_FUNDS: ("insufficient (funds|balance)", "upfront cost exceeds"),
    BroadcastOutcome.REFUSED: (
        "intrinsic gas",
        "gas limit",
        "gas uint64",
        "floor data gas",
        "initcode size",
        "oversized",
        "invalid (sender|signature)",
        "chain ?id",
        "another chain",
        "not authorized",
        "not supported",
        "transaction type",
        "fee cap exceeded",
        "(tip|priority fee).*higher",
        "exceeds max fee",
        "marked the transaction",
        "failed to decode",
        r"\brlp",
        "max value",
        "not an eoa",
    ),
}
_OUTCOMES: Final = {outcome: re.compile("|".join(words), re.IGNORECASE) for outcome, words in _WORDS.items()}
"""The first that matches counts. What matches none may pass: a full pool, a gap before the nonce, a node that syncs."""

_OUT_OF_GAS: Final = re.compile(r"out of gas|gas required exceeds|exceeds allowance", re.IGNORECASE)


def outcome_of(error: NodeError) -> str | None:
    """Return the `BroadcastOutcome` that a node's words stand for; None if it is worth trying again."""
    return next((outcome for outcome, words in _OUTCOMES.items() if words.search(error.message)), None)


def revert_of(error: NodeError) -> Reverted | None:
    """Return why a simulated call would revert; None if the node's error is about something else."""
    data = _revert_data(error.data)
    if data is not None:
        return decode_revert(data)
    if _OUT_OF_GAS.search(error.message):
        return Reverted("OutOfGas", (error.message,))
    if error.code == _EXECUTION_REVERTED or "revert" in error.message.lower():
        return Reverted(error.message)
    return None


def _revert_data(data: object) -> bytes | None:
    """Find revert data where nodes put it: plain, behind a word, or inside an object."""
    match data:
        case str(text):
            try:
                return read_bytes(text.removeprefix("Reverted "))
            except ValueError:
                return None
        case {"data": inner}:
            return _revert_data(inner)
        case _:
            return None
