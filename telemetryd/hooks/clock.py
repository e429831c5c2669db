"""Unix timestamps that a stepping wall clock cannot bend.

An event is noted at an instant of the monotonic clock. Its timestamp is that instant plus an
offset, wall minus monotonic. All events of one operation use the offset of the first one, so
that the latency between them is what the monotonic clock measured.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

# Both clocks are slewed alike, so a smaller difference is the noise of reading two of them in turn.
SMALLEST_STEP = 0.001
_READINGS = 3


class Clock:
    """The monotonic clock, and its ``offset`` to the wall clock in s, measured when made and by :meth:`anchor`."""

    __slots__ = ("_wall", "monotonic", "offset")

    def __init__(self, monotonic: Callable[[], float], wall: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self._wall = wall
        self.offset = self._measured()

    def anchor(self) -> None:
        """Measure the offset again; what is noted from now on uses the new one if the wall clock has stepped."""
        measured = self._measured()
        if abs(measured - self.offset) >= SMALLEST_STEP:
            self.offset = measured

    def _measured(self) -> float:
        """Return the offset of the reading that took least time: a thread may be put aside between two clocks."""
        readings = []
        for _ in range(_READINGS):
            before = self.monotonic()
            wall = self._wall()
            after = self.monotonic()
            readings.append((after - before, wall - (before + after) / 2))
        return min(readings)[1]


class Offsets:
    """One offset for each operation in flight, from its first event to its end: by its id in ``known``.

    Of an operation that goes on it is ``known.setdefault(id, offset)``, of one that ends ``known.pop(id, offset)``.
    At most about ``limit`` operations are kept by :meth:`trim`; those beyond it go on with the offset of their next event.
    """

    __slots__ = ("_limit", "_most", "known")

    def __init__(self, limit: int) -> None:
        self.known: dict[str, float] = {}
        self._limit = limit
        # Many are forgotten at once: what is gone from the front of a dict is passed by on each way to the oldest.
        self._most = limit + limit // 16

    def trim(self) -> None:
        """Forget the oldest beyond the limit."""
        if len(self.known) > self._most:
            for oldest in [*islice(self.known, len(self.known) - self._limit)]:
                del self.known[oldest]
