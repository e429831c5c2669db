"""Event columns as storage handles them: put together, in order, hour by hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from telemetryd.model.timerange import HOUR
from telemetryd.rollup.columns import Array, EventColumns, concat_codes, in_order

# Columns of codes, and the field that holds the names which they point into.
CODED = {
    "operation_type": "operation_types",
    "backend": "backends",
    "error_type": "error_types",
    "producer": "producers",
}
PLAIN = ("timestamp", "event", "status", "previous", "latency", "retry_count", "size", "sequence")

_HOUR_US = HOUR * 1_000_000


def concat_events(several: Sequence[EventColumns]) -> EventColumns:
    """Return the rows of one or more columns as one, in the order given; ids only where all have them."""
    if len(several) == 1:
        return several[0]
    merged: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in several]) for name in PLAIN}
    for name, names in CODED.items():
        merged[names], maps = concat_codes([getattr(each, names) for each in several])
        parts = [remap[getattr(each, name)] for each, remap in zip(several, maps, strict=True)]
        merged[name] = np.concatenate(parts).astype(np.uint16)
    ids = [each.operation_id for each in several if each.operation_id is not None]
    merged["operation_id"] = pa.concat_arrays(ids) if len(ids) == len(several) else None
    return EventColumns(**merged)


def by_hour(columns: EventColumns) -> Iterator[tuple[int, EventColumns]]:
    """Yield the start of each UTC hour (Unix s) that the rows touch, with its rows, both in order."""
    ordered = in_order(columns)
    hours: Array = ordered.timestamp // _HOUR_US
    bounds = np.flatnonzero(np.diff(hours)) + 1
    starts, ends = [0, *bounds.tolist()], [*bounds.tolist(), len(ordered)]
    for start, end in zip(starts, ends, strict=True):
        if start < end:
            yield int(hours[start]) * HOUR, between(ordered, start, end)


def between(columns: EventColumns, start: int, end: int) -> EventColumns:
    """Return the rows from index ``start`` to ``end``, not included, without copying them."""
    picked: dict[str, Any] = {names: getattr(columns, names) for names in CODED.values()}
    for name in (*PLAIN, *CODED):
        picked[name] = getattr(columns, name)[start:end]
    ids = columns.operation_id
    picked["operation_id"] = None if ids is None else ids.slice(start, end - start)
    return EventColumns(**picked)
