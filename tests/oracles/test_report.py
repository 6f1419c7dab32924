import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_abi.exceptions import EncodingError

from bridge.core import bls
from bridge.core.batches import proof_of, root_of, verify_proof
from bridge.core.hashing import keccak
from bridge.core.types import Epoch, Hash32, Leaf, Timestamp
from oracles.core.calendar import JAPAN, Year
from oracles.core.report import (
    CalendarReport,
    Observation,
    OracleId,
    Proposal,
    Report,
    Rotation,
    Signable,
    Statement,
    StillLatest,
    content_of,
    digest_of,
    domain_separator,
    encode_observation,
    encode_struct,
    in_order,
    is_equivocation,
    leaf_of,
    proposal_slot_of,
    report_of,
    slot_of,
)
from oracles.core.series import Status
from tests.vectors import oracle as generator

Json = dict[str, Any]

VECTORS: Json = json.loads((Path(__file__).parents[1] / "vectors" / "oracle.json").read_text())
ORACLE = OracleId(Hash32(bytes.fromhex(VECTORS["oracleId"][2:])))
SEPARATOR = domain_separator(ORACLE)
EPOCH = date(1970, 1, 1)


def raw(text: str) -> Hash32:
    return Hash32(bytes.fromhex(text[2:]))


def day_in(fields: Json) -> date:
    return EPOCH + timedelta(days=fields["date"])


def observation_in(fields: Json) -> Observation:
    return Observation(
        feed=raw(fields["feed"]),
        day=day_in(fields),
        status=Status(fields["status"]),
        revision=fields["revision"],
        value=int(fields["value"]),
        effective_at=Timestamp(int(fields["effectiveAt"])),
        valid_until=Timestamp(int(fields["validUntil"])),
        source_hash=raw(fields["sourceHash"]),
        parser_version=fields["parserVersion"],
        calendar_version=fields["calendarVersion"],
    )


def decoded(encoded: str) -> Observation:
    """Read an observation back from its ten words."""
    words = [raw(encoded)[i : i + 32] for i in range(0, 320, 32)]
    number = [int.from_bytes(word, "big") for word in words]
    return Observation(
        Hash32(words[0]),
        EPOCH + timedelta(days=number[1]),
        Status(number[2]),
        number[3],
        int.from_bytes(words[4], "big", signed=True),
        Timestamp(number[5]),
        Timestamp(number[6]),
        Hash32(words[7]),
        number[8],
        number[9],
    )


def report_in(fields: Json) -> Report:
    return Report(
        raw(fields["setHash"]),
        raw(fields["group"]),
        day_in(fields),
        Status(fields["status"]),
        fields["revision"],
        fields["count"],
        raw(fields["root"]),
    )


def proposal_in(fields: Json) -> Proposal:
    head = (raw(fields["setHash"]), raw(fields["group"]), day_in(fields))
    return Proposal(*head, Status(fields["status"]), raw(fields["content"]))


def calendar_in(fields: Json) -> CalendarReport:
    bits = int(fields["bits0"]) | int(fields["bits1"]) << 256
    return CalendarReport(raw(fields["setHash"]), Year(fields["year"], fields["version"], bits))


def rotation_in(fields: Json) -> Rotation:
    epoch = Epoch(int(fields["epoch"]))
    return Rotation(raw(fields["setHash"]), epoch, fields["threshold"], raw(fields["membersHash"]))


def still_latest_in(fields: Json) -> StillLatest:
    times = (Timestamp(int(fields[key])) for key in ("attestedAt", "expiresAt"))
    return StillLatest(raw(fields["setHash"]), Leaf(raw(fields["leaf"])), *times)


def signables() -> list[tuple[Signable, Json]]:
    readers: dict[str, tuple[str, Callable[[Json], Signable]]] = {
        "reports": ("report", report_in),
        "proposals": ("proposal", proposal_in),
        "calendars": ("calendar", calendar_in),
        "rotations": ("rotation", rotation_in),
        "stillLatest": ("stillLatest", still_latest_in),
    }
    return [(read(vector[key]), vector) for name, (key, read) in readers.items() for vector in VECTORS[name]]


