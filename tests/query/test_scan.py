"""One picture of a range, wherever its rows are: every way of storing a history gives the oracle's numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from telemetryd.model.errors import QueryTimeout
from telemetryd.model.events import STATUSES
from telemetryd.model.series import SeriesKey
from telemetryd.model.timerange import TimeRange
from telemetryd.query.deadline import Deadline
from telemetryd.query.definitions import DEFINITIONS
from telemetryd.query.grid import granule, grid
from telemetryd.query.request import Filters
from telemetryd.query.result import Result
from telemetryd.query.scan import Scan
from telemetryd.storage.folder import Folder
from tests.end_to_end.comparing import differences
from tests.oracle.events import change, health, start
from tests.oracle.model import Model, Request

from .histories import END, HOUR, random_history
from .rows import Event
from .store import Store
from .telling import told

StoreOf = Callable[[list[Event]], Store]
Way = Callable[[Store, np.random.Generator], None]
NOW = END + 90
EVERYTHING = Filters()


def forever() -> Deadline:
    return Deadline(1, lambda: 0.0)


def answer(
    store: Store, span: TimeRange, interval: int, filters: Filters = EVERYTHING, sampling: int = 60
) -> dict[str, Any]:
    """Return all metrics of a range."""
    data = Scan(store.snapshot(NOW, sampling), store.reader, span, granule(interval), forever()).gather(filters)
    cells = grid(span, interval)
    tables = {name: metric.samples(data, cells, filters) for name, metric in DEFINITIONS.items()}
    return told(Result(span.start, span.end, interval, tables, span.end))


def assert_true(
    events: list[Event], store: Store, span: TimeRange, interval: int, *, sampling: int = 60, **filters: str
) -> None:
    """Compare all metrics of a range with the oracle."""
    request = Request(start_time=span.start, end_time=span.end, interval=interval, **filters)  # type: ignore[arg-type]
    expected = Model(events, sampling).answer(request, NOW)
    assert_same(expected, store, span, interval, sampling=sampling, **filters)


def assert_same(
    expected: dict[str, Any], store: Store, span: TimeRange, interval: int, *, sampling: int = 60, **filters: str
) -> None:
    """Compare all metrics of a range with what the oracle says of them."""
    found = answer(store, span, interval, Filters(**filters), sampling)
    assert differences(expected, found, until_now=False) == []


def in_memory(store: Store, random: np.random.Generator) -> None:
    for chosen in np.array_split(np.arange(len(store.rows)), 2):
        store.hold(chosen)


def in_parts(store: Store, random: np.random.Generator) -> None:
    store.seal(np.arange(len(store.rows)))


def in_parts_that_overlap(store: Store, random: np.random.Generator) -> None:
    places = random.integers(0, 3, len(store.rows))
    for place in range(3):
        store.seal(np.flatnonzero(places == place))


def in_memory_and_in_parts(store: Store, random: np.random.Generator) -> None:
    places = random.integers(0, 4, len(store.rows))
    for place in range(3):
        (store.hold if place == 1 else store.seal)(np.flatnonzero(places == place))
    store.hold(np.flatnonzero(places == 3))


def compacted(store: Store, random: np.random.Generator) -> None:
    in_parts_that_overlap(store, random)
    store.compact(END)


def compacted_but_for_late_rows(store: Store, random: np.random.Generator) -> None:
    late = random.random(len(store.rows)) < 0.1
    store.seal(np.flatnonzero(~late))
    store.compact(END - 3600)
    store.hold(np.flatnonzero(late))


def compacted_without_details(store: Store, random: np.random.Generator) -> None:
    store.seal(np.arange(len(store.rows)), detailed=False)
    store.compact(END - 3600)


WAYS = [
    in_memory,
    in_parts,
    in_parts_that_overlap,
    in_memory_and_in_parts,
    compacted,
    compacted_but_for_late_rows,
    compacted_without_details,
]
# From now back, one that begins inside an hour, and one that ends in the past.
SPANS = [(HOUR, END + 120), (HOUR + 5400, END + 120), (HOUR + 3600, HOUR + 9000), (HOUR + 4260, HOUR + 4320)]


@cache
def truth(seed: int, begin: int, end: int, interval: int) -> dict[str, Any]:
    """Return what the oracle says of a random history; the same to every way of storing it."""
    return Model(random_history(seed)).answer(Request(start_time=begin, end_time=end, interval=interval), NOW)


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("way", WAYS)
def test_it_does_not_matter_where_rows_are(folder: Folder, seed: int, way: Way) -> None:
    """Heads, parts, both, and compacted hours give one answer: the one that brute force gives."""
    store = Store(folder, random_history(seed))
    way(store, np.random.default_rng(0))
    for begin, end in SPANS:
        for interval in (60, 900, 7200):
            assert_same(truth(seed, begin, end, interval), store, TimeRange(begin, end), interval)


@pytest.mark.parametrize("status", STATUSES)
def test_filters_pick_the_same_everywhere(store_of: StoreOf, status: str) -> None:
    """Type, backend and status filter what is in parts and what is in memory alike."""
    events = random_history(3)
    store = store_of(events)
    in_memory_and_in_parts(store, np.random.default_rng(1))
    span = TimeRange(HOUR + 3600, END)
    assert_true(events, store, span, 600, status=status)
    assert_true(events, store, span, 600, status=status, operation_type="add")
    assert_true(events, store, span, 600, backend="s3", operation_type="pin")
    assert_true(events, store, span, 600, backend="nowhere")


@pytest.mark.parametrize(("before", "after"), [(60, 10), (10, 60), (60, 45), (60, 3600)])
@pytest.mark.parametrize("mixed", [False, True])
def test_the_sampling_interval_may_change(store_of: StoreOf, before: int, after: int, mixed: bool) -> None:
    """What was sampled otherwise is read from its events where it does not fit, inside one hour too."""
    events = random_history(4)
    store = store_of(events)
    first = store.rows.timestamp < (HOUR + 5000) * 1e6
    if mixed:
        first ^= np.random.default_rng(2).random(len(store.rows)) < 0.2
    store.seal(np.flatnonzero(first), before)
    half = np.flatnonzero(~first)
    store.seal(half[::2], after)
    store.hold(half[1::2])
    for begin, end in ((HOUR, END), (HOUR + 3600 + after, END - after)):
        for interval in sorted({after, 4 * after, 3600}):
            assert_true(events, store, TimeRange(begin, end), interval, sampling=after)


FLAPPING = [
    health("ipfs", "online", HOUR + 5),
    health("ipfs", "offline", HOUR + 20),
    health("ipfs", "degraded", HOUR + 50),
    health("ipfs", "online", HOUR + 700),
]


@pytest.mark.parametrize("sealed", [[0, 2, 3], [1, 3], [0, 2], [0, 1, 2, 3], []])
def test_the_health_before_a_range_is_the_last_change(store_of: StoreOf, sealed: list[int]) -> None:
    """Also where several sources tell of one minute before the range begins, whichever changed first."""
    store = store_of(FLAPPING)
    rest = [at for at in range(4) if at not in sealed]
    store.seal(np.array(sealed, np.int64))
    store.hold(np.array(rest, np.int64))
    assert_true(FLAPPING, store, TimeRange(HOUR + 120, HOUR + 900), 60)
    for at in rest[::-1]:
        store.heads.clear()
        store.seal(np.array([at], np.int64))
    assert_true(FLAPPING, store, TimeRange(HOUR + 120, HOUR + 900), 60)


CROWD = [
    start("a", HOUR + 10),
    start("b", HOUR + 20),
    change("a", "completed", HOUR + 30),
    start("c", HOUR + 40),
    change("b", "completed", HOUR + 50),
    change("c", "completed", HOUR + 55),
]


def test_extremes_of_contested_intervals_are_those_of_all_rows(store_of: StoreOf) -> None:
    """Of two sources that interleave neither knows that two were in flight, and never three."""
    store = store_of(CROWD)
    store.seal(np.array([0, 3, 4]))
    store.hold(np.array([1, 2, 5]))
    sample = answer(store, TimeRange(HOUR, HOUR + 60), 60)["metrics"]["queue_size"]["add"]["ipfs"][0]
    assert (sample["min"], sample["max"], sample["last"]) == (0, 2, 0)


def test_without_events_the_extremes_are_near_and_the_rest_is_exact(store_of: StoreOf) -> None:
    """Where rows are gone, sources are taken to follow one another: means and counts are not touched by it."""
    store = store_of(CROWD)
    store.seal(np.array([0, 3, 4]), detailed=False)
    store.compact(HOUR + 3600)
    store.hold(np.array([1, 2, 5]))
    truth = Model(CROWD).answer(Request(start_time=HOUR, end_time=HOUR + 60), NOW)["metrics"]
    found = answer(store, TimeRange(HOUR, HOUR + 60), 60)["metrics"]
    (sample,) = found["queue_size"]["add"]["ipfs"]
    (expected,) = truth["queue_size"]["add"]["ipfs"]
    assert sample["mean"] == pytest.approx(expected["mean"])
    assert sample["last"] == expected["last"]
    assert sample["min"] <= sample["mean"] <= sample["max"]
    assert found["operation_count"] == truth["operation_count"]


@pytest.mark.parametrize("sampling", [10, 45, 60])
def test_without_events_no_mean_is_beyond_its_extremes(store_of: StoreOf, sampling: int) -> None:
    """Samples of another width and sources that interleave are told roughly, never absurdly; counts stay exact."""
    events = random_history(3)
    store = store_of(events)
    late = np.random.default_rng(5).random(len(store.rows)) < 0.3
    store.seal(np.flatnonzero(~late), 60, detailed=False)
    store.compact(END, 60)
    store.hold(np.flatnonzero(late))
    metrics = answer(store, TimeRange(HOUR, END), 180 if sampling == 45 else sampling, sampling=sampling)["metrics"]
    found = [each for series in metrics["backend_health"].values() for each in series]
    found += [each for group in metrics["queue_size"].values() for series in group.values() for each in series]
    assert all(each["min"] <= each["mean"] <= each["max"] for each in found)
    entries = Model(events).history.entries
    counted = [each for group in metrics["operation_count"].values() for series in group.values() for each in series]
    assert sum(sum(each["by_status"].values()) for each in counted) == len(entries)


def test_an_hour_without_its_events_does_not_spoil_another(store_of: StoreOf) -> None:
    """The contested intervals of hours whose rows are there are exact, whatever another hour lacks."""
    later = [
        {**event, "operation_id": event["operation_id"] + "2", "timestamp": event["timestamp"] + 3600}
        for event in CROWD
    ]
    store = store_of([*CROWD, *later])
    store.seal(np.array([0, 3, 4]), detailed=False)
    store.compact(HOUR + 3600)
    store.seal(np.array([6, 9, 10]))
    store.hold(np.array([1, 2, 5, 7, 8, 11]))
    sample = answer(store, TimeRange(HOUR, HOUR + 7200), 60)["metrics"]["queue_size"]["add"]["ipfs"][60]
    assert (sample["timestamp"], sample["min"], sample["max"]) == (HOUR + 3600, 0, 2)


def test_a_clock_ahead_moves_the_horizon(folder: Folder) -> None:
    """A row that is newer than now is known until its instant, in memory and in parts alike."""
    events = [start("a", NOW - 30), change("a", "completed", NOW + 10), health("s3", "online", NOW + 40)]
    found = []
    for keep in (Store.hold, Store.seal):
        store = Store(folder, events)
        keep(store, np.arange(3))
        assert_true(events, store, TimeRange(NOW // 60 * 60 - 60, NOW // 60 * 60 + 120), 60)
        found.append(answer(store, TimeRange(HOUR, END + 180), 60))
    assert found[0] == found[1]


def test_a_series_nobody_remembers_is_known_from_its_first_row(store_of: StoreOf) -> None:
    """Where the snapshot has forgotten when a series began, its rows in the range tell."""
    store = store_of(CROWD)
    store.hold(np.arange(6))
    snapshot = replace(store.snapshot(NOW), first_seen={})
    data = Scan(snapshot, store.reader, TimeRange(HOUR, HOUR + 60), 60, forever()).gather(Filters())
    assert (data.keys, data.first_seen.tolist()) == ((SeriesKey("add", "ipfs"),), [HOUR])


def test_a_scan_ends_when_its_time_is_over(store_of: StoreOf) -> None:
    """Between hours it looks at its deadline."""
    store = store_of(random_history(3))
    store.seal(np.arange(len(store.rows)))
    deadline = forever()
    deadline.cancel()
    with pytest.raises(QueryTimeout):
        Scan(store.snapshot(NOW), store.reader, TimeRange(HOUR, END), 60, deadline).gather(Filters())
