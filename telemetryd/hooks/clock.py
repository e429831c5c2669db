"""Unix timestamps that a stepping wall clock cannot bend.

An event is noted at an instant of the monotonic clock. Its timestamp is that instant plus an
offset, wall minus monotonic. All events of one operation use the offset of the first one, so
that the latency between them is what the monotonic clock measured.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

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
    """One offset for each operation in flight, from its first event to its end.

    At most ``limit`` operations: beyond it the oldest is forgotten and goes on with the
    offset of its next event.
    """

    __slots__ = ("_by_operation", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_operation: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_operation)

    def of(self, operation_id: str, offset: float, *, ended: bool) -> float:
        """Return the offset of this operation: ``offset`` if this is its first event."""
        if ended:
            return self._by_operation.pop(operation_id, offset)
        kept = self._by_operation.setdefault(operation_id, offset)
        if len(self._by_operation) > self._limit:
            self._by_operation.popitem(last=False)
        return kept
