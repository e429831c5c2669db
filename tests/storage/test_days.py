"""Days: when one is made, of what, and which of several count."""

from __future__ import annotations

import os

import pytest

from telemetryd.model.timerange import DAY
from telemetryd.rollup.carry import joined
from telemetryd.rollup.coarsen import coarsen
from telemetryd.rollup.merge import concat
from telemetryd.storage import days
from telemetryd.storage.day_file import HALF, WIDTHS, DayFile, describe_day, read_day
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.merging import LostPart
from telemetryd.storage.part import read_carry, read_rollups
from telemetryd.storage.part_name import Part
from tests.rollup.test_merge import operations

from .day_samples import LATER, MIDNIGHT, compact, day_of
from .samples import FailingFiles, frozen_of, sealed

HOUR = 3600


def test_a_day_is_made_when_it_is_over_and_its_hours_are_compacted(files: Files, folder: Folder) -> None:
    """After the grace, and again when an event has come late; not while an hour waits for its compaction."""
    catalog = day_of(files, folder)
    assert days.plan(catalog.view(), catalog.days(), MIDNIGHT + DAY + 59, 60) == []
    assert days.plan(catalog.view(), catalog.days(), MIDNIGHT + DAY + 60, 60) == [MIDNIGHT]
    catalog.put_day(days.make(files, folder, MIDNIGHT, catalog.view()))
    assert days.plan(catalog.view(), catalog.days(), LATER, 60) == []
    catalog.add(sealed(files, folder, frozen_of(5, 1000, MIDNIGHT + HOUR)))
    assert days.plan(catalog.view(), catalog.days(), LATER, 60) == []
    compact(files, folder, catalog)
    assert days.plan(catalog.view(), catalog.days(), LATER, 60) == [MIDNIGHT]


def test_the_newest_day_is_made_first(files: Files, folder: Folder) -> None:
    """It is the one that people look at."""
    catalog = day_of(files, folder)
    catalog.add(sealed(files, folder, frozen_of(5, 1000, MIDNIGHT + DAY)))
    compact(files, folder, catalog)
    assert days.plan(catalog.view(), catalog.days(), LATER + DAY, 0) == [MIDNIGHT + DAY, MIDNIGHT]


def test_a_day_whose_oldest_hours_are_gone_is_not_made_anew(files: Files, folder: Folder) -> None:
    """Retention takes an hour after the other: what is left is still told."""
    catalog = day_of(files, folder)
    catalog.put_day(days.make(files, folder, MIDNIGHT, catalog.view()))
    first = catalog.view()[MIDNIGHT]
    catalog.replace(MIDNIGHT, (*first.events, *first.rollups), ())
    assert days.plan(catalog.view(), catalog.days(), LATER, 0) == []
    parts = catalog.days()[MIDNIGHT]
    assert (parts.whole, parts.told) == (False, {MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR})


def test_its_rows_are_those_of_its_hours_in_each_width(files: Files, folder: Folder) -> None:
    """And it carries on what they do together."""
    catalog = day_of(files, folder)
    made = days.make(files, folder, MIDNIGHT, catalog.view())
    parts = [parts.rollups[0] for _, parts in sorted(catalog.view().items())]
    rows = concat([read_rollups(files, part) for part in parts])
    for width in WIDTHS:
        found = read_day(files, made.part, width)
        assert operations(found) == operations(coarsen(rows, width))
        assert found.queue.net.sum() == rows.queue.net.sum()
        assert {*found.operations.width.tolist(), *found.queue.width.tolist(), *found.health.width.tolist()} == {width}
    assert read_carry(files, made.part) == joined([read_carry(files, part) for part in parts])
    assert describe_day(files, made.part) == made
    assert made.made_of == {part.hour: part.name for part in parts}
    assert files.size(made.part.path) == made.part.size


@pytest.mark.parametrize(("interval", "halves"), [(60, 3), (1800, 3), (1200, 0), (3600, 0)])
def test_hours_whose_intervals_fit_into_no_half_are_not_told_by_it(
    files: Files, folder: Folder, interval: int, halves: int
) -> None:
    """They are told by the hour all the same."""
    catalog = day_of(files, folder, interval=interval)
    made = days.make(files, folder, MIDNIGHT, catalog.view())
    assert (len(made.halves), len(made.made_of)) == (halves, 3)
    assert bool(len(read_day(files, made.part, HALF).operations)) == bool(halves)


def test_a_rollup_that_cannot_be_read_is_told(files: Files, folder: Folder) -> None:
    """Which one it is; nothing is made of the others alone."""
    catalog = day_of(files, folder)
    lost = catalog.view()[MIDNIGHT + HOUR].rollups[0]
    os.unlink(lost.path)
    with pytest.raises(LostPart) as error:
        days.make(files, folder, MIDNIGHT, catalog.view())
    assert error.value.part == lost
    assert files.names(folder.root("days")) == []


@pytest.mark.parametrize("nth", range(4))
def test_a_disk_that_fails_leaves_no_half_of_a_day(files: Files, folder: Folder, nth: int) -> None:
    """What stands there afterwards has a name that never counts."""
    catalog = day_of(files, folder)
    with pytest.raises(OSError):
        days.make(FailingFiles(good=nth), folder, MIDNIGHT, catalog.view())
    partition = folder.partition("days", MIDNIGHT)
    assert [name for name in files.names(partition) if name.endswith(".parquet")] == []


def file(first: int, last: int, day: int = MIDNIGHT) -> DayFile:
    return DayFile(Part.named(Folder(Files(), "/data"), "days", day, "day", first, last), {})


def test_of_several_files_of_a_day_the_last_made_counts() -> None:
    """It tells of the highest sequence; a day without hours needs none."""
    old, new, other, orphan = file(1, 90), file(1, 120), file(1, 50, MIDNIGHT - DAY), file(1, 9, MIDNIGHT - 3 * DAY)
    found = days.superseded([new, old, other, orphan], [MIDNIGHT + HOUR, MIDNIGHT - DAY])
    assert found == [old, orphan]
    assert days.superseded([], []) == []
