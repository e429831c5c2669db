"""Histories to ask about: a small one to read, and random ones."""

from __future__ import annotations

from functools import cache

from tests.end_to_end.random_history import RandomHistory
from tests.oracle.events import change, health, life, start

from .rows import Event

HOUR = 1_700_000_000 // 3600 * 3600
# When random histories end.
END = HOUR + 4 * 3600

# Two series and one backend's health in the first minutes of an hour.
SMALL: list[Event] = [
    health("ipfs", "online", HOUR + 10),
    *life("a", HOUR + 5, 2.0),
    *life("b", HOUR + 20, 90.0, "failed"),
    start("c", HOUR + 30, "pin", "s3"),
    change("c", "retrying", HOUR + 50),
    health("ipfs", "offline", HOUR + 100),
    change("c", "completed", HOUR + 130),
    *life("d", HOUR + 200, 1.0),
]


# A history of days, from the evening of one to the morning of another: two of them are whole.
EVENING = HOUR // 86400 * 86400 + 20 * 3600
MORNING = EVENING + 4 * 3600 + 2 * 86400 + 6 * 3600


@cache
def days_of_history(seed: int, operations: int = 250) -> list[Event]:
    """Return events of more than two days, by time, as :func:`random_history` does."""
    history = RandomHistory(seed, EVENING, MORNING, operations)
    return sorted((event for life in history.lives for event in life), key=lambda event: float(event["timestamp"]))


@cache
def random_history(seed: int, operations: int = 150) -> list[Event]:
    """Return four hours of events by time, with repeats, contradictions, orphans and what never ends."""
    history = RandomHistory(seed, HOUR, END, operations)
    return sorted((event for life in history.lives for event in life), key=lambda event: float(event["timestamp"]))
