"""Time and memory to verify and replay thirty years of daily fixings: `python -m tests.bench.oracle`.

From archived bytes (the API's JSON and CSV, every number made up) to decisions about every day, and from the decisions
to the compounded index; then so many certificates of 21-of-31 reporters.
"""

import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Final

from bridge.core import bls
from bridge.core.hashing import keccak
from bridge.core.types import Epoch, Timestamp
from oracles.archive import Archive
from oracles.config import Group, PublisherUrls
from oracles.core import index
from oracles.core.calendar import JAPAN
from oracles.core.catalogue import CALL_RATE_AVERAGE
from oracles.core.decisions import Agree, Question
from oracles.core.guard import decide
from oracles.core.series import Source
from oracles.documents import documents_of
from oracles.sources import Archived
from tests.oracles import quarter, samples

FIRST: Final = date(1996, 7, 1)
LAST: Final = date(2026, 6, 30)
NOW: Final = Timestamp(1_783_000_000)
CERTIFICATES: Final = 20


def main() -> None:
    """Measure, and print a table in Markdown."""
    days = tuple(JAPAN.between(FIRST, LAST))
    print("| what | how much | seconds | peak memory |")
    print("|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        archive = _filled(Path(folder), days)
        began = time.perf_counter()
        archived = Archived(archive, JAPAN)
        fixings = []
        for day in days:
            decision = decide(Question(CALL_RATE_AVERAGE, day), archived.fetches(CALL_RATE_AVERAGE, day), NOW, JAPAN)
            assert isinstance(decision, Agree)
            assert decision.observation is not None
            fixings.append(index.Fixing(day, decision.observation.value))
        _row("from archived bytes to a decision about every day", len(days), began)
    began = time.perf_counter()
    levels = list(index.levels(FIRST, fixings, JAPAN))
    _row("compounded index, every level", len(levels), began)
    claims = _certificates()
    began = time.perf_counter()
    assert all(bls.verify_together(claims))
    _row("certificates of 21 of 31, verified together", len(claims), began)


def _filled(folder: Path, days: tuple[date, ...]) -> Archive:
    archive = Archive(folder)
    tables = {
        "STRDCLUCON": {day: quarter.stripped(quarter.average(day)) for day in days},
        "STRDCLUCONH": {day: quarter.stripped(quarter.high(day)) for day in days},
        "STRDCLUCONL": {day: quarter.stripped(quarter.low(day)) for day in days},
    }
    bodies = {
        Source.BOJ_API_JSON: samples.api_json("FM01", tables),
        Source.BOJ_API_CSV: samples.api_csv("FM01", tables),
    }
    group = Group(name=CALL_RATE_AVERAGE.group, first=FIRST)
    for document in documents_of(group, days, LAST, PublisherUrls(workbook_days=0)):
        if document.source in bodies:
            archive.note(document, bodies[document.source], Timestamp(NOW - 1), {})
    return archive


def _certificates() -> list[bls.Claim]:
    secrets = [bls.secret_key(number + 1) for number in range(31)]
    keys = {bls.public_key(secret): secret for secret in secrets}
    committee = bls.BlsCommittee(Epoch(1), 21, bls.in_order(keys))
    claims = []
    for number in range(CERTIFICATES):
        digest = keccak(bytes([number]))
        signatures = {key: bls.sign(keys[key], digest) for key in committee.members[:21]}
        certificate = bls.certificate_of(committee, signatures)
        assert certificate is not None
        claims.append(bls.claim_of(committee, digest, certificate))
    return claims


def _row(what: str, count: int, began: float) -> None:
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {what} | {count:,} | {seconds:.2f} | {peak} MiB |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
