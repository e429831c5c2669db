"""Samples as JSON text, a column at a time: no sample is ever an object of Python.

Columns become text by Arrow, and text is joined row by row there as well; only slices of whole
buffers come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from telemetryd.model.events import STATUSES
from telemetryd.query.result import MetricTable
from telemetryd.rollup.columns import Array

# Samples that become text at once.
CHUNK = 8192


class Texts:
    """The samples of a table as JSON objects, to be asked for in their order.

    Counts by status are nested, but for flat objects: ``heads`` are, for each of the table's keys, the
    members that its samples begin with then, each followed by a comma.
    """

    def __init__(self, table: MetricTable, heads: Sequence[str] | None = None) -> None:
        self._table = table
        self._heads = None if heads is None else pa.array(heads, pa.string())
        self._low = self._high = 0
        self._data = memoryview(b"")
        self._offset: Array = np.zeros(1, np.int64)

    def between(self, low: int, high: int) -> Iterator[bytes]:
        """Yield the text of some samples, with commas between them, piece by piece."""
        while low < high:
            if not self._low <= low < self._high:
                self._make(low)
            stop = min(high, self._high)
            first, last = self._offset[low - self._low], self._offset[stop - self._low]
            # Each sample has a comma behind it.
            yield bytes(self._data[first : last - (stop == high)])
            low = stop

    def _make(self, low: int) -> None:
        high = min(low + CHUNK, len(self._table))
        pieces: list[pa.Array | pa.Scalar] = [pa.scalar("{")]
        if self._heads is not None:
            pieces.append(self._heads.take(pa.array(self._table.series[low:high], pa.int32())))
        columns = {"timestamp": self._table.timestamp, **self._table.statistics}
        by_status = [name for name in STATUSES if name in columns and self._heads is None]
        before = ""
        for name in [name for name in columns if name not in by_status]:
            pieces += [pa.scalar(f'{before}"{name}":'), _text(columns[name][low:high])]
            before = ","
        if by_status:
            before = ',"by_status":{'
            for name in by_status:
                pieces += [pa.scalar(f'{before}"{name}":'), _text(columns[name][low:high])]
                before = ","
            pieces.append(pa.scalar("}"))
        # With the first answer, and not at the start: it takes 9 MB.
        import pyarrow.compute as pc

        joined = pc.binary_join_element_wise(*pieces, pa.scalar("},"), "")
        _, offsets, data = joined.buffers()
        self._offset = np.frombuffer(offsets, np.int32)[joined.offset : joined.offset + len(joined) + 1]
        self._data = memoryview(data)
        self._low, self._high = low, high


def _text(values: Array) -> pa.Array:
    """Return numbers as JSON has them; what is not a number is null."""
    array = pa.array(values)
    text = array.cast(pa.string())
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        import pyarrow.compute as pc

        text = pc.if_else(pa.array(finite), text, pa.scalar("null"))
    return text
