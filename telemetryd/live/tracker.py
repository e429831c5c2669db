"""Operations in flight: where a start meets its end, whatever order they come in.

The tracker turns events into rows that know their operation's type, backend, previous status
and latency. It bears statuses before their start, repeats, contradictions (the first end
stays), operations that never end, and ids first seen in mid-life; its tables are bounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from telemetryd.instrumentation import Instrumentation
from telemetryd.instrumentation.events import SeriesFolded, StatusContradicted, StatusRepeated
from telemetryd.model.events import (
    BACKEND_HEALTH_CHANGE,
    CODE_OF_STATE,
    COMPLETED,
    NO_STATE,
    OPERATION_EXPIRED,
    OPERATION_START,
    PENDING,
    STATUS_CHANGE,
    UNPLACED,
    BackendHealthChange,
    Event,
    OperationStart,
    StatusChange,
)
from telemetryd.model.settings import LiveSettings

from .fast_path import apply_fast
from .operation import Operation, Step
from .regular import Regular
from .rows import Patch, Rows
from .series import SeriesTable, Words
from .table import OperationTable

# A producer's free words are kept this long at most.
LONGEST_ERROR_TYPE = 128
MAX_ERROR_TYPES = 1000
# Steps an operation may gather before those already sealed are forgotten.
STEPS_BEFORE_FORGETTING = 16


class Tracker:
    """The operations in flight, those that ended lately, and the backends' health.

    ``in_flight[number]`` are the numbers of operations of a series that are pending,
    processing and retrying; the moves of all rows so far, patched, add up to them at any moment.
    ``health[backend]`` is (since, state).
    """

    def __init__(self, settings: LiveSettings, instrumentation: Instrumentation) -> None:
        self._settings = settings
        self._emit = instrumentation.emit
        self.series = SeriesTable(settings.max_series, settings.max_backends)
        self.error_types = Words(MAX_ERROR_TYPES)
        self.table = OperationTable(settings)
        self.in_flight = self.series.in_flight
        self.health: dict[str, tuple[float, int]] = {}

    def apply(self, events: Sequence[Event], first_sequence: int) -> Rows:
        """Apply events in their order; their rows have the sequences from ``first_sequence`` on."""
        rows = Rows.at([event.timestamp for event in events], _operations(events))
        apply_fast(self, events, first_sequence, rows)
        self.table.settle(rows)
        return rows

    def turn(self, event: Event, sequence: int, rows: Rows, at: int) -> None:
        """Apply one event, whatever it is; its row is that at ``at``."""
        if isinstance(event, StatusChange):
            self._change_status(event, sequence, rows, at)
        elif isinstance(event, OperationStart):
            self._start(event, sequence, rows, at)
        else:
            self._change_health(event, rows, at)

    def expire(self, operation_ids: Sequence[str], at: float, first_sequence: int) -> Rows:
        """Take operations out of the table; each gives one row, so that the queue's numbers follow.

        Those that have ended meanwhile are passed over. The rows begin at ``first_sequence``.
        """
        in_flight = self.table.operations
        expired = [operation_id for operation_id in operation_ids if operation_id in in_flight]
        rows = Rows.at([max(at, in_flight[operation_id].since) for operation_id in expired], expired)
        for row, operation_id in enumerate(expired):
            operation = self.table.known(operation_id, rows)
            assert operation is not None
            self.table.leave(operation_id)
            self._fill(rows, row, OPERATION_EXPIRED, operation.series, NO_STATE)
            # From here on its statuses count as entries and move nothing.
            operation.expired = True
            left = operation.leave(operation.running)
            self._move(operation.series, left, NO_STATE)
            # An operation that held no place in the queue leaves none.
            rows.previous[row] = left if left != NO_STATE else UNPLACED
        self.table.settle(rows)
        return rows

    def _start(self, event: OperationStart, sequence: int, rows: Rows, at: int) -> None:
        operation_id, timestamp = event.operation_id, event.timestamp
        operation = self.table.known(operation_id, rows)
        if event.size is not None:
            rows.size[at] = event.size
        if operation is None:
            number = self._series(event.operation_type, event.backend)
            operation = self.table.new(operation_id, Operation(number, identified=True))
            operation.started = timestamp
            operation.append(timestamp, PENDING, sequence)
            self._fill(rows, at, OPERATION_START, operation.series, PENDING)
            self._move(operation.series, NO_STATE, PENDING)
            self.series.saw(operation.series, timestamp)
        elif operation.started is not None:
            self._emit(StatusRepeated(operation_id))
            self._fill(rows, at, OPERATION_START, operation.series, PENDING)
            rows.previous[at] = PENDING
        else:
            self._start_late(operation, event, sequence, rows, at)

    def _start_late(self, operation: Operation, event: OperationStart, sequence: int, rows: Rows, at: int) -> None:
        """Join a start to an operation whose statuses came first."""
        timestamp = event.timestamp
        operation.started = timestamp
        if not operation.identified:
            self._identify(operation, event.operation_type, event.backend, rows)
        self._fill(rows, at, OPERATION_START, operation.series, PENDING)
        rows.previous[at] = UNPLACED
        # A start stamped after the first status is out of step with its own operation: it tells
        # the start but moves nothing.
        if operation.steps and timestamp <= operation.steps[0].timestamp:
            self._insert(operation, timestamp, PENDING, sequence, rows, at, start=True)
        self.series.saw(operation.series, timestamp)
        self._retime(operation, rows)

    def _change_status(self, event: StatusChange, sequence: int, rows: Rows, at: int) -> None:
        operation_id, timestamp, status = event.operation_id, event.timestamp, CODE_OF_STATE[event.status]
        operation = self.table.known(operation_id, rows)
        if operation is None:
            operation = self.table.new(operation_id, Operation(SeriesTable.UNKNOWN, identified=False))
        if not operation.identified and event.operation_type and event.backend:
            self._identify(operation, event.operation_type, event.backend, rows)
        self._fill(rows, at, STATUS_CHANGE, operation.series, status)
        self.details(event, operation, rows, at)
        if operation.ended and status >= COMPLETED:
            rows.previous[at] = operation.running
            self._emit(
                StatusRepeated(operation_id) if operation.running == status else StatusContradicted(operation_id)
            )
            return
        ended, placed = operation.ended, operation.placed
        if timestamp >= operation.since:
            previous = rows.previous[at] = operation.append(timestamp, status, sequence)
            if previous == status:
                self._emit(StatusRepeated(operation_id))
            elif ended:
                self._emit(StatusContradicted(operation_id))
            self._move(operation.series, placed, operation.placed)
            if len(operation.steps) > STEPS_BEFORE_FORGETTING:
                operation.forget(self.table.sealed)
        else:
            self._insert(operation, timestamp, status, sequence, rows, at)
        if operation.identified:
            self.series.saw(operation.series, timestamp)
        if operation.ended and not ended:
            end = Step(timestamp, status, sequence, rows.previous[at], status, NO_STATE)
            self._end(operation_id, operation, end, rows, at)

    def _change_health(self, event: BackendHealthChange, rows: Rows, at: int) -> None:
        health = CODE_OF_STATE[event.new_status]
        backend = self.series.backends.code(event.backend)
        name = self.series.backends.names[backend]
        if event.timestamp >= self.health.get(name, (-math.inf, 0))[0]:
            self.health[name] = (event.timestamp, health)
        rows.event[at], rows.series[at], rows.status[at] = BACKEND_HEALTH_CHANGE, ~backend, health
        rows.previous[at] = CODE_OF_STATE[event.old_status] if event.old_status else NO_STATE

    def _series(self, operation_type: str, backend: str) -> int:
        folded = self.series.folded
        number = self.series.number(operation_type, backend)
        if self.series.folded != folded:
            self._emit(SeriesFolded(operation_type, backend))
        return number

    def _identify(self, operation: Operation, operation_type: str, backend: str, rows: Rows) -> None:
        """Give an operation its series; its rows that are not sealed follow."""
        if operation.end is not None:
            self._tell_end(operation, -1, rows)
        placed = operation.placed
        changed = operation.identify(self._series(operation_type, backend), self.table.sealed)
        for step in operation.steps:
            if step.sequence > self.table.sealed:
                rows.patches.append(Patch(step.sequence, None, operation.series))
                self.series.saw(operation.series, step.timestamp)
        self._relinked(operation, placed, changed, rows)
        if operation.end is not None:
            self._tell_end(operation, 1, rows)

    def _insert(
        self,
        operation: Operation,
        timestamp: float,
        status: int,
        sequence: int,
        rows: Rows,
        at: int,
        *,
        start: bool = False,
    ) -> None:
        """Place a step that came later than others it precedes; a patch tells its ``previous``, if it has one."""
        rows.previous[at] = UNPLACED
        placed = operation.placed
        changed = operation.insert(timestamp, status, sequence, self.table.sealed, start=start)
        self._relinked(operation, placed, changed, rows)
        # An end that comes before what is sealed still ends the operation, and its row takes it
        # out of the queue.
        if status >= COMPLETED and not operation.ended:
            left = operation.leave(status)
            self._move(operation.series, left, NO_STATE)
            rows.previous[at] = left if left != NO_STATE else UNPLACED

    def _relinked(self, operation: Operation, placed: int, changed: Sequence[Step], rows: Rows) -> None:
        rows.patches.extend(Patch(step.sequence, step.previous) for step in changed)
        self._move(operation.series, placed, operation.placed)

    def _end(self, operation_id: str, operation: Operation, end: Step, rows: Rows, at: int) -> None:
        operation.end = end
        operation.latency = rows.latency[at] = self._latency(operation, end.timestamp)
        if operation.retry_count >= 0:
            # What a retry told holds for the operation.
            rows.retry_count[at] = operation.retry_count
        self._tell_end(operation, 1, rows)
        self.table.leave(operation_id)

    def _retime(self, operation: Operation, rows: Rows) -> None:
        """Give an operation that had ended before its start was known its true latency."""
        if operation.end is None:
            return
        self._tell_end(operation, -1, rows)
        operation.latency = self._latency(operation, operation.end.timestamp)
        self._tell_end(operation, 1, rows)
        if operation.end.sequence > self.table.sealed:
            rows.patches.append(Patch(operation.end.sequence, latency=operation.latency))

    @staticmethod
    def _latency(operation: Operation, end: float) -> float:
        if operation.started is None:
            return operation.told
        return max(0.0, end - operation.started)

    @staticmethod
    def _tell_end(operation: Operation, weight: int, rows: Rows) -> None:
        end = operation.end
        assert end is not None
        rows.ended.add(end.timestamp, operation.series, end.status, operation.latency, weight)

    def _move(self, series: int, before: int, after: int) -> None:
        counts = self.in_flight[series]
        if before < COMPLETED:
            counts[before] -= 1
        if after < COMPLETED:
            counts[after] += 1

    @staticmethod
    def _fill(rows: Rows, at: int, event: int, series: int, status: int) -> None:
        rows.event[at], rows.series[at], rows.status[at] = event, series, status

    def details(self, event: StatusChange, operation: Regular | Operation, rows: Rows, at: int) -> None:
        """Take what a status says besides."""
        if event.latency is not None:
            operation.told = event.latency
        if event.retry_count is not None:
            rows.retry_count[at] = operation.retry_count = event.retry_count
        if event.size is not None:
            rows.size[at] = event.size
        if event.error_type:
            rows.error_type[at] = self.error_types.code(event.error_type[:LONGEST_ERROR_TYPE])


def _operations(events: Sequence[Event]) -> list[str | None]:
    try:
        return [event.operation_id for event in events]  # type: ignore[union-attr]
    except AttributeError:
        return [getattr(event, "operation_id", None) for event in events]
