"""What is told of the WAL: the gauges say what `/realtime` says, the totals what was counted."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import pytest

from telemetryd.exposition.facts import WalFacts
from telemetryd.exposition.family import Family, Rows
from telemetryd.exposition.labels import LabelTexts
from telemetryd.exposition.totals import BOUNDS
from telemetryd.exposition.wal import FAMILIES, SERIES, wal
from telemetryd.live.realtime import realtime
from telemetryd.live.window import WINDOW
from telemetryd.model.events import STATUSES, BackendHealthChange
from tests.ingest.intake import HOUR, change, start

from .counting import Counting, life

NOW = HOUR + 20.0


def facts(counting: Counting) -> WalFacts:
    counting.count()
    ledger = counting.ledger
    keys = tuple(ledger.tracker.series.keys)
    return WalFacts(
        labels=LabelTexts(SERIES).of(keys),
        keys=keys,
        in_flight=[tuple(counts) for counts in ledger.tracker.in_flight],
        window=ledger.window.still(NOW, WINDOW),
        counted=counting.totals.counted(),
        health=dict(ledger.tracker.health),
    )


def told(counting: Counting, exemplars: bool = False) -> dict[str, dict[str, list[Any]]]:
    """Return the values of each family by its rows' labels."""
    return {family.name: _by_labels(family, rows) for family, rows in wal(facts(counting), exemplars)}


def _by_labels(family: Family, rows: Rows) -> dict[str, list[Any]]:
    labels = rows.labels if family.labels else [""]
    return {label: [column[at] for column in rows.columns] for at, label in enumerate(labels)}


@pytest.fixture
def counting() -> Counting:
    """Two operations added, one of them failed, one pinned, and three in flight."""
    counting = Counting()
    counting.tell(*life("a", 1.0), *life("b", 3.0, "failed"), *life("c", 8.0, operation_type="pin"))
    counting.tell(start("d", HOUR), start("e", HOUR), change("e", "retrying", HOUR + 1), start("f", HOUR, "get", "s3"))
    counting.tell(BackendHealthChange("ipfs", "degraded", HOUR), BackendHealthChange("s3", "unknown", HOUR))
    return counting


ADD, GET, PIN = (
    f'operation_type="{name}",backend="{backend}"'
    for name, backend in (("add", "ipfs"), ("get", "s3"), ("pin", "ipfs"))
)


def test_every_family_is_told_once_in_order(counting: Counting) -> None:
    """With as many columns as its lines, where it has rows."""
    found = list(wal(facts(counting), exemplars=False))
    assert [family for family, _ in found] == [*FAMILIES]
    for family, rows in found:
        lines = len(BOUNDS) + 2 if family.bounds else len(family.spread.words) if family.spread else 1
        assert len(rows.columns) == lines
        assert {len(column) for column in rows.columns} == {len(rows.labels) or 1 - bool(family.labels)}


@pytest.mark.parametrize(
    ("name", "statistic"),
    [
        ("wal_operation_latency_seconds", "mean"),
        ("wal_operation_latency_seconds_median", "median"),
        ("wal_operation_latency_seconds_min", "min"),
        ("wal_operation_latency_seconds_max", "max"),
        ("wal_operation_latency_seconds_p95", "percentile_95"),
    ],
)
def test_latencies_are_those_of_realtime(counting: Counting, name: str, statistic: str) -> None:
    """Of operations that ended in the window, series by series."""
    now = realtime(counting.ledger.tracker, counting.ledger.window, NOW, WINDOW)["latency"]
    assert told(counting)[name] == {ADD: [now["add:ipfs"][statistic]], PIN: [now["pin:ipfs"][statistic]]}


def test_rates_are_those_of_realtime(counting: Counting) -> None:
    """Success and error between 0 and 1, throughput by the minute, under both of its names."""
    found = told(counting)
    assert found["wal_operation_success_rate"] == {ADD: [0.5], PIN: [1.0]}
    assert found["wal_operation_error_rate"] == {ADD: [0.5], PIN: [0.0]}
    assert found["wal_operation_throughput"] == {ADD: [2 * 60 / WINDOW], PIN: [60 / WINDOW]}
    assert found["wal_operations_per_minute"] == found["wal_operation_throughput"]


