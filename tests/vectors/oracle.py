"""Oracle vectors: words written by hand and EIP-712 by eth_account, so with nothing of the code they test.

python -m tests.vectors.oracle [--check]   write tests/vectors/oracle.json, or say that it is stale
"""

from datetime import date, timedelta
from typing import Any, Final

import holidays
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.vectors.files import write_or_check
from tests.vectors.make import last_proof, merkle_root

Json = dict[str, Any]

ORACLE_ID: Final = keccak(text="the oracle of the vectors")
SET_HASH: Final = keccak(text="reporters of the vectors")
OTHER_SET: Final = keccak(text="their successors")
GROUP: Final = keccak(text="boj/overnight-call-rate")
FEEDS: Final = tuple(keccak(text=f"boj/overnight-call-rate/{which}") for which in ("average", "high", "low"))
CURVE: Final = tuple(keccak(text=f"mof/jgb-par-yield/{year}y") for year in (*range(1, 11), 15, 20, 25, 30, 40))
CURVE_GROUP: Final = keccak(text="mof/jgb-par-yield")

PROVISIONAL, FINAL, CORRECTED, NO_FIXING, HOLD = range(1, 6)
OBSERVATION: Final = {
    "feed": "bytes32",
    "date": "uint32",
    "status": "uint8",
    "revision": "uint32",
    "value": "int256",
    "effectiveAt": "uint64",
    "validUntil": "uint64",
    "sourceHash": "bytes32",
    "parserVersion": "uint32",
    "calendarVersion": "uint32",
}
BEYOND_REPORT: Final = ("feed", "value", "effectiveAt", "validUntil", "sourceHash", "parserVersion", "calendarVersion")
REPORT: Final = {
    "setHash": "bytes32",
    "group": "bytes32",
    "date": "uint32",
    "status": "uint8",
    "revision": "uint32",
    "count": "uint32",
    "root": "bytes32",
}
PROPOSAL: Final = {
    "setHash": "bytes32",
    "group": "bytes32",
    "date": "uint32",
    "status": "uint8",
    "content": "bytes32",
}
CALENDAR: Final = {
    "setHash": "bytes32",
    "year": "uint16",
    "version": "uint32",
    "bits0": "uint256",
    "bits1": "uint256",
}
ROTATION: Final = {"setHash": "bytes32", "epoch": "uint64", "threshold": "uint8", "membersHash": "bytes32"}
STILL_LATEST: Final = {"setHash": "bytes32", "leaf": "bytes32", "attestedAt": "uint64", "expiresAt": "uint64"}
DOMAIN: Final = {"name": "string", "version": "string", "salt": "bytes32"}


def all_vectors() -> Json:
    """Return the content of oracle.json. Numbers beyond 53 bits are text."""
    return {
        "oracleId": hexed(ORACLE_ID),
        "domainSeparator": hexed(typed("Rotation", ROTATION, rotations()[0])[0]),
        "observations": [observation_vector(fields) for fields in observations()],
        "reports": [report_vector(*case) for case in report_cases()],
        "proposals": [proposal_vector(*case) for case in proposal_cases()],
        "calendars": [signable_vector("Calendar", CALENDAR, fields) for fields in calendars()],
        "rotations": [signable_vector("Rotation", ROTATION, fields) for fields in rotations()],
        "stillLatest": [signable_vector("StillLatest", STILL_LATEST, fields) for fields in attestations()],
        "equivocations": [equivocation_vector(*case) for case in equivocation_cases()],
    }


# --- Cases ------------------------------------------------------------------------------------------------------------


def observation(**changes: int | bytes) -> Json:
    """Return the final average call rate of 2026-10-01, 1.227 %, or a variation of it."""
    fields: Json = {
        "feed": FEEDS[0],
        "date": days(date(2026, 10, 1)),
        "status": FINAL,
        "revision": 2,
        "value": 122_700_000,
        "effectiveAt": 1_790_902_800,
        "validUntil": 1_791_248_400,
        "sourceHash": keccak(text="jgb-oracle/1;boj;FM01'STRDCLUCON;2026-10-01;1.227"),
        "parserVersion": 1,
        "calendarVersion": 20_260_202,
    }
    return fields | changes


def observations() -> list[Json]:
    """Return one observation of each status, of each sign, and of the ends of every type."""
    most: Json = {
        "parserVersion": 2**32 - 1,
        "calendarVersion": 2**32 - 1,
        "revision": 2**32 - 1,
        "sourceHash": b"\xff" * 32,
    }
    return [
        observation(),
        observation(status=PROVISIONAL, revision=1, effectiveAt=1_790_842_500),
        observation(status=CORRECTED, revision=3, value=122_600_000, effectiveAt=1_794_000_000),
        observation(status=NO_FIXING, value=0),
        observation(status=HOLD, value=2, sourceHash=bytes(32)),
        observation(value=0),
        observation(value=-1),
        observation(value=-7_900_000, date=days(date(2016, 7, 29))),
        observation(value=2**255 - 1, date=days(date.max), effectiveAt=2**64 - 1, validUntil=2**64 - 1, **most),
        observation(value=-(2**255), date=0, revision=1, effectiveAt=0, validUntil=0, sourceHash=bytes(32)),
    ]


