"""A word for what is stored of a range, so that the same question need not be answered twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from telemetryd.model.timerange import HOUR, TimeRange
from telemetryd.storage.catalog import HourParts


def fingerprint(hours: Mapping[int, HourParts], held: Collection[int], now: float, span: TimeRange) -> str | None:
    """Return a word that stays the same for as long as every answer over ``span`` does.

    ``hours`` are the committed parts by the hour's start, ``held`` the hours (Unix s) with rows that are
    in memory only. None while the range is not over, or some of its rows, or of those before it, which
    its gauges begin with, are in memory.

    A late event gets a higher sequence than all before it, so it changes the last one of its hour;
    compaction, which changes no answer, keeps it.
    """
    if span.end > now or any(hour < span.end for hour in held):
        return None
    lasts = {hour: max(part.last for part in (*parts.events, *parts.rollups)) for hour, parts in hours.items()}
    inside = [(hour, last) for hour, last in sorted(lasts.items()) if span.start < hour + HOUR and hour < span.end]
    before = max((last for hour, last in lasts.items() if hour + HOUR <= span.start), default=0)
    return hashlib.sha256(repr((inside, before)).encode()).hexdigest()[:32]
