"""Rollups of event rows, beside the same numbers counted row by row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.events import IN_FLIGHT_STATUSES, STATUSES, TERMINAL_STATUSES
from telemetryd.rollup.build import build
from telemetryd.rollup.columns import IN_FLIGHT, EventColumns
from telemetryd.rollup.histogram import bucket_of_value

from . import brute_force, samples
from .samples import Row, columns, health, started

Key = tuple[object, ...]
INTERVALS = st.sampled_from((1, 60, 900, 3600))


def start_of(at: float, interval: int) -> int:
    return int(at // interval) * interval


@given(samples.rows, INTERVALS)
def test_entries_and_latencies_are_counted_by_interval_series_and_status(rows: list[Row], interval: int) -> None:
    """There is one row for each key that has entries, and its numbers are those of its entries."""
    groups: dict[Key, list[Row]] = {}
    for row in filter(brute_force.is_entry, rows):
        key = (start_of(row.at, interval), brute_force.series(row), STATUSES.index(row.status))
        groups.setdefault(key, []).append(row)
    built = build(columns(rows), interval)
    found = built.operations
    keys = [
        (start, tuple(built.series[code]), status)
        for start, code, status in zip(found.start.tolist(), found.series.tolist(), found.status.tolist(), strict=True)
    ]
    assert sorted(keys) == sorted(groups)
    assert found.width.tolist() == [interval] * len(found)
    for at, key in enumerate(keys):
        entered = groups[key]
        latencies = [row.latency for row in entered if row.status in TERMINAL_STATUSES and not math.isnan(row.latency)]
        assert (found.entries[at], found.count[at]) == (len(entered), len(latencies))
        assert found.sum[at] == pytest.approx(math.fsum(latencies))
        assert found.minimum[at] == min(latencies, default=math.inf)
        assert found.maximum[at] == max(latencies, default=-math.inf)
        cells = slice(found.offset[at], found.offset[at + 1])
        histogram = dict(zip(found.bucket[cells].tolist(), found.bucket_count[cells].tolist(), strict=True))
        buckets = [bucket_of_value(latency) for latency in latencies]
        assert histogram == {bucket: buckets.count(bucket) for bucket in sorted(buckets)}
        assert list(histogram) == sorted(histogram)


def expected_queue(rows: list[Row], interval: int) -> dict[Key, tuple[float, ...]]:
    """Return net, integral, minimum and maximum by (start, series, state)."""
    states = {code: (word,) for code, word in enumerate(IN_FLIGHT_STATUSES)} | {IN_FLIGHT: IN_FLIGHT_STATUSES}
    expected: dict[Key, tuple[float, ...]] = {}
    for series in {brute_force.series(row) for row in rows}:
        mine = [row for row in rows if brute_force.series(row) == series]
        for state, words in states.items():
            steps: dict[int, list[tuple[float, int]]] = {}
            for at, step in brute_force.moved(mine, words):
                steps.setdefault(start_of(at, interval), []).append((at, step))
            for start, each in steps.items():
                expected[start, series, state] = _over_interval(each, start, start + interval)
    return expected


def _over_interval(steps: list[tuple[float, int]], start: float, end: float) -> tuple[float, ...]:
    number, since, integral = 0, start, 0.0
    held = []
    for at, step in [*steps, (end, 0)]:
        if at > since:
            held.append(number)
        integral += number * (at - since)
        number, since = number + step, at
    return number, integral, min(held), max(held)


@given(samples.rows, INTERVALS)
def test_the_queue_is_told_relative_to_the_start_of_the_interval(rows: list[Row], interval: int) -> None:
    """Net, integral and extremes are those of the number in flight minus what it was when the interval began."""
    built = build(columns(rows), interval)
    found = built.queue
    told = {
        (int(found.start[at]), tuple(built.series[found.series[at]]), int(found.state[at])): (
            found.net[at],
            found.integral[at],
            found.minimum[at],
            found.maximum[at],
        )
        for at in range(len(found))
    }
    assert len(told) == len(found)
    assert told == {key: pytest.approx(numbers) for key, numbers in expected_queue(rows, interval).items()}


@given(samples.rows, INTERVALS)
def test_health_is_told_from_its_first_change_on(rows: list[Row], interval: int) -> None:
    """Known seconds, integral and extremes begin with the first change of the interval; `last` holds at its end."""
    built = build(columns(rows), interval)
    found = built.health
    for at in range(len(found)):
        start = int(found.start[at])
        levels = [
            level
            for level in brute_force.health_levels(rows, built.backends[found.backend[at]])
            if start_of(level[0], interval) == start
        ]
        ends = [*(time for time, _ in levels[1:]), start + interval]
        held = [(value, end - time) for (time, value), end in zip(levels, ends, strict=True) if value is not None]
        assert found.lead[at] == levels[0][0] - start
        assert found.known[at] == pytest.approx(sum(seconds for _, seconds in held))
        assert found.integral[at] == pytest.approx(sum(value * seconds for value, seconds in held))
        assert found.minimum[at] == min((value for value, _ in held), default=math.inf)
        assert found.maximum[at] == max((value for value, _ in held), default=-math.inf)
        assert found.last[at] == pytest.approx(math.nan if levels[-1][1] is None else levels[-1][1], nan_ok=True)
    backends = {row.backend for row in rows if row.event == 2}
    assert {built.backends[code] for code in found.backend.tolist()} == backends
    changed = {(row.backend, start_of(row.at, interval)) for row in rows if row.event == 2}
    assert len(found) == len(changed)


@given(samples.rows, st.randoms())
def test_rows_come_in_any_order(rows: list[Row], random: object) -> None:
    """The order of the rows does not matter: timestamps and sequences tell it."""
    events = columns(rows)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one, other = build(events, 60), build(events.take(np.array(order, np.int64)), 60)
    for kind in ("operations", "queue", "health"):
        for name in getattr(one, kind).__slots__:
            found, expected = (getattr(getattr(each, kind), name) for each in (other, one))
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_what_happens_at_one_instant_is_one_move() -> None:
    """An operation that ends when the next one starts leaves the number as it is: held for no time, no extreme."""
    rows = [started(0), Row(30, "completed", "pending"), started(30)]
    total = build(columns(rows), 60).queue
    assert (total.minimum.tolist(), total.maximum.tolist()) == ([1, 1], [1, 1])


def test_the_last_of_several_changes_at_one_instant_holds() -> None:
    """A backend that is said to be two things at once is the one that came last."""
    found = build(columns([health(30, "online"), health(30, "offline")]), 60).health
    assert (found.known.tolist(), found.last.tolist(), found.maximum.tolist()) == ([30.0], [0.0], [0.0])


def test_nothing_gives_nothing() -> None:
    """Without rows there are no rows, and no warnings."""
    built = build(EventColumns.empty(), 60)
    assert (built.series, built.backends) == ((), ())
    assert len(built.operations) == len(built.queue) == len(built.health) == 0
    assert built.operations.offset.tolist() == [0]
