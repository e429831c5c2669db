"""Events to rollup rows: what one stretch of events says, interval by interval."""

from __future__ import annotations

import numpy as np

from telemetryd.model.events import BACKEND_HEALTH_CHANGE, COMPLETED, HEALTH_VALUES, UNKNOWN_HEALTH

from .columns import IN_FLIGHT, Array, EventColumns, HealthRows, OperationRows, QueueRows, RollupRows, in_order
from .grouping import distinct, reduce_runs, runs
from .histogram import bucket_of
from .moves import is_entry, is_operation, moves, series_of

_MICROSECONDS = 1_000_000
# States of a queue row: pending, processing, retrying, and all together.
_QUEUE_STATES = np.array([0, 1, 2, IN_FLIGHT], np.uint8)
_VALUE_OF_HEALTH = np.array([HEALTH_VALUES.get(code, np.nan) for code in range(UNKNOWN_HEALTH + 1)])


def build(events: EventColumns, interval: int) -> RollupRows:
    """Return the rollup of ``events`` in intervals of so many seconds (a divisor of 3600); rows in any order."""
    ordered = in_order(events.without_ids())
    operations = ordered.take(is_operation(ordered))
    codes, keys = series_of(operations)
    health, backends = _health(ordered.take(ordered.event == BACKEND_HEALTH_CHANGE), interval)
    return RollupRows(
        keys, backends, _operations(operations, codes, interval), _queue(operations, codes, interval), health
    )


def _start_of(timestamp: Array, interval: int) -> Array:
    return timestamp // (interval * _MICROSECONDS) * interval


def _operations(events: EventColumns, codes: Array, interval: int) -> OperationRows:
    entries = is_entry(events)
    start = _start_of(events.timestamp, interval)
    return operation_rows(start[entries], codes[entries], events.status[entries], events.latency[entries], interval)


def operation_rows(
    start: Array, series: Array, status: Array, latency: Array, width: int, weight: Array | None = None
) -> OperationRows:
    """Return the rows of some entries: each with its interval's start (Unix s), its series, its status and its latency (s or NaN).

    A ``weight`` of -1 takes an entry back: from the counts and sums, not from the extremes.
    """
    (start, series, status_of), group = distinct(start, series, status)
    rows = len(start)
    timed = (status >= COMPLETED) & ~np.isnan(latency)
    latency, group_timed = latency[timed], group[timed]
    weight_timed = None if weight is None else weight[timed]
    seen = np.ones(len(latency), bool) if weight_timed is None else weight_timed > 0
    minimum, maximum = np.full(rows, np.inf), np.full(rows, -np.inf)
    np.minimum.at(minimum, group_timed[seen], latency[seen])
    np.maximum.at(maximum, group_timed[seen], latency[seen])
    (row_of_cell, bucket), cell = distinct(group_timed, bucket_of(latency))
    return OperationRows(
        start=start,
        width=np.full(rows, width, np.int32),
        series=series.astype(np.int32),
        status=status_of.astype(np.uint8),
        entries=np.bincount(group, weight, rows).astype(np.int64),
        count=np.bincount(group_timed, weight_timed, rows).astype(np.int64),
        sum=np.bincount(group_timed, latency if weight_timed is None else latency * weight_timed, rows),
        minimum=minimum,
        maximum=maximum,
        offset=np.searchsorted(row_of_cell, np.arange(rows + 1)).astype(np.int64),
        bucket=bucket.astype(np.int32),
        bucket_count=np.bincount(cell, weight_timed, len(bucket)).astype(np.int64),
    )


def _queue(events: EventColumns, codes: Array, interval: int) -> QueueRows:
    moved = moves(events)
    leaving, entering = moved.leaves >= 0, moved.enters >= 0
    # Three rows for each event, those that move nothing left out: still in the order of time.
    deltas = np.stack([-leaving.astype(np.int64), entering, entering.astype(np.int64) - leaving], axis=1).ravel()
    keys = (codes[:, None] * 4 + np.stack([moved.leaves, moved.enters, np.full(len(codes), 3)], axis=1)).ravel()
    moving = np.flatnonzero(deltas)
    moving = moving[np.argsort(_narrow(keys[moving]), kind="stable")]
    key, timestamp, delta = keys[moving], events.timestamp[moving // 3], deltas[moving]
    # What happens at one instant is one move: a number held for no time is no extreme.
    first = runs(key, timestamp)
    key, timestamp, delta = key[first], timestamp[first], reduce_runs(np.add, delta, first)
    key, timestamp, delta = key[delta != 0], timestamp[delta != 0], delta[delta != 0]
    start = _start_of(timestamp, interval)
    first = runs(key, start)
    running = np.cumsum(delta)
    # Relative to the interval's opening: take off what ran up before it.
    before = (running - delta)[first]
    level = running - np.repeat(before, np.diff(np.append(first, len(delta))))
    left = ((start + interval) * _MICROSECONDS - timestamp) / _MICROSECONDS
    opening_held = timestamp[first] > start[first] * _MICROSECONDS
    lowest, highest = reduce_runs(np.minimum, level, first), reduce_runs(np.maximum, level, first)
    return QueueRows(
        start=start[first],
        width=np.full(len(first), interval, np.int32),
        series=(key[first] // 4).astype(np.int32),
        state=_QUEUE_STATES[key[first] % 4],
        net=reduce_runs(np.add, delta, first),
        integral=reduce_runs(np.add, delta * left, first),
        minimum=np.where(opening_held, np.minimum(lowest, 0), lowest),
        maximum=np.where(opening_held, np.maximum(highest, 0), highest),
    )


def _narrow(keys: Array) -> Array:
    # Of so few bits, a stable sort is one by radix.
    return keys.astype(np.uint16) if len(keys) and int(keys.max()) < 1 << 16 else keys


def _health(events: EventColumns, interval: int) -> tuple[HealthRows, tuple[str, ...]]:
    codes, backend = np.unique(events.backend, return_inverse=True)
    order = np.lexsort((events.timestamp, backend))
    backend, timestamp, value = backend[order], events.timestamp[order], _VALUE_OF_HEALTH[events.status[order]]
    # Of several changes at one instant the last one holds.
    holds = np.append((np.diff(timestamp) != 0) | (np.diff(backend) != 0), np.ones(min(1, len(backend)), bool)).astype(
        bool
    )
    backend, timestamp, value = backend[holds], timestamp[holds], value[holds]
    start = _start_of(timestamp, interval)
    first = runs(backend, start)
    last = np.append(first[1:], len(backend))[: len(first)] - 1
    until = np.append(timestamp[1:], 0)
    until[last] = (start[last] + interval) * _MICROSECONDS
    held = (until - timestamp) / _MICROSECONDS
    known = ~np.isnan(value)
    rows = HealthRows(
        start=start[first],
        width=np.full(len(first), interval, np.int32),
        backend=backend[first].astype(np.int32),
        lead=(timestamp[first] - start[first] * _MICROSECONDS) / _MICROSECONDS,
        known=reduce_runs(np.add, np.where(known, held, 0.0), first),
        integral=reduce_runs(np.add, np.where(known, held * value, 0.0), first),
        minimum=reduce_runs(np.minimum, np.where(known, value, np.inf), first),
        maximum=reduce_runs(np.maximum, np.where(known, value, -np.inf), first),
        last=value[last],
    )
    return rows, tuple(events.backends[code] for code in codes.tolist())
