"""A sliding window over the operations that ended lately, in slots of one second.

Ends are gathered as they come and folded many at a time, into stretches of time that follow one another. Under
a load of many series and widely spread latencies the older slots grow wider, so that the window's memory has a
bound; at common loads its edge is true to the second.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np

from telemetryd.rollup.build import operation_rows
from telemetryd.rollup.cells import OperationCells, operation_cells
from telemetryd.rollup.columns import OperationRows
from telemetryd.rollup.merge import select, stack

from .rows import Ends
from .stretch import Stretch
from .total import Total

# What "lately" means where nobody asks for another window, and the widest that can be asked for, in seconds.
WINDOW = 300.0
WIDEST = 3600
# The memory that all rows may take, in cells of 13 bytes: at least, and for each series that there may be.
LEAST_SIZE = 800_000
SIZE_OF_SERIES = 800
# Ends that are gathered before they are folded: the more, the less each costs; the fewer, the shorter the pause.
FOLD = 8192
# Of what all may take, a stretch has this share before another one begins, and so long it may be, in seconds.
_SHARE = 24
_LONGEST = 300
# With so many shares it is parted, for what came late may be much.
_MOST_SHARES = 2


def size_for(max_series: int) -> int:
    """Return what the window of so many series may take, in cells of 13 bytes."""
    return max(LEAST_SIZE, SIZE_OF_SERIES * max_series)


class Window:
    """Ends of operations over the last hour, by second and series; ``max_size`` is in cells of 13 bytes."""

    def __init__(self, max_size: int = LEAST_SIZE) -> None:
        self._max_size = max_size
        self._share = max(1, max_size // _SHARE)
        self._stretches: list[Stretch] = []
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
        """Return what tells the same at any time later, in any thread: stretches never change once made."""
        self._fold(now)
        return partial(_cells, tuple(self._stretches), self._total, now, seconds)

    def _fold(self, now: float) -> None:
        """Enter the ends that were gathered."""
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
        """Enter what ended, as rollup rows of whole seconds whose series are numbers of the tracker's."""
        self._forget(now)
        self._enter(select(rows, rows.start + 1 > now - WIDEST))
        self._close(now)
        self._stretches = [piece for each in self._stretches for piece in each.pieces(_MOST_SHARES * self._share)]
        while self.held > self._max_size and self._coarsen(now):
            pass

    @property
    def held(self) -> int:
        """The memory that all rows take, in cells."""
        return sum(each.size for each in self._stretches)

    def _forget(self, now: float) -> None:
        """Let go of what has left every window there can be."""
        self._stretches = [each for each in self._stretches if each.end > now - WIDEST]

    def _enter(self, rows: OperationRows) -> None:
        """Put each row into the stretch that its second is in."""
        if not len(rows):
            return
        stretches, oldest = self._stretches, int(rows.start.min())
        if not stretches:
            stretches.append(Stretch(oldest, math.inf, 1))
        if oldest < stretches[0].begin:
            # From a round time on: what is older still, and comes later, shall find its place.
            stretches.insert(0, Stretch(oldest // _LONGEST * _LONGEST, stretches[0].begin, 1))
        of_row = np.searchsorted([each.begin for each in stretches], rows.start, side="right") - 1
        for at in np.unique(of_row).tolist():
            stretches[at] = stretches[at].add(select(rows, of_row == at))

    def _close(self, now: float) -> None:
        """End the stretch that is open where it has its share or is long enough: now, or with its last slot where that is to come."""
        present = math.floor(now) + 1
        while self._stretches and (last := self._stretches[-1]).is_open:
            if last.size <= self._share and present - last.begin < _LONGEST:
                return
            self._stretches[-1:] = last.cut(present if present > last.begin else last.last + 1)

    def _coarsen(self, now: float) -> bool:
        """Have the stretch whose slots are narrowest for their age get wider ones; return False where none can.

        So slots are as much wider as they are older. Two that are one slot each become one.
        """
        chosen = min(self._ways(now), default=None)
        if chosen is None:
            return False
        _, at, count = chosen
        first, *rest = self._stretches[at : at + count]
        self._stretches[at : at + count] = [first.joined(*rest) if rest else first.coarser()]
        return True

    def _ways(self, now: float) -> Iterator[tuple[float, int, int]]:
        """Yield how wide slots would be for their age, and of which stretch, or of which two."""
        over = [each for each in self._stretches if not each.is_open]
        for at, each in enumerate(over):
            if not each.is_one_slot:
                yield 2 * each.width / max(1.0, now - each.end), at, 1
        for at, (older, newer) in enumerate(pairwise(over)):
            if older.is_one_slot and newer.is_one_slot:
                yield (newer.end - older.begin) / max(1.0, now - newer.end), at, 2


_NOTHING = operation_rows(
    np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.float64), 1
)


def _cells(stretches: Sequence[Stretch], total: Total, now: float, seconds: float) -> OperationCells:
    after = now - seconds
    there = [each for each in stretches if each.size and each.end > after]
    whole = [each for each in there if each.lies_in(after, now)]
    parts = [each.part(after, now) for each in there if not each.lies_in(after, now)]
    rows = stack([*total.of(whole), *parts] or [_NOTHING])
    return _without_nothing(operation_cells(rows, np.zeros(len(rows), np.int64)))


def _without_nothing(cells: OperationCells) -> OperationCells:
    """Return cells without buckets that are empty, for what was in them has been taken back."""
    kept = cells.bucket_count > 0
    if kept.all():
        return cells
    before = np.concatenate([[0], np.cumsum(kept)])
    return replace(cells, offset=before[cells.offset], bucket=cells.bucket[kept], bucket_count=cells.bucket_count[kept])
