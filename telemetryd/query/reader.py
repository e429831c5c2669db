"""Parts as queries read them: rollups cached, bounded, for every thread of the engine."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from telemetryd.rollup.carry import Carry, carry_of
from telemetryd.rollup.columns import EventColumns, RollupRows
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.files import Files
from telemetryd.storage.part import Part, read_events, read_rollups
from telemetryd.storage.rows import concat_events

# Rows and histogram cells that are kept of rollups read before: about 40 bytes each.
MAX_CACHED = 1_000_000
# The columns that a rollup is built from.
BUILT_FROM = ("timestamp", "event", "operation_type", "backend", "status", "previous", "latency", "sequence")


class Reader:
    """Reads parts; raises UnreadablePart, and FileNotFoundError for one that has been replaced."""

    def __init__(self, files: Files, carry: Callable[[Part], Carry], max_cached: int = MAX_CACHED) -> None:
        self.carry = carry
        self._files = files
        self._max_cached = max_cached
        self._cached: OrderedDict[str, RollupRows] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def rollups(self, part: Part) -> RollupRows:
        """Return the rows of a rollup part."""
        with self._lock:
            rows = self._cached.get(part.path)
            if rows is not None:
                self._cached.move_to_end(part.path)
                return rows
        rows = read_rollups(self._files, part)
        with self._lock:
            if part.path not in self._cached:
                self._cached[part.path] = rows
                self._size += _size(rows)
            while self._size > self._max_cached and len(self._cached) > 1:
                self._size -= _size(self._cached.popitem(last=False)[1])
        return rows

    def unsummarised(self, parts: HourParts) -> EventColumns:
        """Return the rows of an hour that none of its rollups speaks of, for theirs was lost."""
        found = []
        for part in parts.events:
            if not any(rollup.spans(part) for rollup in parts.rollups):
                rows = self.events(part)
                told = np.zeros(len(rows), dtype=bool)
                for rollup in parts.rollups:
                    told |= (rows.sequence >= rollup.first) & (rows.sequence <= rollup.last)
                found.append(rows.take(~told) if told.any() else rows)
        return concat_events(found) if found else EventColumns.empty()

    def carries(self, parts: HourParts) -> list[Carry]:
        """Return what all rows of an hour carry on to later hours."""
        rest = self.unsummarised(parts)
        return [*(self.carry(part) for part in parts.rollups), *([carry_of(rest)] if len(rest) else [])]

    def events(self, part: Part, start: float | None = None, end: float | None = None) -> EventColumns:
        """Return the rows of an events part from ``start`` to ``end`` (Unix s), in the columns rollups are built from."""
        return read_events(self._files, part, columns=BUILT_FROM, start=start, end=end)

    def whole_events(self, part: Part, start: float | None = None, end: float | None = None) -> EventColumns:
        """Return the rows of an events part from ``start`` to ``end`` (Unix s), in all columns."""
        return read_events(self._files, part, start=start, end=end)


def _size(rows: RollupRows) -> int:
    return len(rows.operations) + len(rows.operations.bucket) + len(rows.queue) + len(rows.health)
