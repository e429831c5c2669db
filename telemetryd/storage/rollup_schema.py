"""The columns of rollup files: Arrow tables to rollup rows and back (``docs/format.md``).

One table holds three kinds of rows; a column that does not apply to a row's kind is null.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from telemetryd.model.events import CODE_OF_STATE, STATES
from telemetryd.model.series import SeriesKey
from telemetryd.rollup.columns import IN_FLIGHT, Array, HealthRows, OperationRows, QueueRows, RollupRows

from .schema import TIME, codes_and_names, words

IN_FLIGHT_WORD = "in_flight"

ROLLUPS_SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("timestamp", TIME),
        ("interval", pa.int32()),
        ("operation_type", pa.string()),
        ("backend", pa.string()),
        ("status", pa.string()),
        ("entries", pa.int64()),
        ("latency_count", pa.int64()),
        ("latency_sum", pa.float64()),
        ("latency_min", pa.float64()),
        ("latency_max", pa.float64()),
        ("latency_buckets", pa.list_(pa.int32())),
        ("latency_bucket_counts", pa.list_(pa.int64())),
        ("queue_net", pa.int64()),
        ("queue_integral", pa.float64()),
        ("queue_min", pa.int64()),
        ("queue_max", pa.int64()),
        ("health_lead", pa.float64()),
        ("health_known", pa.float64()),
        ("health_integral", pa.float64()),
        ("health_min", pa.float64()),
        ("health_max", pa.float64()),
        ("health_last", pa.float64()),
    ]
)
FEW_VALUED = ("kind", "operation_type", "backend", "status")

KINDS = ("operations", "queue", "health")

# What stands for null in memory: the neutral element of a minimum and a maximum, an unknown health.
_ABSENT = {
    "latency_min": math.inf,
    "latency_max": -math.inf,
    "health_min": math.inf,
    "health_max": -math.inf,
    "health_last": math.nan,
}

# How the fields of each kind of rows are called in the file.
_OPERATIONS = {
    "entries": "entries",
    "count": "latency_count",
    "sum": "latency_sum",
    "minimum": "latency_min",
    "maximum": "latency_max",
}
_QUEUE = {"net": "queue_net", "integral": "queue_integral", "minimum": "queue_min", "maximum": "queue_max"}
_HEALTH = {
    "lead": "health_lead",
    "known": "health_known",
    "integral": "health_integral",
    "minimum": "health_min",
    "maximum": "health_max",
    "last": "health_last",
}
_STATE_WORDS = (*STATES, IN_FLIGHT_WORD)
_STATE_CODES = {**CODE_OF_STATE, IN_FLIGHT_WORD: IN_FLIGHT}


def table_of(rows: RollupRows) -> pa.Table:
    """Return rollup rows as the table that a file holds: operations, then queue, then health."""
    operations, queue, health = rows.operations, rows.queue, rows.health
    nothing = np.zeros(len(health), dtype=np.int64)
    blocks = [
        _series_block(KINDS[0], rows, operations.start, operations.width, operations.series, operations.status)
        | {column: _nullable(getattr(operations, field), column) for field, column in _OPERATIONS.items()}
        | {
            "latency_buckets": _lists(operations.offset, operations.bucket, pa.int32()),
            "latency_bucket_counts": _lists(operations.offset, operations.bucket_count, pa.int64()),
        },
        _series_block(KINDS[1], rows, queue.start, queue.width, queue.series, queue.state)
        | {column: _nullable(getattr(queue, field), column) for field, column in _QUEUE.items()},
        _block(KINDS[2], health.start, health.width)
        | {"operation_type": words(nothing, ("",)), "backend": words(health.backend, rows.backends)}
        | {column: _nullable(getattr(health, field), column) for field, column in _HEALTH.items()},
    ]
    tables = []
    for block in blocks:
        length = len(block["timestamp"])
        arrays = [
            block[each.name].cast(each.type) if each.name in block else pa.nulls(length, each.type)
            for each in ROLLUPS_SCHEMA
        ]
        tables.append(pa.table(arrays, schema=ROLLUPS_SCHEMA))
    return pa.concat_tables(tables)


def rows_of(table: pa.Table) -> RollupRows:
    """Return what a file's table holds; raises KeyError or ValueError where it is not of our making."""
    kinds = _looked_up(table["kind"], {kind: number for number, kind in enumerate(KINDS)})
    states = _looked_up(table["status"], {**_STATE_CODES, "": 0})
    types, type_names = codes_and_names(table["operation_type"])
    backends, backend_names = codes_and_names(table["backend"])
    of_series = np.flatnonzero(kinds != KINDS.index("health"))
    pairs, numbers = np.unique(
        types[of_series].astype(np.int64) * len(backend_names) + backends[of_series], return_inverse=True
    )
    series = np.zeros(len(table), dtype=np.int32)
    series[of_series] = numbers
    codes = {"series": series, "state": states, "status": states, "backend": backends.astype(np.int32)}

    def chosen(kind: str, names: dict[str, str], coded: tuple[str, ...]) -> tuple[pa.Table, dict[str, Any]]:
        index = np.flatnonzero(kinds == KINDS.index(kind))
        picked = table.take(pa.array(index, pa.int64()))
        fields: dict[str, Any] = {
            field: _numbers(picked[column], _ABSENT.get(column)) for field, column in names.items()
        }
        fields["start"] = _numbers(picked["timestamp"].cast(pa.int64())) // 1_000_000
        fields["width"] = _numbers(picked["interval"])
        return picked, fields | {name: codes[name][index] for name in coded}

    lists, operations = chosen("operations", _OPERATIONS, ("series", "status"))
    _, queue = chosen("queue", _QUEUE, ("series", "state"))
    _, health = chosen("health", _HEALTH, ("backend",))
    offset, bucket = _flat(lists["latency_buckets"])
    counted, bucket_count = _flat(lists["latency_bucket_counts"])
    if not np.array_equal(offset, counted):
        raise ValueError("expected as many bucket counts as buckets in every row")
    keys = (
        SeriesKey(type_names[pair // len(backend_names)], backend_names[pair % len(backend_names)])
        for pair in pairs.tolist()
    )
    return RollupRows(
        tuple(keys),
        backend_names,
        OperationRows(**operations, offset=offset, bucket=bucket, bucket_count=bucket_count),
        QueueRows(**queue),
        HealthRows(**health),
    )


def _block(kind: str, start: Array, width: Array) -> dict[str, pa.Array]:
    return {
        "kind": pa.array([kind] * len(start), pa.string()),
        "timestamp": pa.array(start * 1_000_000).cast(TIME),
        "interval": pa.array(width, pa.int32()),
    }


def _series_block(
    kind: str, rows: RollupRows, start: Array, width: Array, series: Array, state: Array
) -> dict[str, pa.Array]:
    types = pa.array([key.operation_type for key in rows.series], pa.string())
    backends = pa.array([key.backend for key in rows.series], pa.string())
    codes = pa.array(series, pa.int64())
    return _block(kind, start, width) | {
        "operation_type": types.take(codes),
        "backend": backends.take(codes),
        "status": pa.array(_STATE_WORDS).take(pa.array(state, pa.int64())),
    }


def _nullable(values: Array, column: str) -> pa.Array:
    """Return numbers with null for what is infinite or not a number."""
    return pa.array(values, mask=~np.isfinite(values)) if column in _ABSENT else pa.array(values)


def _numbers(column: pa.ChunkedArray, absent: float | None = None) -> Array:
    array = column.combine_chunks()
    if array.null_count:
        if absent is None:
            raise ValueError(f"expected a number in every row, found {array.null_count} without")
        array = array.fill_null(absent)
    numbers: Array = array.to_numpy(zero_copy_only=False)
    return numbers


def _looked_up(column: pa.ChunkedArray, table: dict[str, int]) -> Array:
    codes, names = codes_and_names(column)
    lookup = np.array([table.get(names[0], 255), *(table[name] for name in names[1:])], dtype=np.uint8)
    found: Array = lookup[codes]
    return found


def _lists(offset: Array, values: Array, kind: pa.DataType) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offset, pa.int32()), pa.array(values, kind))


def _flat(column: pa.ChunkedArray) -> tuple[Array, Array]:
    """Return a column of lists as offsets (int64, one more than there are rows) and values."""
    array = column.combine_chunks()
    offset = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    values = array.values.to_numpy(zero_copy_only=False)
    return offset - offset[0], values[offset[0] : offset[-1]]
