"""Logging and counting in one statement, and the books of the events received."""

from __future__ import annotations

from collections import Counter
from typing import Any

import structlog
from msgspec.structs import asdict

from .durations import Durations
from .events import InternalEvent

# What can become of an event that was received.
VERDICTS = ("stored", "duplicate", "rejected", "discarded")
# What is timed: calls to the disk for the journal, sealing a head, answering a query, and how late the event loop was.
TIMED = ("journal", "seal", "query", "lag")


class Instrumentation:
    """Where parts say what happened to them: ``emit`` logs and counts.

    ``books`` counts producers' events: ``received``, ``stored``, ``duplicate``, ``rejected``,
    ``discarded``. ``rejected`` is also kept by reason, and ``counts`` holds one number for each
    kind of internal event; ``durations`` one histogram for each of ``TIMED``. All are totals since
    the process started.
    """

    def __init__(self, logger: Any = None) -> None:
        self._log = logger if logger is not None else structlog.get_logger("telemetryd")
        self.books: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.durations = {what: Durations() for what in TIMED}

    def emit(self, event: InternalEvent, level: str | None = None) -> None:
        """Count ``event`` and log it at its level, or at another one; quiet kinds log their 1st, 10th, 100th … time."""
        name = type(event).__name__
        self.counts[name] += 1
        if event.quiet and not _power_of_ten(self.counts[name]):
            return
        values = asdict(event)
        if event.quiet:
            values["so_far"] = self.counts[name]
        getattr(self._log, level or event.level)(event.says, kind=name, **values)

    def receive(self, events: int) -> None:
        """Enter events that came in, before anything is known of them."""
        self.books["received"] += events

    def settle(self, verdict: str, events: int) -> None:
        """Enter what became of received events: ``stored``, ``duplicate`` or ``discarded``."""
        self.books[verdict] += events

    def reject(self, reason: str, events: int = 1) -> None:
        """Enter received events that were not taken, by reason."""
        self.books["rejected"] += events
        self.rejected[reason] += events

    def took(self, what: str, seconds: float) -> None:
        """Enter how long something of ``TIMED`` took."""
        self.durations[what].add(seconds)

    def events(self) -> dict[str, int]:
        """Return how often each kind of internal event there is has come, those that have not included."""
        kinds = {kind.__name__ for kind in InternalEvent.__subclasses__()}
        return {kind: self.counts[kind] for kind in sorted(kinds)}

    def balance(self) -> dict[str, Any]:
        """Return the books as they are now; ``received`` is the sum of all that follow it but the reasons."""
        return {**self.totals(), "rejected_by_reason": dict(sorted(self.rejected.items()))}

    def totals(self) -> dict[str, int]:
        """Return the books without the reasons; ``received`` is the sum of all that follow it."""
        settled = {word: self.books[word] for word in VERDICTS}
        return {"received": self.books["received"], **settled, "in_flight": self.in_flight}

    @property
    def in_flight(self) -> int:
        """Events received and not yet settled."""
        return self.books["received"] - sum(self.books[word] for word in VERDICTS)


def _power_of_ten(number: int) -> bool:
    return str(number).strip("0") == "1"
