from collections.abc import Mapping
from datetime import date

import pytest

from oracles.core.calendar import JAPAN
from oracles.core.calendar_law import BeyondHorizon
from oracles.core.catalogue import PAR_YIELDS, TENORS
from oracles.core.editions import Change, changes, off_calendar, rewritten
from oracles.core.parsers import mof_curve
from oracles.core.parsers.reading import Reading
from oracles.core.series import Source
from tests.oracles import samples
from tests.oracles.quarter import DAYS, curve
from tests.oracles.samples import Row

TEN_YEARS = PAR_YIELDS[TENORS.index(10)]
OLD = {day: curve(day) for day in DAYS[:10]}


def edition(rows: Mapping[date, Row]) -> tuple[bytes, Reading]:
    body = samples.curve_english(rows)
    return body, mof_curve.english(body)


def with_ten_years(day: date, printed: str) -> dict[date, Row]:
    row = [*OLD[day]]
    row[9] = printed
    return {**OLD, day: row}


def value(day: date) -> int | None:
    return edition(OLD)[1].rows[day][9]


def test_a_history_that_only_grew_is_in_order() -> None:
    old_body, old = edition(OLD)
    for grown in (OLD, OLD | {day: curve(day) for day in DAYS[10:30]}):
        body, new = edition(grown)
        assert rewritten(old_body, body, old, new) is None


def test_a_cell_that_changed_is_named_with_its_place_in_the_file() -> None:
    (old_body, old), (body, new) = edition(OLD), edition(with_ten_years(DAYS[3], "0.123"))
    found = rewritten(old_body, body, old, new)
    assert found is not None
    assert found.changes == (Change(TEN_YEARS, DAYS[3], value(DAYS[3]), 12_300_000),)
    assert old_body[: found.offset] == body[: found.offset]
    assert old_body[found.offset] != body[found.offset]
    line = old_body[: found.offset].count(b"\r\n") + 1
    assert line == 2 + 4, "two header lines, then the fourth day"


def test_a_number_that_went_missing_and_a_day_that_did_are_changes_to_nothing() -> None:
    _, old = edition(OLD)
    assert changes(old, edition(with_ten_years(DAYS[3], "-"))[1]) == (Change(TEN_YEARS, DAYS[3], value(DAYS[3]), None),)
    fewer = edition({day: row for day, row in OLD.items() if day != DAYS[3]})[1]
    gone = changes(old, fewer)
    assert [(change.series, change.day, change.after) for change in gone] == [
        (series, DAYS[3], None) for series in PAR_YIELDS
    ]


def test_a_number_that_was_filled_in_later_is_a_change_too() -> None:
    _, old = edition(with_ten_years(DAYS[3], "-"))
    assert changes(old, edition(OLD)[1]) == (Change(TEN_YEARS, DAYS[3], None, value(DAYS[3])),)


def test_another_form_of_the_same_numbers_is_rewritten_without_a_change() -> None:
    old_body, old = edition(OLD)
    body = old_body.replace(b"\r\n", b"\n")
    found = rewritten(old_body, body, old, mof_curve.english(body))
    assert found is not None
    assert found.changes == ()
    assert found.offset == old_body.index(b"\r\n")


def test_a_history_that_became_shorter_is_rewritten_from_where_it_ends() -> None:
    (old_body, old), (body, new) = edition(OLD), edition({day: OLD[day] for day in DAYS[:9]})
    found = rewritten(old_body, body, old, new)
    assert found is not None
    assert found.offset == len(body)
    assert {change.day for change in found.changes} == {DAYS[9]}


def test_editions_of_two_histories_are_not_compared() -> None:
    other = Reading(Source.MOF_ENGLISH, PAR_YIELDS[:1], {}, "")
    with pytest.raises(ValueError, match="same series"):
        changes(edition(OLD)[1], other)


def test_a_history_is_held_against_the_calendar() -> None:
    _, whole = edition(OLD)
    assert off_calendar(whole, JAPAN, DAYS[0]) == ([], [])
    saturday = date(2025, 12, 6)
    rows = {day: row for day, row in OLD.items() if day != DAYS[2]} | {saturday: OLD[DAYS[0]]}
    _, odd = edition(dict(sorted(rows.items())))
    assert off_calendar(odd, JAPAN, DAYS[0]) == ([DAYS[2]], [saturday])
    assert off_calendar(odd, JAPAN, DAYS[3]) == ([], [saturday]), "only from that day on"
    assert off_calendar(edition({})[1], JAPAN, DAYS[0]) == ([], []), "days after the last row are not missing"
    late = date(2028, 1, 4)
    with pytest.raises(BeyondHorizon):
        off_calendar(edition({**OLD, late: OLD[DAYS[0]]})[1], JAPAN, DAYS[0])
