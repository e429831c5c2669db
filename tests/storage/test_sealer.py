"""Sealing: a frozen head becomes parts, and counts once its segment is gone."""

from __future__ import annotations

import os
from contextlib import suppress

from telemetryd.model.timerange import hour_of
from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory
from telemetryd.storage.journal import ActiveSegment
from telemetryd.storage.part import read_carry, read_events, read_rollups
from telemetryd.storage.records import Checkpoint
from telemetryd.storage.rollup_schema import table_of
from telemetryd.storage.sealer import commit, seal
from tests.disk.faults import FailingFiles

from .samples import HOUR, frozen_of, in_file_order, stored_rows


def test_each_row_lands_in_the_partition_of_its_own_hour(files: Files, folder: Folder) -> None:
    """A head whose rows are of several hours, past ones too, becomes one part of each kind for each hour."""
    frozen = frozen_of(1000, first=50, hours=4)
    parts = seal(files, folder, frozen, 60)
    assert {(part.kind, part.hour) for part in parts} == {
        (kind, HOUR + 3600 * number) for kind in ("events", "rollups") for number in range(4)
    }
    for part in parts:
        assert os.path.dirname(part.path) == folder.partition(part.kind, part.hour)
        assert (part.level, part.first, part.last, part.size) == ("part", 50, 1049, files.size(part.path))
        if part.kind == "events":
            assert {hour_of(timestamp / 1e6) for timestamp in read_events(files, part).timestamp.tolist()} == {
                part.hour
            }
    assert stored_rows(files, Catalog(files, parts).view()) == in_file_order(frozen.columns)


def test_the_rollup_of_an_hour_is_that_of_its_rows(files: Files, folder: Folder) -> None:
    """What is stored is what building from the hour's rows gives, and so is what it carries on."""
    events, rollups = seal(files, folder, frozen_of(500), 30)
    rows = read_events(files, events)
    assert table_of(read_rollups(files, rollups)) == table_of(build(rows, 30))
    assert read_carry(files, rollups) == carry_of(rows)


def test_rows_that_are_not_to_be_kept_are_named_so(files: Files, folder: Folder) -> None:
    """Of a head without detailed timing the events part is brief; its rollup is like any other."""
    events, rollups = seal(files, folder, frozen_of(10, detailed=False), 60)
    assert (events.level, rollups.level) == ("brief", "part")


def test_sealing_again_gives_the_same_parts(files: Files, folder: Folder) -> None:
    """A seal that failed half way is simply done again."""
    frozen = frozen_of(300, hours=2)
    assert seal(files, folder, frozen, 60) == seal(files, folder, frozen, 60)
    assert stored_rows(files, Catalog(files, seal(files, folder, frozen, 60)).view()) == in_file_order(frozen.columns)


def test_an_uncommitted_seal_is_undone_at_start(files: Files, folder: Folder) -> None:
    """Wherever a seal stops short of its commit, the rows are in the segment alone; after it, in parts alone."""
    frozen = frozen_of(200, first=7, hours=2)
    committed = False
    for good in range(100):
        segment = ActiveSegment.create(files, folder, Checkpoint(7, True, b"")).close()
        stopping = FailingFiles(good)
        with suppress(OSError):
            seal(stopping, Folder(stopping, folder.path), frozen, 60)
            commit(stopping, Folder(stopping, folder.path), segment)
            committed = True
        found = take_inventory(files, folder)
        assert found.set_aside == []
        if os.path.exists(segment):
            assert found.segments == [segment]
            assert dict(found.catalog.view()) == {}
            assert files.names(folder.root("events")) == []
        else:
            assert found.segments == []
            assert stored_rows(files, found.catalog.view()) == in_file_order(frozen.columns)
            if committed:
                return
            # The folder could not be synced after the removal, which may yet be lost: done again.
            for hour in found.catalog.view().values():
                for part in (*hour.events, *hour.rollups):
                    files.remove(part.path)
    raise AssertionError("expected the seal to be committed in the end")


def test_a_commit_may_be_done_twice(files: Files, folder: Folder) -> None:
    """Where only the sync of the folder failed, committing again is right."""
    segment = ActiveSegment.create(files, folder, Checkpoint(1, True, b"")).close()
    commit(files, folder, segment)
    commit(files, folder, segment)
    assert files.names(folder.journal) == []


def test_a_damaged_segment_is_kept_when_it_is_committed(files: Files, folder: Folder) -> None:
    """It leaves the journal, which commits its parts, and is in quarantine for who wants to look; again is right."""
    segment = ActiveSegment.create(files, folder, Checkpoint(1, True, b"")).close()
    data = files.read(segment)
    for _ in range(2):
        commit(files, folder, segment, keep=True)
    assert files.names(folder.journal) == []
    assert files.read(f"{folder.path}/quarantine/journal/{os.path.basename(segment)}") == data