def test_the_committed_vectors_are_what_their_generator_makes() -> None:
    assert json.loads(json.dumps(generator.all_vectors())) == VECTORS, "run `python -m tests.vectors.oracle`"


@pytest.mark.parametrize("vector", VECTORS["observations"])
def test_an_observation_encodes_and_hashes_as_abi_says(vector: Json) -> None:
    observation = observation_in(vector["observation"])
    assert encode_observation(observation) == raw(vector["encoded"])
    assert leaf_of(observation) == raw(vector["leaf"])
    assert decoded(vector["encoded"]) == observation


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 2**255},
        {"value": -(2**255) - 1},
        {"revision": 2**32},
        {"revision": -1},
        {"effective_at": 2**64},
        {"valid_until": -1},
        {"parser_version": 2**32},
        {"day": date(1969, 12, 31)},
        {"feed": bytes(33)},
        {"source_hash": "0x00"},
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_is_refused_and_never_cut(changes: Json) -> None:
    observation = replace(observation_in(VECTORS["observations"][0]["observation"]), **changes)
    with pytest.raises(EncodingError):
        leaf_of(observation)


def test_every_field_of_an_observation_moves_its_leaf() -> None:
    one = observation_in(VECTORS["observations"][0]["observation"])
    others = [
        replace(one, feed=keccak(b"another")),
        replace(one, day=one.day + timedelta(days=1)),
        replace(one, status=Status.CORRECTED),
        replace(one, revision=one.revision + 1),
        replace(one, value=-one.value),
        replace(one, effective_at=Timestamp(one.effective_at + 1)),
        replace(one, valid_until=Timestamp(one.valid_until + 1)),
        replace(one, source_hash=keccak(b"another")),
        replace(one, parser_version=one.parser_version + 1),
        replace(one, calendar_version=one.calendar_version + 1),
    ]
    assert len({leaf_of(observation) for observation in (one, *others)}) == 11


@pytest.mark.parametrize(("signable", "vector"), signables())
def test_what_is_signed_is_eip_712_under_the_oracles_id_alone(signable: Signable, vector: Json) -> None:
    assert raw(VECTORS["domainSeparator"]) == SEPARATOR
    encoded = encode_struct(signable)
    assert encoded[32:] == raw(vector["encoded"])
    assert keccak(encoded) == raw(vector["structHash"])
    assert digest_of(SEPARATOR, signable) == raw(vector["digest"])


@pytest.mark.parametrize("vector", VECTORS["reports"])
def test_a_report_holds_its_observations_in_the_order_of_their_feeds(vector: Json) -> None:
    observations = [decoded(encoded) for encoded in vector["observations"]]
    report = report_in(vector["report"])
    assert report_of(report.set_hash, report.group, observations) == report
    assert report_of(report.set_hash, report.group, observations[::-1]) == report
    leaves = [leaf_of(observation) for observation in in_order(observations[::-1])]
    assert leaves == [raw(leaf) for leaf in vector["leaves"]]
    assert root_of(leaves) == report.root
    proof = proof_of(leaves, len(leaves) - 1)
    assert proof == [raw(node) for node in vector["lastProof"]]
    assert verify_proof(leaves[-1], proof, report.root)
    assert slot_of(ORACLE, report) == raw(vector["slot"])


def test_a_report_is_of_one_day_status_and_revision_and_names_no_feed_twice() -> None:
    first, second, third = (decoded(encoded) for encoded in VECTORS["reports"][1]["observations"])
    group = keccak(b"a group")
    for listed in (
        [],
        [first, second, first],
        [first, replace(second, day=second.day + timedelta(days=1)), third],
        [first, replace(second, status=Status.CORRECTED), third],
        [first, second, replace(third, revision=third.revision + 1)],
    ):
        with pytest.raises(ValueError, match="observation"):
            report_of(group, group, listed)
        with pytest.raises(ValueError, match="observation"):
            content_of(listed, group)


