"""When a query has to end, and how it learns that nobody waits for it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable

from telemetryd.model.errors import QueryTimeout


class Deadline:
    """Checked between steps of a query, in its thread; ``clock`` is monotonic seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Nobody waits for the answer."""
        self._cancelled.set()

    def check(self) -> None:
        """Raise :class:`QueryTimeout` where the time is over or nobody waits."""
        if self._cancelled.is_set() or self._clock() > self._ends:
            raise QueryTimeout(
                f"query: expected an answer within {self._seconds:g} s, found it still at work; ask for less"
            )
