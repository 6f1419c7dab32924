"""Headers and receipts as nodes show them, into what consensus hashes. Nothing is believed here: only given its form.

Source of the names: Ethereum execution APIs, `Block` and `ReceiptInfo`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bridge.adapters.codec.wire import read_address, read_bytes, read_fields, read_hash, read_list, read_quantity
from bridge.core.headers import Header, header_of
from bridge.core.receipts import Log, Receipt, affordable, receipt_gas
from bridge.core.types import TxHash

_FIELDS: Final = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
)
"""In the order of the header's RLP; a fork's headers have the first so many."""
_NUMBERS: Final = frozenset(
    ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"]
)
_SUCCEEDED: Final = b"\x01"
_BLOOM_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    """A receipt, and what consensus does not put into it: the transaction that a node names beside it."""

    receipt: Receipt
    tx: TxHash


def read_header(value: object) -> Header:
    """Read a block's header. Raises ValueError for what no fork's header looks like."""
    fields = read_fields(value)
    items = []
    for name in _FIELDS:
        shown = fields.get(name)
        if shown is None:
            break
        items.append(_scalar(read_quantity(shown)) if name in _NUMBERS else read_bytes(shown))
    return header_of(items)


def show_header(header: Header) -> dict[str, str]:
    """Return a header by the names that nodes give its fields."""
    items = zip(_FIELDS, header.items, strict=False)
    return {name: hex(int.from_bytes(item, "big")) if name in _NUMBERS else "0x" + item.hex() for name, item in items}


def require_paid(receipts: object, gas: int) -> None:
    """Raise ValueError if a block that used so much gas cannot have these receipts: they are long, and a stranger's.

    Nothing is decoded for that, so that it takes no longer than what the gas pays for.
    """
    left = affordable(gas)
    for receipt in read_list(receipts):
        for cost in receipt_gas(_sizes(receipt)):
            left -= cost
            if left < 0:
                raise ValueError(f"they are more than the {gas} gas of their block pay for")


def read_receipts(value: object) -> list[ShownReceipt]:
    """Read a block's receipts, in the order of its transactions. Raises ValueError."""
    return [_receipt(item) for item in read_list(value)]


def _receipt(value: object) -> ShownReceipt:
    fields = read_fields(value)
    root = fields.get("root")
    status = fields.get("status")
    outcome = read_hash(root) if status is None else (_SUCCEEDED if read_quantity(status) else b"")
    kind = fields.get("type")
    receipt = Receipt(
        kind=0 if kind is None else read_quantity(kind),
        outcome=outcome,
        cumulative_gas=read_quantity(fields.get("cumulativeGasUsed")),
        bloom=_bloom(fields.get("logsBloom")),
        logs=tuple(map(_log, read_list(fields.get("logs")))),
    )
    return ShownReceipt(receipt, TxHash(read_hash(fields.get("transactionHash"))))


def _log(value: object) -> Log:
    fields = read_fields(value)
    topics = tuple(map(read_hash, read_list(fields.get("topics"))))
    return Log(read_address(fields.get("address")), topics, read_bytes(fields.get("data")))


def _sizes(receipt: object) -> Iterator[tuple[int, int]]:
    """Yield the topics and the bytes of each log of a receipt."""
    for log in read_list(read_fields(receipt).get("logs")):
        fields = read_fields(log)
        data = fields.get("data")
        yield len(read_list(fields.get("topics"))), len(data) // 2 - 1 if isinstance(data, str) else 0


def _bloom(value: object) -> bytes:
    bloom = read_bytes(value)
    if len(bloom) != _BLOOM_BYTES:
        raise ValueError(f"a bloom filter of {len(bloom)} bytes")
    return bloom


def _scalar(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
