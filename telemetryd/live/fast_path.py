"""The tracker's fast path for what nearly all events are: a new operation's start, the next status of a regular one.

Nothing here that the tracker does not do for any event; it is the same with less around it, for
it is done hundreds of thousands of times a second. Whatever is out of the ordinary is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from telemetryd.model.events import (
    CODE_OF_STATE,
    COMPLETED,
    PENDING,
    STATUS_CHANGE,
    Event,
    OperationStart,
    StatusChange,
)

from .operation import Operation
from .regular import Regular
from .rows import Rows
from .series import SeriesTable
from .table import OperationTable


class Tables(Protocol):
    """What the tracker keeps, and what it does with an event that is out of the ordinary."""

    series: SeriesTable
    table: OperationTable

    def turn(self, event: Event, sequence: int, rows: Rows, at: int) -> None:
        """Apply one event, whatever it is; its row is that at ``at``."""

    def details(self, event: StatusChange, operation: Regular | Operation, rows: Rows, at: int) -> None:
        """Take what a status says besides."""


def apply_fast(tables: Tables, events: Sequence[Event], first_sequence: int, rows: Rows) -> None:
    """Apply events in their order; ``rows`` has their timestamps and operations, and takes the rest."""
    operations, ended, series = tables.table.operations, tables.table.ended, tables.series
    numbers, in_flight, first_seen = series.numbers, series.in_flight, series.first_seen
    kinds, codes, statuses, previous, latencies = rows.event, rows.series, rows.status, rows.previous, rows.latency
    before, link = rows.before, rows.link
    done: list[int] = []
    for at, (event, timestamp) in enumerate(zip(events, rows.timestamp, strict=True)):
        if type(event) is StatusChange:
            operation_id, status = event.operation_id, CODE_OF_STATE[event.status]
            operation = operations.get(operation_id)
            if type(operation) is not Regular or operation.running == status or timestamp < operation.since:
                tables.turn(event, first_sequence + at, rows, at)
                continue
            if (
                event.latency is not None
                or event.retry_count is not None
                or event.error_type is not None
                or event.size is not None
            ):
                tables.details(event, operation, rows, at)
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
            tables.turn(event, first_sequence + at, rows, at)
    rows.end(done)
