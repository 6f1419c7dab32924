"""Records to rows and back, by hand: this runs for every transfer."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import orjson
from sqlalchemy import Row

from bridge.core import events
from bridge.core.events import (
    Attest,
    AttestationPosted,
    BatchKey,
    ChainFact,
    Effect,
    Mined,
    OutcomeFact,
    RetryHeld,
    Submit,
)
from bridge.core.lanes import Attempt, DeliverBatch, FillGap, Intent, OpenIntent, PostSignatures, Purpose, RetryTransfer
from bridge.core.messages import decode_message, encode_message
from bridge.core.ports import Call, SignedTransaction
from bridge.core.records import FormedBatch, OwnSignature, Parked, PendingEffect
from bridge.core.submission import Fees
from bridge.core.transfers import TERMINAL, State, Transfer
from bridge.core.types import (
    Address,
    Block,
    ChainId,
    Digest,
    Epoch,
    Hash32,
    Height,
    Leaf,
    Nonce,
    Route,
    Slot,
    Timestamp,
    TxHash,
)

Values = dict[str, Any]
Routes = Mapping[int, Route]


def pack_place(at: Mined) -> bytes:
    """Pack a place so that bytes sort as places do: height, index, block hash, transaction."""
    return b"".join((at.height.to_bytes(8, "big"), at.index.to_bytes(4, "big"), at.block_hash, at.tx))


def unpack_place(packed: bytes) -> Mined:
    """Read what `pack_place` wrote."""
    return Mined(
        Height(int.from_bytes(packed[:8], "big")),
        int.from_bytes(packed[8:12], "big"),
        Hash32(packed[12:44]),
        TxHash(Hash32(packed[44:76])),
    )


def transfer_values(transfer: Transfer, route: int) -> Values:
    """Return a row of `transfers`."""
    return {
        "leaf": transfer.leaf,
        "route": route,
        "nonce": transfer.message.nonce,
        "message": encode_message(transfer.message),
        "state": transfer.state.value,
        "live": transfer.state not in TERMINAL,
        "source": pack_place(transfer.source),
        "first_nonce": transfer.batch.first_nonce if transfer.batch else None,
        "epoch": transfer.epoch,
        "included": pack_place(transfer.included) if transfer.included else None,
        "destination": pack_place(transfer.destination) if transfer.destination else None,
        "reason": transfer.reason,
        "return_leaf": transfer.return_leaf,
    }


def transfer_in(row: Row[Any], routes: Routes) -> Transfer:
    """Read a row of `transfers`."""
    route = routes[row.route]
    return Transfer(
        leaf=Leaf(Hash32(row.leaf)),
        route=route,
        message=decode_message(row.message),
        state=State(row.state),
        source=unpack_place(row.source),
        batch=BatchKey(route, Nonce(row.first_nonce)) if row.first_nonce is not None else None,
        epoch=Epoch(row.epoch) if row.epoch is not None else None,
        included=unpack_place(row.included) if row.included else None,
        destination=unpack_place(row.destination) if row.destination else None,
        reason=row.reason,
        return_leaf=Leaf(Hash32(row.return_leaf)) if row.return_leaf else None,
    )


def batch_values(formed: FormedBatch, route: int) -> Values:
    """Return a row of `batches`."""
    return {
        "route": route,
        "first_nonce": formed.key.first_nonce,
        "size": formed.count,
        "root": formed.root,
        "source_height": formed.source.height,
        "source_hash": formed.source.hash,
        "source_time": formed.source.time,
    }


def batch_in(row: Row[Any], routes: Routes) -> FormedBatch:
    """Read a row of `batches`."""
    source = Block(Height(row.source_height), Hash32(row.source_hash), Timestamp(row.source_time))
    return FormedBatch(BatchKey(routes[row.route], Nonce(row.first_nonce)), row.size, Hash32(row.root), source)


def attestation_values(post: AttestationPosted) -> Values:
    """Return a row of `attestations`."""
    return {
        "slot": post.slot,
        "digest": post.digest,
        "signer": post.signer,
        "signature": post.signature,
        "place": pack_place(post.at),
    }


def attestation_in(row: Row[Any]) -> AttestationPosted:
    """Read a row of `attestations`."""
    return AttestationPosted(
        Slot(Hash32(row.slot)),
        Digest(Hash32(row.digest)),
        Address(row.signer),
        row.signature,
        unpack_place(row.place),
    )


def signature_in(row: Row[Any], routes: Routes) -> OwnSignature:
    """Read a row of `signatures`."""
    return OwnSignature(
        slot=Slot(Hash32(row.slot)),
        digest=Digest(Hash32(row.digest)),
        signature=row.signature,
        batch=BatchKey(routes[row.route], Nonce(row.first_nonce)),
        epoch=Epoch(row.epoch),
        posted=bool(row.posted),
    )


def effect_identity(effect: Effect, route: int) -> Values:
    """Return the key of a row of `effects`. Raises TypeError for a halt, which has a table of its own."""
    match effect:
        case Attest(batch, epoch) | Submit(batch, epoch):
            kind, first_nonce, leaf = type(effect).__name__, batch.first_nonce, b""
        case RetryHeld(_, leaf):
            kind, first_nonce, epoch = "RetryHeld", Nonce(0), Epoch(0)
        case _:
            raise TypeError(f"{effect!r} is not kept in the outbox")
    return {"kind": kind, "route": route, "first_nonce": first_nonce, "epoch": epoch, "leaf": leaf}


def effect_in(row: Row[Any], routes: Routes) -> PendingEffect:
    """Read a row of `effects`."""
    route = routes[row.route]
    effect: Effect
    if row.kind == "RetryHeld":
        effect = RetryHeld(route, Leaf(Hash32(row.leaf)))
    else:
        key = BatchKey(route, Nonce(row.first_nonce))
        effect = (Attest if row.kind == "Attest" else Submit)(key, Epoch(row.epoch))
    return PendingEffect(effect, Height(row.due), row.attempts)


def parked_values(parked: Parked, route: int) -> Values:
    """Return a row of `parked`."""
    return {
        "leaf": parked.leaf,
        "place": pack_place(parked.outcome.at),
        "route": route,
        "source_height": parked.source_height,
        "outcome": encode_fact(parked.outcome),
    }


def parked_in(row: Row[Any], routes: Routes) -> Parked:
    """Read a row of `parked`."""
    outcome = _outcome_in(orjson.loads(row.outcome), routes[row.route], unpack_place(row.place))
    return Parked(Leaf(Hash32(row.leaf)), routes[row.route], outcome, Height(row.source_height))


def encode_facts(facts: Sequence[ChainFact]) -> bytes:
    """Return a journal entry: JSON, bytes as hex."""
    return orjson.dumps([_plain(fact) for fact in facts], option=orjson.OPT_PASSTHROUGH_DATACLASS)


def encode_fact(fact: ChainFact) -> bytes:
    """Return one fact as JSON."""
    return orjson.dumps(_plain(fact), option=orjson.OPT_PASSTHROUGH_DATACLASS)


def encode_purpose(purpose: Purpose) -> bytes:
    """Return what an intent is for, as JSON."""
    match purpose:
        case PostSignatures(slots):
            return orjson.dumps({"post": [slot.hex() for slot in slots]})
        case DeliverBatch(batch, epoch):
            return orjson.dumps({"deliver": [*_route_plain(batch.route), batch.first_nonce, epoch]})
        case RetryTransfer(leaf):
            return orjson.dumps({"retry": leaf.hex()})
        case FillGap():
            return orjson.dumps({"fill": None})


def decode_purpose(content: bytes) -> Purpose:
    """Read what `encode_purpose` wrote."""
    ((kind, value),) = orjson.loads(content).items()
    if kind == "post":
        return PostSignatures(tuple(Slot(Hash32(bytes.fromhex(slot))) for slot in value))
    if kind == "fill":
        return FillGap()
    if kind == "retry":
        return RetryTransfer(Leaf(Hash32(bytes.fromhex(value))))
    source, source_gateway, destination, destination_gateway, first_nonce, epoch = value
    route = Route(
        ChainId(source),
        Address(bytes.fromhex(source_gateway)),
        ChainId(destination),
        Address(bytes.fromhex(destination_gateway)),
    )
    return DeliverBatch(BatchKey(route, Nonce(first_nonce)), Epoch(epoch))


def intent_in(row: Row[Any], attempts: Sequence[Row[Any]]) -> OpenIntent:
    """Read a row of `intents` with its rows of `attempts`, oldest first."""
    call = Call(Address(row.call_to), row.call_data)
    intent = Intent(row.id, ChainId(row.chain), decode_purpose(row.purpose), call, row.gas)
    return OpenIntent(intent, row.nonce, tuple(_attempt_in(attempt) for attempt in attempts))


def _attempt_in(row: Row[Any]) -> Attempt:
    fees = Fees(int(row.max_fee), int(row.priority_fee))
    sent_at = Height(row.sent_at) if row.sent_at is not None else None
    return Attempt(SignedTransaction(TxHash(Hash32(row.hash)), row.raw), fees, sent_at)


def _outcome_in(fields_: Values, route: Route, at: Mined) -> OutcomeFact:
    name = fields_["fact"]
    leaf = Leaf(Hash32(bytes.fromhex(fields_["leaf"])))
    match name:
        case "Executed":
            return events.Executed(route, leaf, Nonce(fields_["nonce"]), at)
        case "Held":
            return events.Held(route, leaf, Nonce(fields_["nonce"]), Epoch(fields_["epoch"]), fields_["reason"], at)
        case "SentBack":
            return events.SentBack(leaf, Leaf(Hash32(bytes.fromhex(fields_["return_leaf"]))), at)
        case _:
            raise ValueError(f"{name} is never parked")


def _plain(value: object) -> object:
    """Return a fact in JSON types, its class under `fact`. Amounts are texts: they have 128 bits."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and value >= 1 << 53:
        return str(value)
    if is_dataclass(value):
        named = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {"fact": type(value).__name__, **named} if hasattr(value, "at") else named
    return value


def _route_plain(route: Route) -> list[object]:
    return [
        route.source_chain,
        route.source_gateway.hex(),
        route.destination_chain,
        route.destination_gateway.hex(),
    ]
