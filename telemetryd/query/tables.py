"""A query's result as one flat table: Arrow's streaming format, and CSV.

One row a sample, the statistics of all metrics side by side; a metric has nulls where a column
is not its own. ``operation_count`` has one column for each status.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from telemetryd.model.series import SeriesKey

from .result import MetricTable, Result

_ROWS = 65_536


def arrow_pieces(result: Result, envelope: dict[str, Any]) -> Iterator[bytes]:
    """Yield an Arrow IPC stream; its schema's metadata holds the envelope's facts as ``telemetryd.<name>``."""
    facts = {f"telemetryd.{name}": str(value) for name, value in envelope.items() if value is not None}
    schema = _schema(result, pa.timestamp("s", "UTC")).with_metadata(facts)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(result, schema):
            writer.write_batch(batch)
            yield _drained(sink)
    yield _drained(sink)


def csv_pieces(result: Result) -> Iterator[bytes]:
    """Yield CSV with a header line; timestamps in Unix seconds, text in quotes."""
    schema = _schema(result, pa.int64())
    sink = io.BytesIO()
    with pacsv.CSVWriter(sink, schema) as writer:
        for batch in _batches(result, schema):
            writer.write_batch(batch)
            yield _drained(sink)
    yield _drained(sink)


def _schema(result: Result, timestamp: pa.DataType) -> pa.Schema:
    kinds: dict[str, pa.DataType] = {}
    for table in result.metrics.values():
        for name, values in table.statistics.items():
            kind = pa.int64() if values.dtype.kind in "iu" else pa.float64()
            kinds[name] = kind if kinds.get(name, kind) == kind else pa.float64()
    keys = [
        ("metric_type", pa.string()),
        ("operation_type", pa.string()),
        ("backend", pa.string()),
        ("timestamp", timestamp),
    ]
    return pa.schema([*keys, *kinds.items()])


def _batches(result: Result, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for metric, table in result.metrics.items():
        for low in range(0, len(table.timestamp), _ROWS):
            yield _batch(metric, table, slice(low, low + _ROWS), schema)


def _batch(metric: str, table: MetricTable, rows: slice, schema: pa.Schema) -> pa.RecordBatch:
    codes = pa.array(table.series[rows], pa.int32())
    types = [key.operation_type if isinstance(key, SeriesKey) else None for key in table.keys]
    backends = [key.backend if isinstance(key, SeriesKey) else key for key in table.keys]
    columns: dict[str, pa.Array] = {
        "metric_type": pa.repeat(metric, len(codes)),
        "operation_type": pa.array(types, pa.string()).take(codes),
        "backend": pa.array(backends, pa.string()).take(codes),
        "timestamp": pa.array(table.timestamp[rows], pa.int64()).cast(schema.field("timestamp").type),
    }
    for name, values in table.statistics.items():
        column = values[rows]
        missing = np.isnan(column) if column.dtype.kind == "f" else None
        columns[name] = pa.array(column, mask=missing).cast(schema.field(name).type)
    length = len(codes)
    return pa.record_batch([columns.get(field.name, pa.nulls(length, field.type)) for field in schema], schema=schema)


def _drained(sink: io.BytesIO) -> bytes:
    found = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return found
