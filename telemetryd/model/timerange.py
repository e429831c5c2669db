"""Half-open stretches of time in whole Unix seconds, and the UTC grid they lie on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

HOUR = 3600
DAY = 86400
# The last second that a date can be made of, in Unix seconds: the end of the year 9999.
LATEST = 253_402_300_799


def hour_of(seconds: float) -> int:
    """Return the start of the UTC hour that holds ``seconds``, in Unix seconds."""
    return int(seconds // HOUR) * HOUR


def day_of(seconds: float) -> int:
    """Return the start of the UTC day that holds ``seconds``, in Unix seconds."""
    return int(seconds // DAY) * DAY


def date_of(day: int) -> str:
    """Return the Hive path of a day, such as ``date=2026-11-23``."""
    return datetime.fromtimestamp(day, UTC).strftime("date=%Y-%m-%d")


def partition_of(hour: int) -> str:
    """Return the Hive path of an hour, such as ``date=2026-11-23/hour=20``."""
    return datetime.fromtimestamp(hour, UTC).strftime("date=%Y-%m-%d/hour=%H")


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From ``start`` (included) to ``end`` (not included), in whole Unix seconds."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a range ends at or after its start, found {self.start} to {self.end}")

    @classmethod
    def widened(cls, start: float, end: float, interval: int) -> TimeRange:
        """Return the smallest range of whole ``interval`` s that holds ``start`` to ``end``."""
        return cls(math.floor(start / interval) * interval, math.ceil(end / interval) * interval)

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def overlaps(self, other: TimeRange) -> bool:
        return self.start < other.end and other.start < self.end

    def hours(self) -> range:
        """Return the starts of the UTC hours that this range touches."""
        return range(hour_of(self.start), self.end, HOUR)
