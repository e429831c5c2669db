"""A word for what is stored of a range, so that the same question need not be answered twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from telemetryd.model.timerange import DAY, HOUR, TimeRange, hour_of
from telemetryd.storage.catalog import DayParts, HourParts


def fingerprint(
    hours: Mapping[int, HourParts],
    days: Mapping[int, DayParts],
    held: Collection[int],
    now: float,
    span: TimeRange,
) -> str | None:
    """Return a word that stays the same for as long as every answer over ``span`` does.

    ``hours`` and ``days`` are the committed parts by their start, ``held`` the hours (Unix s) with rows
    that are in memory only. None while the range is not over, or some of its rows, or of those before
    it, which its gauges begin with, are in memory.

    A late event gets a higher sequence than all before it, so it changes the last one of its hour and of
    its day; compaction, which changes no answer, keeps both. Whole days are looked at as such: this is
    asked on the event loop, of years.
    """
    if span.end > now or any(hour < span.end for hour in held):
        return None
    low, high = hour_of(span.start), -(-span.end // HOUR) * HOUR
    first, last = min(high, -(-low // DAY) * DAY), max(low, high // DAY * DAY)
    edges = (*range(low, first, HOUR), *range(max(first, last), high, HOUR))
    inside = [(hour, hours[hour].last) for hour in edges if hour in hours]
    whole = [(day, *parts) for day, parts in sorted(days.items()) if first <= day < last]
    begun = low // DAY * DAY
    before = max((parts.last for day, parts in days.items() if day < begun), default=0)
    before = max([before, *(hours[hour].last for hour in range(begun, low, HOUR) if hour in hours)])
    return hashlib.sha256(repr((inside, whole, before)).encode()).hexdigest()[:32]
