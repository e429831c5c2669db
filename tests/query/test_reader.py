"""Parts as queries read them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from telemetryd.model.errors import CorruptFile
from telemetryd.query.reader import Reader
from telemetryd.rollup.build import build
from telemetryd.storage.files import Files
from telemetryd.storage.part import Part

from .histories import END, HOUR, random_history
from .rows import Event
from .store import Store


@pytest.fixture
def store(store_of: Callable[[list[Event]], Store]) -> Store:
    """Four hours in one events part and one rollup part each."""
    store = store_of(random_history(1))
    store.seal(np.arange(len(store.rows)))
    return store


def parts_of(store: Store, kind: str) -> list[Part]:
    return [part for hour in store.catalog.view().values() for part in getattr(hour, kind)]


def test_rollups_are_read_once(store: Store) -> None:
    """What was read stays in memory, also when its file is gone."""
    part = parts_of(store, "rollups")[0]
    rows = store.reader.rollups(part)
    os.unlink(part.path)
    assert store.reader.rollups(part) is rows
    assert rows.operations.entries.sum() > 0


def test_the_memory_for_rollups_is_bounded(store: Store) -> None:
    """Beyond the limit the rollup that was not used for longest is read again."""
    reader = Reader(Files(), store.catalog.carry, max_cached=1)
    first, second = parts_of(store, "rollups")[:2]
    rows = reader.rollups(first)
    assert reader.rollups(first) is rows
    reader.rollups(second)
    assert reader.rollups(first) is not rows


def test_a_part_that_is_gone_is_not_found(store: Store) -> None:
    """The engine is told by FileNotFoundError that a part was replaced meanwhile."""
    for kind, read in (
        ("events", store.reader.events),
        ("events", store.reader.whole_events),
        ("rollups", store.reader.rollups),
    ):
        part = parts_of(store, kind)[-1]
        if os.path.exists(part.path):
            os.unlink(part.path)
        with pytest.raises(FileNotFoundError):
            read(part)


def test_a_part_that_cannot_be_read_is_no_numbers(store: Store) -> None:
    """Bytes that are no part raise, and are not remembered as an empty rollup."""
    part = parts_of(store, "rollups")[0]
    whole = Path(part.path).read_bytes()
    Path(part.path).write_bytes(whole[:-50])
    with pytest.raises(CorruptFile):
        store.reader.rollups(part)
    Path(part.path).write_bytes(whole)
    assert len(store.reader.rollups(part).operations) > 0


def test_events_are_read_by_time(store: Store) -> None:
    """From the start, included, to the end, not included, with what rollups are built from."""
    part = parts_of(store, "events")[1]
    start, end = part.hour + 600, part.hour + 1800
    found = store.reader.events(part, start, end)
    mine = store.rows.timestamp
    assert sorted(found.timestamp.tolist()) == sorted(mine[(mine >= start * 1e6) & (mine < end * 1e6)].tolist())
    whole = store.reader.whole_events(part, start, end)
    assert found.operation_id is None
    assert whole.operation_id is not None
    assert build(found, 60).operations.sum.tolist() == build(whole, 60).operations.sum.tolist()


def test_carries_are_those_of_the_catalog(store: Store) -> None:
    """Between the first hour and the last, every operation that came has ended or is carried on."""
    carries = [store.reader.carry(part) for part in parts_of(store, "rollups")]
    left = sum(sum(states) for carry in carries for states in carry.net.values())
    assert left == sum(sum(states) for states in store.snapshot(END).in_flight.values())
    assert min(since for carry in carries for since, _ in carry.health.values()) >= HOUR


def test_what_is_kept_of_a_part_is_kept_apart(store: Store) -> None:
    """Rows, rows without histograms, wider ones, and latencies of any statuses, of none too."""
    part = parts_of(store, "rollups")[0]
    for _ in range(2):
        rows, counts, wide = store.reader.rollups(part), store.reader.counts(part), store.reader.rollups(part, 1800)
        assert len(rows.operations.bucket) > 0 == len(counts.operations.bucket)
        assert counts.operations.entries.tolist() == rows.operations.entries.tolist()
        assert (set(rows.operations.width.tolist()), set(wide.operations.width.tolist())) == ({60}, {1800})
        ended, none = store.reader.latencies(part, 60, (3, 4)), store.reader.latencies(part, 60, ())
        assert ended is not None and none is not None
        assert (ended.rows.count.sum(), len(none.rows)) == (rows.operations.count.sum(), 0)
        only = store.reader.ended(part)
        assert (only.operations.count.sum(), len(only.queue), len(only.health)) == (rows.operations.count.sum(), 0, 0)
        assert set(only.operations.status.tolist()) <= {3, 4}
    assert store.reader.has(part, 60, "latencies", 3, 4)
    assert not store.reader.has(part, 60, "latencies", 3)


def test_rows_that_fit_into_no_wider_interval_stay_as_they_are(store: Store) -> None:
    """And have no latencies by it."""
    part = parts_of(store, "rollups")[0]
    assert set(store.reader.rollups(part, 90).operations.width.tolist()) == {60}
    assert store.reader.latencies(part, 90, (3, 4)) is None
