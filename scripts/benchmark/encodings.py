"""What other encodings, orders and levels of compression would make of the same rows: a table to choose by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_DICTIONARY_BYTES = 8 << 20
_WORDS = ("event", "operation_type", "backend", "status", "error_type", "producer", "previous_status")
_PRESENT: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": [*_WORDS, "operation_id", "size"],
    "column_encoding": {
        "timestamp": "DELTA_BINARY_PACKED",
        "sequence": "DELTA_BINARY_PACKED",
        "latency": "BYTE_STREAM_SPLIT",
    },
    "dictionary_pagesize_limit": _DICTIONARY_BYTES,
    "row_group_size": 128 * 1024,
    "store_schema": False,
    "write_page_index": True,
    "write_page_checksum": True,
}


def _as_it_is(table: pa.Table) -> pa.Table:
    return table


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to write the rows: what is done to the table before, and which options differ from the present ones.

    ``encodings`` are of columns that are then not dictionary-encoded; ``plain_reader`` says whether whoever reads
    it with any Parquet reader finds the same columns with the same words.
    """

    name: str
    encodings: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    change: Callable[[pa.Table], pa.Table] = _as_it_is
    plain_reader: bool = True

    def write(self, table: pa.Table) -> int:
        """Return how many bytes it makes of a table."""
        options = {**_PRESENT, **self.options}
        if isinstance(options["use_dictionary"], list):
            options["use_dictionary"] = [name for name in options["use_dictionary"] if name not in self.encodings]
        options["column_encoding"] = {
            name: encoding
            for name, encoding in {**options["column_encoding"], **self.encodings}.items()
            if name not in options["use_dictionary"]
        }
        return size_of(self.change(table), **options)


def size_of(table: pa.Table, **options: Any) -> int:
    """Return how many bytes a table takes as Parquet."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return int(sink.getvalue().size)


def _by_id(table: pa.Table) -> pa.Table:
    return table.sort_by([("operation_id", "ascending"), ("sequence", "ascending")])


def _by_series(table: pa.Table) -> pa.Table:
    order = [(name, "ascending") for name in ("operation_type", "backend", "timestamp")]
    return table.sort_by(order)


def _binary_ids(table: pa.Table) -> pa.Table:
    digits = pc.replace_substring(table["operation_id"], "-", "").combine_chunks().fill_null("0" * 32)
    packed = np.frombuffer(bytes.fromhex("".join(digits.to_pylist())), np.uint8)
    ids = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(table), [None, pa.py_buffer(packed)])
    return table.set_column(table.schema.get_field_index("operation_id"), "operation_id", ids)


def _microseconds(table: pa.Table) -> pa.Table:
    latency = pc.cast(pc.round(pc.multiply(table["latency"], 1e6)), pa.int64())
    return table.set_column(table.schema.get_field_index("latency"), "latency", latency)


def _binary_ids_microseconds(table: pa.Table) -> pa.Table:
    return _microseconds(_binary_ids(table))


_DELTA = {"operation_id": "DELTA_BYTE_ARRAY"}
CHOICES = (
    Choice("as it is written now, without its own checksums and bloom filters"),
    Choice("… zstd 3", options={"compression_level": 3}),
    Choice("… zstd 9", options={"compression_level": 9}),
    Choice("… zstd 19", options={"compression_level": 19}),
    Choice("… no compression", options={"compression": "none"}),
    Choice("… snappy", options={"compression": "snappy"}),
    Choice("… data pages of version 2", options={"data_page_version": "2.0"}),
    Choice("… row groups of 1,048,576", options={"row_group_size": 1 << 20}),
    Choice("ids plain", {"operation_id": "PLAIN"}),
    Choice("ids plain, zstd 9", {"operation_id": "PLAIN"}, {"compression_level": 9}),
    Choice("ids DELTA_BYTE_ARRAY", _DELTA),
    Choice("ids DELTA_LENGTH_BYTE_ARRAY", {"operation_id": "DELTA_LENGTH_BYTE_ARRAY"}),
    Choice(
        "ids DELTA_LENGTH_BYTE_ARRAY in pages of 16 MiB, zstd 3",
        {"operation_id": "DELTA_LENGTH_BYTE_ARRAY"},
        {"data_page_size": 16 << 20, "max_rows_per_page": 1 << 20, "compression_level": 3},
    ),
    Choice("latency plain", {"latency": "PLAIN"}),
    Choice("latency in a dictionary", options={"use_dictionary": [*_WORDS, "operation_id", "size", "latency"]}),
    Choice("sizes plain", {"size": "PLAIN"}),
    Choice("sizes DELTA_BINARY_PACKED", {"size": "DELTA_BINARY_PACKED"}),
    Choice("sorted by id", change=_by_id),
    Choice("sorted by id, ids DELTA_BYTE_ARRAY", _DELTA, change=_by_id),
    Choice("sorted by series", change=_by_series),
    Choice("latency as whole µs", {"latency": "DELTA_BINARY_PACKED"}, change=_microseconds, plain_reader=False),
    Choice("ids as 16 bytes", change=_binary_ids, plain_reader=False),
    Choice("ids as 16 bytes, zstd 9", options={"compression_level": 9}, change=_binary_ids, plain_reader=False),
    Choice(
        "ids as 16 bytes, latency as whole µs, zstd 9",
        {"latency": "DELTA_BINARY_PACKED"},
        {"compression_level": 9},
        _binary_ids_microseconds,
        plain_reader=False,
    ),
    Choice(
        "ids as 16 bytes, sorted by id",
        change=lambda table: _binary_ids(_by_id(table)),
        plain_reader=False,
    ),
)


def compared(few: pa.Table, many: pa.Table) -> str:
    """Return a table in Markdown by choice, of an hour with few operations in flight and of one with many."""
    rows = []
    for choice in CHOICES:
        began = time.perf_counter()
        sizes = choice.write(few) / len(few), choice.write(many) / len(many)
        took = (time.perf_counter() - began) / (len(few) + len(many))
        same = "yes" if choice.plain_reader else "no"
        rows.append(f"| {choice.name} | {sizes[0]:.2f} | {sizes[1]:.2f} | {1e6 * took:.2f} | {same} |")
    head = [
        "| events file | B an event, few in flight | many in flight | µs an event to make | same columns and words |",
        "|---|---:|---:|---:|---|",
    ]
    return "\n".join([*head, *rows, "", "As it is written now, by column, few in flight:", "", _by_column(few)])


def _by_column(table: pa.Table) -> str:
    """Return what each column takes as the file is written now."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **_PRESENT)
    metadata = pq.read_metadata(pa.BufferReader(sink.getvalue()))
    sizes: dict[str, int] = {}
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            sizes[column.path_in_schema] = sizes.get(column.path_in_schema, 0) + column.total_compressed_size
    rows = [
        f"| `{name}` | {size / len(table):.2f} |" for name, size in sorted(sizes.items(), key=lambda each: -each[1])
    ]
    return "\n".join(["| column | B an event |", "|---|---:|", *rows])