@pytest.mark.parametrize("vector", VECTORS["proposals"])
def test_a_proposal_holds_all_that_reporters_must_agree_on(vector: Json) -> None:
    proposal = proposal_in(vector["proposal"])
    observations = [decoded(encoded) for encoded in vector["observations"]]
    assert content_of(observations[::-1], raw(vector["previous"])) == proposal.content
    slot = proposal_slot_of(ORACLE, proposal.set_hash, proposal.group, proposal.day)
    assert slot == raw(vector["slot"])


def test_what_the_ledger_gives_is_not_part_of_a_proposal() -> None:
    first, another_revision, after_it, corrected, opened_later = (
        vector["proposal"]["content"] for vector in VECTORS["proposals"]
    )
    assert first == another_revision
    assert corrected == opened_later
    assert len({first, after_it, corrected}) == 3, "what it follows is"


def test_a_final_number_with_another_effective_time_is_another_proposal() -> None:
    final = decoded(VECTORS["reports"][0]["observations"][0])
    later = replace(final, effective_at=Timestamp(final.effective_at + 1))
    assert content_of([final], Hash32(bytes(32))) != content_of([later], Hash32(bytes(32)))


def test_no_two_slots_are_one() -> None:
    report = report_in(VECTORS["reports"][0]["report"])
    others = [
        replace(report, set_hash=keccak(b"another")),
        replace(report, group=keccak(b"another")),
        replace(report, day=report.day + timedelta(days=1)),
        replace(report, status=Status.CORRECTED),
        replace(report, revision=report.revision + 1),
    ]
    slots = {slot_of(ORACLE, other) for other in (report, *others)} | {slot_of(OracleId(keccak(b"x")), report)}
    assert len(slots) == 7
    assert proposal_slot_of(ORACLE, report.set_hash, report.group, report.day) not in slots
    changed = replace(report, root=keccak(b"another"), count=9)
    assert slot_of(ORACLE, changed) == slot_of(ORACLE, report), "one digest for a slot"


@pytest.mark.parametrize("vector", VECTORS["equivocations"], ids=lambda vector: vector["differs"])
def test_only_two_values_of_one_number_are_an_equivocation(vector: Json) -> None:
    set_hash = keccak(b"a set")
    one, other = (Statement(ORACLE, set_hash, decoded(vector[key])) for key in ("one", "other"))
    assert is_equivocation(one, other) is is_equivocation(other, one) is vector["isEquivocation"]
    assert not is_equivocation(one, replace(other, set_hash=keccak(b"another set")))
    assert not is_equivocation(one, replace(other, oracle=OracleId(keccak(b"another oracle"))))


def test_calendars_of_the_vectors_are_ours() -> None:
    ours = {year: JAPAN.years[year].bits for year in (2024, 2026, 2027)}
    reports = [calendar_in(vector["calendar"]) for vector in VECTORS["calendars"]]
    assert {report.year.year: report.year.bits for report in reports[:3]} == ours
    assert reports[3].year.bits == 2**366 - 1


def test_a_certificate_of_a_report_is_true_wherever_it_is_read_and_for_no_other_report() -> None:
    secrets = [bls.secret_key(number) for number in range(11, 16)]
    keys = {bls.public_key(secret): secret for secret in secrets}
    committee = bls.BlsCommittee(Epoch(1), 3, bls.in_order(keys))
    report = replace(report_in(VECTORS["reports"][2]["report"]), set_hash=committee.set_hash)
    digest = digest_of(SEPARATOR, report)
    shares = {key: bls.sign(keys[key], digest) for key in committee.members[1:4]}
    certificate = bls.certificate_of(committee, shares)
    assert certificate is not None
    other = digest_of(SEPARATOR, replace(report, revision=report.revision + 1))
    claims = [bls.claim_of(committee, signed, certificate) for signed in (digest, other)]
    assert bls.verify_together(claims) == [True, False]
