"""What the vectors say, computed by third-party libraries from the texts of SPEC alone."""

from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_account.datastructures import SignedMessage
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

Json = dict[str, Any]

MESSAGE_TUPLE = "(uint8,uint64,address,address,address,uint128,uint128,bytes)"
HOME, REMOTE = 1010032, 31337
HOME_GATEWAY, REMOTE_GATEWAY = "0x" + "a1" * 20, "0x" + "b2" * 20
ASSET, ALICE, BOB = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20
GENESIS = keccak(text="home genesis of the vectors")
FIELDS = ("kind", "nonce", "asset", "sender", "recipient", "amount", "runningTotal", "data")


def all_files() -> dict[str, Json]:
    """Return the content of every vector file by its name."""
    return {
        "messages.json": {"vectors": [message_vector(*case) for case in message_cases()]},
        "batches.json": {"vectors": [batch_vector(count) for count in (1, 2, 3, 5, 7, 64, 128)]},
        "isins.json": isin_vectors(),
    }


def message_cases() -> list[tuple[bool, Json]]:
    """Return (outward, message): each kind, empty and full data, the largest numbers."""
    transfer = message(1, 0, 50_000, 50_000)
    returned = keccak(text="a returned leaf") + encode(["uint256"] * 3, [7, int(BOB, 16), 90_000])
    return [
        (True, transfer),
        (False, transfer),
        (True, message(1, 1, 2**128 - 1, 2**128 - 1, b"r" * 512)),
        (True, message(1, 2**64 - 1, 1, 2**127, b"\x01")),
        (False, message(2, 3, 50_000, 140_000, returned)),
        (True, message(3, 4, 0, 0, announce_data())),
        (True, message(4, 5, 0, 0, keccak(text="set") + encode(["uint256"] * 2, [2, 3]) + bytes(100))),
        (True, message(9, 6, 5, 6, b"x" * 1024)),
    ]


def message(kind: int, nonce: int, amount: int, total: int, data: bytes = b"") -> Json:
    """Return one message by the names of the Solidity struct."""
    return dict(zip(FIELDS, (kind, nonce, ASSET, ALICE, BOB, amount, total, data), strict=True))


def announce_data() -> bytes:
    """Return the data of an ANNOUNCE for a 10-year bond."""
    return b"JP1103821S45".ljust(32, b"\0") + encode(
        ["uint256"] * 7, [2, 382, 2_100, 1_776_006_000, 2_089_378_800, 50_000, 10**12]
    )


def route_of(*, outward: bool) -> tuple[int, str, int, str]:
    """Return home to remote, or the way back."""
    if outward:
        return HOME, HOME_GATEWAY, REMOTE, REMOTE_GATEWAY
    return REMOTE, REMOTE_GATEWAY, HOME, HOME_GATEWAY


def leaf_of(route: tuple[int, str, int, str], fields: Json) -> bytes:
    """SPEC 2.2: keccak256(keccak256(abi.encode(tag, route, message)))."""
    types = ["bytes32", "uint256", "address", "uint256", "address", MESSAGE_TUPLE]
    tag = keccak(text="jgb-bridge/message/1")
    return keccak(keccak(encode(types, [tag, *route, tuple(fields.values())])))


def message_vector(outward: bool, fields: Json) -> Json:  # noqa: FBT001 - unpacked from a table
    """Return a message, its ABI encoding and its leaf."""
    route = route_of(outward=outward)
    return {
        "sourceChain": route[0],
        "sourceGateway": to_checksum_address(route[1]),
        "destinationChain": route[2],
        "destinationGateway": to_checksum_address(route[3]),
        # Numbers beyond 53 bits are not safe in JSON.
        "message": {key: hexed(value) if isinstance(value, bytes) else str(value) for key, value in fields.items()},
        "encoded": hexed(encode([MESSAGE_TUPLE], [tuple(fields.values())])),
        "leaf": hexed(leaf_of(route, fields)),
    }


def batch_vector(count: int) -> Json:
    """Return a batch of `count` transfers with leaves, root, proofs, digest, slot and a 5-of-7 certificate."""
    route = route_of(outward=True)
    messages = [message(1, 10 + i, 50_000, 50_000 * (i + 1)) for i in range(count)]
    leaves = [leaf_of(route, fields) for fields in messages]
    root = merkle_root(leaves)
    batch = {
        "sourceChain": route[0],
        "sourceGateway": to_checksum_address(route[1]),
        "destinationChain": route[2],
        "destinationGateway": to_checksum_address(route[3]),
        "epoch": 3,
        "firstNonce": 10,
        "count": count,
        "root": hexed(root),
        "sourceHeight": 4_242,
        "sourceBlockHash": hexed(keccak(text="a source block")),
        "sourceTime": 1_795_000_000,
    }
    return {
        "batch": batch,
        "messages": [hexed(encode([MESSAGE_TUPLE], [tuple(fields.values())])) for fields in messages],
        "leaves": [hexed(leaf) for leaf in leaves],
        "lastProof": [hexed(node) for node in last_proof(leaves)],
        **signed(batch, route),
    }


