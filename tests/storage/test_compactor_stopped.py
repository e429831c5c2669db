"""Compaction on a disk that fails: nothing is lost or doubled, at whatever step it stops."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from telemetryd.storage import compactor
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.inventory import take_inventory
from tests.disk.faults import FailingFiles, Fault, Faults

from .samples import INTERVAL, Row, frozen_of, in_file_order, sealed, stored_rows
from .test_compactor import END, compacted, entries, on_disk


def test_a_failed_compaction_changes_nothing(files: Files, folder: Folder) -> None:
    """Wherever the disk fails for a moment, what was there is there, and the next try succeeds."""
    heads = [frozen_of(100), frozen_of(100, first=101)]
    parts = sealed(files, folder, *heads)
    before = on_disk(files, folder, "events") + on_disk(files, folder, "rollups")
    (merge,) = compactor.plan(Catalog(files, parts).view(), END + 60, 60)
    for good in range(1, 100):
        try:
            compactor.merge(FailingFiles(faults=Faults(Fault("", good))), folder, merge, INTERVAL)
        except OSError:
            assert on_disk(files, folder, "events") + on_disk(files, folder, "rollups") == before
        else:
            return
    raise AssertionError("expected the compaction to succeed in the end")


def stop_at_each_step(files: Files, folder: Folder, expected: list[Row], stopping: int) -> bool:
    """Compact on a disk that takes ``stopping`` changes, start again, and check; return whether it got through."""
    catalog = take_inventory(files, folder).catalog
    counted = entries(files, catalog)
    through = False
    failing = FailingFiles(stopping)
    with suppress(OSError):
        compacted(failing, Folder(failing, folder.path), catalog)
        through = True
    found = take_inventory(files, folder)
    assert found.set_aside == []
    assert entries(files, found.catalog) == counted
    assert set(expected) <= set(stored_rows(files, found.catalog.view()))
    compacted(files, folder, found.catalog)
    assert stored_rows(files, found.catalog.view()) == expected
    assert entries(files, found.catalog) == counted
    assert len(on_disk(files, folder, "rollups")) == 1
    assert len(on_disk(files, folder, "events")) == (1 if expected else 0)
    return through


@pytest.mark.parametrize("detailed", [(True, True), (True, False), (False, False)])
def test_leftovers_of_a_stopped_compaction_are_removed(
    files: Files, tmp_path: Path, detailed: tuple[bool, bool]
) -> None:
    """At whatever step a compaction stops, after the next start each row and each count is there once."""
    for stopping in range(60):
        with Folder(files, str(tmp_path / str(stopping))).locked() as folder:
            heads = [frozen_of(60, detailed=detailed[0]), frozen_of(40, first=61, detailed=detailed[1])]
            sealed(files, folder, *heads)
            expected = in_file_order(*(head.columns for head in heads if head.detailed))
            if stop_at_each_step(files, folder, expected, stopping):
                return
    raise AssertionError("expected the compaction to get through in the end")