def report_cases() -> list[tuple[bytes, list[Json]]]:
    """Return (group, observations): one feed, three, a curve of fifteen, a correction, a day without, a hold."""
    rates = [observation(feed=feed, value=value) for feed, value in zip(FEEDS, (1227, 1250, -12), strict=True)]
    curve = [observation(feed=feed, value=-25_000_000 + 30_000_000 * i) for i, feed in enumerate(CURVE)]
    return [
        (GROUP, rates[:1]),
        (GROUP, rates),
        (CURVE_GROUP, curve),
        (CURVE_GROUP, curve[:4]),
        (GROUP, [fields | {"status": CORRECTED, "revision": 3} for fields in rates[:2]]),
        (GROUP, [fields | {"status": NO_FIXING, "value": 0} for fields in rates]),
        (GROUP, [fields | {"status": HOLD, "value": 3, "revision": 7} for fields in rates]),
    ]


def proposal_cases() -> list[tuple[bytes, list[Json], bytes]]:
    """Return (group, observations, previous root): whatever the ledger gives must make no difference."""
    (group, final), (_, corrected) = report_cases()[1], report_cases()[4]
    root = merkle_root([leaf_of(fields) for fields in in_order(final)])
    return [
        (group, final, bytes(32)),
        (group, [fields | {"revision": 9} for fields in final], bytes(32)),
        (group, final, root),
        (group, corrected, root),
        (group, [fields | {"effectiveAt": 1_799_999_999} for fields in corrected], root),
    ]


def calendars() -> list[Json]:
    """Return a leap year, two common years, and every day open."""
    years = [(2024, 1, open_days(2024)), (2026, 1, open_days(2026)), (2027, 3, open_days(2027)), (2024, 2, 2**366 - 1)]
    return [
        {"setHash": SET_HASH, "year": year, "version": version, "bits0": bits % 2**256, "bits1": bits >> 256}
        for year, version, bits in years
    ]


def rotations() -> list[Json]:
    """Return a hand-over, and the ends of its types."""
    return [
        {"setHash": SET_HASH, "epoch": 2, "threshold": 5, "membersHash": keccak(text="packed successors")},
        {"setHash": OTHER_SET, "epoch": 2**64 - 1, "threshold": 255, "membersHash": b"\xff" * 32},
    ]


def attestations() -> list[Json]:
    """Return an attestation that the first observation is still the latest."""
    leaf = leaf_of(observation())
    return [{"setHash": SET_HASH, "leaf": leaf, "attestedAt": 1_791_000_000, "expiresAt": 1_791_086_400}]


def equivocation_cases() -> list[tuple[str, Json, Json, bool]]:
    """Return (what differs, observation, observation, whether it is an equivocation)."""
    one = observation()
    hold = observation(status=HOLD, value=1)
    return [
        ("value", one, observation(value=122_700_001), True),
        ("value and provenance", one, observation(value=-1, sourceHash=bytes(32), parserVersion=2), True),
        ("value of a correction", one | {"status": CORRECTED}, one | {"status": CORRECTED, "value": 0}, True),
        ("nothing", one, observation(), False),
        ("source", one, observation(sourceHash=bytes(32)), False),
        ("parser", one, observation(parserVersion=2), False),
        ("calendar", one, observation(calendarVersion=20_270_201), False),
        ("effective time", one, observation(effectiveAt=1, validUntil=2), False),
        ("revision", one, observation(value=1, revision=3), False),
        ("status", one, observation(value=1, status=CORRECTED), False),
        ("date", one, observation(value=1, date=one["date"] + 1), False),
        ("feed", one, observation(value=1, feed=FEEDS[1]), False),
        ("reason of a hold", hold, hold | {"value": 2}, False),
        ("a hold", one, hold, False),
    ]


# --- Vectors ----------------------------------------------------------------------------------------------------------


def observation_vector(fields: Json) -> Json:
    """Return an observation, its ABI encoding and its leaf."""
    return {
        "observation": shown(fields, OBSERVATION),
        "encoded": hexed(words(fields)),
        "leaf": hexed(leaf_of(fields)),
    }


def report_vector(group: bytes, listed: list[Json]) -> Json:
    """Return a report with its observations and entries in order, leaves, proof of the last one, digest and slot."""
    ordered = in_order(listed)
    leaves = [leaf_of(fields) for fields in ordered]
    first = ordered[0]
    report = {
        "setHash": SET_HASH,
        "group": group,
        **{key: first[key] for key in ("date", "status", "revision")},
        "count": len(ordered),
        "root": merkle_root(leaves),
    }
    slot = [report[key] for key in ("setHash", "group", "date", "status", "revision")]
    return {
        **signable_vector("Report", REPORT, report),
        "observations": [hexed(words(fields)) for fields in ordered],
        "entries": [hexed(words(entry_of(fields))) for fields in ordered],
        "leaves": [hexed(leaf) for leaf in leaves],
        "lastProof": [hexed(node) for node in last_proof(leaves)],
        "slot": hexed(keccak(joined(keccak(text="JGB Oracle Slot 1"), ORACLE_ID, *slot))),
    }


