"""What the board counts, and what it does not: posts out of place, strangers, false shares, contents that are none."""

from datetime import date
from pathlib import Path

import pytest

from bridge.core.hashing import keccak
from bridge.core.types import Slot, Timestamp
from oracles.config import Group
from oracles.core.catalogue import CALL_RATE_AVERAGE
from oracles.core.ledger import BoardEvent, ContentShown, Key, Ledger, PreimageShown, ShareShown
from oracles.core.preimages import observations_in, preimage_of
from oracles.core.report import encode_struct
from oracles.core.revisions import Opened
from oracles.core.series import Source
from tests.oracles.crew import ORACLE, Crew
from tests.oracles.test_schedule import japan

DAY = date(2026, 1, 29)
MORNING = japan("2026-01-30T10:05")
KEY = Key(CALL_RATE_AVERAGE.group_id, DAY)


@pytest.fixture
async def events(tmp_path: Path) -> list[BoardEvent]:
    """What the board shows after one report was certified by four reporters, calendars left out."""
    crew = Crew(tmp_path, Group(name=CALL_RATE_AVERAGE.group, first=DAY, last=DAY))
    for notes in crew.notes:
        notes.says(Source.BOJ_FINAL, CALL_RATE_AVERAGE, DAY, 72_700_000, MORNING)
    await crew.work(MORNING)
    return crew.board.events


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    crew = Crew(tmp_path / "other", Group(name=CALL_RATE_AVERAGE.group, first=DAY, last=DAY))
    return Ledger(ORACLE, crew.set)


def changed(event: ShareShown, **fields: object) -> ShareShown:
    parts = {name: getattr(event, name) for name in ("slot", "digest", "signer", "signature", "position", "at")}
    return ShareShown(**{**parts, **fields})


def revisions(ledger: Ledger) -> list[int]:
    return [report.report.revision for report in ledger.day(KEY).certified]


def test_every_reader_comes_to_the_same_state_in_any_pieces(events: list[BoardEvent], ledger: Ledger) -> None:
    for event in events:
        ledger.read([event])
    whole = Ledger(ORACLE, ledger.reporters)
    whole.read(events)
    assert revisions(ledger) == revisions(whole) == [1]
    assert ledger.day(KEY).certified == whole.day(KEY).certified


def test_a_false_share_counts_for_nothing(events: list[BoardEvent], ledger: Ledger) -> None:
    forged = [
        changed(event, signature=bytes(64)) if isinstance(event, ShareShown) and event.signature else event
        for event in events
    ]
    ledger.read(forged)
    assert revisions(ledger) == []
    assert ledger.shares == {}


def test_strangers_count_for_nothing(events: list[BoardEvent], ledger: Ledger) -> None:
    ledger.read([changed(event, signer=bytes(20)) if isinstance(event, ShareShown) else event for event in events])
    assert ledger.days == {}


def test_a_post_in_a_wrong_slot_counts_for_nothing(events: list[BoardEvent], ledger: Ledger) -> None:
    ledger.read(
        [changed(event, slot=Slot(keccak(b"x"))) if isinstance(event, ShareShown) else event for event in events]
    )
    assert ledger.days == {}


def test_a_post_before_its_preimage_counts_for_nothing(events: list[BoardEvent], ledger: Ledger) -> None:
    posts: list[BoardEvent] = [event for event in events if isinstance(event, ShareShown)]
    ledger.read(posts + [event for event in events if not isinstance(event, ShareShown)])
    assert ledger.days == {}


def test_a_preimage_of_another_oracle_counts_for_nothing(events: list[BoardEvent], ledger: Ledger) -> None:
    other = keccak(b"another domain")
    ledger.read(
        [
            PreimageShown(event.digest, other, event.struct) if isinstance(event, PreimageShown) else event
            for event in events
        ]
    )
    assert ledger.days == {}


def test_a_signed_proposal_is_none(events: list[BoardEvent], ledger: Ledger) -> None:
    ledger.read(
        [
            changed(event, signature=bytes(64)) if isinstance(event, ShareShown) and not event.signature else event
            for event in events
        ]
    )
    assert ledger.day(KEY).posts == []


def test_without_its_content_a_revision_opens_for_nobody(events: list[BoardEvent], ledger: Ledger) -> None:
    ledger.read([event for event in events if not isinstance(event, ContentShown)])
    assert revisions(ledger) == []
    current = ledger.day(KEY).open
    assert current is not None
    assert current.report is None


def test_what_the_board_publishes_is_read_back(events: list[BoardEvent]) -> None:
    structs = [event.struct for event in events if isinstance(event, PreimageShown)]
    for struct in structs:
        preimage = preimage_of(struct)
        assert preimage is not None
        assert encode_struct(preimage) == struct
        assert preimage_of(struct[:-1]) is None
        assert preimage_of(bytes(32) + struct[32:]) is None


def test_a_content_that_is_none_is_nobodys(events: list[BoardEvent], ledger: Ledger) -> None:
    contents = [event.content for event in events if isinstance(event, ContentShown)]
    state = Ledger(ORACLE, ledger.reporters)
    state.read(events)
    certified = state.day(KEY).certified[0]
    assert certified.at >= Timestamp(MORNING)
    assert contents
    proposal = state.day(KEY).posts[0].proposal
    opened = Opened(1, Timestamp(MORNING), proposal)
    assert observations_in(contents[0], opened) == list(certified.observations)
    for damaged in (b"", contents[0][:-1], bytes(32) + contents[0][32:]):
        assert observations_in(damaged, opened) is None
