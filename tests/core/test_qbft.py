"""QBFT headers: what must be refused, with its name, whatever seals it carries."""

import json
from typing import Any

import pytest
import rlp

from bridge.core.headers import header_of
from bridge.core.qbft import (
    Dialect,
    Fault,
    HeaderRefused,
    Terms,
    Trusted,
    Vote,
    advance,
    block_hash,
    cast_vote,
    commit_hash,
    decode_extra_data,
    encode_extra_data,
    extra_data_of,
    is_sealed,
    quorum,
)
from bridge.core.types import Address
from tests.core.sealing import Validator, genesis, hash_of, little_stack, nested, sealed, validators
from tests.oracles.published import PUBLISHED

TERMS = Terms(Dialect.BESU, 30_000)
FILE = PUBLISHED / "qbft" / "published.json"
ANCHORS: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
published = pytest.mark.skipif(not ANCHORS, reason="the folder with publishers' files is not there")


def trusting(members: list[Validator]) -> Trusted:
    return Trusted(genesis(), tuple(member.address for member in members))


def refusal(trusted: Trusted, *arguments: Any, **changes: Any) -> Fault:  # noqa: ANN401 - passed on
    with pytest.raises(HeaderRefused) as refused:
        advance(trusted, sealed(trusted.block, *arguments, **changes), TERMS)
    return refused.value.fault


@pytest.mark.parametrize("count", range(1, 22))
def test_two_thirds_rounded_up_are_believed_and_one_fewer_is_not(count: int) -> None:
    """A third of the validators, colluding, gets nothing believed; nor does any set below the quorum."""
    members = validators(count)
    trusted = trusting(members)
    needed = -(-2 * count // 3)
    assert quorum(count) == needed
    header = sealed(trusted.block, members, members[:needed])
    after = advance(trusted, header, TERMS)
    assert (after.block.height, after.block.hash) == (1, hash_of(header))
    assert after.validators == trusted.validators
    for sealers in {0, (count - 1) // 3, needed - 1}:
        assert refusal(trusted, members, members[:sealers]) is Fault.TOO_FEW_SEALS


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"number": 2}, Fault.NOT_NEXT),
        ({"number": 0}, Fault.NOT_NEXT),
        ({"parent_hash": b"\x01" * 32}, Fault.PARENT),
        ({"time": genesis().time}, Fault.TIME),
        ({"mix": bytes(32)}, Fault.MIX_HASH),
        ({"difficulty": 5}, Fault.DIFFICULTY),
        ({"gas_used": 30_000_001}, Fault.GAS),
        ({"gas_limit": 4_999}, Fault.GAS),
        ({"vanity": bytes(31)}, Fault.VANITY),
        ({"vanity": bytes(33)}, Fault.VANITY),
        ({"vanity": b""}, Fault.VANITY),
        ({"declared": []}, Fault.VALIDATORS),
        ({"more": (b"\x01",)}, Fault.EXTRA_DATA),
        ({"trailing": b"\0"}, Fault.EXTRA_DATA),
        ({"vote": (b"\x01" * 20, b"\xaa")}, Fault.EXTRA_DATA),
        ({"vote": (b"\x01" * 19, b"\xff")}, Fault.EXTRA_DATA),
        ({"round": b"\0\x01"}, Fault.EXTRA_DATA),
        ({"round": 2**31}, Fault.EXTRA_DATA),
        ({"late": {"seals": lambda seals: [*seals, seals[0]]}}, Fault.DUPLICATE),
        ({"late": {"seals": lambda seals: [seals[0][:64] + bytes([27 + seals[0][64]]), *seals[1:]]}}, Fault.SEAL),
        ({"late": {"seals": lambda seals: [seals[0][:64], *seals[1:]]}}, Fault.SEAL),
        ({"late": {"seals": lambda seals: [bytes(65), *seals[1:]]}}, Fault.SEAL),
        ({"late": {"seals": lambda _: []}}, Fault.TOO_FEW_SEALS),
    ],
)
def test_a_header_is_refused_by_name(changes: dict[str, Any], fault: Fault) -> None:
    members = validators(4)
    assert refusal(trusting(members), members, members, **changes) is fault


