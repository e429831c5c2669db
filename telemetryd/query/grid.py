"""The cells of an answer: intervals aligned to the UTC hour, day or epoch, clipped to the range."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.rollup.columns import Array

# Samples a series may have where the request names no interval.
MOST_SAMPLES = 1440


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells in order of time, in Unix seconds (int64).

    ``start`` is where a cell's interval begins (its samples' timestamp), ``begin`` and ``end``
    are what the range leaves of it.
    """

    start: Array
    begin: Array
    end: Array

    def __len__(self) -> int:
        return len(self.start)

    def cell_of(self, timestamp: Array) -> Array:
        """Return the index of the cell that holds each of some timestamps inside the range."""
        return np.searchsorted(self.start, timestamp, side="right") - 1


def grid(span: TimeRange, interval: int) -> Grid:
    """Return the cells of ``interval`` s that ``span`` touches.

    Up to an hour they restart at each UTC hour, up to a day at each UTC day, beyond that they
    are counted from the epoch; where the interval does not divide that period the last cell is short.
    """
    if not span.seconds:
        return Grid(*(np.empty(0, np.int64) for _ in range(3)))
    period = _period(interval)
    first = span.start // period * period
    periods = np.arange(first, span.end, period, dtype=np.int64)
    start = (periods[:, None] + np.arange(0, period, interval, dtype=np.int64)).ravel()
    stop = np.append(start[1:], first + len(periods) * period)
    touched = (start < span.end) & (stop > span.start)
    start, stop = start[touched], stop[touched]
    return Grid(start, np.maximum(start, span.start), np.minimum(stop, span.end))


def most_cells(span: TimeRange, interval: int) -> int:
    """Return how many cells :func:`grid` makes at most, without making them."""
    period = _period(interval)
    return (-(-span.end // period) - span.start // period) * -(-period // interval)


def granule(interval: int) -> int:
    """Return the longest time (s) of which each of :func:`grid`'s cells, but for what the range cuts off, holds whole ones."""
    return math.gcd(interval, _period(interval))


def whole(span: TimeRange) -> Grid:
    """Return one cell that is the whole range."""
    return Grid(np.array([span.start], np.int64), np.array([span.start], np.int64), np.array([span.end], np.int64))


def cells_touched(span: TimeRange, interval: int) -> int:
    """Return how many cells of an even interval the range touches."""
    return -(-span.end // interval) - span.start // interval


def default_interval(span: TimeRange, sampling_interval: int) -> int:
    """Return the smallest even interval of whole sampling intervals that gives at most 1,440 cells.

    Even: it divides the hour, or is whole hours that divide the day, or whole days.
    """
    within = [each for each in range(sampling_interval, HOUR, sampling_interval) if HOUR % each == 0]
    hours = [hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12, 24)]
    for interval in within + hours:
        if cells_touched(span, interval) <= MOST_SAMPLES:
            return interval
    days = 2
    while cells_touched(span, days * DAY) > MOST_SAMPLES:
        days += 1
    return days * DAY


def _period(interval: int) -> int:
    """Return the seconds after which cells begin anew."""
    return HOUR if interval <= HOUR else DAY if interval <= DAY else interval
