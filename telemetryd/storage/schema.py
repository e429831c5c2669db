"""The columns of events files: Arrow tables to event columns and back (``docs/format.md``)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from telemetryd.model.events import CODE_OF_STATE, EVENTS, NO_STATE, STATES, UNPLACED
from telemetryd.rollup.columns import Array, EventColumns

# Version of events and rollup files, in their footers.
FORMAT = 2

TIME = pa.timestamp("us", tz="UTC")
UNPLACED_WORD = "unplaced"

EVENTS_SCHEMA = pa.schema(
    [
        ("timestamp", TIME),
        ("event", pa.string()),
        ("operation_id", pa.string()),
        ("operation_type", pa.string()),
        ("backend", pa.string()),
        ("status", pa.string()),
        ("latency", pa.float64()),
        ("retry_count", pa.int32()),
        ("error_type", pa.string()),
        ("size", pa.int64()),
        ("producer", pa.string()),
        ("sequence", pa.int64()),
        ("previous_status", pa.string()),
    ]
)

# Few different words in many rows: kept as dictionaries in files and in memory.
FEW_VALUED = ("event", "operation_type", "backend", "status", "error_type", "producer", "previous_status")

# A field of event columns is the file's column of that name, but for this one.
_COLUMN_OF_FIELD = {"previous": "previous_status"}
_WORDS_OF_STATES = (*STATES, UNPLACED_WORD)
_CODES_OF_WORDS = {**CODE_OF_STATE, UNPLACED_WORD: UNPLACED}
_CODES_OF_EVENTS = {word: code for code, word in enumerate(EVENTS)}
_NAMES_OF = {
    "operation_type": "operation_types",
    "backend": "backends",
    "error_type": "error_types",
    "producer": "producers",
}
_ABSENT: dict[str, tuple[Any, type]] = {
    "event": (0, np.uint8),
    "status": (NO_STATE, np.uint8),
    "previous": (NO_STATE, np.uint8),
    "operation_type": (0, np.uint16),
    "backend": (0, np.uint16),
    "error_type": (0, np.uint16),
    "producer": (0, np.uint16),
    "latency": (np.nan, np.float64),
    "retry_count": (-1, np.int32),
    "size": (-1, np.int64),
    "sequence": (0, np.int64),
}
FIELDS = ("timestamp", "operation_id", *_ABSENT)


def table_of(columns: EventColumns) -> pa.Table:
    """Return event columns as the table that a file holds."""
    arrays = {
        "timestamp": pa.array(columns.timestamp).cast(TIME),
        "event": words(columns.event, EVENTS),
        "operation_id": columns.operation_id,
        "operation_type": words(columns.operation_type, columns.operation_types),
        "backend": words(columns.backend, columns.backends),
        "status": _states(columns.status),
        "latency": pa.array(columns.latency, mask=np.isnan(columns.latency)),
        "retry_count": pa.array(columns.retry_count, mask=columns.retry_count < 0),
        "error_type": words(columns.error_type, columns.error_types),
        "size": pa.array(columns.size, mask=columns.size < 0),
        "producer": words(columns.producer, columns.producers),
        "sequence": pa.array(columns.sequence),
        "previous_status": _states(columns.previous),
    }
    return pa.table([arrays[name] for name in EVENTS_SCHEMA.names], names=EVENTS_SCHEMA.names)


def file_columns(fields: Collection[str] | None) -> list[str]:
    """Return the file's columns for fields of event columns (None: all); the timestamp is always read."""
    wanted = FIELDS if fields is None else {"timestamp", *fields}
    return [_COLUMN_OF_FIELD.get(name, name) for name in FIELDS if name in wanted]


def columns_of(table: pa.Table) -> EventColumns:
    """Return what a file's table holds as event columns; a column it lacks is absent in every row.

    Raises KeyError or ValueError where the table is not of our making.
    """
    rows = len(table)
    fields: dict[str, Any] = dict.fromkeys(_NAMES_OF.values(), ("",))
    fields["timestamp"] = _numbers(table, "timestamp", 0, np.int64)
    fields["operation_id"] = _single(table["operation_id"]) if "operation_id" in table.column_names else None
    for field, (absent, kind) in _ABSENT.items():
        name = _COLUMN_OF_FIELD.get(field, field)
        if name not in table.column_names:
            # One value, seen in every row: no memory.
            fields[field] = np.broadcast_to(np.array(absent, dtype=kind), (rows,))
        elif field in _NAMES_OF:
            fields[field], fields[_NAMES_OF[field]] = codes_and_names(table[name])
        elif field == "event":
            fields[field] = _codes(table[name], _CODES_OF_EVENTS)
        elif field in ("status", "previous"):
            fields[field] = _codes(table[name], _CODES_OF_WORDS)
        else:
            fields[field] = _numbers(table, name, absent, kind)
    return EventColumns(**fields)


def words(codes: Array, names: tuple[str, ...]) -> pa.DictionaryArray:
    """Return codes into ``names`` as a dictionary array of those in use; the empty name is null."""
    empty = np.array([name == "" for name in names], dtype=bool)
    used = np.flatnonzero((np.bincount(codes, minlength=len(names)) > 0) & ~empty)
    narrow = np.zeros(len(names), dtype=np.int32)
    narrow[used] = np.arange(len(used), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(narrow[codes], mask=empty[codes]), pa.array([names[code] for code in used], pa.string())
    )


def codes_and_names(column: pa.ChunkedArray) -> tuple[Array, tuple[str, ...]]:
    """Return a column of words as uint16 codes and their names; null is code 0, the empty name."""
    array = _dictionary(column)
    names = ("", *array.dictionary.to_pylist())
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False) + 1
    return codes.astype(np.uint16), names


def _states(codes: Array) -> pa.DictionaryArray:
    # Codes beyond the states: one for `unplaced`, null for none.
    narrow = np.minimum(codes, len(STATES)).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(narrow, mask=codes == NO_STATE), pa.array(_WORDS_OF_STATES))


def _codes(column: pa.ChunkedArray, table: dict[str, int]) -> Array:
    array = _dictionary(column)
    lookup = np.array([*(table[word] for word in array.dictionary.to_pylist()), NO_STATE], dtype=np.uint8)
    codes: Array = lookup[array.indices.fill_null(len(lookup) - 1).to_numpy(zero_copy_only=False)]
    return codes


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return _single(column.unify_dictionaries())


def _numbers(table: pa.Table, name: str, absent: Any, kind: type) -> Array:
    array = _single(table[name])
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    if array.null_count:
        array = array.fill_null(absent)
    numbers: Array = array.to_numpy(zero_copy_only=False)
    return numbers.astype(kind, copy=False)


def _single(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
