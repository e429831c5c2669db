"""Which sources answer a range."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query.plan import Plan, contested, fits, plan
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import RollupRows
from telemetryd.storage.catalog import DayParts, HourParts
from telemetryd.storage.day_file import DayFile
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part_name import Part
from tests.rollup.samples import Row, columns, health, started


def rollup(*rows: Row, width: int = 60) -> RollupRows:
    return build(columns(rows), width)


FOLDER = Folder(Files(), "/data")
Hours = dict[int, HourParts]
Days = dict[int, DayParts]


def stored(*days: int, without: tuple[int, ...] = (), late: tuple[int, ...] = ()) -> tuple[Hours, Days]:
    """Return whole days (by number) whose hours are each one rollup, and their files; hours by number since 1970.

    Some hours are not there, and of some the file does not tell all.
    """
    hours: Hours = {}
    found: Days = {}
    for day in days:
        numbers = [number for number in range(24 * day, 24 * day + 24) if number not in without]
        parts = {number: Part.named(FOLDER, "rollups", number * HOUR, "hour", number, number) for number in numbers}
        names = {number * HOUR: part.name for number, part in parts.items()}
        file = DayFile(Part.named(FOLDER, "days", day * DAY, "day", numbers[0], numbers[-1]), names, frozenset(names))
        hours |= {number * HOUR: HourParts((), (part,)) for number, part in parts.items() if number not in late}
        hours |= {
            number * HOUR: HourParts((), (replace(part, path="/late"),))
            for number, part in parts.items()
            if number in late
        }
        found[day * DAY] = DayParts.of(day * DAY, hours, file)
    return hours, found


def shown(found: Plan) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return from which days how many hours are read in which width, and which hours (by number) on their own."""
    days = [(each.width, len(each.hours)) for each in found.days]
    return days, [(each.hour // HOUR, each.width) for each in found.hours]


def test_whole_days_come_first_then_hours_then_intervals() -> None:
    """Of a range that begins and ends inside an hour, and whose cells are wide enough."""
    hours, days = stored(10, 11, 12, 13)
    span = TimeRange(10 * DAY + 22 * HOUR + 60, 13 * DAY + 3 * HOUR + 60)
    found = plan(hours, days, (), span, 0)
    assert shown(found) == ([(HOUR, 1), (DAY, 24), (DAY, 24), (HOUR, 3)], [(262, 0), (315, 0)])
    assert found.before == tuple(number * HOUR for number in range(240, 262))
    assert found.after == tuple(number * HOUR for number in range(316, 336))


@pytest.mark.parametrize(
    ("granule", "width"),
    [(0, DAY), (2 * DAY, DAY), (DAY, DAY), (HOUR, HOUR), (12 * HOUR, HOUR), (1800, 1800)],
)
def test_rows_are_as_wide_as_cells_hold_whole(granule: int, width: int) -> None:
    """A day is read in the widest of its rows that no cell cuts in two."""
    hours, days = stored(10)
    assert shown(plan(hours, days, (), TimeRange(10 * DAY, 11 * DAY), granule)) == ([(width, 24)], [])


def test_cells_that_no_tier_fits_are_read_from_the_hours() -> None:
    """In the width that cells and hours have in common."""
    hours, days = stored(10)
    for granule, width in ((60, 60), (900, 900), (2700, 900)):
        found = plan(hours, days, (), TimeRange(10 * DAY, 10 * DAY + 2 * HOUR), granule)
        assert shown(found) == ([], [(240, width), (241, width)])


def test_an_hour_with_rows_in_memory_or_late_ones_is_read_on_its_own() -> None:
    """The rest of its day is still read from hours of the day's file."""
    span = TimeRange(10 * DAY, 11 * DAY)
    hours, days = stored(10)
    assert shown(plan(hours, days, {242 * HOUR}, span, 0)) == ([(HOUR, 23)], [(242, 0)])
    hours, days = stored(10, late=(242,))
    assert shown(plan(hours, days, (), span, 0)) == ([(HOUR, 23)], [(242, HOUR)])


def test_a_day_of_which_hours_are_gone_is_read_hour_by_hour() -> None:
    """What its file tells beyond the others is not stored any more."""
    hours, days = stored(10)
    hours = {hour: parts for hour, parts in hours.items() if hour >= 245 * HOUR}
    file = days[10 * DAY].file
    days = {10 * DAY: DayParts.of(10 * DAY, hours, file)}
    assert shown(plan(hours, days, (), TimeRange(10 * DAY, 11 * DAY), 0)) == ([(HOUR, 19)], [])


def test_days_carry_on_where_their_files_tell_all() -> None:
    """From what lies before the range, and to what comes after it."""
    hours, days = stored(10, 11, 12)
    found = plan(hours, days, (), TimeRange(11 * DAY, 12 * DAY), 0)
    assert (found.before, found.after) == ((days[10 * DAY].file,), (days[12 * DAY].file,))
    hours, days = stored(10, 11, 12, late=(240,))
    assert plan(hours, days, (), TimeRange(11 * DAY, 12 * DAY), 0).before == tuple(n * HOUR for n in range(240, 264))
    assert plan({}, {}, (), TimeRange(0, HOUR), 0) == Plan((), (), (), ())


def test_rows_fit_where_their_intervals_lie_inside_cells_and_range() -> None:
    """A wider sample, or one that the range cuts in two, cannot tell."""
    rows = rollup(started(0), health(90, "online"))
    assert fits(rows, 60, TimeRange(0, HOUR))
    assert fits(rows, 180, TimeRange(60, HOUR))
    assert not fits(rows, 90, TimeRange(0, HOUR))
    assert not fits(rows, 60, TimeRange(30, HOUR))
    assert not fits(rows, 60, TimeRange(0, HOUR - 30))
    assert fits(rollup(), 7, TimeRange(1, 2))


def test_intervals_are_contested_by_gauges_of_several_sources() -> None:
    """Counts add up; only where two sources move a queue or change a health the rows have to tell."""
    span = TimeRange(0, 600)
    one = rollup(started(0), started(120), started(300), health(540, "online"))
    other = rollup(started(130), Row(310, "completed", "none"), health(550, "offline"))
    assert contested([one, other], span, 60).tolist() == [120, 540]
    assert contested([one, other], TimeRange(0, 540), 60).tolist() == [120]
    assert contested([one], span, 60).tolist() == []
    assert contested([], span, 60).tolist() == []


def test_samples_of_different_width_contest_what_they_share() -> None:
    """A minute is contested by ten seconds of it, wherever these begin."""
    wide, narrow = rollup(started(5)), rollup(started(30), started(70), width=10)
    assert contested([wide, narrow], TimeRange(0, 600), 60).tolist() == [0]
