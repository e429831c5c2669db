"""A count that several threads add to."""

from __future__ import annotations

import threading


class Tally:
    """A running count; adding is safe from any thread, and from a signal handler that interrupts it."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        self.value = 0
        # Reentrant, or a signal handler that emits would wait for the code it interrupted.
        self._lock = threading.RLock()

    def add(self, count: int = 1) -> None:
        """Count so many more."""
        with self._lock:
            self.value += count
