"""Which events may come in: those that are neither older than the retention nor far in the future."""

from __future__ import annotations

from collections.abc import Sequence

from telemetryd.model.errors import Rejected
from telemetryd.model.events import Event
from telemetryd.model.timerange import DAY

# How far ahead of the daemon's clock an event may be, in seconds.
FARTHEST_AHEAD = 300


def admit(events: Sequence[Event], now: float, retention_days: int) -> tuple[Sequence[Event], list[Rejected]]:
    """Return the events whose timestamp can be kept, and a rejection for each of the others."""
    oldest, newest = now - retention_days * DAY, now + FARTHEST_AHEAD
    timestamps = [event.timestamp for event in events]
    if not timestamps or (oldest <= min(timestamps) and max(timestamps) <= newest):
        return events, []
    admitted: list[Event] = []
    rejections: list[Rejected] = []
    for event in events:
        if event.timestamp < oldest:
            found = f"timestamp: expected one within the retention of {retention_days} days, found {event.timestamp}"
            rejections.append(Rejected("too_old", found))
        elif event.timestamp <= newest:
            admitted.append(event)
        else:
            found = f"timestamp: expected one at most {FARTHEST_AHEAD} s ahead of {now:.3f}, found {event.timestamp}"
            rejections.append(Rejected("too_far_ahead", found))
    return admitted, rejections
