"""The tracker's state as bytes, for the checkpoint at the head of a journal segment."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import NO_STATE, UNPLACED

from .operation import SETTLED, Operation, Step
from .tracker import Tracker


class _Operation(Struct, array_like=True):
    operation_id: str
    series: int
    identified: bool
    started: float | None
    running: int
    placed: int
    since: float
    latency: float | None
    told: float | None
    retry_count: int
    end: tuple[float, int, int] | None


class _State(Struct, array_like=True):
    series: list[tuple[str, str, float]]
    operations: list[_Operation]
    ended: list[_Operation]
    health: dict[str, tuple[float, int]]


def encode_tracker(tracker: Tracker) -> bytes:
    """Return the tracker's state; infinities and NaN travel as they are (MessagePack floats)."""
    keys = zip(tracker.series.keys, tracker.series.first_seen, strict=True)
    return msgspec.msgpack.encode(
        _State(
            [(key.operation_type, key.backend, first_seen) for key, first_seen in keys],
            [_frozen(operation_id, operation) for operation_id, operation in tracker.operations.items()],
            [_frozen(operation_id, operation) for operation_id, operation in tracker.ended.items()],
            tracker.health,
        )
    )


def restore_tracker(tracker: Tracker, state: bytes) -> None:
    """Fill a new tracker; raises :class:`CorruptFile` where ``state`` is not a tracker's."""
    try:
        decoded = msgspec.msgpack.decode(state, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptFile(f"checkpoint: expected a tracker's state: {error}") from None
    tracker.series.restore(decoded.series)
    tracker.health = dict(decoded.health)
    for each in decoded.operations:
        operation = tracker.operations[each.operation_id] = _thawed(each)
        if operation.placed != NO_STATE:
            tracker.in_flight[operation.series][operation.placed] += 1
    for each in decoded.ended:
        operation = tracker.ended[each.operation_id] = _thawed(each)
        operation.expired = not operation.ended


def _frozen(operation_id: str, operation: Operation) -> _Operation:
    # Every row is sealed at a checkpoint, so the last step is all the timeline that counts.
    del operation.steps[:-1]
    end = operation.end
    return _Operation(
        operation_id,
        operation.series,
        operation.identified,
        operation.started,
        operation.running,
        operation.placed,
        operation.since,
        operation.latency,
        operation.told,
        operation.retry_count,
        None if end is None else (end.timestamp, end.status, end.sequence),
    )


def _thawed(frozen: _Operation) -> Operation:
    operation = Operation(frozen.series, frozen.identified)
    operation.started = frozen.started
    operation.running, operation.placed, operation.since = frozen.running, frozen.placed, frozen.since
    operation.latency = float("nan") if frozen.latency is None else frozen.latency
    operation.told = float("nan") if frozen.told is None else frozen.told
    operation.retry_count = frozen.retry_count
    operation.steps = [Step(frozen.since, frozen.running, SETTLED, UNPLACED, frozen.running, frozen.placed)]
    if frozen.end is not None:
        timestamp, status, sequence = frozen.end
        operation.end = Step(timestamp, status, sequence, NO_STATE, status, NO_STATE)
    return operation
