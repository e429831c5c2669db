"""The head: rows that are not yet in a part, as columns that grow.

Appending is bulk extends of flat buffers; a reader gets a copy of its own, made at most once
for each state of the head.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from telemetryd.rollup.columns import Array, EventColumns

# Ids that are converted at once: never so many that others would wait for it.
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Names:
    """Lists of names that codes point into, and by a series' number its codes; their owner may append to them and nothing else."""

    operation_types: list[str]
    backends: list[str]
    type_codes: list[int]
    backend_codes: list[int]
    error_types: list[str]
    producers: list[str]


class Tail(NamedTuple):
    """The last rows of a head: columns as in ``EventColumns`` but for ``timestamp`` (float64, Unix s) and ``series``, a number."""

    timestamp: Array
    event: Array
    series: Array
    status: Array
    previous: Array
    latency: Array


@dataclass(frozen=True, slots=True)
class FrozenHead:
    """Rows ``first`` to ``last`` (sequences, both included) that wait to be sealed.

    ``detailed`` says whether the rows themselves are kept, or only what their rollups tell.
    ``made`` gives the columns, the same each time; whoever first needs them waits for it, from any thread.
    """

    first: int
    last: int
    detailed: bool
    made: Callable[[], EventColumns]

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __repr__(self) -> str:
        return f"FrozenHead({self.first}..{self.last}, {len(self)} rows{'' if self.detailed else ', brief'})"

    @property
    def columns(self) -> EventColumns:
        return self.made()


class _Sparse:
    """A column that tells something of few rows: their indices and the values."""

    def __init__(self, kind: str, absent: int) -> None:
        self._absent = absent
        self._rows = array("q")
        self._values = array(kind)

    def extend(self, first: int, values: Mapping[int, int]) -> None:
        """Take values by the index of their rows, counted from ``first``."""
        if values:
            self._rows.extend([first + row for row in values])
            self._values.extend(values.values())

    def dense(self, rows: int) -> Array:
        """Return the column whole."""
        column = np.full(rows, self._absent, self._values.typecode)
        column[np.frombuffer(self._rows, np.int64)] = np.frombuffer(self._values, self._values.typecode)
        return column


class Head:
    """Rows in order of arrival, whose sequences run from ``first_sequence`` without a gap."""

    def __init__(self, first_sequence: int, names: Names) -> None:
        self.first_sequence = first_sequence
        self._names = names
        self._timestamp = array("d")
        self._event = bytearray()
        self._series = array("i")
        self._status = bytearray()
        self._previous = bytearray()
        self._latency = array("d")
        self._retry_count = _Sparse("i", -1)
        self._size = _Sparse("q", -1)
        self._error_type = _Sparse("H", 0)
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
        timestamp: list[float],
        event: bytes | bytearray,
        series: list[int],
        status: bytes | bytearray,
        previous: bytes | bytearray,
        latency: array[float],
        retry_count: Mapping[int, int],
        size: Mapping[int, int],
        error_type: Mapping[int, int],
        producer: int,
        operation_id: Sequence[str | None],
    ) -> None:
        """Append rows of one producer: columns of one length, sparse ones by the index of the row.

        ``timestamp`` in Unix s, ``latency`` in s or NaN; ``series`` is a number, or the complement (``~``) of a
        backend's code. The rest is as in ``EventColumns``.
        """
        first, count = len(self), len(timestamp)
        if not count:
            return
        self._view = None
        self._timestamp.fromlist(timestamp)
        self._event += event
        self._series.fromlist(series)
        self._status += status
        self._previous += previous
        self._latency += latency
        self._retry_count.extend(first, retry_count)
        self._size.extend(first, size)
        self._error_type.extend(first, error_type)
        self._producer.extend(array("H", (producer,)) * count)
        self._operation_id.extend(operation_id)
        if len(self._operation_id) >= _CHUNK:
            self._convert()

    def patch(
        self, sequence: int, *, series: int | None = None, previous: int | None = None, latency: float | None = None
    ) -> None:
        """Change what a later event told of the row ``sequence``; raises IndexError where it is not here."""
        index = sequence - self.first_sequence
        if not 0 <= index < len(self):
            raise IndexError(f"expected a row of {self!r}, found sequence {sequence}")
        self._view = None
        if series is not None:
            self._series[index] = series
        if previous is not None:
            self._previous[index] = previous
        if latency is not None:
            self._latency[index] = latency

    def columns(self) -> EventColumns:
        """Return the rows as they are now; what happens to the head later does not reach them."""
        if self._view is None:
            series = _copied(self._series, np.int32)
            of_series, number = series >= 0, np.maximum(series, 0)
            self._view = EventColumns(
                timestamp=np.rint(np.frombuffer(self._timestamp) * 1e6).astype(np.int64),
                event=_copied(self._event, np.uint8),
                operation_type=np.where(of_series, _codes(self._names.type_codes)[number], 0).astype(np.uint16),
                backend=np.where(of_series, _codes(self._names.backend_codes)[number], ~series).astype(np.uint16),
                status=_copied(self._status, np.uint8),
                previous=_copied(self._previous, np.uint8),
                latency=_copied(self._latency, np.float64),
                retry_count=self._retry_count.dense(len(self)),
                size=self._size.dense(len(self)),
                error_type=self._error_type.dense(len(self)),
                producer=_copied(self._producer, np.uint16),
                sequence=np.arange(self.first_sequence, self.first_sequence + len(self), dtype=np.int64),
                operation_id=self._ids(),
                operation_types=tuple(self._names.operation_types),
                backends=tuple(self._names.backends),
                error_types=tuple(self._names.error_types),
                producers=tuple(self._names.producers),
            )
        return self._view

    def tail(self, first: int) -> Tail:
        """Return the rows from index ``first`` on, looked at where they are: to be let go of before anything is appended."""
        return Tail(
            np.frombuffer(self._timestamp)[first:],
            np.frombuffer(self._event, np.uint8)[first:],
            np.frombuffer(self._series, np.int32)[first:],
            np.frombuffer(self._status, np.uint8)[first:],
            np.frombuffer(self._previous, np.uint8)[first:],
            np.frombuffer(self._latency)[first:],
        )

    def operation_id(self, index: int) -> str | None:
        """Return the operation of one row."""
        for chunk in self._converted:
            if index < len(chunk):
                return chunk[index].as_py()  # type: ignore[no-any-return]
            index -= len(chunk)
        return self._operation_id[index]

    def freeze(self, last_sequence: int, detailed: bool) -> FrozenHead:
        """Return all rows for the sealer; ``last_sequence`` is that of the last row, and nothing may be appended any more."""
        assert last_sequence == self.first_sequence + len(self) - 1, (
            f"expected the last row of {self!r}, found {last_sequence}"
        )
        self._convert()
        return FrozenHead(self.first_sequence, last_sequence, detailed, self.columns)

    def _convert(self) -> None:
        if self._operation_id:
            self._converted.append(pa.array(self._operation_id, pa.string()))
            self._operation_id = []

    def _ids(self) -> pa.StringArray:
        self._convert()
        if len(self._converted) != 1:
            # An empty list of chunks gives an empty column.
            self._converted = [pa.chunked_array(self._converted, pa.string()).combine_chunks()]
        return self._converted[0]


def _codes(codes: list[int]) -> Array:
    return np.array(codes, np.uint16)


def _copied(column: array[Any] | bytearray, kind: type) -> Array:
    # The copy lets the buffer grow again: it cannot while an array looks into it.
    return np.frombuffer(column, dtype=kind).copy()
