"""One hour examined."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from telemetryd.examine.findings import PartsFound
from telemetryd.examine.hour import HourExamined
from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of
from telemetryd.rollup.columns import EventColumns, in_order
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part import write_events, write_rollups
from telemetryd.storage.part_name import Kind, Level, Part
from telemetryd.storage.rows import between
from tests.storage.samples import HOUR, INTERVAL, columns_of, frozen_of, hour_parts, sealed

ROWS = in_order(columns_of(200))


def written(
    files: Files, folder: Folder, kind: Kind, rows: EventColumns, last: int = 200, level: Level = "part"
) -> Part:
    part = Part.named(folder, kind, HOUR, level, 1, last)
    files.make_folder(os.path.dirname(part.path))
    if kind == "events":
        return replace(part, size=write_events(files, part.path, rows))
    return replace(part, size=write_rollups(files, part.path, build(rows, INTERVAL), carry_of(rows)))


def examined(files: Files, *parts: Part, found: dict[str, PartsFound] | None = None) -> HourExamined:
    return HourExamined(files, HOUR, hour_parts(parts), {} if found is None else found)


def test_a_whole_hour_has_nothing_wrong(files: Files, folder: Folder) -> None:
    """Several parts of it, each with its rollup: all are counted, none is bad."""
    parts = sealed(files, folder, frozen_of(300), frozen_of(100, first=301))
    found: dict[str, PartsFound] = {}
    hour = examined(files, *parts, found=found)
    assert (hour.bad, hour.missing, hour.doubtful) == ({}, "", "")
    assert (found["events"].files, found["events"].rows, found["events"].unchecked) == (2, 400, 0)
    assert found["rollups"].bytes == sum(part.size for part in parts if part.kind == "rollups")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (ROWS.take(np.arange(200)[::-1]), "in another order"),
        (in_order(columns_of(200, hours=2)), "timestamps of its hour"),
        (in_order(columns_of(200, first=100)), "sequences of its name's range"),
    ],
)
def test_rows_that_do_not_fit_the_name_are_told(files: Files, folder: Folder, rows: EventColumns, says: str) -> None:
    """Order, hour and range of sequences: the part is bad, though its checksums are right."""
    part = written(files, folder, "events", rows)
    assert says in examined(files, part).bad[part]


def test_more_rows_than_the_name_has_room_for_are_told(files: Files, folder: Folder) -> None:
    """Sequences that come twice, at different times."""
    twice = replace(ROWS, sequence=ROWS.sequence // 2 + 1)
    part = written(files, folder, "events", twice, last=150)
    assert "at most 150 rows" in examined(files, part).bad[part]


def test_a_rollup_that_disagrees_is_bad_where_events_tell_everything(files: Files, folder: Folder) -> None:
    """One entry less is told with its series and its status."""
    events = written(files, folder, "events", ROWS)
    rollup = written(files, folder, "rollups", between(ROWS, 0, 150))
    hour = examined(files, events, rollup)
    assert list(hour.bad) == [rollup]
    assert "as the events tell" in hour.bad[rollup]


def test_a_rollup_may_count_more_where_rows_were_dropped(files: Files, folder: Folder) -> None:
    """It counts what was dropped; less than there is, it may not, and then nobody can tell what is right."""
    kept = written(files, folder, "events", between(ROWS, 0, 150), level="kept")
    more = written(files, folder, "rollups", ROWS)
    hour = examined(files, kept, more)
    assert (hour.bad, hour.missing, hour.doubtful) == ({}, "", "")
    less = written(files, folder, "rollups", between(ROWS, 0, 100), level="hour")
    hour = examined(files, kept, less)
    assert hour.bad == {}
    assert "at least" in hour.doubtful


def test_events_without_a_rollup_lack_one(files: Files, folder: Folder) -> None:
    """It can be made anew."""
    events = written(files, folder, "events", ROWS)
    assert (
        f"expected a rollup for the rows of {os.path.basename(events.path)}, found none"
        == examined(files, events).missing
    )
    rollup = written(files, folder, "rollups", ROWS)
    os.truncate(rollup.path, 100)
    hour = examined(files, events, rollup)
    assert list(hour.bad) == [rollup]
    assert hour.missing


def test_a_rollup_without_events_is_all_that_is_left(files: Files, folder: Folder) -> None:
    """Which is no fault of the store: details may have been switched off."""
    hour = examined(files, written(files, folder, "rollups", ROWS))
    assert (hour.bad, hour.missing, hour.doubtful) == ({}, "", "")


def test_a_rollup_of_another_hour_is_told(files: Files, folder: Folder) -> None:
    """Its intervals have to lie in the hour of its folder."""
    rollup = written(files, folder, "rollups", in_order(columns_of(200, hours=3)))
    assert "intervals of its hour" in examined(files, rollup).bad[rollup]


def test_a_part_that_went_away_is_an_error(files: Files, folder: Folder) -> None:
    """Whoever looks has to look again."""
    events = written(files, folder, "events", ROWS)
    os.unlink(events.path)
    with pytest.raises(FileNotFoundError):
        examined(files, events)
