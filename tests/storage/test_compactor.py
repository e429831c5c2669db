"""Compaction: one file an hour, and nothing lost or doubled on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from telemetryd.rollup.build import build
from telemetryd.rollup.carry import carry_of
from telemetryd.storage import compactor
from telemetryd.storage.catalog import Catalog
from telemetryd.storage.files import Files
from telemetryd.storage.folder import Folder
from telemetryd.storage.part import read_carry, read_rollups
from telemetryd.storage.part_name import Kind, Level, Part
from telemetryd.storage.rows import concat_events

from .samples import HOUR, INTERVAL, frozen_of, hour_parts, in_file_order, sealed, stored_rows
from .test_summary import rounded

END = HOUR + 3600


def compacted(files: Files, folder: Folder, catalog: Catalog) -> list[compactor.Merged]:
    """Compact all finished hours as the daemon does, and return what was merged."""
    done = []
    for merge in compactor.plan(catalog.view(), END + 10_000_000, 60):
        merged = compactor.merge(files, folder, merge, INTERVAL)
        catalog.replace(merged.hour, merged.old, merged.new)
        compactor.remove(files, folder, merged.old)
        done.append(merged)
    return done


def on_disk(files: Files, folder: Folder, kind: Kind, hour: int = HOUR) -> list[str]:
    """Return the names of an hour's files without their zeroes."""
    names = files.names(folder.partition(kind, hour))
    return [f"{level}-{int(first)}-{int(last[:-8])}" for level, first, last in (name.split("-") for name in names)]


def entries(files: Files, catalog: Catalog) -> int:
    """Return how many entries all rollups count."""
    parts = [part for hour in catalog.view().values() for part in hour.rollups]
    return sum(int(read_rollups(files, part).operations.entries.sum()) for part in parts)


def part(level: Level, first: int, last: int, kind: Kind = "events", hour: int = HOUR) -> Part:
    return Part.named(Folder(Files(), "/data"), kind, hour, level, first, last)


PLANNED = [
    ([part("part", 1, 9), part("part", 1, 9, "rollups")], True),
    ([part("hour", 1, 9), part("hour", 1, 9, "rollups")], False),
    ([part("kept", 1, 9), part("hour", 1, 9, "rollups")], False),
    ([part("hour", 1, 9, "rollups")], False),
    ([part("part", 1, 9, "rollups")], True),
    ([part("hour", 1, 9)], True),
    ([part("hour", 1, 9), part("part", 10, 19), part("hour", 1, 19, "rollups")], True),
    ([part("hour", 1, 9), part("hour", 1, 9, "rollups"), part("part", 10, 19, "rollups")], True),
    ([part("brief", 1, 9), part("hour", 1, 9, "rollups")], True),
    ([part("hour", 1, 9), part("hour", 20, 29, "rollups")], True),
]


@pytest.mark.parametrize(("parts", "planned"), PLANNED)
def test_hours_that_are_not_one_compacted_file_of_each_kind_are_planned(parts: list[Part], planned: bool) -> None:
    """A look at the names says which hours need work."""
    view = {HOUR: hour_parts(parts)}
    assert compactor.plan(view, END + 60, 60) == ([compactor.Merge(HOUR, view[HOUR])] if planned else [])


def test_an_hour_is_left_alone_until_its_grace_is_over() -> None:
    """Hours come oldest first, and none before its end and the grace after it."""
    view = {hour: hour_parts([part("part", 1, 9, hour=hour)]) for hour in (END, HOUR)}
    assert compactor.plan(view, END + 59.9, 60) == []
    assert [merge.hour for merge in compactor.plan(view, END + 60, 60)] == [HOUR]
    assert [merge.hour for merge in compactor.plan(view, END + 3660, 60)] == [HOUR, END]


def test_many_parts_become_exactly_one_file_with_the_same_rows(files: Files, folder: Folder) -> None:
    """After compaction an hour is one events file and one rollup file, as if all rows had come at once."""
    heads = [frozen_of(300), frozen_of(5, first=301), frozen_of(400, first=306)]
    catalog = Catalog(files, sealed(files, folder, *heads))
    (merged,) = compacted(files, folder, catalog)
    assert on_disk(files, folder, "events") == on_disk(files, folder, "rollups") == ["hour-1-705"]
    assert merged.set_aside == ()
    assert stored_rows(files, catalog.view()) == in_file_order(*(head.columns for head in heads))
    together = concat_events([head.columns for head in heads])
    (rollup,) = catalog.view()[HOUR].rollups
    assert rounded(read_rollups(files, rollup)) == rounded(build(together, INTERVAL))
    assert read_carry(files, rollup) == carry_of(together)
    assert catalog.bytes == sum(files.size(part.path) for part in merged.new)
    assert pd.read_parquet(folder.root("events"))["sequence"].is_unique


