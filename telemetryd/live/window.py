"""A sliding window over the operations that ended lately, in slots of one second.

Ends are gathered as they come and folded many at a time, into runs of rollup rows. Under a load of
many series and widely spread latencies the older slots grow wider, so that the window's memory has
a bound; at common loads its edge is true to the second.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from telemetryd.rollup.build import operation_rows
from telemetryd.rollup.cells import OperationCells, operation_cells
from telemetryd.rollup.columns import OperationRows
from telemetryd.rollup.merge import added_up, stack

from .rows import Ends
from .run import Run, Total, join_nearest, split

# What "lately" means where nobody asks for another window, and the widest that can be asked for, in seconds.
WINDOW = 300.0
WIDEST = 3600
# Histogram cells held over all slots; about 25 bytes each.
MAX_CELLS = 400_000
# Ends that are gathered before they are folded: the more, the less each costs; the fewer, the shorter the pause.
FOLD = 8192
# So many runs share the bound: one with its share grows no more.
_RUNS = 12
# So few are not joined, whatever they hold: where a slot has very many cells, that would be to add all of them up again and again.
_FEWEST = 6


class Window:
    """Ends of operations over the last hour, by second and series."""

    def __init__(self, max_cells: int = MAX_CELLS) -> None:
        self._max_cells = max_cells
        self._share = max(1, max_cells // _RUNS)
        self._runs: list[Run] = []
        self._total = Total()
        self._begin()

    def _begin(self) -> None:
        self._timestamp = array("d")
        self._series = array("i")
        self._status = bytearray()
        self._latency = array("d")
        self._weight = array("b")

    def add(self, ends: Ends, now: float) -> None:
        """Enter operations that ended; those older than the widest window are forgotten."""
        self._timestamp.fromlist(ends.timestamp)
        self._series.fromlist(ends.series)
        self._status += bytes(ends.status)
        self._latency.fromlist(ends.latency)
        self._weight.fromlist(ends.weight)
        if len(self._timestamp) >= FOLD:
            self._fold(now)

    def cells(self, now: float, seconds: float) -> OperationCells:
        """Return what ended in the last ``seconds``, one row a series; ``cell`` is 0."""
        return self.still(now, seconds)()

    def still(self, now: float, seconds: float) -> Callable[[], OperationCells]:
        """Return what tells the same at any time later, in any thread: runs never change once made."""
        self._fold(now)
        return partial(_cells, tuple(self._runs), self._total, now, seconds)

    def _fold(self, now: float) -> None:
        """Make a run of the ends that were gathered."""
        if not self._timestamp:
            return
        second = np.floor(np.frombuffer(self._timestamp)).astype(np.int64)
        series, status = np.frombuffer(self._series, np.int32), np.frombuffer(self._status, np.uint8)
        rows = operation_rows(
            second, series, status, np.frombuffer(self._latency), 1, np.frombuffer(self._weight, np.int8)
        )
        self._begin()
        self.put(rows, now)

    def put(self, rows: OperationRows, now: float) -> None:
        """Enter what ended, as rollup rows whose series are numbers of the tracker's."""
        oldest = now - WIDEST
        runs = [later for run in self._runs if (later := run.later(oldest)) is not None]
        for each in split(rows, self._share):
            fresh = each.later(oldest)
            if fresh is None:
                continue
            while runs and max(fresh.cells, runs[-1].cells) < self._share and runs[-1].cells <= 2 * fresh.cells:
                fresh = Run(added_up(stack([runs.pop().rows, fresh.rows])))
            runs.append(fresh)
        while sum(run.cells for run in runs) > self._max_cells and len(runs) > _FEWEST:
            join_nearest(runs, now, self._share)
        self._runs = runs
        self._total.keep(runs)

    @property
    def held(self) -> int:
        """Histogram cells over all slots."""
        return sum(run.cells for run in self._runs)


_NOTHING = operation_rows(
    np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.float64), 1
)


def _cells(runs: Sequence[Run], total: Total, now: float, seconds: float) -> OperationCells:
    begin = now - seconds
    whole = tuple(run for run in runs if run.lies_in(begin, now))
    cut = [part for run in runs if not run.lies_in(begin, now) and (part := run.part(begin, now)) is not None]
    rows = stack([*total.of(whole), *cut] or [_NOTHING])
    return _without_nothing(operation_cells(rows, np.zeros(len(rows), np.int64)))


def _without_nothing(cells: OperationCells) -> OperationCells:
    """Return cells without buckets that are empty, for what was in them has been taken back."""
    kept = cells.bucket_count > 0
    if kept.all():
        return cells
    before = np.concatenate([[0], np.cumsum(kept)])
    return replace(cells, offset=before[cells.offset], bucket=cells.bucket[kept], bucket_count=cells.bucket_count[kept])
