"""Which reports have to go: those that are old, and the oldest of too many."""

from __future__ import annotations

from collections.abc import Iterable

from telemetryd.model.timerange import DAY

from .record import Record


def expired(records: Iterable[Record], now: float, retention_days: int) -> list[Record]:
    """Return the finished reports that were made at least ``retention_days`` before ``now`` (Unix s)."""
    return [each for each in records if each.status != "running" and each.created <= now - retention_days * DAY]


def surplus(records: Iterable[Record], max_bytes: int) -> list[Record]:
    """Return the finished reports that have to go, oldest first, for all together to be within ``max_bytes``."""
    found = sorted(records, key=lambda record: record.created)
    excess = sum(each.size for each in found) - max_bytes
    gone = []
    for each in found:
        if excess <= 0:
            break
        if each.status != "running":
            gone.append(each)
            excess -= each.size
    return gone
