"""The Python encoder says what the shared vectors say; the Solidity tests read the same files."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.core.batches import (
    Batch,
    digest_of,
    domain_separator,
    encode_struct,
    proof_of,
    root_of,
    slot_of,
    verify_proof,
)
from bridge.core.bonds import check_digit, decode_announce, encode_announce, is_isin
from bridge.core.hashing import keccak
from bridge.core.messages import Message, decode_message, decode_return, encode_message, encode_return, leaf_of
from bridge.core.quorum import Committee, certificate_of, is_canonical, is_set
from bridge.core.types import Address, ChainId, Domain, Epoch, Hash32, Height, Nonce, Route, Timestamp, Units
from tests.vectors.make import all_files

VECTORS = Path(__file__).parents[1] / "vectors"


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((VECTORS / name).read_text())
    return content


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def route_in(fields: dict[str, Any]) -> Route:
    return Route(
        ChainId(fields["sourceChain"]),
        Address(raw(fields["sourceGateway"])),
        ChainId(fields["destinationChain"]),
        Address(raw(fields["destinationGateway"])),
    )


def message_in(fields: dict[str, str]) -> Message:
    return Message(
        kind=int(fields["kind"]),
        nonce=Nonce(int(fields["nonce"])),
        asset=Address(raw(fields["asset"])),
        sender=Address(raw(fields["sender"])),
        recipient=Address(raw(fields["recipient"])),
        amount=Units(int(fields["amount"])),
        running_total=Units(int(fields["runningTotal"])),
        data=raw(fields["data"]),
    )


def batch_in(fields: dict[str, Any]) -> Batch:
    return Batch(
        route_in(fields),
        Epoch(fields["epoch"]),
        Nonce(fields["firstNonce"]),
        fields["count"],
        Hash32(raw(fields["root"])),
        Height(fields["sourceHeight"]),
        Hash32(raw(fields["sourceBlockHash"])),
        Timestamp(fields["sourceTime"]),
    )


def test_the_committed_vectors_are_what_their_generator_makes() -> None:
    for name, content in all_files().items():
        assert load(name) == json.loads(json.dumps(content)), f"{name}: run `python -m tests.vectors`"


@pytest.mark.parametrize("vector", load("messages.json")["vectors"])
def test_a_message_encodes_and_hashes_as_abi_says(vector: dict[str, Any]) -> None:
    message = message_in(vector["message"])
    encoded = encode_message(message)
    assert encoded == raw(vector["encoded"])[32:]
    assert decode_message(encoded) == message
    assert leaf_of(route_in(vector), message) == raw(vector["leaf"])


@pytest.mark.parametrize("vector", load("batches.json")["vectors"], ids=lambda vector: str(vector["batch"]["count"]))
def test_a_batch_has_the_root_digest_slot_and_certificate_of_the_specification(vector: dict[str, Any]) -> None:
    batch, leaves = batch_in(vector["batch"]), [Hash32(raw(leaf)) for leaf in vector["leaves"]]
    separator = domain_separator(
        Domain(batch.route.destination_chain, batch.route.destination_gateway, Hash32(raw(vector["homeGenesis"])))
    )
    assert root_of(leaves) == batch.root
    assert proof_of(leaves, len(leaves) - 1) == [raw(node) for node in vector["lastProof"]]
    assert separator == raw(vector["domainSeparator"])
    assert keccak(encode_struct(batch)) == raw(vector["structHash"])
    assert digest_of(separator, batch) == raw(vector["digest"])
    assert slot_of(batch.route, batch.first_nonce, batch.epoch) == raw(vector["slot"])

    committee = Committee(batch.epoch, vector["threshold"], tuple(Address(raw(member)) for member in vector["members"]))
    certificate = raw(vector["certificate"])
    signatures = dict(zip(committee.members[1:6], (certificate[i : i + 64] for i in range(0, 320, 64)), strict=True))
    assert committee.set_hash == raw(vector["setHash"])
    assert is_set(committee.threshold, committee.members)
    assert certificate_of(committee, signatures) == certificate
    assert all(is_canonical(signature) for signature in signatures.values())


@pytest.mark.parametrize("vector", load("batches.json")["vectors"][:5])
def test_every_leaf_of_a_batch_has_a_proof_and_a_stranger_has_none(vector: dict[str, Any]) -> None:
    leaves = [Hash32(raw(leaf)) for leaf in vector["leaves"]]
    root = root_of(leaves)
    for index, leaf in enumerate(leaves):
        proof = proof_of(leaves, index)
        assert verify_proof(leaf, proof, root)
        assert not verify_proof(keccak(leaf), proof, root)


def test_an_isin_is_valid_exactly_if_the_vectors_say_so() -> None:
    vectors = load("isins.json")
    assert all(is_isin(isin) for isin in vectors["valid"])
    assert not any(is_isin(isin) for isin in vectors["invalid"])
    assert check_digit("JP1103821S4") == 5


def test_an_announcement_survives_the_wire_and_garbage_does_not_become_one() -> None:
    (data,) = (raw(v["message"]["data"]) for v in load("messages.json")["vectors"] if v["message"]["kind"] == "3")
    decoded = decode_announce(data)
    assert decoded is not None
    assert encode_announce(*decoded) == data
    assert decoded[0].name == "10-year JGB #382"
    assert decode_announce(data[:-1]) is None
    assert decode_announce(data.replace(b"S45", b"S44")) is None


def test_the_data_of_a_return_survives_the_wire_and_garbage_does_not_become_one() -> None:
    (data,) = (raw(v["message"]["data"]) for v in load("messages.json")["vectors"] if v["message"]["kind"] == "2")
    notice = decode_return(data + b"a reference")
    assert notice is not None
    assert notice.data == b"a reference"
    assert encode_return(notice) == data + b"a reference"
    assert decode_return(data[:-1]) is None
    assert decode_return(data[:32] + b"\x01" + data[33:]) is None
    assert decode_return(data[:64] + b"\x01" + data[65:]) is None
