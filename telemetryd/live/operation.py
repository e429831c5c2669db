"""One operation as the tracker knows it: its timeline, and where it stands in the queue.

An operation's events are placed in the order of their timestamps (ties in order of arrival),
as long as the rows around them are not sealed; what comes later than that is *unplaced*: it
counts as an entry into its status but moves nothing in the queue.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct

from telemetryd.model.events import COMPLETED, FAILED, NO_STATE, UNPLACED

# The sequence of a step whose row can change no more; rows begin at 1.
SETTLED: Final = 0

_timestamp = attrgetter("timestamp")


class Step(NamedTuple):
    """One row of an operation: where it went, and where that left the operation.

    ``previous`` is what the row's column says; ``running`` the status after the row and
    ``placed`` the state it then holds in the queue (``NO_STATE``: none).
    """

    timestamp: float
    status: int
    sequence: int
    previous: int
    running: int
    placed: int


class Operation(Struct, array_like=True, tag=1, gc=False):
    """An operation between its first event and the moment it is forgotten, whatever its events were.

    ``series`` is its series' number, ``identified`` whether its type and backend are known,
    ``expired`` whether it has left the queue without an end, ``started`` its start (Unix s) or
    None, ``running`` its status, ``placed`` its state in the queue, ``since`` the timestamp of its
    last step, ``end`` its terminal step or None; ``told`` the latency (s) that the WAL told.
    Its fields, in their order, are what a checkpoint says of it.
    """

    series: int
    identified: bool
    expired: bool = False
    started: float | None = None
    running: int = NO_STATE
    placed: int = NO_STATE
    since: float = -math.inf
    steps: list[Step] = []
    end: Step | None = None
    latency: float = math.nan
    told: float = math.nan
    retry_count: int = -1

    @property
    def ended(self) -> bool:
        return COMPLETED <= self.running <= FAILED

    def append(self, timestamp: float, status: int, sequence: int) -> int:
        """Add a step at the end of the timeline; return its ``previous``."""
        previous, self.running, self.placed = self._follow(self.running, self.placed, status)
        self.since = timestamp
        self.steps.append(Step(timestamp, status, sequence, previous, self.running, self.placed))
        return previous

    def insert(self, timestamp: float, status: int, sequence: int, sealed: int, *, start: bool = False) -> list[Step]:
        """Put a step where its timestamp belongs and relink what follows; return the steps that changed.

        The new step is the one that carries ``sequence``. Steps up to the sequence ``sealed`` are
        in parts and stay as they are: a step that would come before one of them is unplaced and
        leaves no trace here. A ``start`` comes first among equal timestamps.
        """
        kept = self.forget(sealed)
        at = (bisect_left if start else bisect_right)(self.steps, timestamp, key=_timestamp)
        if at < kept:
            return []
        changed = []
        if at == 0 and not start and self.steps[0].timestamp == self.started:
            # A start stamped after a status is out of step with its own operation: it moves nothing.
            changed.append(self.steps.pop(0)._replace(previous=UNPLACED))
        self.steps.insert(at, Step(timestamp, status, sequence, NO_STATE, NO_STATE, NO_STATE))
        return changed + self._relink(at)

    def identify(self, series: int, sealed: int) -> list[Step]:
        """Learn which series this is; return the steps that changed."""
        self.series, self.identified = series, True
        return self._relink(self.forget(sealed), whole=True)

    def leave(self, running: int) -> int:
        """Leave the queue for good, as ``running``, and settle all rows as they are; return the state left."""
        left, self.running, self.placed = self.placed, running, NO_STATE
        self.steps = [Step(self.since, running, SETTLED, UNPLACED, running, NO_STATE)]
        return left

    def forget(self, sealed: int) -> int:
        """Of the steps up to the sequence ``sealed`` keep only the last; return how many are kept: 0 or 1."""
        count = 0
        for step in self.steps:
            if step.sequence > sealed:
                break
            count += 1
        if count > 1:
            del self.steps[: count - 1]
        return min(count, 1)

    def _relink(self, at: int, *, whole: bool = False) -> list[Step]:
        """Follow the timeline anew from its step ``at`` on; return the steps that changed."""
        running, placed = (self.steps[at - 1].running, self.steps[at - 1].placed) if at else (NO_STATE, NO_STATE)
        changed = []
        for index in range(at, len(self.steps)):
            old = self.steps[index]
            previous, running, placed = self._follow(running, placed, old.status)
            new = Step(old.timestamp, old.status, old.sequence, previous, running, placed)
            if new != old:
                self.steps[index] = new
                changed.append(new)
            elif not whole:
                # One step that stands as it did, and so do all after it.
                break
        if self.steps:
            last = self.steps[-1]
            self.running, self.placed, self.since = last.running, last.placed, last.timestamp
        return changed

    def _follow(self, running: int, placed: int, status: int) -> tuple[int, int, int]:
        """Return ``previous``, ``running`` and ``placed`` of a step into ``status``."""
        if COMPLETED <= running <= FAILED:
            return running, running, NO_STATE
        if self.expired or not self.identified:
            return (running if running == status else UNPLACED), status, NO_STATE
        if running == status and placed == NO_STATE:
            return running, running, NO_STATE
        return placed, status, (status if status < COMPLETED else NO_STATE)
