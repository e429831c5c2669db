"""Single operations: the slowest, the failed, the recent; and the timeline of one."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa

from telemetryd.model.errors import UnknownOperation
from telemetryd.model.events import (
    COMPLETED,
    EVENTS,
    FAILED,
    NO_STATE,
    OPERATION_START,
    STATES,
    STATUSES,
    TERMINAL_STATUSES,
    UNPLACED,
)
from telemetryd.model.timerange import HOUR
from telemetryd.rollup.columns import Array, EventColumns
from telemetryd.rollup.moves import is_entry

from .deadline import Deadline
from .reader import Reader
from .request import Filters, OperationsRequest
from .snapshot import OperationInFlight, Snapshot

_US = 1_000_000
Found = dict[str, Any]


def operations(request: OperationsRequest, snapshot: Snapshot, reader: Reader, deadline: Deadline) -> list[Found]:
    """Return operations that fit the request, at most ``limit``, the first in its sort first.

    ``slowest`` are those that ended with the longest latency, ``failed`` the last that failed,
    ``recent`` the last that ended or, being in flight, began.
    """
    best: list[tuple[float, Found]] = []
    if request.sort == "recent" and request.filters.status not in TERMINAL_STATUSES:
        running = ((_began(each), _in_flight(each)) for each in snapshot.operations() if _wanted(each, request))
        best = heapq.nlargest(request.limit, running, key=itemgetter(0))
    rank = itemgetter("latency" if request.sort == "slowest" else "end_time")
    for newest, columns in _newest_first(snapshot, reader, deadline, request.start, request.end):
        if len(best) >= request.limit and request.sort != "slowest" and best[-1][0] >= newest:
            # What is still to come is older than all that was found.
            break
        ended = columns.take(_mask(columns, request))
        found = ((rank(each), each) for each in _ended(ended, _top(ended, request)))
        best = heapq.nlargest(request.limit, [*best, *found], key=itemgetter(0))
    return [each for _, each in best]


def operation(
    operation_id: str, snapshot: Snapshot, reader: Reader, deadline: Deadline, start: float | None, end: float | None
) -> Found:
    """Return one operation with its timeline; raises :class:`UnknownOperation`.

    Looks at what is in memory first, then hour by hour into the past until its start is found.
    """
    # With the first such question, and not at the start: it takes 9 MB.
    import pyarrow.compute as pc

    rows: list[Found] = []
    for newest, columns in _newest_first(snapshot, reader, deadline, start or 0.0, end or math.inf):
        if any(_is_start(row) and row["timestamp"] >= newest for row in rows):
            # What is still to come is older than its start.
            break
        assert columns.operation_id is not None
        mine = np.flatnonzero(
            pc.equal(columns.operation_id, operation_id).fill_null(False).to_numpy(zero_copy_only=False)
        )
        rows.extend(_row(columns, index) for index in mine.tolist())
    if not rows:
        raise UnknownOperation(f"operation_id: expected the id of a stored operation, found {operation_id[:256]!r}")
    rows.sort(key=lambda row: (row["timestamp"], row["sequence"]))
    return _summary(operation_id, rows)


def _newest_first(
    snapshot: Snapshot, reader: Reader, deadline: Deadline, start: float, end: float
) -> Iterator[tuple[float, EventColumns]]:
    """Yield what is in memory, then the parts hour by hour into the past, each with the time it is older than."""
    for head in reversed(snapshot.heads):
        deadline.check()
        inside = (head.timestamp >= start * _US) & (head.timestamp < end * _US)
        yield math.inf, head.take(inside)
    for hour in sorted(snapshot.hours, reverse=True):
        if hour + HOUR <= start or hour >= end:
            continue
        for part in snapshot.hours[hour].events:
            deadline.check()
            yield hour + HOUR, reader.whole_events(part, start, end)


def _mask(columns: EventColumns, request: OperationsRequest) -> Array:
    filters = request.filters
    mask: Array = is_entry(columns) & ((columns.status == COMPLETED) | (columns.status == FAILED))
    wanted = "failed" if request.sort == "failed" else filters.status
    if wanted is not None:
        mask &= columns.status == STATES.index(wanted)
    if filters.operation_type is not None:
        mask &= columns.operation_type == _code(columns.operation_types, filters.operation_type)
    if filters.backend is not None:
        mask &= columns.backend == _code(columns.backends, filters.backend)
    if request.sort == "slowest":
        mask &= ~np.isnan(columns.latency)
    return mask


def _code(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1


def _top(columns: EventColumns, request: OperationsRequest) -> Array:
    key = columns.latency if request.sort == "slowest" else columns.timestamp
    return np.asarray(np.argsort(-key, kind="stable")[: request.limit])


def _ended(columns: EventColumns, indices: Array) -> Iterator[Found]:
    ids = pa.array([]) if columns.operation_id is None else columns.operation_id
    for index in indices.tolist():
        row = _row(columns, index)
        latency = row["latency"]
        yield {
            "operation_id": ids[index].as_py(),
            "operation_type": row["operation_type"],
            "backend": row["backend"],
            "status": row["status"],
            "start_time": None if latency is None else row["timestamp"] - latency,
            "end_time": row["timestamp"],
            "latency": latency,
            "retry_count": row["retry_count"],
            "error_type": row["error_type"],
            "size": row["size"],
            "producer": row["producer"],
        }


def _in_flight(each: OperationInFlight) -> Found:
    return {
        "operation_id": each.operation_id,
        "operation_type": each.operation_type,
        "backend": each.backend,
        "status": each.status,
        "start_time": each.start,
        "end_time": None,
        "latency": None,
        "retry_count": None if each.retry_count < 0 else each.retry_count,
        "error_type": None,
        "size": None,
        "producer": None,
    }


def _wanted(each: OperationInFlight, request: OperationsRequest) -> bool:
    filters: Filters = request.filters
    asked = (
        (filters.operation_type, each.operation_type),
        (filters.backend, each.backend),
        (filters.status, each.status),
    )
    return all(wanted in (None, found) for wanted, found in asked) and request.start <= _began(each) < request.end


def _began(each: OperationInFlight) -> float:
    return each.since if each.start is None else each.start


def _row(columns: EventColumns, index: int) -> Found:
    latency, retry_count, size = (
        float(columns.latency[index]),
        int(columns.retry_count[index]),
        int(columns.size[index]),
    )
    return {
        "timestamp": int(columns.timestamp[index]) / _US,
        "event": EVENTS[columns.event[index]],
        "operation_type": columns.operation_types[columns.operation_type[index]],
        "backend": columns.backends[columns.backend[index]],
        "status": _state(int(columns.status[index])),
        "previous_status": _state(int(columns.previous[index])),
        "latency": None if np.isnan(latency) else latency,
        "retry_count": None if retry_count < 0 else retry_count,
        "size": None if size < 0 else size,
        "error_type": columns.error_types[columns.error_type[index]] or None,
        "producer": columns.producers[columns.producer[index]] or None,
        "sequence": int(columns.sequence[index]),
    }


def _state(code: int) -> str | None:
    return {NO_STATE: None, UNPLACED: "unplaced"}.get(code) if code >= len(STATES) else STATES[code]


def _summary(operation_id: str, rows: list[Found]) -> Found:
    starts = [row for row in rows if _is_start(row)]
    terminal = (STATES[COMPLETED], STATES[FAILED])
    ends = [row for row in rows if row["status"] in terminal and row["previous_status"] not in terminal]
    last = ends[0] if ends else rows[-1]
    return {
        "operation_id": operation_id,
        "operation_type": rows[-1]["operation_type"],
        "backend": rows[-1]["backend"],
        "status": last["status"],
        "start_time": starts[0]["timestamp"] if starts else None,
        "end_time": last["timestamp"] if ends else None,
        "latency": last["latency"] if ends else None,
        "retry_count": max((row["retry_count"] for row in rows if row["retry_count"] is not None), default=None),
        "error_type": next((row["error_type"] for row in reversed(rows) if row["error_type"]), None),
        "size": next((row["size"] for row in reversed(rows) if row["size"] is not None), None),
        "producer": rows[-1]["producer"],
        "timeline": [
            {name: value for name, value in row.items() if name not in ("operation_type", "backend")} for row in rows
        ],
    }


def _is_start(row: Found) -> bool:
    """Whether a row is the start of its operation, and no repeat of it."""
    return bool(row["event"] == EVENTS[OPERATION_START] and row["previous_status"] not in STATUSES)
