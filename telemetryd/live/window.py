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
from telemetryd.rollup.columns import Array, OperationRows
from telemetryd.rollup.merge import added_up, select, stack

from .rows import Ends

# What "lately" means where nobody asks for another window, and the widest that can be asked for, in seconds.
WINDOW = 300.0
WIDEST = 3600
# Histogram cells held over all slots; about 25 bytes each.
MAX_CELLS = 400_000
# Ends that are gathered before they are folded: the more, the less each costs; the fewer, the shorter the pause.
FOLD = 8192
# Beyond it a slot grows no more, in seconds: what is in it leaves the window as one.
_WIDEST_SLOT = 512
# Cells of a run that grows no more.
_FULL = 32_768


class Window:
    """Ends of operations over the last hour, by second and series."""

    def __init__(self, max_cells: int = MAX_CELLS) -> None:
        self._max_cells = max_cells
        self._runs: list[OperationRows] = []
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
        return partial(_cells, tuple(self._runs), now, seconds)

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
        runs = [kept for run in self._runs if len(kept := _later(run, now - WIDEST))]
        if len(fresh := _later(rows, now - WIDEST)):
            while runs and len(fresh.bucket) < _FULL and len(runs[-1].bucket) <= 2 * len(fresh.bucket):
                fresh = added_up(stack([runs.pop(), fresh]))
            runs.append(fresh)
        self._runs = runs
        if self.held > self._max_cells:
            self._widen()

    @property
    def held(self) -> int:
        """Histogram cells over all slots."""
        return sum(len(run.bucket) for run in self._runs)

    def _widen(self) -> None:
        """Join slots two by two, the older ones first, until half of the bound is free or all are as wide as may be."""
        while self.held > self._max_cells // 2:
            ends = [_widened(run) for run in self._runs]
            narrow = np.concatenate([end[run.width < _WIDEST_SLOT] for run, end in zip(self._runs, ends, strict=True)])
            if not len(narrow):
                return
            middle = np.median(narrow)
            self._runs = [
                _wider(run, (run.width < _WIDEST_SLOT) & (end <= middle))
                for run, end in zip(self._runs, ends, strict=True)
            ]


_NOTHING = operation_rows(
    np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.float64), 1
)


def _cells(runs: Sequence[OperationRows], now: float, seconds: float) -> OperationCells:
    rows = stack([select(run, _ends(run) > now - seconds) for run in runs] or [_NOTHING])
    rows = select(rows, rows.start <= now)
    return _without_nothing(operation_cells(rows, np.zeros(len(rows), np.int64)))


def _ends(run: OperationRows) -> Array:
    return run.start + run.width


def _later(run: OperationRows, oldest: float) -> OperationRows:
    """Return the rows of a run that have not gone by; the run itself where all are kept."""
    kept = _ends(run) > oldest
    return run if kept.all() else select(run, kept)


def _without_nothing(cells: OperationCells) -> OperationCells:
    """Return cells without buckets that are empty, for what was in them has been taken back."""
    kept = cells.bucket_count > 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return replace(cells, offset=before[cells.offset], bucket=cells.bucket[kept], bucket_count=cells.bucket_count[kept])


def _widened(run: OperationRows) -> Array:
    """Return when each slot would end if it were twice as wide: before that, it would hold what is still to come."""
    width = run.width.astype(np.int64) * 2
    return (run.start // width + 1) * width


def _wider(run: OperationRows, chosen: Array) -> OperationRows:
    if not chosen.any():
        return run
    width = np.where(chosen, run.width * 2, run.width)
    start = np.where(chosen, run.start // width * width, run.start)
    return added_up(replace(run, start=start, width=width.astype(np.int32)))
