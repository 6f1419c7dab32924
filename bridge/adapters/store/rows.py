"""Records to rows and back, by hand: this runs for every transfer. Rows of lanes are in `lane_rows`."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Row

from bridge.core.events import (
    Attest,
    AttestationPosted,
    BatchKey,
    Effect,
    Executed,
    Held,
    Mined,
    OutcomeFact,
    Recertified,
    RetryHeld,
    Returned,
    SentBack,
    Submit,
)
from bridge.core.messages import decode_message, encode_message
from bridge.core.records import FormedBatch, HaltRecord, OwnSignature, Parked, PendingEffect
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
_STATES = {state.value: state for state in State}


def pack_place(at: Mined) -> bytes:
    """Pack a place without its height: index, block hash, transaction. Within a height, bytes sort as places do."""
    return b"".join((at.index.to_bytes(4, "big"), at.block_hash, at.tx))


def unpack_place(height: int, packed: bytes) -> Mined:
    """Read what `pack_place` wrote."""
    index = int.from_bytes(packed[:4], "big")
    return Mined(Height(height), index, Hash32(packed[4:36]), TxHash(Hash32(packed[36:68])))


def cursor_values(chain: ChainId, block: Block) -> Values:
    """Return a row of `cursors`."""
    return {"chain": chain, "height": block.height, "hash": block.hash, "time": block.time}


def cursor_in(row: Row[Any]) -> Block:
    """Read a row of `cursors`."""
    return Block(Height(row.height), Hash32(row.hash), Timestamp(row.time))


def transfer_values(transfer: Transfer, route: int) -> Values:
    """Return a row of `transfers`."""
    source, included, destination = transfer.source, transfer.included, transfer.destination
    return {
        "leaf": transfer.leaf,
        "route": route,
        "nonce": transfer.message.nonce,
        "message": encode_message(transfer.message),
        "state": transfer.state.value,
        "live": transfer.state not in TERMINAL,
        "source_height": source.height,
        "source": pack_place(source),
        "first_nonce": transfer.batch.first_nonce if transfer.batch else None,
        "epoch": transfer.epoch,
        "included_height": included.height if included else None,
        "included": pack_place(included) if included else None,
        "destination_height": destination.height if destination else None,
        "destination": pack_place(destination) if destination else None,
        "reason": transfer.reason,
        "return_leaf": transfer.return_leaf,
    }


def transfer_in(row: Row[Any], routes: Routes) -> Transfer:
    """Read a row of `transfers`."""
    route = routes[row.route]
    return Transfer(
        leaf=row.leaf,
        route=route,
        message=decode_message(row.message),
        state=_STATES[row.state],
        source=unpack_place(row.source_height, row.source),
        batch=BatchKey(route, row.first_nonce) if row.first_nonce is not None else None,
        epoch=row.epoch,
        included=unpack_place(row.included_height, row.included) if row.included else None,
        destination=unpack_place(row.destination_height, row.destination) if row.destination else None,
        reason=row.reason,
        return_leaf=row.return_leaf,
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
        "height": post.at.height,
        "place": pack_place(post.at),
    }


def attestation_in(row: Row[Any]) -> AttestationPosted:
    """Read a row of `attestations`."""
    return AttestationPosted(
        slot=Slot(Hash32(row.slot)),
        digest=Digest(Hash32(row.digest)),
        signer=Address(row.signer),
        signature=row.signature,
        at=unpack_place(row.height, row.place),
    )


def signature_values(signature: OwnSignature, route: int) -> Values:
    """Return a row of `signatures`."""
    return {
        "slot": signature.slot,
        "digest": signature.digest,
        "signature": signature.signature,
        "route": route,
        "first_nonce": signature.batch.first_nonce,
        "epoch": signature.epoch,
        "posted": signature.posted,
    }


def signature_in(row: Row[Any], routes: Routes) -> OwnSignature:
    """Read a row of `signatures`."""
    return OwnSignature(
        slot=Slot(Hash32(row.slot)),
        digest=Digest(Hash32(row.digest)),
        signature=row.signature,
        batch=BatchKey(routes[row.route], Nonce(row.first_nonce)),
        epoch=Epoch(row.epoch),
        posted=row.posted,
    )


def effect_route(effect: Effect) -> Route:
    """Return the route that an effect is about."""
    return effect.batch.route if isinstance(effect, Attest | Submit) else effect.route


def effect_key(effect: Effect, route: int) -> Values:
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
        "height": parked.outcome.at.height,
        "place": pack_place(parked.outcome.at),
        "route": route,
        "source_height": parked.source_height,
        "outcome": _encode_outcome(parked.outcome),
    }


def parked_in(row: Row[Any], routes: Routes) -> Parked:
    """Read a row of `parked`."""
    route, leaf = routes[row.route], Leaf(Hash32(row.leaf))
    outcome = _decode_outcome(row.outcome, route, leaf, unpack_place(row.height, row.place))
    return Parked(leaf, route, outcome, Height(row.source_height))


def halt_values(record: HaltRecord, route: int) -> Values:
    """Return a row of `halts`."""
    return {"route": route, "why": record.why, "evidence": orjson.dumps(dict(record.evidence)), "at": record.at}


def halt_in(row: Row[Any], routes: Routes) -> HaltRecord:
    """Read a row of `halts`."""
    return HaltRecord(routes[row.route], row.why, orjson.loads(row.evidence), Timestamp(row.at))


def _encode_outcome(outcome: OutcomeFact) -> bytes:
    """Return what an outcome says besides its leaf, route and place, as JSON."""
    name = type(outcome).__name__
    match outcome:
        case Executed(nonce=nonce):
            return orjson.dumps([name, nonce])
        case Held(nonce=nonce, epoch=epoch, reason=reason):
            return orjson.dumps([name, nonce, epoch, reason])
        case Recertified(epoch=epoch):
            return orjson.dumps([name, epoch])
        case SentBack(return_leaf=return_leaf) | Returned(return_leaf=return_leaf):
            return orjson.dumps([name, return_leaf.hex()])


def _decode_outcome(content: bytes, route: Route, leaf: Leaf, at: Mined) -> OutcomeFact:
    match orjson.loads(content):
        case ["Executed", nonce]:
            return Executed(route, leaf, nonce, at)
        case ["Held", nonce, epoch, reason]:
            return Held(route, leaf, nonce, epoch, reason, at)
        case ["Recertified", epoch]:
            return Recertified(leaf, epoch, at)
        case ["SentBack", return_leaf]:
            return SentBack(leaf, Leaf(Hash32(bytes.fromhex(return_leaf))), at)
        case ["Returned", return_leaf]:
            return Returned(leaf, Leaf(Hash32(bytes.fromhex(return_leaf))), at)
        case unknown:
            raise ValueError(f"{unknown!r} is no outcome")
