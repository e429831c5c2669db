"""The bounded buffer between the WAL's threads and the sender's."""

from __future__ import annotations

import threading
from collections import deque

from .notes import AT, FIRST_ARGUMENT, KIND, MARK, Note
from .tally import Tally


class Buffer:
    """Notes of at most ``capacity`` events, in the order in which they happened as far as that is known.

    Any thread puts, one thread takes, and nobody waits for another: there is no lock, only what
    a deque does in one step. Threads that put at the same instant may exceed the capacity by one
    each. A full buffer gives up its newest ``processing``, the status that says least: it is kept
    in a deque of its own, where the newest is found at once. ``dropped`` counts.
    """

    __slots__ = ("_capacity", "_events", "_processing", "dropped")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._events: deque[Note] = deque()
        self._processing: deque[Note] = deque()
        self.dropped = Tally()

    def __len__(self) -> int:
        return len(self._events) + len(self._processing)

    @property
    def crowded(self) -> bool:
        """True when half of the capacity is taken."""
        return len(self) * 2 > self._capacity

    def put(self, note: Note) -> None:
        """Keep a note of anything but ``processing``; when full, in place of the newest ``processing``."""
        if len(self._events) + len(self._processing) >= self._capacity:
            self.dropped.add()
            try:
                self._processing.pop()
            except IndexError:
                return
        self._events.append(note)

    def put_processing(self, note: Note) -> None:
        """Keep a note of ``processing``, unless the buffer is full."""
        if len(self._events) + len(self._processing) >= self._capacity:
            self.dropped.add()
        else:
            self._processing.append(note)

    def mark(self, at: float) -> threading.Event:
        """Leave a mark behind all that is noted by the instant ``at``, which is now; return what is set when it is passed.

        Marks are not dropped; where nothing was noted since the last one, that one is returned
        again, so there are never more marks than events.
        """
        try:
            last = self._events[-1]
            if last[KIND] == MARK and not (self._processing and self._processing[-1][AT] > last[AT]):
                passed: threading.Event = last[FIRST_ARGUMENT]
                return passed
        except IndexError:
            pass
        passed = threading.Event()
        self._events.append((at, 0.0, MARK, passed))
        return passed

    def take(self, limit: int) -> list[Note]:
        """Remove and return the oldest notes, at most ``limit``; by one thread only."""
        events, processing = self._events, self._processing
        taken: list[Note] = []
        while len(taken) < limit and (events or processing):
            try:
                if events and not (processing and processing[0][AT] < events[0][AT]):
                    taken.append(events.popleft())
                else:
                    taken.append(processing.popleft())
            except IndexError:
                # The last `processing` made room for another note between the look and the grip.
                continue
        return taken
