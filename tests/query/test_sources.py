"""What a plan names is read, and no more of it than was asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.model.timerange import TimeRange
from telemetryd.query.account import Account
from telemetryd.query.deadline import Deadline
from telemetryd.query.gathered import HEALTH, HISTOGRAMS, OPERATIONS, QUEUE
from telemetryd.query.plan import plan
from telemetryd.query.sources import Found, Sources, joined_events
from telemetryd.rollup.columns import EventColumns

from .histories import END, HOUR, random_history
from .rows import Event
from .store import Store

SPAN = TimeRange(HOUR, END)
ENDED = (COMPLETED, FAILED)


@pytest.fixture
def store(store_of: Callable[[list[Event]], Store]) -> Store:
    """Four compacted hours."""
    store = store_of(random_history(1))
    store.seal(np.arange(len(store.rows)))
    store.compact(END)
    return store


def read(store: Store, *reads: str, ended: tuple[int, ...] | None = None, granule: int = 1800) -> Found:
    snapshot = store.snapshot(END)
    sources = Sources(snapshot, store.reader, SPAN, granule, Deadline(1, lambda: 0.0), reads, Account())
    return sources.read(plan(snapshot.hours, snapshot.days, (), SPAN, granule), EventColumns.empty(), ended)


@pytest.mark.parametrize(
    ("kind", "there"), [(OPERATIONS, (1, 0, 0)), (QUEUE, (0, 1, 0)), (HEALTH, (0, 0, 1)), (HISTOGRAMS, (0, 0, 0))]
)
def test_only_rows_of_the_kinds_that_are_wanted_are_there(store: Store, kind: str, there: tuple[int, ...]) -> None:
    """And histograms only where latencies are asked for."""
    found = read(store, kind)
    joined = found.joined
    assert tuple(int(len(rows) > 0) for rows in (joined.operations, joined.queue, joined.health)) == there
    assert len(joined.operations.bucket) == 0
    assert bool(len(found.detailed.operations.bucket)) == (kind == HISTOGRAMS)


def test_latencies_that_are_remembered_are_not_read_again(store: Store) -> None:
    """Their rows are not among those with histograms; where their cells are others, they are."""
    found = read(store, HISTOGRAMS, OPERATIONS, ended=ENDED)
    assert len(found.remembered) == 4
    assert len(found.detailed.operations) == 0
    whole = read(store, HISTOGRAMS, OPERATIONS)
    assert (len(whole.remembered), len(whole.with_histograms)) == (0, 4)
    ended = np.isin(whole.detailed.operations.status, ENDED)
    assert sum(each.rows.count.sum() for each in found.remembered) == whole.detailed.operations.count[ended].sum()
    assert found.joined.operations.entries.sum() == whole.joined.operations.entries.sum()


def test_any_number_of_events_is_one() -> None:
    """None, too."""
    assert len(joined_events([])) == 0
