"""Intents and attempts to rows and back."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Row

from bridge.adapters.store.rows import Values
from bridge.core.events import BatchKey
from bridge.core.lanes import Attempt, DeliverBatch, FillGap, Intent, OpenIntent, PostSignatures, Purpose, RetryTransfer
from bridge.core.ports import Call, SignedTransaction
from bridge.core.submission import Fees
from bridge.core.types import Address, ChainId, Epoch, Hash32, Height, Leaf, Nonce, Route, Slot, TxHash


def intent_values(intent: Intent) -> Values:
    """Return a row of `intents`, without its id."""
    return {
        "chain": intent.chain,
        "purpose": _encode_purpose(intent.purpose),
        "call_to": intent.call.to,
        "call_data": intent.call.data,
        "gas": intent.gas,
    }


def attempt_values(opened: OpenIntent, day: int) -> Values:
    """Return a row of `attempts` for the newest attempt. `day` counts from 1970-01-01 UTC."""
    intent, attempt = opened.intent, opened.last
    return {
        "intent": intent.id,
        "chain": intent.chain,
        "nonce": opened.nonce,
        "hash": attempt.transaction.hash,
        "raw": attempt.transaction.raw,
        "max_fee": str(attempt.fees.max_fee),
        "priority_fee": str(attempt.fees.priority_fee),
        "cost": str(attempt.fees.max_fee * intent.gas),
        "day": day,
        "sent_at": attempt.sent_at,
        "abandoned": False,
    }


def intent_in(row: Row[Any]) -> Intent:
    """Read a row of `intents`."""
    return Intent(
        id=row.id,
        chain=ChainId(row.chain),
        purpose=_decode_purpose(row.purpose),
        call=Call(Address(row.call_to), row.call_data),
        gas=row.gas,
    )


def open_intent_in(row: Row[Any], attempts: Sequence[Row[Any]]) -> OpenIntent:
    """Read a row of `intents` with its rows of `attempts`, oldest first."""
    return OpenIntent(intent_in(row), row.nonce, tuple(_attempt_in(attempt) for attempt in attempts))


def _attempt_in(row: Row[Any]) -> Attempt:
    fees = Fees(int(row.max_fee), int(row.priority_fee))
    sent_at = Height(row.sent_at) if row.sent_at is not None else None
    return Attempt(SignedTransaction(TxHash(Hash32(row.hash)), row.raw), fees, sent_at)


def _encode_purpose(purpose: Purpose) -> bytes:
    match purpose:
        case PostSignatures(slots):
            return orjson.dumps(["post", *(slot.hex() for slot in slots)])
        case DeliverBatch(batch, epoch):
            return orjson.dumps(["deliver", *_ends(batch.route), batch.first_nonce, epoch])
        case RetryTransfer(leaf):
            return orjson.dumps(["retry", leaf.hex()])
        case FillGap():
            return orjson.dumps(["fill"])


def _decode_purpose(content: bytes) -> Purpose:
    match orjson.loads(content):
        case ["post", *slots]:
            return PostSignatures(tuple(Slot(Hash32(bytes.fromhex(slot))) for slot in slots))
        case ["deliver", source, source_gateway, destination, destination_gateway, first_nonce, epoch]:
            route = Route(
                ChainId(source),
                Address(bytes.fromhex(source_gateway)),
                ChainId(destination),
                Address(bytes.fromhex(destination_gateway)),
            )
            return DeliverBatch(BatchKey(route, Nonce(first_nonce)), Epoch(epoch))
        case ["retry", leaf]:
            return RetryTransfer(Leaf(Hash32(bytes.fromhex(leaf))))
        case ["fill"]:
            return FillGap()
        case unknown:
            raise ValueError(f"{unknown!r} is no purpose")


def _ends(route: Route) -> tuple[int, str, int, str]:
    return route.source_chain, route.source_gateway.hex(), route.destination_chain, route.destination_gateway.hex()