def signed(batch: Json, route: tuple[int, str, int, str]) -> Json:
    """Return what is signed of a batch, and a 5-of-7 certificate."""
    signable = encode_typed_data(full_message=typed_data(batch))
    separator, struct_hash = signable.header, signable.body
    keys = sorted(
        (Account.from_key(keccak(text=f"vector signer {i}")) for i in range(7)),
        key=lambda key: bytes.fromhex(key.address[2:]),
    )
    slot_types = ["bytes32", "uint256", "address", "uint256", "address", "uint64", "uint64"]
    return {
        "homeGenesis": hexed(GENESIS),
        "domainSeparator": hexed(separator),
        "structHash": hexed(struct_hash),
        "digest": hexed(keccak(b"\x19\x01" + separator + struct_hash)),
        "slot": hexed(keccak(encode(slot_types, [keccak(text="jgb-bridge/slot/1"), *route, 10, 3]))),
        "members": [key.address for key in keys],
        "setHash": hexed(keccak(bytes([5]) + b"".join(bytes.fromhex(key.address[2:]) for key in keys))),
        "threshold": 5,
        "certificate": hexed(b"".join(compact(key.sign_message(signable)) for key in keys[1:6])),
    }


def typed_data(batch: Json) -> Json:
    """Return the EIP-712 document of SPEC 3.3."""
    return {
        "domain": {
            "name": "JGB Bridge",
            "version": "1",
            "chainId": batch["destinationChain"],
            "verifyingContract": batch["destinationGateway"],
            "salt": GENESIS,
        },
        "primaryType": "Batch",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
                {"name": "salt", "type": "bytes32"},
            ],
            "Batch": [
                {"name": "sourceChain", "type": "uint256"},
                {"name": "sourceGateway", "type": "address"},
                {"name": "destinationChain", "type": "uint256"},
                {"name": "destinationGateway", "type": "address"},
                {"name": "epoch", "type": "uint64"},
                {"name": "firstNonce", "type": "uint64"},
                {"name": "count", "type": "uint32"},
                {"name": "root", "type": "bytes32"},
                {"name": "sourceHeight", "type": "uint64"},
                {"name": "sourceBlockHash", "type": "bytes32"},
                {"name": "sourceTime", "type": "uint64"},
            ],
        },
        "message": {
            **batch,
            "root": bytes.fromhex(batch["root"][2:]),
            "sourceBlockHash": bytes.fromhex(batch["sourceBlockHash"][2:]),
        },
    }


def compact(signature: SignedMessage) -> bytes:
    """EIP-2098: r, then s with the parity of y in its top bit."""
    parity = signature.v - 27
    return int(signature.r).to_bytes(32, "big") + int(signature.s | parity << 255).to_bytes(32, "big")


def merkle_root(leaves: list[bytes]) -> bytes:
    """SPEC 3.2, by recursion over levels."""
    if len(leaves) == 1:
        return leaves[0]
    return merkle_root(
        [
            keccak(b"".join(sorted(leaves[i : i + 2]))) if i + 1 < len(leaves) else leaves[i]
            for i in range(0, len(leaves), 2)
        ]
    )


def last_proof(leaves: list[bytes]) -> list[bytes]:
    """Return the proof of the last leaf, which meets the odd nodes."""
    proof = []
    while len(leaves) > 1:
        if len(leaves) % 2 == 0:
            proof.append(leaves[-2])
        leaves = [
            keccak(b"".join(sorted(leaves[i : i + 2]))) if i + 1 < len(leaves) else leaves[i]
            for i in range(0, len(leaves), 2)
        ]
    return proof


def isin_vectors() -> Json:
    """Return ISINs of real issues, and some that look right and are not."""
    return {
        "valid": [
            "JP1300041009",
            "JP1103121AC2",
            "JP1103251C91",
            "JP1051271G37",
            "JP1103451GC0",
            "JP1103521JA8",
            "JP1103821S45",
            "JP1024841S56",
        ],
        "invalid": [
            "JP1103551M19",
            "JP1103751P43",
            "JP1103821S44",
            "US0378331005",
            "JP1103821s45",
            "JP110382-S45",
            "PJ1103821S45",
            "JP110382S4A0",
        ],
    }


def hexed(data: bytes) -> str:
    """0x-hex."""
    return "0x" + data.hex()