def proposal_vector(group: bytes, listed: list[Json], previous: bytes) -> Json:
    """Return a proposal for what a report would hold, after the report whose root is `previous`."""
    ordered = in_order(listed)
    first = ordered[0]
    entries = [entry_of(fields) for fields in ordered]
    if first["status"] == CORRECTED:
        entries = [fields | {"effectiveAt": 0} for fields in entries]
    # A dynamic array is where its offset says, from the first word on, and begins with its length.
    content = joined(keccak(text="JGB Oracle Content 1"), previous, 96, len(entries)) + b"".join(map(words, entries))
    proposal = {
        "setHash": SET_HASH,
        "group": group,
        "date": first["date"],
        "status": first["status"],
        "content": keccak(content),
    }
    slot = joined(keccak(text="JGB Oracle Proposal 1"), ORACLE_ID, SET_HASH, group, first["date"])
    return {
        **signable_vector("Proposal", PROPOSAL, proposal),
        "previous": hexed(previous),
        "observations": [hexed(words(fields)) for fields in ordered],
        "slot": hexed(keccak(slot)),
    }


def equivocation_vector(differs: str, one: Json, other: Json, expected: bool) -> Json:  # noqa: FBT001 - from a table
    """Return two observations that one reporter signed in one set, and whether that is an equivocation."""
    return {"differs": differs, "one": hexed(words(one)), "other": hexed(words(other)), "isEquivocation": expected}


def signable_vector(name: str, types: dict[str, str], fields: Json) -> Json:
    """Return fields, their ABI encoding and what is signed of them."""
    separator, struct_hash = typed(name, types, fields)
    return {
        name[0].lower() + name[1:]: shown(fields, types),
        "encoded": hexed(words(fields)),
        "structHash": hexed(struct_hash),
        "digest": hexed(keccak(b"\x19\x01" + separator + struct_hash)),
    }


# --- How it is computed -----------------------------------------------------------------------------------------------


def typed(name: str, types: dict[str, str], fields: Json) -> tuple[bytes, bytes]:
    """Return the domain separator and the hash of the struct, by eth_account."""
    signable = encode_typed_data(
        full_message={
            "domain": {"name": "JGB Oracle", "version": "1", "salt": ORACLE_ID},
            "primaryType": name,
            "types": {
                "EIP712Domain": [{"name": key, "type": kind} for key, kind in DOMAIN.items()],
                name: [{"name": key, "type": kind} for key, kind in types.items()],
            },
            "message": fields,
        }
    )
    return signable.header, signable.body


def leaf_of(fields: Json) -> bytes:
    """Return the leaf of an observation."""
    return keccak(keccak(joined(keccak(text="JGB Oracle Observation 1")) + words(fields)))


def in_order(listed: list[Json]) -> list[Json]:
    """Return observations by ascending feed."""
    return sorted(listed, key=lambda fields: bytes(fields["feed"]))


def entry_of(fields: Json) -> Json:
    """Return what an observation says beyond its report."""
    return {key: fields[key] for key in BEYOND_REPORT}


def words(fields: Json) -> bytes:
    """Return the ABI encoding of plain fields, in their order."""
    return joined(*fields.values())


def joined(*fields: int | bytes) -> bytes:
    """Return one word for each: negative numbers in two's complement."""
    return b"".join(field if isinstance(field, bytes) else (field % 2**256).to_bytes(32, "big") for field in fields)


def open_days(year: int) -> int:
    """Return the bits of a year's business days of Japanese banks; bit 0 is 1 January."""
    national = holidays.country_holidays("JP", years=year)
    bits, day = 0, date(year, 1, 1)
    while day.year == year:
        closed = day.weekday() > 4 or day in national or (day.month, day.day) in {(12, 31), (1, 2), (1, 3)}
        bits |= (not closed) << (day.timetuple().tm_yday - 1)
        day += timedelta(days=1)
    return bits


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def shown(fields: Json, types: dict[str, str]) -> Json:
    """Return fields as they stand in JSON."""
    narrow = ("uint8", "uint16", "uint32")
    return {
        key: hexed(value) if isinstance(value, bytes) else value if types[key] in narrow else str(value)
        for key, value in fields.items()
    }


def hexed(data: bytes) -> str:
    """0x-hex."""
    return "0x" + data.hex()


if __name__ == "__main__":
    raise SystemExit(write_or_check("oracle.json", all_vectors(), "tests.vectors.oracle"))