@pytest.mark.parametrize(("raw", "why"), [(nested(3_000), "nested too deeply"), (bytes(64_001), "64001 bytes")])
def test_extra_data_that_is_nested_or_long_beyond_measure_is_refused_like_any_other(raw: bytes, why: str) -> None:
    members = validators(4)
    header = sealed(genesis(), members, members)
    poisoned = header_of((*header.items[:12], raw, *header.items[13:]))
    with little_stack(), pytest.raises(HeaderRefused, match=why) as refused:
        advance(trusting(members), poisoned, TERMS)
    assert refused.value.fault is Fault.EXTRA_DATA
    with little_stack():
        assert not is_sealed([member.address for member in members], poisoned)


def test_the_extra_data_of_700_validators_has_room() -> None:
    members = [bytes([1]) * 20] * 700
    raw = rlp.encode([bytes(32), members, [], 0, [bytes(65)] * 700])
    assert len(decode_extra_data(raw).seals) == 700


def test_a_stranger_is_named() -> None:
    members = validators(4)
    (stranger,) = validators(1, first=99)
    assert refusal(trusting(members), members, [*members[:3], stranger]) is Fault.STRANGER
    assert refusal(trusting(members), members, members, proposer=stranger) is Fault.PROPOSER


def test_a_round_that_is_changed_after_sealing_keeps_the_blocks_hash_and_loses_its_seals() -> None:
    members = validators(4)
    trusted = trusting(members)
    honest = sealed(trusted.block, members, members)
    moved = sealed(trusted.block, members, members, late={"round": 1})
    assert hash_of(moved) == hash_of(honest)
    with pytest.raises(HeaderRefused) as refused:
        advance(trusted, moved, TERMS)
    assert refused.value.fault in (Fault.STRANGER, Fault.SEAL)


def test_a_validator_list_that_does_not_follow_is_refused_whatever_seals_it_carries() -> None:
    """Other people's clients take the new list from the header: four validators are forged with one key then."""
    members, forgers = validators(4), validators(4, first=50)
    trusted = trusting(members)
    assert refusal(trusted, forgers, forgers) is Fault.VALIDATORS
    assert refusal(trusted, members[:1], members[:1]) is Fault.VALIDATORS
    assert refusal(trusted, members[:3], members) is Fault.VALIDATORS


