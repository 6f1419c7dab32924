"""What nodes say to a transaction, in their own words."""

import pytest

from bridge.adapters.evm import NodeError
from bridge.adapters.ledger.outcomes import outcome_of, revert_of
from bridge.core.hashing import keccak, word
from bridge.core.ports import BroadcastOutcome

ROUTE_UNKNOWN = "0x" + (keccak(b"RouteUnknown(uint256)")[:4] + word(5)).hex()
GETH = {
    "already known": BroadcastOutcome.ALREADY_KNOWN,
    "nonce too low: next nonce 8, tx nonce 7": BroadcastOutcome.NONCE_TOO_LOW,
    "replacement transaction underpriced": BroadcastOutcome.UNDERPRICED,
    "transaction underpriced: gas tip cap 1, minimum needed 100": BroadcastOutcome.UNDERPRICED,
    "max fee per gas less than block base fee: address 0x1, maxFeePerGas: 1, baseFee: 7": BroadcastOutcome.UNDERPRICED,
    "insufficient funds for gas * price + value: balance 0": BroadcastOutcome.INSUFFICIENT_FUNDS,
    "intrinsic gas too low: gas 20000, minimum needed 21000": BroadcastOutcome.REFUSED,
    "exceeds block gas limit": BroadcastOutcome.REFUSED,
    "transaction gas limit too high (cap: 16777216, tx: 20000000)": BroadcastOutcome.REFUSED,
    "invalid sender": BroadcastOutcome.REFUSED,
    "invalid chain id for signer: have 5 want 1": BroadcastOutcome.REFUSED,
    "transaction type not supported": BroadcastOutcome.REFUSED,
    "oversized data: transaction size 200000, limit 131072": BroadcastOutcome.REFUSED,
    "txpool is full": None,
    "future transaction tries to replace pending": None,
}
BESU = {
    "Known transaction": BroadcastOutcome.ALREADY_KNOWN,
    "Nonce too low": BroadcastOutcome.NONCE_TOO_LOW,
    "Replacement transaction underpriced": BroadcastOutcome.UNDERPRICED,
    "Gas price below configured minimum gas price": BroadcastOutcome.UNDERPRICED,
    "Gas price below current base fee": BroadcastOutcome.UNDERPRICED,
    "Upfront cost exceeds account balance": BroadcastOutcome.INSUFFICIENT_FUNDS,
    "Intrinsic gas exceeds gas limit": BroadcastOutcome.REFUSED,
    "Transaction gas limit exceeds block gas limit": BroadcastOutcome.REFUSED,
    "Sender account not authorized to send transactions": BroadcastOutcome.REFUSED,
    "Wrong chainId": BroadcastOutcome.REFUSED,
    "Invalid signature": BroadcastOutcome.REFUSED,
    "Plugin has marked the transaction as invalid": BroadcastOutcome.REFUSED,
    "Nonce too high": None,
    "Transaction nonce is too distant from current sender nonce": None,
    "An invalid transaction with a lower nonce exists": None,
    "Initial sync is still in progress": None,
    "Internal error": None,
}
ANVIL = {
    "transaction already imported": BroadcastOutcome.ALREADY_KNOWN,
    "nonce too low": BroadcastOutcome.NONCE_TOO_LOW,
    "Tx: [..] insufficient gas price to replace existing transaction": BroadcastOutcome.UNDERPRICED,
    "Insufficient funds for gas * price + value": BroadcastOutcome.INSUFFICIENT_FUNDS,
    "intrinsic gas too high -- CallerGasLimitMoreThanBlock": BroadcastOutcome.REFUSED,
    "Incompatible EIP-155 transaction, signed for another chain": BroadcastOutcome.REFUSED,
}


@pytest.mark.parametrize(
    ("words", "outcome"), [*GETH.items(), *BESU.items(), *ANVIL.items()], ids=lambda value: str(value)[:40]
)
def test_the_words_of_nodes_are_understood(words: str, outcome: str | None) -> None:
    assert outcome_of(NodeError(-32000, words, None)) == outcome


@pytest.mark.parametrize(
    "error",
    [
        NodeError(3, "execution reverted", ROUTE_UNKNOWN),
        NodeError(-32000, "execution reverted", ROUTE_UNKNOWN),
        NodeError(-32015, "VM execution error.", f"Reverted {ROUTE_UNKNOWN}"),
        NodeError(3, "execution reverted", {"message": "reverted", "data": ROUTE_UNKNOWN}),
    ],
    ids=["geth, Anvil", "Besu", "OpenEthereum", "wrapped"],
)
def test_a_named_error_is_found_where_nodes_put_it(error: NodeError) -> None:
    reverted = revert_of(error)
    assert reverted is not None
    assert (reverted.error, reverted.arguments) == ("RouteUnknown", (5,))


def test_a_revert_without_data_is_one_all_the_same() -> None:
    reverted = revert_of(NodeError(-32000, "execution reverted: too early", None))
    assert reverted is not None
    assert reverted.error == "execution reverted: too early"


def test_a_call_that_needs_too_much_gas_would_not_succeed() -> None:
    reverted = revert_of(NodeError(-32000, "gas required exceeds allowance (30000000)", None))
    assert reverted is not None
    assert reverted.error == "OutOfGas"


@pytest.mark.parametrize("words", ["header not found", "missing trie node", "method handler crashed"])
def test_a_node_in_trouble_has_not_said_that_a_call_reverts(words: str) -> None:
    assert revert_of(NodeError(-32000, words, None)) is None
