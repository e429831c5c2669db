"""Heads that wait to be sealed, each with the segment that holds its rows until then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from telemetryd.storage.head import FrozenHead

# Full heads that may wait for the sealer before nothing more is taken in: memory is bounded.
MAX_HEADS = 2
# Segments of any size that may wait for the sealer before nothing more is taken in.
MAX_SEGMENTS = 64
# How long intake waits for the sealer before it refuses, in seconds.
LONGEST_WAIT = 10.0


@dataclass(slots=True)
class ClosedSegment:
    """A head that waits to be sealed, and the segment that holds its rows until then.

    Readers see its rows from the moment it is frozen; it can be sealed once ``path`` is final.
    """

    head: FrozenHead
    path: str
    final: bool = True


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a replay gave: segments that wait to be sealed, those that hold no rows, and how many rows.

    ``damaged`` are those of both that cannot be read whole: they are kept when their rows are sealed.
    """

    closed: list[ClosedSegment]
    empty: list[str]
    rows: int
    damaged: frozenset[str] = frozenset()


class Backlog:
    """What waits for the sealer, oldest first, within a bound.

    ``closed`` are the segments whose rows wait, ``spent`` segments without rows: these are the proof
    of where the segments before them end, so they stay until none waits. ``damaged`` are the
    segments that a replay could not read whole. ``grown`` is set whenever there is something to do.
    """

    def __init__(self, longest_wait: float = LONGEST_WAIT) -> None:
        self._longest_wait = longest_wait
        self.closed: list[ClosedSegment] = []
        self.spent: list[str] = []
        self.damaged: frozenset[str] = frozenset()
        self.grown = asyncio.Event()
        self._relieved = asyncio.Event()

    def begin(self, recovery: Recovery) -> None:
        """Take what a replay gave."""
        self.closed.extend(recovery.closed)
        self.spent.extend(recovery.empty)
        self.damaged |= recovery.damaged
        self.grown.set()

    def add(self, closed: ClosedSegment) -> None:
        """Take a head that has just been frozen."""
        self.closed.append(closed)
        self.grown.set()

    def sealed(self, closed: ClosedSegment) -> None:
        """Its rows are in parts: they are seen there from now on."""
        self.closed.remove(closed)
        self._relieved.set()

    def over(self, rows: int, segments: int) -> bool:
        """Whether at least so many rows, or so many segments, wait."""
        return len(self.closed) >= segments or sum(len(closed.head) for closed in self.closed) >= rows

    async def relief(self) -> bool:
        """Wait until a segment is sealed, but not for ever; return whether one was."""
        self._relieved.clear()
        try:
            await asyncio.wait_for(self._relieved.wait(), self._longest_wait)
        except TimeoutError:
            return False
        return True
