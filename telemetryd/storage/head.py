"""The head: rows that are not yet in a part, as columns that grow.

Appending is bulk extends of flat buffers; a reader gets a copy of its own, made at most once
for each state of the head.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from telemetryd.rollup.columns import Array, EventColumns


@dataclass(frozen=True, slots=True)
class Names:
    """Lists of names that codes point into; their owner may append to them and nothing else."""

    operation_types: list[str]
    backends: list[str]
    error_types: list[str]
    producers: list[str]


@dataclass(frozen=True, slots=True)
class FrozenHead:
    """Rows ``first`` to ``last`` (sequences, both included) that wait to be sealed.

    ``detailed`` says whether the rows themselves are kept, or only what their rollups tell.
    """

    first: int
    last: int
    detailed: bool
    columns: EventColumns

    def __repr__(self) -> str:
        return f"FrozenHead({self.first}..{self.last}, {len(self.columns)} rows{'' if self.detailed else ', brief'})"


class Head:
    """Rows in order of arrival, whose sequences run from ``first_sequence`` without a gap."""

    def __init__(self, first_sequence: int, names: Names) -> None:
        self.first_sequence = first_sequence
        self._names = names
        self._timestamp = array("q")
        self._event = bytearray()
        self._operation_type = array("H")
        self._backend = array("H")
        self._status = bytearray()
        self._previous = bytearray()
        self._latency = array("d")
        self._retry_count = array("i")
        self._size = array("q")
        self._error_type = array("H")
        self._producer = array("H")
        # Ids never change once appended, so those converted for a reader serve the next one too.
        self._operation_id: list[str | None] = []
        self._converted: list[pa.StringArray] = []
        self._view: EventColumns | None = None

    def __len__(self) -> int:
        return len(self._timestamp)

    def __repr__(self) -> str:
        return f"Head({self.first_sequence}.., {len(self)} rows)"

    def append(
        self,
        timestamp: list[int],
        event: list[int] | bytes,
        operation_type: list[int],
        backend: list[int],
        status: list[int] | bytes,
        previous: list[int] | bytes,
        latency: list[float],
        retry_count: list[int],
        size: list[int],
        error_type: list[int],
        producer: int,
        operation_id: Sequence[str | None],
    ) -> None:
        """Append rows of one producer; all columns are of one length, with units as in ``EventColumns``."""
        count = len(timestamp)
        if not count:
            return
        self._view = None
        self._timestamp.fromlist(timestamp)
        self._event += bytes(event)
        _extend_codes(self._operation_type, operation_type)
        _extend_codes(self._backend, backend)
        self._status += bytes(status)
        self._previous += bytes(previous)
        self._latency.fromlist(latency)
        _extend_sparse(self._retry_count, retry_count, -1)
        _extend_sparse(self._size, size, -1)
        _extend_sparse(self._error_type, error_type, 0)
        self._producer.extend(array("H", (producer,)) * count)
        self._operation_id.extend(operation_id)

    def patch(
        self,
        sequence: int,
        *,
        operation_type: int | None = None,
        backend: int | None = None,
        previous: int | None = None,
        latency: float | None = None,
    ) -> None:
        """Change what a later event told of the row ``sequence``; raises IndexError where it is not here."""
        index = sequence - self.first_sequence
        if not 0 <= index < len(self):
            raise IndexError(f"expected a row of {self!r}, found sequence {sequence}")
        self._view = None
        if operation_type is not None:
            self._operation_type[index] = operation_type
        if backend is not None:
            self._backend[index] = backend
        if previous is not None:
            self._previous[index] = previous
        if latency is not None:
            self._latency[index] = latency

    def columns(self) -> EventColumns:
        """Return the rows as they are now; what happens to the head later does not reach them."""
        if self._view is None:
            self._view = EventColumns(
                timestamp=_copied(self._timestamp, np.int64),
                event=_copied(self._event, np.uint8),
                operation_type=_copied(self._operation_type, np.uint16),
                backend=_copied(self._backend, np.uint16),
                status=_copied(self._status, np.uint8),
                previous=_copied(self._previous, np.uint8),
                latency=_copied(self._latency, np.float64),
                retry_count=_copied(self._retry_count, np.int32),
                size=_copied(self._size, np.int64),
                error_type=_copied(self._error_type, np.uint16),
                producer=_copied(self._producer, np.uint16),
                sequence=np.arange(self.first_sequence, self.first_sequence + len(self), dtype=np.int64),
                operation_id=self._ids(),
                operation_types=tuple(self._names.operation_types),
                backends=tuple(self._names.backends),
                error_types=tuple(self._names.error_types),
                producers=tuple(self._names.producers),
            )
        return self._view

    def freeze(self, last_sequence: int, detailed: bool) -> FrozenHead:
        """Return all rows for the sealer; ``last_sequence`` is that of the last row."""
        assert last_sequence == self.first_sequence + len(self) - 1, (
            f"expected the last row of {self!r}, found {last_sequence}"
        )
        return FrozenHead(self.first_sequence, last_sequence, detailed, self.columns())

    def _ids(self) -> pa.StringArray:
        if self._operation_id:
            self._converted.append(pa.array(self._operation_id, pa.string()))
            self._operation_id = []
        if len(self._converted) != 1:
            # An empty list of chunks gives an empty column.
            self._converted = [pa.chunked_array(self._converted, pa.string()).combine_chunks()]
        return self._converted[0]


def _copied(column: array[Any] | bytearray, kind: type) -> Array:
    # The copy lets the buffer grow again: it cannot while an array looks into it.
    return np.frombuffer(column, dtype=kind).copy()


def _extend_codes(column: array[int], codes: list[int]) -> None:
    # Twice as fast as array.fromlist, measured.
    column.frombytes(struct.pack(f"{len(codes)}H", *codes))


def _extend_sparse(column: array[int], values: list[int], absent: int) -> None:
    # Most batches tell nothing in these columns; counting is 20 times as fast as converting.
    if values.count(absent) == len(values):
        column.extend(array(column.typecode, (absent,)) * len(values))
    else:
        column.fromlist(values)
