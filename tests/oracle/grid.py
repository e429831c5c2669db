"""Ranges and the cells that samples lie in.

A range is widened to whole sampling intervals. Its cells are aligned to the UTC hour; those longer
than an hour to the UTC day; those longer than a day to the epoch. A cell width that does not divide
its hour (day) starts anew with each hour (day). The range clips its first and last cell; a sample's
timestamp is the aligned start of its interval all the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple

HOUR = 3600
DAY = 86400
MOST_SAMPLES = 1440


class Cell(NamedTuple):
    """One interval: its aligned start, and from where to where the range leaves of it (Unix s, half open)."""

    timestamp: int
    start: int
    end: int


def widened(start: float, end: float, sampling_interval: int) -> tuple[int, int]:
    """Return the smallest range of whole sampling intervals that holds ``start`` to ``end``."""
    low = math.floor(start / sampling_interval) * sampling_interval
    return low, math.ceil(end / sampling_interval) * sampling_interval


def range_of(start: float | None, end: float | None, now: float, sampling_interval: int) -> tuple[int, int]:
    """Return the range of a request; without a start it is the 24 hours before the end, without an end it ends now."""
    high = now if end is None else end
    if start is None:
        # The last 24 hours are 1,440 minutes, also where they are widened.
        end_of_range = widened(high, high, sampling_interval)[1]
        return end_of_range - DAY, end_of_range
    return widened(start, high, sampling_interval)


def cells(start: int, end: int, interval: int) -> list[Cell]:
    """Return the cells of a range, in order."""
    period = HOUR if interval <= HOUR else DAY if interval <= DAY else interval
    found: list[Cell] = []
    at = start
    while at < end:
        base = at // period * period
        aligned = base + (at - base) // interval * interval
        found.append(Cell(aligned, at, min(aligned + interval, base + period, end)))
        at = found[-1].end
    return found


def default_interval(start: int, end: int, sampling_interval: int) -> int:
    """Return the smallest tidy multiple of the sampling interval that gives at most 1,440 samples."""
    interval = sampling_interval
    while not (_tidy(interval) and _touched(start, end, interval) <= MOST_SAMPLES):
        interval += sampling_interval
    return interval


def _touched(start: int, end: int, interval: int) -> int:
    """Return how many cells of a tidy interval a range has; these are all of one length."""
    return math.ceil(end / interval) - start // interval


def _tidy(interval: int) -> bool:
    if interval <= HOUR:
        return HOUR % interval == 0
    if interval <= DAY:
        return interval % HOUR == 0 and DAY % interval == 0
    return interval % DAY == 0
