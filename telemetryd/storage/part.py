"""Parts as Parquet files: written once, whole, and read by columns and by time.

Every page carries a checksum, and the footer the version of the format: what cannot be read
is a :class:`CorruptFile`, and never wrong numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from telemetryd.model.errors import CorruptFile
from telemetryd.rollup.carry import Carry
from telemetryd.rollup.columns import EventColumns, RollupRows

from . import rollup_schema, schema
from .files import TMP, File, Files, remove_if_there
from .part_name import Part as Part
from .rows import between

ROW_GROUP = 128 * 1024
# Rows that are decoded at a time where a file is read piece by piece.
PIECE = 16 * 1024

_VERSION_KEY = b"telemetryd.format"
_CARRY_KEY = b"telemetryd.carry"
# The ids of a row group: each comes two to four times.
_DICTIONARY_BYTES = 8 << 20
# Pyarrow hands small pieces over one by one; each would be a system call.
_WRITE_BUFFER = 1 << 20
_READ_BUFFER = 256 << 10
# Older releases of pyarrow cannot write them; readers do without.
_BLOOM_FILTERS = "bloom_filter_options" in signature(pq.write_table).parameters


class EventsWriter:
    """An events file in the making: rows by timestamp, then sequence, a row group for each call."""

    def __init__(self, files: Files, path: str) -> None:
        self.path = path
        self._output = _Output(files, path)
        self._writer: pq.ParquetWriter | None = None

    def write(self, columns: EventColumns) -> None:
        """Write rows that follow, in the file's order, those written before; raises OSError."""
        table = schema.table_of(columns)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._output.stream, table.schema, **_events_options(len(columns)))
        self._writer.write_table(table, row_group_size=ROW_GROUP)

    def finish(self) -> int:
        """Make the file durable under its name and return its size; the folder is not synced yet."""
        assert self._writer is not None, "expected rows, found none"
        self._writer.add_key_value_metadata({_VERSION_KEY: str(schema.FORMAT)})
        self._writer.close()
        return self._output.finish()

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
    output = _Output(files, path)
    try:
        table = rollup_schema.table_of(rows)
        with pq.ParquetWriter(output.stream, table.schema, **_options(rollup_schema.FEW_VALUED)) as writer:
            writer.write_table(table, row_group_size=ROW_GROUP)
            writer.add_key_value_metadata({_VERSION_KEY: str(schema.FORMAT), _CARRY_KEY: carry.encode()})
        return output.finish()
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
    absent in every row. Raises CorruptFile, and FileNotFoundError where the part was removed.
    """
    names = schema.file_columns(columns)
    with _opened(files, part, schema.FEW_VALUED) as file:
        groups = _row_groups(file, start, end)
        table = file.read_row_groups(groups, names) if groups else file.schema_arrow.empty_table().select(names)
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
    with _opened(files, part, schema.FEW_VALUED, at_once=False) as file:
        for batch in file.iter_batches(PIECE, _row_groups(file, start, end), names):
            piece = _clipped(schema.columns_of(pa.Table.from_batches([batch])), start, end)
            if len(piece):
                yield piece


def oldest_timestamp(files: Files, part: Part) -> int:
    """Return a timestamp (µs) that no row of an events part is before; raises as :func:`read_events`."""
    with _opened(files, part) as file:
        groups = range(file.metadata.num_row_groups)
        oldest = min(file.metadata.row_group(group).column(0).statistics.min_raw for group in groups)
        return int(oldest)


def read_rollups(files: Files, part: Part) -> RollupRows:
    """Return all rows of a rollup part; raises as :func:`read_events`."""
    with _opened(files, part, rollup_schema.FEW_VALUED) as file:
        return rollup_schema.rows_of(file.read())


def read_carry(files: Files, part: Part) -> Carry:
    """Return what a rollup part carries on to later hours, from its footer; raises as :func:`read_events`."""
    with _opened(files, part) as file:
        return Carry.decode(file.metadata.metadata[_CARRY_KEY])


@contextmanager
def _opened(
    files: Files, part: Part, dictionaries: Collection[str] = (), *, at_once: bool = True
) -> Iterator[pq.ParquetFile]:
    """Open a part; what goes wrong with its bytes inside of the block is a CorruptFile.

    Not ``at_once``, its bytes are read as they are needed: more reads, less memory.
    """
    with files.open(part.path) as source:
        try:
            with pq.ParquetFile(
                source,
                read_dictionary=list(dictionaries),
                page_checksum_verification=True,
                pre_buffer=at_once,
                buffer_size=0 if at_once else _READ_BUFFER,
            ) as file:
                version = int(file.metadata.metadata[_VERSION_KEY])
                if version > schema.FORMAT:
                    raise CorruptFile(f"{part.path}: expected format {schema.FORMAT} or before, found {version}")
                yield file
        except OSError as error:
            if error.errno is not None:
                raise
            raise CorruptFile(f"{part.path}: expected a part of telemetryd: {error}") from error
        # A flipped bit in the footer can ask for anything, a huge allocation too.
        except (
            pa.ArrowException,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            OverflowError,
            MemoryError,
        ) as error:
            raise CorruptFile(f"{part.path}: expected a part of telemetryd: {error!r}") from error


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


class _Output:
    """A file under its ``.tmp`` name, as a stream that pyarrow writes to."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = path
        self._size = 0
        self._file: File = files.create(path + TMP)
        self.closed = False
        self.stream = pa.BufferedOutputStream(pa.PythonFile(self, mode="w"), _WRITE_BUFFER)

    def write(self, data: bytes) -> int:
        self._size += self._file.write(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Pyarrow is done; the file itself is closed by :meth:`finish` or :meth:`abandon`."""

    def finish(self) -> int:
        self.stream.flush()
        self._file.sync()
        self._file.close()
        self._files.rename(self._path + TMP, self._path)
        return self._size

    def abandon(self) -> None:
        self._file.close()
        remove_if_there(self._files, self._path + TMP)


def _events_options(rows: int) -> dict[str, Any]:
    time_and_sequence = {"timestamp": "DELTA_BINARY_PACKED", "sequence": "DELTA_BINARY_PACKED"}
    sequence = schema.EVENTS_SCHEMA.get_field_index("sequence")
    options = _options((*schema.FEW_VALUED, "operation_id")) | {
        "column_encoding": time_and_sequence,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
        "sorting_columns": [pq.SortingColumn(0), pq.SortingColumn(sequence)],
    }
    if _BLOOM_FILTERS:
        options["bloom_filter_options"] = {"operation_id": {"ndv": min(rows, ROW_GROUP), "fpp": 0.01}}
    return options


def _options(dictionaries: Collection[str]) -> dict[str, Any]:
    return {
        "compression": "zstd",
        "use_dictionary": list(dictionaries),
        "write_page_index": True,
        "write_page_checksum": True,
        # Arrow's own schema would give strangers its dictionary types; the words are enough.
        "store_schema": False,
    }
