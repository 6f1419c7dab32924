"""A QBFT ledger that was sealed beforehand, served over HTTP: a test double of a node, for measuring who verifies it.

`python -m tests.bench.ledger PORT BLOCKS EVENTS`. Seven validators, five seals a block. The last `BUSY` blocks hold
EVENTS locks each, every lock a receipt of two logs; all others are empty.
"""

import sys
from typing import Any

import orjson
import rlp
from aiohttp import web

from bridge.adapters.codec import TOPICS, to_hex
from bridge.adapters.codec.headers import read_receipts, show_header
from bridge.core.hashing import keccak, word
from bridge.core.headers import Header, header_of
from bridge.core.messages import Kind, Message, encode_message, leaf_of
from bridge.core.qbft import quorum
from bridge.core.receipts import receipts_root
from bridge.core.types import Address, Block, Nonce, Units
from tests.adapters.test_codec_logs import GATEWAY, OUTWARD, REMOTE
from tests.core.sealing import Validator, genesis, hash_of, sealed, validators

VALIDATORS = 7
BUSY = 20
_BLOOM = "0x" + "ff" * 256
_ROOT, _BLOOM_FIELD = 5, 6
_ASSET = Address(b"\x11" * 20)
_GAS = 100_000
"""Of one lock."""


def main(port: int, blocks: int, events: int) -> None:
    """Seal the chain, say so, and serve it."""
    receipts = orjson.dumps(_receipts(events))
    bodies = _blocks(blocks, events)
    print("ready", flush=True)

    async def answer(http: web.Request) -> web.Response:
        asked = orjson.loads(await http.read())
        answers = [_answer(request, bodies, receipts) for request in (asked if isinstance(asked, list) else [asked])]
        body = b"[" + b",".join(answers) + b"]" if isinstance(asked, list) else answers[0]
        return web.Response(body=body, content_type="application/json")

    application = web.Application(client_max_size=1 << 24)
    application.add_routes([web.post("/", answer)])
    web.run_app(application, host="127.0.0.1", port=port, access_log=None, print=None)


def _answer(request: dict[str, Any], bodies: list[bytes], receipts: bytes) -> bytes:
    method, params = request["method"], request["params"]
    if method == "eth_getBlockReceipts":
        height = int(params[0], 16)
        result = receipts if height > len(bodies) - 1 - BUSY else b"[]"
    elif params[0] == "finalized":
        result = b"null"
    else:
        result = bodies[-1 if params[0] == "latest" else int(params[0], 16)]
    return b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (request["id"], result)


def _blocks(count: int, events: int) -> list[bytes]:
    members = validators(VALIDATORS)
    sealers = members[: quorum(VALIDATORS)]
    root = receipts_root([shown.receipt for shown in read_receipts(_receipts(events))])
    parent, bodies = genesis(-1), []
    for height in range(count + 1):
        header = sealed(parent, members, sealers, gas_used=0)
        if height > count - BUSY:
            header = _busy(parent, root, events)
        parent = Block(header.height, header.hash if height == 0 else hash_of(header), header.time)
        bodies.append(orjson.dumps({**show_header(header), "hash": to_hex(parent.hash), "transactions": []}))
    return bodies


def _busy(parent: Block, root: bytes, events: int) -> Header:
    """Return a sealed header whose receipts root and bloom are those of the locks."""
    members = validators(VALIDATORS)
    gas = _GAS * events
    bare = sealed(parent, members, [], gas_used=gas, gas_limit=30_000_000 + gas)
    items = list(bare.items)
    items[_ROOT], items[_BLOOM_FIELD] = root, bytes.fromhex(_BLOOM[2:])
    return _resealed(header_of(items), members)


def _resealed(header: Header, members: list[Validator]) -> Header:
    vanity, declared, vote, round_, _ = rlp.decode(header.extra_data)
    digest = keccak(header.encoded())
    seals = [member.seal(digest) for member in members[: quorum(VALIDATORS)]]
    items = list(header.items)
    items[12] = rlp.encode([vanity, declared, vote, round_, seals])
    return header_of(items)


def _receipts(events: int) -> list[dict[str, Any]]:
    return [_receipt(index) for index in range(events)]


def _receipt(index: int) -> dict[str, Any]:
    sender = Address((index + 1).to_bytes(20, "big"))
    message = Message(Kind.TRANSFER, Nonce(index), _ASSET, sender, sender, Units(50_000), Units(50_000), b"")
    topics = [TOPICS["Dispatched"], to_hex(leaf_of(OUTWARD, message)), to_hex(word(REMOTE)), to_hex(word(index))]
    paid = [to_hex(keccak(b"Transfer(address,address,uint256)")), to_hex(word(sender)), to_hex(word(GATEWAY))]
    return {
        "type": "0x0",
        "status": "0x1",
        "cumulativeGasUsed": to_hex(_GAS * (index + 1)),
        "logsBloom": _BLOOM,
        "transactionHash": to_hex(keccak(word(index))),
        "transactionIndex": to_hex(index),
        "logs": [
            {"address": to_hex(_ASSET), "topics": paid, "data": to_hex(word(50_000)), "logIndex": to_hex(2 * index)},
            {
                "address": to_hex(GATEWAY),
                "topics": topics,
                "data": to_hex(word(32) + encode_message(message)),
                "logIndex": to_hex(2 * index + 1),
            },
        ],
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
