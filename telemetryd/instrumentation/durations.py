"""How long things took: counts by duration, which add up over time and over daemons."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

# Upper bounds, in seconds, of the counts but the last.
BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Taken(NamedTuple):
    """How often something took up to each of ``BOUNDS``, and longer than all; and how long all of it took, in seconds."""

    counts: tuple[int, ...]
    sum: float


class Durations:
    """The durations of one kind of thing."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Enter one."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._sum += seconds

    def taken(self) -> Taken:
        """Return what there is so far."""
        return Taken(tuple(self._counts), self._sum)
