"""Parts as queries read them: rollups cached, bounded, for every thread of the engine."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from telemetryd.model.events import COMPLETED, FAILED
from telemetryd.rollup.carry import Carry, carry_of
from telemetryd.rollup.cells import operation_cells
from telemetryd.rollup.coarsen import coarsen
from telemetryd.rollup.columns import EventColumns, RollupRows
from telemetryd.rollup.latencies import KeyedLatencies, latencies_of
from telemetryd.rollup.merge import select, with_status, without_histograms
from telemetryd.storage.catalog import HourParts
from telemetryd.storage.day_file import read_day
from telemetryd.storage.files import Files
from telemetryd.storage.folder import DAYS
from telemetryd.storage.part import Part, read_events, read_rollups
from telemetryd.storage.rows import concat_events

from .plan import common_width

T = TypeVar("T")

# What is kept of rollups that were read before, in bytes of their columns.
MAX_CACHED = 64 << 20
# What keeping anything costs, however little it is.
_ENTRY = 512
# The columns that a rollup is built from.
BUILT_FROM = ("timestamp", "event", "operation_type", "backend", "status", "previous", "latency", "sequence")


class Reader:
    """Reads parts; raises UnreadablePart, and FileNotFoundError for one that has been replaced."""

    def __init__(self, files: Files, carry: Callable[[Part], Carry], max_cached: int = MAX_CACHED) -> None:
        self.carry = carry
        self._files = files
        self._max_cached = max_cached
        self._kept_rows: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._sizes: dict[tuple[object, ...], int] = {}
        self._size = 0
        self._lock = threading.Lock()

    def rollups(self, part: Part, width: int = 0) -> RollupRows:
        """Return the rows of a rollup part or a day's file, in intervals of ``width`` s.

        Those of an hour come as they are where their own do not fit into these, or where it is 0.
        """
        return self._kept((part.path, part.size, width), lambda: self._read(part, width), _size)

    def counts(self, part: Part, width: int = 0) -> RollupRows:
        """Return the same rows without their histograms, which take most of the memory."""
        return self._kept(
            (part.path, part.size, width, "counts"), lambda: _without_histograms(self._read(part, width)), _size
        )

    def ended(self, part: Part, width: int = 0) -> RollupRows:
        """Return of the same rows only those of operations that ended, with their histograms."""
        return self._kept((part.path, part.size, width, "ended"), lambda: _ended(self._read(part, width)), _size)

    def latencies(self, part: Part, width: int, statuses: Sequence[int]) -> KeyedLatencies | None:
        """Return what the rows of one width say of latencies in each interval; None where they have another one."""
        key = (part.path, part.size, width, "latencies", *statuses)
        return self._kept(key, lambda: _latencies(self._read(part, width), width, statuses), _size_of_latencies)

    def has(self, part: Part, width: int, *more: object) -> bool:
        """Whether what is kept of a part for this is in memory."""
        return (part.path, part.size, width, *more) in self._kept_rows

    def _read(self, part: Part, width: int) -> RollupRows:
        if (rows := self._kept_rows.get((part.path, part.size, width))) is not None:
            return rows  # type: ignore[no-any-return]
        if part.kind == DAYS:
            return read_day(self._files, part, width)
        # The rows in detail are not kept for this: who asks for wider ones will not ask for them.
        rows = self._kept_rows.get((part.path, part.size, 0)) or read_rollups(self._files, part)
        return coarsen(rows, width) if width and not width % common_width([rows]) else rows

    def _kept(self, key: tuple[object, ...], make: Callable[[], T], size: Callable[[T], int]) -> T:
        with self._lock:
            if key in self._kept_rows:
                self._kept_rows.move_to_end(key)
                return self._kept_rows[key]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            if key not in self._kept_rows:
                self._kept_rows[key] = made
                self._sizes[key] = size(made) + _ENTRY
                self._size += self._sizes[key]
            while self._size > self._max_cached and len(self._kept_rows) > 1:
                old, _ = self._kept_rows.popitem(last=False)
                self._size -= self._sizes.pop(old)
        return made

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


def _without_histograms(rows: RollupRows) -> RollupRows:
    return replace(rows, operations=without_histograms(rows.operations))


def _ended(rows: RollupRows) -> RollupRows:
    nothing = np.empty(0, np.int64)
    operations = with_status(rows.operations, (COMPLETED, FAILED))
    return replace(rows, operations=operations, queue=select(rows.queue, nothing), health=select(rows.health, nothing))


def _latencies(rows: RollupRows, width: int, statuses: Sequence[int]) -> KeyedLatencies | None:
    if common_width([rows]) not in (width, 1):
        return None
    operations = with_status(rows.operations, statuses)
    found = latencies_of(operation_cells(operations, operations.start // width))
    return KeyedLatencies(rows.series, replace(found, cell=found.cell * width))


def _size(rows: RollupRows) -> int:
    columns = ((kind, each.name) for kind in (rows.operations, rows.queue, rows.health) for each in fields(kind))
    return sum(getattr(kind, name).nbytes for kind, name in columns)


def _size_of_latencies(found: KeyedLatencies | None) -> int:
    return 0 if found is None else found.rows.nbytes
