"""Columns of events and rows of rollups: the shapes that storage keeps and queries read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from telemetryd.model.series import SeriesKey

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

# `state` of a queue row that stands for all three in-flight statuses together.
IN_FLIGHT = 9


_KINDS = {
    "timestamp": np.int64,
    "event": np.uint8,
    "operation_type": np.uint16,
    "backend": np.uint16,
    "status": np.uint8,
    "previous": np.uint8,
    "latency": np.float64,
    "retry_count": np.int32,
    "size": np.int64,
    "error_type": np.uint16,
    "producer": np.uint16,
    "sequence": np.int64,
}


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events as columns of one length, with the dictionaries that their codes point into.

    ``timestamp`` int64 (µs since 1970, UTC); ``event`` uint8 (code of ``EVENTS``);
    ``operation_type``, ``backend`` uint16 codes into the tuples of names; ``status``, ``previous``
    uint8 (codes of ``STATES``, ``NO_STATE``, ``UNPLACED``); ``latency`` float64 (s; NaN where none);
    ``retry_count`` int32 (-1 where none); ``size`` int64 (bytes; -1 where none);
    ``error_type``, ``producer`` uint16 codes into names (0 is the empty name: none);
    ``sequence`` int64; ``operation_id`` a pyarrow string array (null for health), or None where
    it was not read. For ``backend_health_change`` the status is the new health, ``operation_type``
    points at the empty name, and ``previous`` is the old health or ``NO_STATE``.
    """

    timestamp: Array
    event: Array
    operation_type: Array
    backend: Array
    status: Array
    previous: Array
    latency: Array
    retry_count: Array
    size: Array
    error_type: Array
    producer: Array
    sequence: Array
    operation_id: pa.StringArray | None
    operation_types: tuple[str, ...]
    backends: tuple[str, ...]
    error_types: tuple[str, ...]
    producers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.timestamp)

    @classmethod
    def empty(cls) -> EventColumns:
        """Return columns without rows."""
        return cls(
            **{name: np.empty(0, kind) for name, kind in _KINDS.items()},
            operation_id=pa.array([], pa.string()),
            operation_types=(),
            backends=(),
            error_types=(),
            producers=(),
        )

    def without_ids(self) -> EventColumns:
        """Return the same rows without their operations' ids, which are most of what there is to copy."""
        return replace(self, operation_id=None)

    def take(self, choice: Array) -> EventColumns:
        """Return the rows that ``choice`` (a mask, or indices in the wanted order) picks."""
        if choice.dtype == np.bool_ and choice.all():
            return self
        picked: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                picked[each.name] = value[choice]
            elif isinstance(value, pa.Array):
                indices = np.flatnonzero(choice) if choice.dtype == np.bool_ else choice
                picked[each.name] = value.take(pa.array(indices, pa.int64()))
            else:
                picked[each.name] = value
        return EventColumns(**picked)


@dataclass(frozen=True, slots=True)
class OperationRows:
    """Per interval, series and status: entries, and the latencies of operations that ended in it.

    ``start`` int64 (Unix s), ``width`` int32 (s), ``series`` int32 (code into ``RollupRows.series``),
    ``status`` uint8 (0 to 4); ``entries`` int64; ``count`` int64 (operations with a known latency);
    ``sum``, ``minimum``, ``maximum`` float64 (s; 0, inf, -inf where count is 0).
    The histograms are sparse: row i holds ``bucket[offset[i]:offset[i + 1]]`` (int32, rising) and
    as many ``bucket_count`` (int64); ``offset`` int64 has one element more than there are rows.
    """

    start: Array
    width: Array
    series: Array
    status: Array
    entries: Array
    count: Array
    sum: Array
    minimum: Array
    maximum: Array
    offset: Array
    bucket: Array
    bucket_count: Array

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class QueueRows:
    """Per interval, series and state: how the number in flight moved, relative to the interval's start.

    ``state`` uint8: 0 to 2, or ``IN_FLIGHT`` for all together; ``net`` int64 (closing minus opening);
    ``integral`` float64 (operations x s over the interval, of the number minus its opening);
    ``minimum``, ``maximum`` int64 (of the number minus its opening; the opening itself counts only
    where it held for more than no time).
    """

    start: Array
    width: Array
    series: Array
    state: Array
    net: Array
    integral: Array
    minimum: Array
    maximum: Array

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class HealthRows:
    """Per interval and backend: health from the first change inside the interval to its end.

    ``backend`` int32 (code into ``RollupRows.backends``); ``lead`` float64 (s before the first change:
    there the health carried in from before holds); ``known`` float64 (s after it with a known health);
    ``integral`` float64 (health x s over ``known``); ``minimum``, ``maximum`` float64 (inf, -inf where
    never known); ``last`` float64 (NaN: unknown).
    """

    start: Array
    width: Array
    backend: Array
    lead: Array
    known: Array
    integral: Array
    minimum: Array
    maximum: Array
    last: Array

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class RollupRows:
    """All that is kept per interval, with the dictionaries that its codes point into."""

    series: tuple[SeriesKey, ...]
    backends: tuple[str, ...]
    operations: OperationRows
    queue: QueueRows
    health: HealthRows


def concat_codes(names: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], list[Array]]:
    """Return one dictionary for several, and for each the array that maps its codes into the one."""
    merged: dict[str, int] = {}
    maps = [np.array([merged.setdefault(name, len(merged)) for name in each], dtype=np.int64) for each in names]
    return tuple(merged), maps


def in_order(columns: EventColumns) -> EventColumns:
    """Return the rows by timestamp, then by sequence: the order of every part."""
    timestamp, sequence = columns.timestamp, columns.sequence
    later = (timestamp[1:] > timestamp[:-1]) | ((timestamp[1:] == timestamp[:-1]) & (sequence[1:] > sequence[:-1]))
    if later.all():
        return columns
    return columns.take(np.lexsort((sequence, timestamp)))
