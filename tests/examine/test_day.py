"""One day's file examined."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from telemetryd.examine.day import examine_day
from telemetryd.examine.findings import PartsFound
from telemetryd.examine.hour import Entries
from telemetryd.examine.repair import SET_ASIDE, repair
from telemetryd.examine.store import check
from telemetryd.rollup.carry import joined
from telemetryd.rollup.coarsen import coarsen
from telemetryd.rollup.columns import RollupRows
from telemetryd.rollup.merge import concat
from telemetryd.storage import days
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.day_file import WIDTHS, write_day
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part import read_carry, read_rollups
from tests.storage.day_samples import MIDNIGHT, compact, day_of
from tests.storage.samples import frozen_of, sealed

from .places import flip


@pytest.fixture
def catalog(files: Files, folder: Folder) -> Catalog:
    """A day of three hours, with its file."""
    catalog = day_of(files, folder)
    catalog.put_day(days.make(files, folder, MIDNIGHT, catalog.view()))
    return catalog


def problems(folder: Folder) -> list[tuple[str, str]]:
    report = check(Files(), folder.path, (), lambda done, total: None).report
    return [(each.path, each.found) for each in report.problems]


def rewritten(files: Files, catalog: Catalog, change: Callable[[RollupRows, int], RollupRows]) -> str:
    """Write the day's file anew, whole, with other rows in some width; return its path below the store."""
    file = catalog.days()[MIDNIGHT].file
    assert file is not None
    parts = [parts.rollups[0] for _, parts in sorted(catalog.view().items())]
    rows = concat([read_rollups(files, part) for part in parts])
    tiers = [change(coarsen(rows, width), width) for width in WIDTHS]
    write_day(files, file, tiers, joined([read_carry(files, part) for part in parts]))
    return "/".join(file.part.path.split(os.sep)[-3:])


def test_a_whole_day_has_nothing_wrong(folder: Folder, catalog: Catalog) -> None:
    """It is counted, rows and bytes."""
    report = check(Files(), folder.path, (), lambda done, total: None).report
    file = catalog.days()[MIDNIGHT].file
    assert file is not None
    assert report.clean
    found = report.parts["days"]
    assert (found.files, found.bytes, found.unchecked) == (1, file.part.size, 0)
    assert found.rows > 0


@pytest.mark.parametrize("width", WIDTHS)
def test_one_that_counts_otherwise_than_its_hours_is_bad(
    files: Files, folder: Folder, catalog: Catalog, width: int
) -> None:
    """In whichever width; the daemon makes it anew once it is set aside."""

    def one_more(rows: RollupRows, of: int) -> RollupRows:
        if of != width:
            return rows
        return replace(rows, operations=replace(rows.operations, entries=rows.operations.entries + 1))

    path = rewritten(files, catalog, one_more)
    ((where, sentence),) = problems(folder)
    assert where == path
    assert "as the rollups of its hours tell" in sentence


def test_rows_of_another_day_are_told(files: Files, folder: Folder, catalog: Catalog) -> None:
    """Its checksums are right, and it is bad all the same."""
    path = rewritten(
        files,
        catalog,
        lambda rows, width: replace(rows, queue=replace(rows.queue, start=rows.queue.start + 86_400)),
    )
    ((where, sentence),) = problems(folder)
    assert (where, "intervals of 86400 s of its day" in sentence) == (path, True)


def test_a_damaged_day_is_set_aside_and_nothing_else(files: Files, tmp_path: Path) -> None:
    """Mending leaves it to the daemon to make another one."""
    with Folder(files, str(tmp_path / "telemetry")).locked() as folder:
        catalog = day_of(files, folder)
        file = days.make(files, folder, MIDNIGHT, catalog.view())
    flip(Path(file.part.path))
    report = repair(files, folder.path, (), 60, lambda done, total: None)
    assert [each.mended for each in report.problems] == [SET_ASIDE]
    assert not files.exists(file.part.path)
    assert check(Files(), folder.path, (), lambda done, total: None).report.clean


def test_a_bad_rollup_takes_the_file_of_its_day_with_it(files: Files, tmp_path: Path) -> None:
    """What was made of it is not to be trusted either."""
    with Folder(files, str(tmp_path / "telemetry")).locked() as folder:
        catalog = day_of(files, folder)
        file = days.make(files, folder, MIDNIGHT, catalog.view())
    flip(Path(catalog.view()[MIDNIGHT].rollups[0].path))
    report = repair(files, folder.path, (), 60, lambda done, total: None)
    assert any("made anew" in each.mended for each in report.problems)
    assert not files.exists(file.part.path)


def test_of_an_hour_that_it_does_not_tell_any_more_nothing_is_asked(
    files: Files, folder: Folder, catalog: Catalog
) -> None:
    """A late event has come; the file waits to be made anew."""
    catalog.add(sealed(files, folder, frozen_of(5, 1000, MIDNIGHT + 3600)))
    compact(files, folder, catalog)
    assert problems(folder) == []


def test_an_hour_that_was_not_looked_at_is_passed_over(files: Files, folder: Folder, catalog: Catalog) -> None:
    """Nobody knows what it counts."""
    assert examine_day(files, catalog.days()[MIDNIGHT], {MIDNIGHT: Entries()}, PartsFound()) != ""
    assert examine_day(files, catalog.days()[MIDNIGHT], {}, PartsFound()) == ""
