"""As many points as there are pixels: bins of whole intervals, and lines that keep their peaks.

Pure functions over columns. What adds up goes into :class:`Bins`, exactly; what does not is thinned
by :func:`extremes`, which only ever leaves samples out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from telemetryd.model.timerange import DAY, HOUR
from telemetryd.query.grid import Grid
from telemetryd.rollup.columns import Array

_HOURS = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True, slots=True)
class Bins:
    """Stretches of whole cells. ``of_cell`` gives the bin of each cell of the grid.

    ``start`` and ``end`` (int64, Unix s) are where a bin's interval begins and ends, ``seconds`` how
    much of it the range leaves, ``width`` (s) what most of them are wide.
    """

    of_cell: Array
    start: Array
    end: Array
    seconds: Array
    width: int

    def __len__(self) -> int:
        return len(self.start)

    def begun(self, now: float) -> int:
        """Return how many of the bins begin before an instant (Unix s)."""
        return int(np.searchsorted(self.start, now))

    def first(self, number: int) -> Bins:
        """Return the first so many bins. ``of_cell`` stays as it is."""
        return replace(self, start=self.start[:number], end=self.end[:number], seconds=self.seconds[:number])


def bins(cells: Grid, interval: int, narrowest: float) -> Bins:
    """Return the bins of at least ``narrowest`` seconds; where that is no more than the interval, the cells.

    A bin is a whole number of intervals that divides the hour or the day where the interval does, and
    begins anew where the cells do, so that its edges are round times of the clock.
    """
    width = width_of_bins(interval, narrowest)
    if not len(cells):
        nothing = np.empty(0, np.int64)
        return Bins(nothing, nothing, nothing, nothing, width)
    period = HOUR if width <= HOUR else DAY if width <= DAY else width
    number = cells.start // period * -(-period // width) + cells.start % period // width
    first = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    start = number[first] // -(-period // width) * period + number[first] % -(-period // width) * width
    end = np.minimum(start + width, start // period * period + period)
    of_cell = np.cumsum(np.diff(number, prepend=number[0]) != 0)
    seconds = np.add.reduceat(cells.end - cells.begin, first)
    return Bins(of_cell, start, end, seconds, width)


def width_of_bins(interval: int, narrowest: float) -> int:
    """Return the smallest good width, in seconds: whole intervals, at least ``narrowest`` s."""
    return next(width for width in _widths(interval, narrowest) if width >= narrowest)


def extremes(column: Array, value: Array, *, lowest: bool = True) -> Array:
    """Return the positions of the highest and the ``lowest`` value in each column of pixels, in their order.

    ``column`` are ascending numbers, ``value`` of the same length; of equal values the first counts.
    """
    if not len(value):
        return np.empty(0, np.int64)
    first = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    highest = _first_equal(value, np.maximum.reduceat(value, first), first)
    if not lowest:
        return highest
    return np.unique(np.concatenate([highest, _first_equal(value, np.minimum.reduceat(value, first), first)]))


def middles(column: Array, value: Array) -> Array:
    """Return the position of the sample in the middle of each column, by value: one that is usual there."""
    if not len(value):
        return np.empty(0, np.int64)
    order = np.lexsort((value, column))
    first = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    size = np.diff(first, append=len(column))
    middle: Array = order[first + (size - 1) // 2]
    return middle


def _first_equal(value: Array, wanted: Array, first: Array) -> Array:
    equal = np.flatnonzero(value == np.repeat(wanted, np.diff(first, append=len(value))))
    return equal[np.searchsorted(equal, first)]


def _widths(interval: int, narrowest: float) -> list[int]:
    """Return widths that fit into the clock, ascending; the last of them is wide enough."""
    days = DAY if interval <= DAY else interval
    last = days * max(1, -(-int(narrowest + 1) // days))
    if interval > HOUR:
        within = [interval * times for times in range(1, DAY // interval + 1)]
        return [*(width for width in within if DAY % width == 0 or DAY % interval), last]
    within = [interval * times for times in range(1, HOUR // interval + 1)]
    even = [width for width in within if HOUR % width == 0 or HOUR % interval]
    return [*even, *(hours * HOUR for hours in _HOURS), last]
