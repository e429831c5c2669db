"""A sliding window over the operations that ended lately, in slots of one second.

Under a load of many series and widely spread latencies the older slots grow wider, so that
the window's memory has a bound; at common loads its edge is true to the second.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from telemetryd.model.events import COMPLETED
from telemetryd.rollup.histogram import bucket_of_value

from .rows import Ended

# The widest window that can be asked for, in seconds.
WIDEST = 3600
# Histogram cells held over all slots; about 100 bytes each.
MAX_CELLS = 400_000


@dataclass(slots=True)
class Tally:
    """Operations of one series that ended in a stretch of time; latencies in seconds."""

    completed: int = 0
    failed: int = 0
    count: int = 0
    sum: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, ended: Ended) -> int:
        """Add one end (or take one back); return how many cells that added."""
        if ended.status == COMPLETED:
            self.completed += ended.weight
        else:
            self.failed += ended.weight
        latency, weight, buckets = ended.latency, ended.weight, self.buckets
        if latency != latency:  # NaN: the start is unknown
            return 0
        self.count += weight
        self.sum += latency * weight
        if weight > 0:
            if latency < self.minimum:
                self.minimum = latency
            if latency > self.maximum:
                self.maximum = latency
        before = len(buckets)
        bucket = bucket_of_value(latency)
        count = buckets.get(bucket, 0) + weight
        if count:
            buckets[bucket] = count
        else:
            buckets.pop(bucket, None)
        return len(buckets) - before

    def merge(self, other: Tally) -> None:
        """Add all that another tally holds."""
        self.completed += other.completed
        self.failed += other.failed
        self.count += other.count
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count


@dataclass(slots=True)
class _Slot:
    start: int
    end: int
    tallies: dict[int, Tally] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        return sum(len(tally.buckets) for tally in self.tallies.values())


class Window:
    """Ends of operations over the last hour, by second and series."""

    def __init__(self, max_cells: int = MAX_CELLS) -> None:
        self._slots: list[_Slot] = []
        self._cells = 0
        self._max_cells = max_cells

    def add(self, ends: Iterable[Ended], now: float) -> None:
        """Enter operations that ended; those older than the widest window are passed over."""
        oldest = now - WIDEST
        slot = _Slot(0, 0)
        for ended in ends:
            timestamp = ended.timestamp
            if timestamp > oldest:
                if not slot.start <= timestamp < slot.end:
                    slot = self._slot(math.floor(timestamp))
                tally = slot.tallies.get(ended.series)
                if tally is None:
                    tally = slot.tallies[ended.series] = Tally()
                self._cells += tally.add(ended)
        self._bound(oldest)

    def put(self, second: int, series: int, tally: Tally, now: float) -> None:
        """Enter many operations of one series that ended in one second (Unix s)."""
        if second > now - WIDEST:
            known = self._tally(second, series)
            before = len(known.buckets)
            known.merge(tally)
            self._cells += len(known.buckets) - before
            self._bound(now - WIDEST)

    def _tally(self, second: int, series: int) -> Tally:
        tallies = self._slot(second).tallies
        tally = tallies.get(series)
        if tally is None:
            tally = tallies[series] = Tally()
        return tally

    def _bound(self, oldest: float) -> None:
        while self._slots and self._slots[0].end <= oldest:
            self._cells -= self._slots.pop(0).cells
        if self._cells > self._max_cells:
            self._widen()

    def tallies(self, now: float, seconds: float) -> dict[int, Tally]:
        """Return what ended in the last ``seconds``, by series number."""
        merged: dict[int, Tally] = {}
        for slot in self._slots:
            if slot.end > now - seconds and slot.start <= now:
                for series, tally in slot.tallies.items():
                    merged.setdefault(series, Tally()).merge(tally)
        return merged

    def _slot(self, second: int) -> _Slot:
        slots = self._slots
        if slots and slots[-1].start <= second < slots[-1].end:
            return slots[-1]
        at = bisect_right(slots, second, key=lambda slot: slot.start)
        if at and second < slots[at - 1].end:
            return slots[at - 1]
        slot = _Slot(second, second + 1)
        slots.insert(at, slot)
        return slot

    def _widen(self) -> None:
        """Join the older half of the slots two by two."""
        half = len(self._slots) // 2
        joined: list[_Slot] = []
        for index in range(0, half - 1, 2):
            earlier, later = self._slots[index : index + 2]
            slot = _Slot(earlier.start, later.end, earlier.tallies)
            for series, tally in later.tallies.items():
                slot.tallies.setdefault(series, Tally()).merge(tally)
            joined.append(slot)
        self._slots[: half - half % 2] = joined
        self._cells = sum(slot.cells for slot in self._slots)
