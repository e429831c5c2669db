"""Retention: what is old goes, and nothing else."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from telemetryd.storage import retention
from telemetryd.storage.catalog import Catalog, HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory
from tests.disk.faults import FailingFiles

from .samples import HOUR, frozen_of, in_file_order, sealed, stored_rows

DAY = 86400


@pytest.mark.parametrize(
    ("now", "old"),
    [
        (HOUR + 3600 + 2 * DAY - 0.5, []),
        (HOUR + 3600 + 2 * DAY, [HOUR]),
        (HOUR + 7200 + 2 * DAY, [HOUR, HOUR + 3600]),
    ],
)
def test_an_hour_is_old_when_all_of_it_is(now: float, old: list[int]) -> None:
    """An hour goes once its end lies the retention back, and not a moment before; oldest first."""
    view = {hour: HourParts() for hour in (HOUR + 3600, HOUR, HOUR + 3 * DAY)}
    assert retention.plan(view, now, 2) == old


def test_retention_removes_what_is_old_and_nothing_else(files: Files, folder: Folder) -> None:
    """Events and rollups of old hours go, whole; every row of younger hours stays, and so do all other files."""
    head = frozen_of(400, hours=6)
    catalog = Catalog(files, sealed(files, folder, head))
    Path(folder.settings).write_text("{}")
    Path(folder.journal, "00000000000000000401.active").write_bytes(b"x")
    now = HOUR + 3 * 3600 + DAY
    planned = retention.plan(catalog.view(), now, 1)
    assert planned == [HOUR, HOUR + 3600, HOUR + 7200]
    for hour in planned:
        parts = catalog.view()[hour]
        catalog.replace(hour, (*parts.events, *parts.rollups), ())
        retention.remove(files, folder, hour)
    kept = [row for row in in_file_order(head.columns) if row[0] >= (HOUR + 3 * 3600) * 1_000_000]
    assert stored_rows(files, catalog.view()) == kept
    for kind in ("events", "rollups"):
        left = [os.path.relpath(path, folder.root(kind)) for path, _, names in os.walk(folder.root(kind)) if names]
        assert sorted(left) == [
            os.path.relpath(folder.partition(kind, hour), folder.root(kind)) for hour in sorted(catalog.view())
        ]
    assert files.names(folder.path) == ["days", "events", "journal", "lock", "rollups", "settings.json"]
    assert files.names(folder.journal) == ["00000000000000000401.active"]


def test_the_last_hour_of_a_date_takes_the_folder_of_the_date_with_it(files: Files, folder: Folder) -> None:
    """No empty folders pile up over the years."""
    sealed(files, folder, frozen_of(100, hour=HOUR, hours=1), frozen_of(100, first=101, hour=HOUR + 3600))
    retention.remove(files, folder, HOUR)
    assert files.names(folder.root("events")) == ["date=2023-11-14"]
    retention.remove(files, folder, HOUR + 3600)
    assert files.names(folder.root("events")) == files.names(folder.root("rollups")) == []
    retention.remove(files, folder, HOUR)


def test_a_removal_that_stopped_half_way_is_finished_later(files: Files, folder: Folder) -> None:
    """Wherever it stops, what is left is still whole parts of an old hour, which the next turn removes."""
    for good in range(30):
        sealed(files, folder, frozen_of(30))
        failing = FailingFiles(good)
        done = False
        with suppress(OSError):
            retention.remove(failing, Folder(failing, folder.path), HOUR)
            done = True
        found = take_inventory(files, folder)
        assert found.set_aside == []
        for hour in retention.plan(found.catalog.view(), HOUR + 2 * DAY, 1):
            retention.remove(files, folder, hour)
        assert files.names(folder.root("events")) == files.names(folder.root("rollups")) == []
        if done:
            return
    raise AssertionError("expected the removal to get through in the end")


def test_a_clock_is_trusted_that_keeps_pace_with_time() -> None:
    """Slewed or stepped back it is; stepped ahead it is not, for an hour."""
    watch = retention.StepWatch()
    for now, passed in ((0.0, 0.0), (1000.0, 500.0), (1000.0, 1500.0), (4000.0, 2000.0)):
        assert not watch.stepped(now, passed)
        assert watch.settled(passed)
    assert watch.stepped(10_000.0, 2001.0)
    assert watch.gained == 5999.0
    assert not watch.settled(2001.0)
    assert not watch.stepped(11_000.0, 3001.0)
    assert not watch.settled(5600.0)
    assert watch.settled(5601.0)
