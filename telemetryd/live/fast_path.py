"""The tracker's fast path for what nearly all events are: a new operation's start, the next status of one in flight.

Nothing here that the tracker does not do for any event; it is the same with less around it, for
it is done a hundred thousand times a second. Whatever is out of the ordinary is left to it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from telemetryd.model.events import (
    CODE_OF_STATE,
    COMPLETED,
    NO_STATE,
    OPERATION_START,
    PENDING,
    STATUS_CHANGE,
    Event,
    OperationStart,
    StatusChange,
)

from .operation import Operation, Step
from .rows import Ended, Rows
from .series import SeriesTable

# Steps an operation may gather before those already sealed are forgotten.
STEPS_BEFORE_FORGETTING = 16
# What a named tuple's own constructor calls, without the call around it.
_made = tuple.__new__


class Tables(Protocol):
    """What the tracker keeps, and what it does with an event that is out of the ordinary."""

    series: SeriesTable
    operations: dict[str, Operation]
    ended: OrderedDict[str, Operation]

    def turn(self, event: Event, sequence: int, rows: Rows, at: int) -> None:
        """Apply one event, whatever it is; its row is that at ``at``."""


def apply_fast(tables: Tables, events: Sequence[Event], first_sequence: int, rows: Rows) -> None:
    """Apply events in their order; ``rows`` has the timestamps, and takes the rest."""
    operations, ended, series = tables.operations, tables.ended, tables.series
    type_code, backend_code, in_flight, first_seen = (
        series.type_code,
        series.backend_code,
        series.in_flight,
        series.first_seen,
    )
    kinds, types, backends, statuses, previous, ids = (
        rows.event,
        rows.operation_type,
        rows.backend,
        rows.status,
        rows.previous,
        rows.operation_id,
    )
    for at, event in enumerate(events):
        if type(event) is StatusChange:
            operation_id, timestamp, status = event.operation_id, event.timestamp, CODE_OF_STATE[event.status]
            operation = operations.get(operation_id)
            if (
                operation is None
                or not operation.identified
                or operation.running == status
                or timestamp < operation.since
                or event.error_type is not None
                or event.size is not None
                or len(operation.steps) >= STEPS_BEFORE_FORGETTING
            ):
                tables.turn(event, first_sequence + at, rows, at)
                continue
            if event.latency is not None:
                operation.told = event.latency
            if event.retry_count is not None:
                rows.retry_count[at] = operation.retry_count = event.retry_count
            number, left = operation.series, operation.placed
            kinds[at], statuses[at], previous[at] = STATUS_CHANGE, status, left
            placed = status if status < COMPLETED else NO_STATE
            step = _made(Step, (timestamp, status, first_sequence + at, left, status, placed))
            operation.running, operation.placed, operation.since = status, placed, timestamp
            operation.steps.append(step)
            queue = in_flight[number]
            if left < COMPLETED:
                queue[left] -= 1
            if status < COMPLETED:
                queue[status] += 1
            else:
                operation.end = step
                started = operation.started
                latency = operation.told if started is None else max(0.0, timestamp - started)
                operation.latency = rows.latency[at] = latency
                rows.retry_count[at] = operation.retry_count
                rows.ended.append(_made(Ended, (timestamp, number, status, latency, 1)))
                del operations[operation_id]
                ended[operation_id] = operation
        elif (
            type(event) is OperationStart
            and event.operation_id not in operations
            and event.operation_id not in ended
            and series.knows(event.operation_type, event.backend)
        ):
            operation_id, timestamp = event.operation_id, event.timestamp
            number = series.number(event.operation_type, event.backend)
            operation = operations[operation_id] = Operation(number, identified=True)
            operation.started = operation.since = timestamp
            operation.running = operation.placed = PENDING
            operation.steps.append(_made(Step, (timestamp, PENDING, first_sequence + at, NO_STATE, PENDING, PENDING)))
            kinds[at], statuses[at] = OPERATION_START, PENDING
            in_flight[number][PENDING] += 1
            if event.size is not None:
                rows.size[at] = event.size
        else:
            tables.turn(event, first_sequence + at, rows, at)
            continue
        types[at], backends[at], ids[at] = type_code[number], backend_code[number], operation_id
        if timestamp < first_seen[number]:
            first_seen[number] = timestamp
