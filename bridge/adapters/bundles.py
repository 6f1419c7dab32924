"""Bundles: a quorate batch with messages and certificate as one JSON file that anyone can deliver (SPEC 7)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bridge.core.batches import Batch, digest_of, root_of
from bridge.core.errors import Refuse
from bridge.core.messages import Message, leaf_of
from bridge.core.types import (
    Address,
    ChainId,
    Digest,
    Epoch,
    Hash32,
    Height,
    Leaf,
    Nonce,
    Route,
    Timestamp,
    Units,
)

VERSION = 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that a delivery needs."""

    batch: Batch
    messages: tuple[Message, ...]
    certificate: bytes

    def leaves(self) -> list[Leaf]:
        """Return the ids of the messages, in order."""
        return [leaf_of(self.batch.route, message) for message in self.messages]


class BundleFolder:
    """A folder of bundles, in subfolders by the first byte of the digest. Any static host can mirror it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, digest: Digest) -> Path:
        """Return where the bundle of a digest is or would be."""
        name = digest.hex()
        return self._folder / name[:2] / f"{name}.json"

    def write(self, separator: Hash32, bundle: Bundle) -> Path:
        """Write a bundle unless it is there. A reader never sees half a file."""
        digest = digest_of(separator, bundle.batch)
        path = self.path_of(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_bytes(encode_bundle(digest, bundle))
            partial.replace(path)
        return path


def encode_bundle(digest: Digest, bundle: Bundle) -> bytes:
    """Return the file's content."""
    batch = bundle.batch
    document = {
        "version": VERSION,
        "digest": _hexed(digest),
        "batch": {
            "sourceChain": str(batch.route.source_chain),
            "sourceGateway": _hexed(batch.route.source_gateway),
            "destinationChain": str(batch.route.destination_chain),
            "destinationGateway": _hexed(batch.route.destination_gateway),
            "epoch": batch.epoch,
            "firstNonce": batch.first_nonce,
            "count": batch.count,
            "root": _hexed(batch.root),
            "sourceHeight": batch.source_height,
            "sourceBlockHash": _hexed(batch.source_block_hash),
            "sourceTime": batch.source_time,
        },
        "messages": [_message_out(message) for message in bundle.messages],
        "certificate": _hexed(bundle.certificate),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def decode_bundle(content: bytes) -> Bundle:
    """Read a bundle. Raises Refuse if it is not one, or if its messages are not those of its root."""
    try:
        document = orjson.loads(content)
        if document["version"] != VERSION:
            raise Refuse(f"this bundle has version {document['version']}, {VERSION} is known here")
        bundle = _bundle_in(document)
    except (KeyError, TypeError, ValueError) as fault:
        raise Refuse(f"not a bundle: {fault!r}") from fault
    if len(bundle.messages) != bundle.batch.count or root_of(bundle.leaves()) != bundle.batch.root:
        raise Refuse("the bundle's messages are not those of its root")
    return bundle


def _bundle_in(document: dict[str, Any]) -> Bundle:
    fields = document["batch"]
    route = Route(
        ChainId(int(fields["sourceChain"])),
        Address(_raw(fields["sourceGateway"])),
        ChainId(int(fields["destinationChain"])),
        Address(_raw(fields["destinationGateway"])),
    )
    batch = Batch(
        route=route,
        epoch=Epoch(int(fields["epoch"])),
        first_nonce=Nonce(int(fields["firstNonce"])),
        count=int(fields["count"]),
        root=Hash32(_raw(fields["root"])),
        source_height=Height(int(fields["sourceHeight"])),
        source_block_hash=Hash32(_raw(fields["sourceBlockHash"])),
        source_time=Timestamp(int(fields["sourceTime"])),
    )
    messages = tuple(_message_in(message) for message in document["messages"])
    return Bundle(batch, messages, _raw(document["certificate"]))


def _message_out(message: Message) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "nonce": message.nonce,
        "asset": _hexed(message.asset),
        "sender": _hexed(message.sender),
        "recipient": _hexed(message.recipient),
        "amount": str(message.amount),
        "runningTotal": str(message.running_total),
        "data": _hexed(message.data),
    }


def _message_in(fields: dict[str, Any]) -> Message:
    return Message(
        kind=int(fields["kind"]),
        nonce=Nonce(int(fields["nonce"])),
        asset=Address(_raw(fields["asset"])),
        sender=Address(_raw(fields["sender"])),
        recipient=Address(_raw(fields["recipient"])),
        amount=Units(int(fields["amount"])),
        running_total=Units(int(fields["runningTotal"])),
        data=_raw(fields["data"]),
    )


def _hexed(data: bytes) -> str:
    return "0x" + data.hex()


def _raw(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError(f"{text!r} is not 0x-hex")
    return bytes.fromhex(text[2:])
