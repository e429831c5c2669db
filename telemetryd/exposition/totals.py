"""What has happened to operations since the start of the daemon, by series: counted from the head's columns.

Nothing is done while events come in. The rows that came since the last look are counted when somebody
asks, and when the head is given away, many at a time. A row is counted as what it was known to be then:
a total never takes anything back, so what a later event tells of it (a start that comes after its end, a
type that was not known) is told by queries and not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telemetryd.model.events import COMPLETED, OPERATION_EXPIRED, STATUSES
from telemetryd.rollup.columns import Array
from telemetryd.rollup.moves import is_entry
from telemetryd.storage.head import Head, Tail

from .exemplars import Exemplar, Exemplars

# Upper bounds of the buckets of latencies, in seconds: from what a local cache takes to what a deal takes.
BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
BUCKETS = len(BOUNDS) + 1
# Columns of `entries`: the five statuses, and expiry.
EXPIRED = len(STATUSES)
COLUMNS = EXPIRED + 1


@dataclass(frozen=True, slots=True)
class Counted:
    """Totals by a series' number, which is the row.

    ``entries`` int64, a column for each status and ``EXPIRED``; ``buckets`` int64, a column for each of
    ``BOUNDS`` and one for what is above, not cumulated; ``sums`` float64 (s). ``exemplars`` by series and bucket.
    """

    entries: Array
    buckets: Array
    sums: Array
    exemplars: dict[tuple[int, int], Exemplar]


class Totals:
    """The totals, and up to which sequence they go."""

    def __init__(self) -> None:
        self._entries = np.zeros((0, COLUMNS), np.int64)
        self._buckets = np.zeros((0, BUCKETS), np.int64)
        self._sums = np.zeros(0)
        self._exemplars = Exemplars()
        self._next = 0

    def count(self, head: Head) -> None:
        """Add the rows of a head that are not counted yet, as they are known now."""
        first = max(0, self._next - head.first_sequence)
        self._next = head.first_sequence + len(head)
        if first < len(head):
            self._add(head, head.tail(first), first)

    def counted(self) -> Counted:
        """Return a copy of the totals."""
        return Counted(self._entries.copy(), self._buckets.copy(), self._sums.copy(), self._exemplars.copy())

    def _add(self, head: Head, tail: Tail, first: int) -> None:
        entry = is_entry(tail)
        counts = entry | (tail.event == OPERATION_EXPIRED)
        series = tail.series[counts]
        self._grow(int(series.max(initial=-1)) + 1)
        column = np.where(entry, tail.status, EXPIRED)[counts]
        self._entries += _by_cell(series, column, self._entries)
        rows = np.flatnonzero(entry & (tail.status >= COMPLETED) & ~np.isnan(tail.latency))
        series, latency = tail.series[rows], tail.latency[rows]
        bucket = _bucket(latency)
        self._buckets += _by_cell(series, bucket, self._buckets)
        self._sums += np.bincount(series, latency, len(self._sums))
        self._exemplars.take(head, tail, rows, first, series, bucket)

    def _grow(self, series: int) -> None:
        more = series - len(self._sums)
        if more > 0:
            self._entries = np.pad(self._entries, ((0, more), (0, 0)))
            self._buckets = np.pad(self._buckets, ((0, more), (0, 0)))
            self._sums = np.pad(self._sums, (0, more))


def _bucket(latency: Array) -> Array:
    """Return for each latency (s) how many of ``BOUNDS`` it is above: of so few, counting takes a fifth of searching."""
    above = np.zeros(len(latency), np.uint8)
    for bound in BOUNDS:
        above += latency > bound
    return above


def _by_cell(row: Array, column: Array, shape: Array) -> Array:
    """Return how often each cell of an array shaped like ``shape`` is named."""
    return np.bincount(row * shape.shape[1] + column, minlength=shape.size).reshape(shape.shape)
