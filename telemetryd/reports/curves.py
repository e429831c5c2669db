"""All series of a metric added up, sample by sample: how long the queue was, how much ended when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from telemetryd.model.timerange import TimeRange
from telemetryd.query.grid import Grid, grid
from telemetryd.query.result import MetricTable, Result
from telemetryd.rollup.columns import Array


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a curve is highest: the interval (Unix s), and the value."""

    start: float
    end: float
    value: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A value for each of some intervals, in order of time: ``begin`` and ``end`` in Unix s.

    ``unfinished``: the last one is not over. It has a value, but is no peak: one operation in the first
    second of a minute is no sixty a minute.
    """

    begin: Array
    end: Array
    value: Array
    unfinished: bool = False

    def __len__(self) -> int:
        return len(self.value)

    @property
    def peak(self) -> Peak | None:
        """Return where it is highest, the first of equals; None for a curve of nothing."""
        return self._at(self._top) if len(self) else None

    @property
    def usual(self) -> float | None:
        """Return the median of the values: half of the intervals are below."""
        return float(np.median(self.value)) if len(self) else None

    @property
    def last(self) -> float | None:
        return float(self.value[-1]) if len(self) else None

    def around_peak(self, level: float) -> TimeRange | None:
        """Return the time about the peak without a break in which the values are at least ``level``."""
        if not len(self):
            return None
        low = high = self._top
        while low > 0 and self.value[low - 1] >= level and self.begin[low] == self.end[low - 1]:
            low -= 1
        while high < len(self) - 1 and self.value[high + 1] >= level and self.begin[high + 1] == self.end[high]:
            high += 1
        return TimeRange(int(self.begin[low]), max(int(self.begin[low]), round(float(self.end[high]))))

    @property
    def _top(self) -> int:
        over = self.value[:-1] if self.unfinished and len(self) > 1 else self.value
        return int(over.argmax())

    def _at(self, index: int) -> Peak:
        return Peak(float(self.begin[index]), float(self.end[index]), float(self.value[index]))


def queue_curve(result: Result) -> Curve:
    """Return how many operations were in flight in each interval, on average over its time.

    Means of the same time add up, which maxima of different instants do not.
    """
    return _summed(result, result.metrics["queue_size"], "mean")


def throughput_curve(result: Result) -> Curve:
    """Return how many operations a minute ended in each interval in which any did."""
    curve = _summed(result, result.metrics["throughput"], "count")
    return replace(curve, value=curve.value * 60 / np.maximum(curve.end - curve.begin, 1))


def known_since(result: Result) -> float | None:
    """Return when the first interval with anything known of a queue began (Unix s); None where nothing is.

    A series is known from its first event on and ever after, so this is where the records begin.
    """
    table = result.metrics["queue_size"]
    return None if not len(table) else float(max(table.timestamp.min(), result.start))


def _summed(result: Result, table: MetricTable, statistic: str) -> Curve:
    cells: Grid = grid(TimeRange(result.start, result.end), result.interval)
    starts, row = np.unique(table.timestamp, return_inverse=True)
    at = np.searchsorted(cells.start, starts)
    # Of the interval that is not over, the part before now counts.
    end = np.maximum(np.minimum(cells.end[at], result.now), cells.begin[at])
    value = np.bincount(row, table.statistics[statistic], len(starts)) if len(starts) else np.empty(0)
    unfinished = len(at) > 0 and bool(cells.end[at[-1]] > result.now)
    return Curve(cells.begin[at], end, value, unfinished)