def test_an_hour_with_many_parts_is_compacted_before_it_is_over(files: Files, folder: Folder) -> None:
    """Again whenever there are so many; each row is there once, whatever is sealed after that."""
    catalog, first, heads = Catalog(files, []), 1, []
    for _ in range(2):
        while len(catalog.view().get(HOUR, hour_parts([])).rollups) < compactor.MANY:
            assert compactor.plan(catalog.view(), HOUR + 60, 0) == []
            heads.append(frozen_of(3, first=first))
            catalog.add(sealed(files, folder, heads[-1]))
            first += 3
        (due,) = compactor.plan(catalog.view(), HOUR + 60, 0)
        merged = compactor.merge(files, folder, due, INTERVAL)
        catalog.replace(merged.hour, merged.old, merged.new)
        compactor.remove(files, folder, merged.old)
        assert on_disk(files, folder, "events") == on_disk(files, folder, "rollups") == [f"hour-1-{first - 1}"]
        assert stored_rows(files, catalog.view()) == in_file_order(*(head.columns for head in heads))


def test_late_parts_join_a_compacted_hour(files: Files, folder: Folder) -> None:
    """A part that comes after compaction is taken in by the next one; other hours stay as they are."""
    catalog = Catalog(files, sealed(files, folder, frozen_of(300, hours=2)))
    compacted(files, folder, catalog)
    late = frozen_of(50, first=301)
    catalog.add(sealed(files, folder, late))
    (merged,) = compacted(files, folder, catalog)
    assert merged.hour == HOUR
    assert on_disk(files, folder, "events") == on_disk(files, folder, "rollups") == ["hour-1-350"]
    assert on_disk(files, folder, "events", END) == ["hour-1-300"]
    assert stored_rows(files, catalog.view()) == in_file_order(frozen_of(300, hours=2).columns, late.columns)
    assert compacted(files, folder, catalog) == []


def test_without_detailed_timing_only_the_rollups_stay(files: Files, folder: Folder) -> None:
    """Rows accepted with detailed timing off are gone after compaction, and still counted."""
    heads = [frozen_of(200, detailed=False), frozen_of(200, first=201, detailed=False)]
    catalog = Catalog(files, sealed(files, folder, *heads))
    counted = entries(files, catalog)
    compacted(files, folder, catalog)
    assert on_disk(files, folder, "rollups") == ["hour-1-400"]
    assert files.names(folder.root("events")) == []
    assert entries(files, catalog) == counted
    (rollup,) = catalog.view()[HOUR].rollups
    assert rounded(read_rollups(files, rollup)) == rounded(
        build(concat_events([head.columns for head in heads]), INTERVAL)
    )


def test_in_a_mixed_hour_the_detailed_rows_stay(files: Files, folder: Folder) -> None:
    """Where the setting changed within an hour, its file keeps the rows it was on for, and says that others are gone."""
    heads = [frozen_of(100), frozen_of(100, first=101, detailed=False), frozen_of(100, first=201)]
    catalog = Catalog(files, sealed(files, folder, *heads))
    counted = entries(files, catalog)
    compacted(files, folder, catalog)
    assert on_disk(files, folder, "events") == ["kept-1-300"]
    assert on_disk(files, folder, "rollups") == ["hour-1-300"]
    assert stored_rows(files, catalog.view()) == in_file_order(heads[0].columns, heads[2].columns)
    assert entries(files, catalog) == counted
    late = frozen_of(100, first=301)
    catalog.add(sealed(files, folder, late))
    counted = entries(files, catalog)
    compacted(files, folder, catalog)
    assert on_disk(files, folder, "events") == ["kept-1-400"]
    assert stored_rows(files, catalog.view()) == in_file_order(heads[0].columns, heads[2].columns, late.columns)
    assert entries(files, catalog) == counted


def test_late_rows_that_are_not_kept_do_not_rewrite_the_events(files: Files, folder: Folder) -> None:
    """Only the rollup takes in what comes without detailed timing to a compacted hour."""
    catalog = Catalog(files, sealed(files, folder, frozen_of(100)))
    compacted(files, folder, catalog)
    (events,) = catalog.view()[HOUR].events
    catalog.add(sealed(files, folder, frozen_of(50, first=101, detailed=False)))
    counted = entries(files, catalog)
    compacted(files, folder, catalog)
    assert catalog.view()[HOUR].events == (events,)
    assert on_disk(files, folder, "events") == ["hour-1-100"]
    assert on_disk(files, folder, "rollups") == ["hour-1-150"]
    assert entries(files, catalog) == counted
    late = frozen_of(50, first=151)
    catalog.add(sealed(files, folder, late))
    counted = entries(files, catalog)
    compacted(files, folder, catalog)
    assert on_disk(files, folder, "events") == ["kept-1-200"]
    assert stored_rows(files, catalog.view()) == in_file_order(frozen_of(100).columns, late.columns)
    assert entries(files, catalog) == counted