def test_operations_by_status_are_those_of_realtime(counting: Counting) -> None:
    """In flight now, ended in the window."""
    distribution = realtime(counting.ledger.tracker, counting.ledger.window, NOW, WINDOW)["status_distribution"]
    assert told(counting)["wal_operations_by_status"] == {
        labels: [distribution[name][status] for status in STATUSES]
        for labels, name in ((ADD, "add:ipfs"), (PIN, "pin:ipfs"), (GET, "get:s3"))
    }


def test_totals_are_told_of_every_series_that_was_seen(counting: Counting) -> None:
    """Those without an end included, so that rates begin at zero."""
    found = told(counting)
    assert found["wal_operations_count"] == {ADD: [4, 2, 1, 1, 1], PIN: [1, 1, 0, 1, 0], GET: [1, 0, 0, 0, 0]}
    assert found["wal_operations_started"] == {ADD: [4], PIN: [1], GET: [1]}
    assert found["wal_operations"] == {ADD: [1, 1], PIN: [1, 0], GET: [0, 0]}
    assert found["wal_operation_retries"] == {ADD: [1], PIN: [0], GET: [0]}
    assert found["wal_operations_expired"] == {"": [0]}


def test_buckets_are_cumulated(counting: Counting) -> None:
    """The last is the count, and the sum comes behind it."""
    found = told(counting)["wal_operation_duration_seconds"]
    counts = [0] * (len(BOUNDS) + 1)
    counts[BOUNDS.index(1.0)] = counts[BOUNDS.index(5.0)] = 1
    assert found[ADD] == [*accumulate(counts), 4.0]
    assert found[GET] == [0] * (len(BOUNDS) + 1) + [0.0]


def test_exemplars_stand_behind_the_counts_of_their_buckets(counting: Counting) -> None:
    """Where they are asked for."""
    found = told(counting, exemplars=True)["wal_operation_duration_seconds"]
    assert found[ADD][BOUNDS.index(5.0)] == f'2 # {{operation_id="b"}} 3.0 {HOUR + 3}.000'
    assert found[ADD][BOUNDS.index(10.0)] == 2


def test_the_queue_is_told_by_status_over_all_series(counting: Counting) -> None:
    """Pending, processing, retrying; also where nothing is in flight."""
    assert told(counting)["wal_queue_size"] == {"": [2, 0, 1]}
    assert told(Counting())["wal_queue_size"] == {"": [0, 0, 0]}


def test_health_that_is_not_known_leaves_a_gap(counting: Counting) -> None:
    """As in every other answer."""
    assert told(counting)["wal_backend_health"] == {'backend="ipfs"': [0.5]}


def test_a_backend_responds_as_fast_as_its_operations_end(counting: Counting) -> None:
    """Over all of its types; one where nothing ended has no response time."""
    assert told(counting)["wal_backend_response_time_seconds"] == {'backend="ipfs"': [(1.0 + 3.0 + 8.0) / 3]}


def test_before_anything_happened_there_is_nothing_to_tell_but_zeros() -> None:
    """No series, no backends."""
    rows = {name: values for name, values in told(Counting()).items() if values}
    assert rows == {"wal_queue_size": {"": [0, 0, 0]}, "wal_operations_expired": {"": [0]}}


def test_an_end_that_is_told_anew_leaves_no_rate_behind() -> None:
    """One whose type came after its end is taken back from the series it was in."""
    counting = Counting()
    counting.tell(change("a", "completed", HOUR + 2))
    counting.tell(start("a", HOUR))
    found = told(counting)
    assert found["wal_operation_success_rate"] == {ADD: [1.0]}
    assert found["wal_operation_latency_seconds"] == {ADD: [2.0]}


def test_the_window_may_be_asked_later() -> None:
    """What ends after the instant of a scrape is not in it."""
    counting = Counting()
    counting.tell(*life("a", 1.0))
    before = facts(counting)
    counting.tell(*life("b", 1.0, operation_type="pin"))
    names = {family.name: rows.labels for family, rows in wal(before, exemplars=True)}
    assert names["wal_operation_success_rate"] == [ADD]
