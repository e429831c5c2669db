"""Parts as Parquet files: written once, whole, and read by columns and by time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from inspect import signature
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from telemetryd.rollup.carry import Carry
from telemetryd.rollup.columns import Array, EventColumns, RollupRows

from . import rollup_schema, schema
from .files import Files
from .part_file import Output, opened
from .part_name import Part as Part
from .rows import between

ROW_GROUP = 128 * 1024
# Rows that are decoded at a time where a file is read piece by piece.
PIECE = 16 * 1024
# What a rollup carries on to later hours, in its footer.
CARRY_KEY = "telemetryd.carry"

# How often a value has to come for a dictionary.
_TIMES_EACH = 8
# The ids of a row group: each comes two to four times.
_DICTIONARY_BYTES = 8 << 20
# Older releases of pyarrow cannot write them; readers do without.
_BLOOM_FILTERS = "bloom_filter_options" in signature(pq.write_table).parameters


class EventsWriter:
    """An events file in the making: rows by timestamp, then sequence, a row group for each call."""

    def __init__(self, files: Files, path: str) -> None:
        self.path = path
        self._output = Output(files, path)
        self._writer: pq.ParquetWriter | None = None

    def write(self, columns: EventColumns) -> None:
        """Write rows that follow, in the file's order, those written before; raises OSError."""
        table = schema.table_of(columns)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._output.stream, table.schema, **_events_options(columns))
        self._writer.write_table(table, row_group_size=ROW_GROUP)

    def finish(self) -> int:
        """Make the file durable under its name and return its size; the folder is not synced yet."""
        assert self._writer is not None, "expected rows, found none"
        return self._output.finish(self._writer, {})

    def abandon(self) -> None:
        """Remove what was written so far."""
        self._output.abandon()


def write_events(files: Files, path: str, columns: EventColumns) -> int:
    """Write rows in order (timestamp, then sequence) to a file and return its size; raises OSError."""
    writer = EventsWriter(files, path)
    try:
        writer.write(columns)
        return writer.finish()
    except BaseException:
        writer.abandon()
        raise


def write_rollups(files: Files, path: str, rows: RollupRows, carry: Carry) -> int:
    """Write rollup rows and what they carry on to later hours, and return the file's size; raises OSError."""
    output = Output(files, path)
    try:
        table = rollup_schema.table_of(rows)
        with pq.ParquetWriter(output.stream, table.schema, **options(rollup_schema.FEW_VALUED)) as writer:
            writer.write_table(table, row_group_size=ROW_GROUP)
            return output.finish(writer, {CARRY_KEY: carry.encode()})
    except BaseException:
        output.abandon()
        raise


def read_events(
    files: Files,
    part: Part,
    columns: Collection[str] | None = None,
    start: float | None = None,
    end: float | None = None,
) -> EventColumns:
    """Return the rows from ``start`` (included) to ``end`` (not included, both Unix s), in the part's order.

    ``columns`` names the fields of :class:`EventColumns` to read, None for all; the others are
    absent in every row. Raises UnreadablePart, and FileNotFoundError where the part was removed.
    """
    names = schema.file_columns(columns)
    with opened(files, part, schema.FEW_VALUED) as file:
        groups = _row_groups(file, start, end)
        table = (
            file.read_row_groups(groups, names, use_threads=False)
            if groups
            else file.schema_arrow.empty_table().select(names)
        )
        return _clipped(schema.columns_of(table), start, end)


def scan_events(
    files: Files,
    part: Part,
    columns: Collection[str] | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Iterator[EventColumns]:
    """Yield what :func:`read_events` returns in pieces of at most ``PIECE`` rows, none empty."""
    names = schema.file_columns(columns)
    with opened(files, part, schema.FEW_VALUED, at_once=False) as file:
        for batch in file.iter_batches(PIECE, _row_groups(file, start, end), names, use_threads=False):
            piece = _clipped(schema.columns_of(pa.Table.from_batches([batch])), start, end)
            if len(piece):
                yield piece


def oldest_timestamp(files: Files, part: Part) -> int:
    """Return a timestamp (µs) that no row of an events part is before; raises as :func:`read_events`."""
    with opened(files, part) as file:
        groups = range(file.metadata.num_row_groups)
        oldest = min(file.metadata.row_group(group).column(0).statistics.min_raw for group in groups)
        return int(oldest)


def read_rollups(files: Files, part: Part) -> RollupRows:
    """Return all rows of a rollup part; raises as :func:`read_events`."""
    with opened(files, part, rollup_schema.FEW_VALUED) as file:
        return rollup_schema.rows_of(file.read(use_threads=False))


def read_carry(files: Files, part: Part) -> Carry:
    """Return what a rollup part carries on to later hours, from its footer; raises as :func:`read_events`."""
    with opened(files, part) as file:
        return Carry.decode(file.metadata.metadata[CARRY_KEY.encode()])


def _row_groups(file: pq.ParquetFile, start: float | None, end: float | None) -> list[int]:
    """Return the row groups that may hold rows of a range, by their statistics."""
    chosen = []
    for index in range(file.metadata.num_row_groups):
        statistics = file.metadata.row_group(index).column(0).statistics
        if statistics is not None and statistics.has_min_max:
            before = start is not None and statistics.max_raw < start * 1e6
            after = end is not None and statistics.min_raw >= end * 1e6
            if before or after:
                continue
        chosen.append(index)
    return chosen


def _clipped(columns: EventColumns, start: float | None, end: float | None) -> EventColumns:
    first = 0 if start is None else int(np.searchsorted(columns.timestamp, start * 1e6, "left"))
    last = len(columns) if end is None else int(np.searchsorted(columns.timestamp, end * 1e6, "left"))
    return columns if (first, last) == (0, len(columns)) else between(columns, first, max(first, last))


def _events_options(columns: EventColumns) -> dict[str, Any]:
    encodings = {
        "timestamp": "DELTA_BINARY_PACKED",
        "sequence": "DELTA_BINARY_PACKED",
        # Their first bytes are alike.
        "latency": "BYTE_STREAM_SPLIT",
    }
    sequence = schema.EVENTS_SCHEMA.get_field_index("sequence")
    repeated = ("operation_id", "size") if _few_valued(columns.size) else ("operation_id",)
    chosen = options((*schema.FEW_VALUED, *repeated)) | {
        "column_encoding": encodings,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
        "sorting_columns": [pq.SortingColumn(0), pq.SortingColumn(sequence)],
    }
    if _BLOOM_FILTERS:
        chosen["bloom_filter_options"] = {"operation_id": {"ndv": min(len(columns), ROW_GROUP), "fpp": 0.01}}
    return chosen


def _few_valued(column: Array) -> bool:
    """Whether the values of a column come many times each, so that a dictionary of them pays."""
    told = column[column >= 0]
    return len(np.unique(told)) * _TIMES_EACH <= len(told)


def options(dictionaries: Collection[str]) -> dict[str, Any]:
    """Return how every part is written; the columns named are dictionary-encoded."""
    return {
        "compression": "zstd",
        "use_dictionary": list(dictionaries),
        "write_page_index": True,
        "write_page_checksum": True,
        # Arrow's own schema would give strangers its dictionary types; the words are enough.
        "store_schema": False,
    }
