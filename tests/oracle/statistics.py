"""Statistics of numbers, and of numbers that hold for a time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from .grid import Cell

# (time, value from then on), in time order; None where the value is unknown.
Levels = Sequence[tuple[float, float | None]]


def quantile(values: Sequence[float], q: float) -> float:
    """Return the ``q`` quantile, linear between the order statistics around (n - 1) q."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * q
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def over_time(levels: Levels, before: float | None, cell: Cell, horizon: float) -> dict[str, float | None] | None:
    """Return mean, min, max and last of a value inside ``cell``, weighted by time; None if it was never known there.

    ``before`` is the value before the first level. Time from ``horizon`` on has not happened yet.
    ``min`` and ``max`` are of values that held for some time, ``last`` is the value at the cell's end.
    """
    start, end = float(cell.start), min(cell.end, horizon)
    at = bisect_left(levels, start, key=lambda level: level[0])
    value = levels[at - 1][1] if at else before
    held: list[tuple[float, float]] = []
    since = start
    while at < len(levels) and levels[at][0] < cell.end:
        time, following = levels[at]
        if value is not None:
            held.append((value, time - since))
        value, since, at = following, time, at + 1
    if value is not None:
        held.append((value, end - since))
    held = [(level, seconds) for level, seconds in held if seconds > 0]
    if not held:
        return None
    known = math.fsum(seconds for _, seconds in held)
    return {
        "mean": math.fsum(level * seconds for level, seconds in held) / known,
        "min": min(level for level, _ in held),
        "max": max(level for level, _ in held),
        "last": value,
    }


def aggregated(values: Sequence[float], aggregation: str, seconds: int) -> float:
    """Reduce the values of interval samples to one; ``seconds`` is the length of the range."""
    match aggregation:
        case "sum":
            return math.fsum(values)
        case "average":
            return math.fsum(values) / len(values)
        case "minimum":
            return min(values)
        case "maximum":
            return max(values)
        case "percentile_95":
            return quantile(values, 0.95)
        case "percentile_99":
            return quantile(values, 0.99)
        case "count":
            return len(values)
        case "rate":
            return len(values) / seconds
    raise ValueError(f"expected one of the eight aggregations, found {aggregation!r}")