def test_a_rollup_that_is_lost_is_built_anew(files: Files, folder: Folder) -> None:
    """As long as the rows are there, a rollup that went to quarantine comes back with the next compaction."""
    head = frozen_of(200)
    parts = sealed(files, folder, head)
    catalog = Catalog(files, [each for each in parts if each.kind == "events"])
    compacted(files, folder, catalog)
    (rollup,) = catalog.view()[HOUR].rollups
    assert rounded(read_rollups(files, rollup)) == rounded(build(head.columns, INTERVAL))


def cut_off(part: Part) -> Part:
    """Damage a part and return it."""
    with open(part.path, "r+b") as file:
        file.truncate(300)
    return part


def test_rows_that_cannot_be_read_are_set_aside_and_stay_counted(files: Files, folder: Folder) -> None:
    """One bad events part costs its rows; the others' are compacted, and the rollups count all of them."""
    heads = [frozen_of(200), frozen_of(200, first=201)]
    parts = sealed(files, folder, *heads)
    catalog = Catalog(files, parts)
    counted = entries(files, catalog)
    bad = cut_off(parts[2])
    (merged,) = compacted(files, folder, catalog)
    ((kept_at, reason),) = merged.set_aside
    assert os.path.basename(bad.path) in reason
    assert kept_at == os.path.join(folder.path, "quarantine", os.path.relpath(bad.path, folder.path))
    assert files.size(kept_at) == 300
    assert stored_rows(files, catalog.view()) == in_file_order(heads[0].columns)
    assert entries(files, catalog) == counted
    assert on_disk(files, folder, "events") == ["kept-1-400"]
    assert compacted(files, folder, catalog) == []


def test_a_rollup_that_cannot_be_read_is_built_from_its_rows(files: Files, folder: Folder) -> None:
    """While the rows are there, a bad rollup costs nothing."""
    parts = sealed(files, folder, frozen_of(200), frozen_of(200, first=201))
    catalog = Catalog(files, parts)
    counted = entries(files, catalog)
    cut_off(parts[3])
    compacted(files, folder, catalog)
    assert entries(files, catalog) == counted


def test_a_rollup_without_rows_that_cannot_be_read_is_set_aside(files: Files, folder: Folder) -> None:
    """Where the rows are gone, a bad rollup costs what only it held; the others stay counted."""
    catalog = Catalog(files, sealed(files, folder, frozen_of(200, detailed=False)))
    compacted(files, folder, catalog)
    counted = entries(files, catalog)
    late = sealed(files, folder, frozen_of(200, first=201, detailed=False))
    catalog.add(late[1:])
    cut_off(late[1])
    (merged,) = compacted(files, folder, catalog)
    assert len(merged.set_aside) == 1
    assert entries(files, catalog) == counted


def test_a_source_that_somebody_removed_holds_nothing_up(files: Files, folder: Folder) -> None:
    """A file that is gone is told, and the rest of its hour is compacted."""
    parts = sealed(files, folder, frozen_of(100), frozen_of(100, first=101))
    catalog = Catalog(files, parts)
    files.remove(parts[2].path)
    (merged,) = compacted(files, folder, catalog)
    assert [path for path, _ in merged.set_aside] == [parts[2].path]
    assert stored_rows(files, catalog.view()) == in_file_order(frozen_of(100).columns)


def test_rows_that_no_rollup_speaks_of_are_counted_from_the_rows(files: Files, folder: Folder) -> None:
    """Where an hour's rows are not whole and a rollup is lost, the rows that are left of it still count."""
    catalog = Catalog(files, sealed(files, folder, frozen_of(60), frozen_of(40, first=61, detailed=False)))
    compacted(files, folder, catalog)
    counted = entries(files, catalog)
    late = frozen_of(50, first=101)
    catalog.add(sealed(files, folder, late)[:1])
    compacted(files, folder, catalog)
    counted += int(build(late.columns, INTERVAL).operations.entries.sum())
    assert entries(files, catalog) == counted


def test_an_hour_whose_parts_are_all_bad_is_gone_from_the_catalog(files: Files, folder: Folder) -> None:
    """Nothing is left to merge, and nothing raises."""
    parts = sealed(files, folder, frozen_of(50))
    for each in parts:
        Path(each.path).write_bytes(b"PAR1 not at all PAR1")
    catalog = Catalog(files, parts)
    (merged,) = compacted(files, folder, catalog)
    assert len(merged.set_aside) == 2
    assert dict(catalog.view()) == {}


def test_removing_twice_is_removing_once(files: Files, folder: Folder) -> None:
    """The removal of old parts may be done again; empty partitions go with them."""
    parts = sealed(files, folder, frozen_of(10))
    compactor.remove(files, folder, parts)
    compactor.remove(files, folder, parts)
    assert files.names(folder.root("events")) == files.names(folder.root("rollups")) == []
