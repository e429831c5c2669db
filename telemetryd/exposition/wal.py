"""The families that tell of the WAL: what ended lately, what is in flight, and totals since the start.

The gauges have the names that the Grafana dashboards of ipfs_kit_py ask for. What they say is what
``GET /realtime`` says; the counters and the histogram beside them are what rates and alerts are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from telemetryd.live.realtime import latencies
from telemetryd.live.window import WINDOW
from telemetryd.model.events import COMPLETED, FAILED, HEALTH_VALUES, IN_FLIGHT_STATUSES, PENDING, RETRYING, STATUSES
from telemetryd.rollup.cells import OperationCells
from telemetryd.rollup.columns import Array

from .facts import WalFacts
from .family import Family, Rows, Spread
from .labels import label_text
from .totals import BOUNDS, EXPIRED, Counted

SERIES = ("operation_type", "backend")
BACKEND = ("backend",)
_LATELY = "of operations that ended in the last five minutes"

LATENCY = {
    "mean": Family("wal_operation_latency_seconds", "gauge", f"Mean latency {_LATELY}.", SERIES),
    "median": Family("wal_operation_latency_seconds_median", "gauge", f"Median latency {_LATELY}, in seconds.", SERIES),
    "min": Family("wal_operation_latency_seconds_min", "gauge", f"Shortest latency {_LATELY}, in seconds.", SERIES),
    "max": Family("wal_operation_latency_seconds_max", "gauge", f"Longest latency {_LATELY}, in seconds.", SERIES),
    "percentile_95": Family(
        "wal_operation_latency_seconds_p95", "gauge", f"95th percentile of the latency {_LATELY}, in seconds.", SERIES
    ),
}
SUCCESS_RATE = Family(
    "wal_operation_success_rate",
    "gauge",
    "Of the operations that ended in the last five minutes, the share that completed, 0 to 1.",
    SERIES,
)
ERROR_RATE = Family(
    "wal_operation_error_rate",
    "gauge",
    "Of the operations that ended in the last five minutes, the share that failed, 0 to 1.",
    SERIES,
)
THROUGHPUT = Family("wal_operation_throughput", "gauge", "Operations that ended per minute, over five minutes.", SERIES)
PER_MINUTE = Family("wal_operations_per_minute", "gauge", "The same as wal_operation_throughput.", SERIES)
BY_STATUS = Family(
    "wal_operations_by_status",
    "gauge",
    "Operations pending, processing and retrying now; completed and failed in the last five minutes.",
    SERIES,
    Spread("status", STATUSES),
)
# It only grows, but a counter's name ends otherwise, and a gauge's must not end like this.
COUNT = Family(
    "wal_operations_count",
    "unknown",
    "Entries of operations into each status since the daemon started.",
    SERIES,
    Spread("status", STATUSES),
)
STARTED = Family("wal_operations_started", "counter", "Operations that started.", SERIES)
ENDED = Family(
    "wal_operations",
    "counter",
    "Operations that ended, by how.",
    SERIES,
    Spread("status", STATUSES[COMPLETED : FAILED + 1]),
)
RETRIES = Family("wal_operation_retries", "counter", "Retries of operations.", SERIES)
GIVEN_UP = Family(
    "wal_operations_expired", "counter", "Operations given up because they did not end, or were too many."
)
DURATION = Family(
    "wal_operation_duration_seconds",
    "histogram",
    "Latency of operations that ended, from start to end.",
    SERIES,
    bounds=BOUNDS,
)
QUEUE = Family(
    "wal_queue_size", "gauge", "Operations in flight, by status.", spread=Spread("status", IN_FLIGHT_STATUSES)
)
HEALTH = Family(
    "wal_backend_health",
    "gauge",
    "Health of a backend: 1 online, 0.5 degraded, 0 offline; no sample where it is unknown.",
    BACKEND,
)
RESPONSE_TIME = Family(
    "wal_backend_response_time_seconds", "gauge", f"Mean latency {_LATELY}, over all types of a backend.", BACKEND
)

FAMILIES = (
    *LATENCY.values(),
    SUCCESS_RATE,
    ERROR_RATE,
    THROUGHPUT,
    PER_MINUTE,
    BY_STATUS,
    COUNT,
    STARTED,
    ENDED,
    RETRIES,
    GIVEN_UP,
    DURATION,
    QUEUE,
    HEALTH,
    RESPONSE_TIME,
)


def wal(facts: WalFacts, exemplars: bool) -> Iterator[tuple[Family, Rows]]:
    """Yield every family with its rows; ``exemplars`` says whether buckets show one."""
    cells = facts.window()
    in_flight = np.array(facts.in_flight, np.int64)
    yield from _lately(facts, cells, in_flight)
    yield from _since_the_start(facts, exemplars)
    yield QUEUE, Rows((), [[number] for number in in_flight.sum(axis=0).tolist()])
    known = {backend: HEALTH_VALUES[state] for backend, (_, state) in facts.health.items() if state in HEALTH_VALUES}
    yield HEALTH, Rows([label_text(BACKEND, (backend,)) for backend in known], [[*known.values()]])
    yield RESPONSE_TIME, _by_backend(facts, cells)


def _lately(facts: WalFacts, cells: OperationCells, in_flight: Array) -> Iterator[tuple[Family, Rows]]:
    timed = np.flatnonzero(cells.count > 0)
    labels, told = _picked(facts.labels, cells.series[timed]), latencies(cells)
    for name, family in LATENCY.items():
        yield family, Rows(labels, [_picked(told[name], timed)])
    # An end that was taken back may have been entered before the window was: that leaves less than nothing.
    ends = np.maximum(cells.entries[:, [COMPLETED, FAILED]], 0)
    ended = np.flatnonzero(ends.sum(axis=1) > 0)
    number = ends[ended].sum(axis=1)
    labels = _picked(facts.labels, cells.series[ended])
    yield SUCCESS_RATE, Rows(labels, [(ends[ended, 0] / number).tolist()])
    yield ERROR_RATE, Rows(labels, [(ends[ended, 1] / number).tolist()])
    per_minute = (number * 60 / WINDOW).tolist()
    yield THROUGHPUT, Rows(labels, [per_minute])
    yield PER_MINUTE, Rows(labels, [per_minute])
    by_status = np.zeros((len(facts.labels), len(STATUSES)), np.int64)
    by_status[:, : len(IN_FLIGHT_STATUSES)] = in_flight
    by_status[cells.series, COMPLETED : FAILED + 1] = ends
    yield BY_STATUS, _table(facts.labels, by_status, np.flatnonzero(by_status.any(axis=1)))


def _since_the_start(facts: WalFacts, exemplars: bool) -> Iterator[tuple[Family, Rows]]:
    counted = facts.counted
    seen = np.flatnonzero(counted.entries.any(axis=1))
    yield COUNT, _table(facts.labels, counted.entries[:, : len(STATUSES)], seen)
    yield STARTED, _table(facts.labels, counted.entries[:, [PENDING]], seen)
    yield ENDED, _table(facts.labels, counted.entries[:, [COMPLETED, FAILED]], seen)
    yield RETRIES, _table(facts.labels, counted.entries[:, [RETRYING]], seen)
    yield GIVEN_UP, Rows((), [[int(counted.entries[:, EXPIRED].sum())]])
    columns = np.cumsum(counted.buckets[seen], axis=1).T.tolist()
    if exemplars:
        _show(counted, seen, columns)
    yield DURATION, Rows(_picked(facts.labels, seen), [*columns, counted.sums[seen].tolist()])


def _show(counted: Counted, series: Array, columns: list[list[int | str]]) -> None:
    """Put exemplars behind the counts of their buckets."""
    row = {number: at for at, number in enumerate(series.tolist())}
    for (number, bucket), exemplar in counted.exemplars.items():
        at = row[number]
        columns[bucket][at] = f"{columns[bucket][at]}{exemplar}"


def _by_backend(facts: WalFacts, cells: OperationCells) -> Rows:
    total: dict[str, float] = {}
    count: dict[str, int] = {}
    for series, seconds, number in zip(
        *(each.tolist() for each in (cells.series, cells.sum, cells.count)), strict=True
    ):
        backend = facts.keys[series].backend
        if number > 0:
            total[backend] = total.get(backend, 0.0) + seconds
            count[backend] = count.get(backend, 0) + number
    labels = [label_text(BACKEND, (backend,)) for backend in total]
    return Rows(labels, [[total[backend] / count[backend] for backend in total]])


def _table(labels: Sequence[str], numbers: Array, rows: Array) -> Rows:
    """Return some rows of a matrix that has a row a series, and a column a line."""
    return Rows(_picked(labels, rows), numbers[rows].T.tolist())


def _picked(values: Sequence[str] | Sequence[float], rows: Array) -> list[str]:
    return [values[row] for row in rows.tolist()]
