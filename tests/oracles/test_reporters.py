"""Four reporters, one board: whatever goes wrong, the right number, a signed hold, or nothing; never a wrong number."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bridge.core.errors import Halt
from bridge.core.types import Digest, Hash32, Timestamp
from oracles.config import Group
from oracles.core.calendar import JAPAN
from oracles.core.catalogue import CALL_RATE_AVERAGE, CALL_RATE_HIGH, CALL_RATE_LOW, CALL_RATES
from oracles.core.decisions import Agree, HoldReason
from oracles.core.ledger import Key, Ledger
from oracles.core.observing import observed
from oracles.core.parsers.reading import Observation as Reading
from oracles.core.parsers.refusals import DriftedFormat
from oracles.core.report import Observation, report_of, slot_of
from oracles.core.saying import Saying
from oracles.core.series import Series, Source, Status
from oracles.core.words import PATIENCE, WINDOW
from oracles.journal import Journal
from tests.oracles.crew import ORACLE, Crew, Notes
from tests.oracles.test_schedule import japan

DAY = date(2026, 1, 29)
EVENING = japan("2026-01-29T17:20")
MORNING = japan("2026-01-30T10:05")
GROUP = Group(name=CALL_RATE_AVERAGE.group, first=DAY, last=DAY)
RATE, HIGHER = 72_700_000, 72_800_000
OTHERS = {CALL_RATE_HIGH: 73_000_000, CALL_RATE_LOW: 72_000_000}


@pytest.fixture
def crew(tmp_path: Path) -> Crew:
    return Crew(tmp_path, GROUP)


def print_final(notes: Notes, value: int, at: int, source: Source = Source.BOJ_FINAL) -> None:
    for series, number in {CALL_RATE_AVERAGE: value, **OTHERS}.items():
        notes.says(source, series, DAY, number, at)


def values(crew: Crew, series: Series = CALL_RATE_AVERAGE) -> list[tuple[Status, int]]:
    reports = crew.certified(DAY)
    return [(one.status, one.value) for report in reports for one in report.observations if one.feed == series.feed]


def observation_of(day: date) -> Observation:
    decision = Agree(Status.FINAL, Reading(CALL_RATE_AVERAGE, day, HIGHER), confirmed=False)
    return replace(observed(CALL_RATE_AVERAGE, day, decision, None, JAPAN), revision=1)


async def test_all_say_one_thing_and_it_is_certified_once(crew: Crew) -> None:
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
    await crew.work(MORNING)
    (report,) = crew.certified(DAY)
    assert values(crew) == [(Status.FINAL, RATE)]
    assert (report.report.revision, report.report.count) == (1, len(CALL_RATES))
    assert len(report.signatures) == crew.set.threshold
    certificate = crew.set.certificate(report.signatures)
    assert certificate is not None
    assert len(certificate) == 64 * crew.set.threshold


async def test_a_provisional_number_becomes_final_under_the_next_revision(crew: Crew) -> None:
    for notes in crew.notes:
        print_final(notes, RATE, EVENING, Source.BOJ_PROVISIONAL)
    await crew.work(EVENING)
    for notes in crew.notes:
        print_final(notes, HIGHER, MORNING)
    await crew.work(MORNING)
    assert values(crew) == [(Status.PROVISIONAL, RATE), (Status.FINAL, HIGHER)]
    assert [report.report.revision for report in crew.certified(DAY)] == [1, 2]


async def test_one_liar_changes_nothing(crew: Crew) -> None:
    for index, notes in enumerate(crew.notes):
        print_final(notes, HIGHER if index == 0 else RATE, MORNING)
    await crew.work(MORNING)
    assert values(crew) == [(Status.FINAL, RATE)]


async def test_two_liars_of_four_can_only_prevent(crew: Crew) -> None:
    for index, notes in enumerate(crew.notes):
        print_final(notes, HIGHER if index < 2 else RATE, MORNING)
    await crew.work(MORNING)
    assert values(crew) == []
    said = len(crew.board.events)
    await crew.work(MORNING + 10)
    assert len(crew.board.events) == said, "nobody says again what it has said"


async def test_one_silent_reporter_is_not_missed(crew: Crew) -> None:
    crew.board.is_silent = {crew.signers[1].address}
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
    await crew.work(MORNING)
    (report,) = crew.certified(DAY)
    assert (values(crew), set(report.signatures)) == ([(Status.FINAL, RATE)], {0, 2, 3})


async def test_one_with_an_old_parser_holds_alone(crew: Crew) -> None:
    for index, notes in enumerate(crew.notes):
        if index:
            print_final(notes, RATE, MORNING)
            continue
        for series in CALL_RATES:
            for at in (MORNING, MORNING + PATIENCE):
                notes.note(Source.BOJ_FINAL, series, DAY, DriftedFormat("a new sheet"), at)
    await crew.work(MORNING + PATIENCE)
    assert values(crew) == [(Status.FINAL, RATE)]


async def test_sources_that_disagree_end_in_a_signed_hold_and_then_in_the_right_number(crew: Crew) -> None:
    api = japan("2026-02-02T09:00")
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
        for source in (Source.BOJ_API_JSON, Source.BOJ_API_CSV):
            print_final(notes, HIGHER, api, source)
    await crew.work(api)
    assert values(crew) == [(Status.HOLD, HoldReason.CONFIRMATION_DIFFERS)]
    for notes in crew.notes:
        for at in (api + 100, api + 100 + WINDOW):
            print_final(notes, HIGHER, at)
    await crew.work(api + 100 + WINDOW)
    assert values(crew) == [(Status.HOLD, HoldReason.CONFIRMATION_DIFFERS), (Status.FINAL, HIGHER)]
    assert values(crew, CALL_RATE_HIGH) == [(Status.FINAL, OTHERS[CALL_RATE_HIGH])], "what agrees is not held"


async def test_a_correction_after_forty_days_takes_effect_when_it_is_opened(crew: Crew) -> None:
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
    await crew.work(MORNING)
    later = MORNING + 40 * 86_400
    for notes in crew.notes:
        for source in (Source.BOJ_FINAL, Source.BOJ_API_JSON, Source.BOJ_API_CSV):
            for at in (later, later + WINDOW):
                print_final(notes, HIGHER, at, source)
    await crew.work(later + WINDOW)
    assert values(crew) == [(Status.FINAL, RATE), (Status.CORRECTED, HIGHER)]
    (corrected,) = crew.certified(DAY)[1].observations
    assert later + WINDOW <= corrected.effective_at < later + WINDOW + 10


async def test_old_and_new_bytes_in_one_minute_are_waited_for(crew: Crew) -> None:
    for notes in crew.notes:
        for at, value in ((0, RATE), (20, HIGHER), (40, RATE), (60, HIGHER)):
            print_final(notes, value, MORNING + at)
    await crew.work(MORNING + 70)
    assert values(crew) == []
    for notes in crew.notes:
        print_final(notes, HIGHER, MORNING + 60 + WINDOW)
    await crew.work(MORNING + 60 + WINDOW)
    assert values(crew) == [(Status.FINAL, HIGHER)]


async def test_who_proposed_signs_although_it_has_changed_its_mind(crew: Crew) -> None:
    """Otherwise a flapping source between proposal and signature would block the day for ever."""
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
    for reporter in crew.reporters:
        await reporter.step(Timestamp(MORNING))
    for notes in crew.notes:
        print_final(notes, HIGHER, MORNING + 1)
    await crew.work(MORNING + 1)
    assert values(crew) == [(Status.FINAL, RATE)]


async def test_a_reporter_without_memory_says_nothing_twice(crew: Crew) -> None:
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
    await crew.work(MORNING)
    said = len(crew.board.events)
    (crew.folder / "journal-2.db").unlink()
    crew.reporters[2] = crew.hired(2)
    await crew.work(MORNING + 100)
    assert len(crew.board.events) == said
    ledger = Ledger(ORACLE, crew.set)
    ledger.read(crew.board.events)
    assert ledger.contradictions() == []


async def test_a_second_digest_for_a_slot_is_never_signed(tmp_path: Path, crew: Crew) -> None:
    for notes in crew.notes:
        print_final(notes, RATE, MORNING)
    await crew.work(MORNING, rounds=1)
    ledger = Ledger(ORACLE, crew.set)
    ledger.read(crew.board.events)
    current = ledger.day(Key(GROUP.series[0].group_id, DAY)).open
    assert current is not None
    assert current.report is not None
    assert current.digest is not None
    slot = slot_of(ORACLE, current.report)
    journal = Journal(tmp_path / "other.db")
    journal.commit(Saying(slot, current.digest, current.report))
    journal.commit(Saying(slot, current.digest, current.report))
    with pytest.raises(Halt, match="second digest"):
        journal.commit(Saying(slot, ledger.separator, current.report))  # type: ignore[arg-type]


async def test_a_withheld_signature_holds_up_nothing_else(tmp_path: Path) -> None:
    """The first reporter has signed something else for the first day; it signs the second day all the same."""
    second = date(2026, 1, 30)
    crew = Crew(tmp_path, Group(name=CALL_RATE_AVERAGE.group, first=DAY, last=second))
    report = report_of(crew.set.set_hash, GROUP.series[0].group_id, [observation_of(DAY)])
    poisoned = Journal(tmp_path / "journal-0.db")
    poisoned.commit(Saying(slot_of(ORACLE, report), Digest(Hash32(b"\x01" * 32)), report))
    later = japan("2026-02-02T10:05")
    for notes in crew.notes:
        for day in (DAY, second):
            for series, number in {CALL_RATE_AVERAGE: RATE, **OTHERS}.items():
                notes.says(Source.BOJ_FINAL, series, day, number, later)
    await crew.work(later)
    (first,), (other,) = crew.certified(DAY), crew.certified(second)
    assert 0 not in first.signatures
    assert 0 in other.signatures
    assert list(crew.reporters[0].withheld) == [slot_of(ORACLE, report)]
    assert crew.warnings == ["signature withheld"], "once, not at every step"


async def test_a_day_that_cannot_be_decided_holds_up_no_other(tmp_path: Path) -> None:
    """The calendar ends with 2027: the last days of that year have no due time, those before do."""
    known, unknown = date(2027, 12, 28), date(2027, 12, 30)
    crew = Crew(tmp_path, Group(name=CALL_RATE_AVERAGE.group, first=known, last=unknown))
    later = japan("2028-01-04T10:05")
    for notes in crew.notes:
        for day in (known, unknown):
            for series, number in {CALL_RATE_AVERAGE: RATE, **OTHERS}.items():
                notes.says(Source.BOJ_FINAL, series, day, number, later)
    await crew.work(later)
    assert len(crew.certified(known)) == 1
    assert crew.certified(unknown) == []
    undecided = [key.day for key in crew.reporters[0].undecided]
    assert unknown in undecided
    assert known not in undecided
    assert crew.warnings == ["undecided"] * 4 * len(undecided), "once for each day, not at every step"


async def test_the_calendar_is_certified_by_itself(crew: Crew) -> None:
    await crew.work(MORNING)
    ledger = Ledger(ORACLE, crew.set)
    ledger.read(crew.board.events)
    assert sorted(ledger.calendars) == [2026, 2027]
    assert all(len(one.signatures) >= crew.set.threshold for one in ledger.calendars.values())
