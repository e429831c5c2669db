"""The tracker's fast path for what nearly all events are: a new operation's start, the next status of a regular one.

Nothing here that the tracker does not do for any event; it is the same with less around it, for
it is done hundreds of thousands of times a second. Whatever is out of the ordinary is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from telemetryd.model.events import (
    CODE_OF_STATE,
    COMPLETED,
    PENDING,
    STATUS_CHANGE,
    Event,
    OperationStart,
    StatusChange,
)

from .regular import Regular
from .rows import Rows

if TYPE_CHECKING:
    from .tracker import Tracker


def apply_fast(tracker: Tracker, events: Sequence[Event], first_sequence: int, rows: Rows) -> None:
    """Apply events in their order; ``rows`` has their timestamps and operations, and takes the rest."""
    operations, ended, series = tracker.table.operations, tracker.table.ended, tracker.series
    numbers, in_flight, first_seen = series.numbers, series.in_flight, series.first_seen
    kinds, codes, statuses, previous, latencies = rows.event, rows.series, rows.status, rows.previous, rows.latency
    before, link = rows.before, rows.link
    done: list[int] = []
    for at, (event, timestamp) in enumerate(zip(events, rows.timestamp, strict=True)):
        if type(event) is StatusChange:
            operation_id, status = event.operation_id, CODE_OF_STATE[event.status]
            operation = operations.get(operation_id)
            if type(operation) is not Regular or operation.running == status or timestamp < operation.since:
                tracker.turn(event, first_sequence + at, rows, at)
                continue
            if (
                event.latency is not None
                or event.retry_count is not None
                or event.error_type is not None
                or event.size is not None
            ):
                tracker.details(event, operation, rows, at)
            number, left = operation.series, operation.running
            kinds[at], codes[at], statuses[at], previous[at] = STATUS_CHANGE, number, status, left
            before[at], link[at] = operation.since, operation.last
            operation.since, operation.last, operation.running = timestamp, first_sequence + at, status
            queue = in_flight[number]
            queue[left] -= 1
            if status < COMPLETED:
                queue[status] += 1
                continue
            latencies[at] = timestamp - operation.started
            if operation.retry_count >= 0:
                rows.retry_count[at] = operation.retry_count
            done.append(at)
            ended[operation_id] = operation
            del operations[operation_id]
        elif (
            type(event) is OperationStart
            and event.operation_id not in operations
            and event.operation_id not in ended
            and (event.operation_type, event.backend) in numbers
        ):
            number = numbers[event.operation_type, event.backend]
            operations[event.operation_id] = Regular(number, timestamp, timestamp, first_sequence + at)
            codes[at], statuses[at] = number, PENDING
            in_flight[number][PENDING] += 1
            if timestamp < first_seen[number]:
                first_seen[number] = timestamp
            if event.size is not None:
                rows.size[at] = event.size
        else:
            tracker.turn(event, first_sequence + at, rows, at)
    rows.end(done)