def test_a_high_s_counts_once() -> None:
    """Neither family of nodes refuses it, so that refusing it would let one validator stop the verifier."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    members = validators(4)
    trusted = trusting(members)

    def high(seal: bytes) -> bytes:
        s = order - int.from_bytes(seal[32:64], "big")
        return seal[:32] + s.to_bytes(32, "big") + bytes([1 - seal[64]])

    late = {"seals": lambda seals: [high(seals[0]), *seals[1:3]]}
    assert advance(trusted, sealed(trusted.block, members, members, late=late), TERMS).block.height == 1
    twice = {"seals": lambda seals: [seals[0], high(seals[0]), seals[1]]}
    assert refusal(trusted, members, members, late=twice) is Fault.DUPLICATE


def test_a_dropped_validator_seals_no_more_and_its_votes_are_gone() -> None:
    members = validators(4)
    trusted = trusting(members)
    gone = members[3]
    for voter in members[:3]:
        header = sealed(trusted.block, members, members[:3], proposer=voter, vote=(gone.address, b""))
        trusted = advance(trusted, header, TERMS)
    left = members[:3]
    assert trusted.validators == tuple(member.address for member in left)
    assert trusted.votes == ()
    assert refusal(trusted, left, [left[0], gone]) is Fault.STRANGER
    assert refusal(trusted, members, members) is Fault.VALIDATORS
    assert advance(trusted, sealed(trusted.block, left, left[:2]), TERMS).block.height == 4


@pytest.mark.parametrize(("dialect", "counts"), [(Dialect.BESU, False), (Dialect.GOQUORUM, True)])
def test_votes_lapse_at_an_epoch_and_its_own_vote_counts_in_one_dialect(dialect: Dialect, counts: bool) -> None:  # noqa: FBT001
    members = validators(3)
    (candidate,) = validators(1, first=70)
    trusted = trusting(members)
    terms = Terms(dialect, 2)
    for voter in members[:2]:
        header = sealed(trusted.block, members, members, proposer=voter, vote=(candidate.address, b"\xff"))
        trusted = advance(trusted, header, terms)
    assert trusted.validators == tuple(member.address for member in members), "block 2 wiped the vote of block 1"
    assert bool(trusted.votes) is counts


def test_two_sealed_blocks_of_one_height_are_told_from_a_lie() -> None:
    members = validators(4)
    other = sealed(genesis(), members, members, parent_hash=b"\x02" * 32)
    assert is_sealed([member.address for member in members], other)
    assert not is_sealed([member.address for member in members], sealed(genesis(), members, members[:2]))


# --- What others have published ---------------------------------------------------------------------------------------


@published
def test_required_seals_as_published() -> None:
    table = ANCHORS["quorum"]["required_seals"]
    assert {int(count): quorum(int(count)) for count in table} == {int(count): need for count, need in table.items()}


@published
@pytest.mark.parametrize("anchor", ANCHORS.get("extra_data", ()), ids=lambda anchor: anchor["name"])
def test_extra_data_as_published(anchor: dict[str, Any]) -> None:
    raw = bytes.fromhex(anchor["raw"][2:])
    if anchor.get("refused"):
        with pytest.raises(ValueError, match=r"."):
            decode_extra_data(raw)
        return
    extra, expected = decode_extra_data(raw), anchor["decoded"]
    vote = expected["vote"] and (bytes.fromhex(expected["vote"]["recipient"][2:]), expected["vote"]["add"])
    assert (extra.round, extra.vote) == (expected["round"], vote)
    assert [f"0x{one.hex()}" for one in extra.validators] == expected["validators"]
    assert [f"0x{one.hex()}" for one in extra.seals] == expected["seals"]
    assert f"0x{extra.vanity.hex()}" == expected["vanity"]
    assert encode_extra_data(extra) == raw


@published
def test_a_real_header_as_published() -> None:
    (anchor,) = ANCHORS["qbft_headers"]
    header = header_of(rlp.decode(bytes.fromhex(anchor["rlp"][2:])))
    extra = extra_data_of(header)
    assert f"0x{commit_hash(header, extra).hex()}" == anchor["commit_hash"]
    assert f"0x{block_hash(header, extra).hex()}" == anchor["recomputed"]["block_hash"]
    assert is_sealed(extra.validators, header)


def _address(name: str) -> Address:
    addresses = ANCHORS["besu_votes"]["addresses"]
    return Address(bytes.fromhex(addresses[name][2:]))


@published
@pytest.mark.parametrize("anchor", ANCHORS.get("besu_votes", {}).get("tests", ()), ids=lambda anchor: anchor["name"])
def test_votes_as_besu_counts_them(anchor: dict[str, Any]) -> None:
    trusted = Trusted(genesis(), tuple(sorted(map(_address, anchor["start"]))))
    for step in anchor["steps"]:
        if "vote" in step:
            vote = Vote(_address(step["by"]), _address(step["on"]), step["vote"] == "add")
            trusted = cast_vote(trusted, vote, Dialect.BESU)
        elif "validators" in step:
            assert list(trusted.validators) == sorted(map(_address, step["validators"])), step
        else:
            trusted = Trusted(trusted.block, trusted.validators)


@published
@pytest.mark.parametrize(
    "anchor", ANCHORS.get("goquorum_votes", {}).get("tests", ()), ids=lambda anchor: anchor["name"]
)
def test_votes_as_goquorum_counts_them(anchor: dict[str, Any]) -> None:
    """Through sealed headers, so that heights and epochs are true."""
    names = sorted({block["by"] for block in anchor["blocks"]} | {block.get("on", "A") for block in anchor["blocks"]})
    names = sorted({*names, *anchor["start"], *anchor["validators"]})
    people = {name: validators(1, first=200 + number)[0] for number, name in enumerate(names)}
    by_address = {person.address: person for person in people.values()}
    trusted = Trusted(genesis(), tuple(sorted(people[name].address for name in anchor["start"])))
    terms = Terms(Dialect.GOQUORUM, anchor["epoch"] or 30_000)
    for block in anchor["blocks"]:
        members = [by_address[address] for address in trusted.validators]
        vote = (people[block["on"]].address, b"\xff" if block["vote"] == "add" else b"") if "on" in block else ()
        header = sealed(trusted.block, members, members, proposer=people[block["by"]], vote=vote)
        trusted = advance(trusted, header, terms)
    assert trusted.validators == tuple(sorted(people[name].address for name in anchor["validators"]))
