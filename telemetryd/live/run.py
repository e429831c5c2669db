"""A run: rollup rows of one stretch of time that never change, and so are added up only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from telemetryd.rollup.columns import Array, OperationRows
from telemetryd.rollup.grouping import distinct
from telemetryd.rollup.merge import added_up, select, stack

# The newest runs of a window are about to become one, so that what they come to together would not be asked for again.
_PASSING = 3


class Run:
    """Rows of series that are numbers of the tracker's, and when their slots begin and end (Unix s)."""

    def __init__(self, rows: OperationRows) -> None:
        self.rows = rows
        self.ends: Array = rows.start + rows.width
        self.begin = int(rows.start.min())
        self._first_end = int(self.ends.min())
        self.last_end = int(self.ends.max())
        self._last_start = int(rows.start.max())

    def __repr__(self) -> str:
        return f"Run({len(self.rows)} rows, {self.cells} cells, ends {self._first_end} to {self.last_end})"

    @property
    def cells(self) -> int:
        """Cells of all histograms."""
        return len(self.rows.bucket)

    @cached_property
    def slots(self) -> int:
        """How many slots there are."""
        (start, _), _ = distinct(self.rows.start, self.rows.width)
        return len(start)

    def lies_in(self, begin: float, end: float) -> bool:
        """Whether all slots end after ``begin`` and start at ``end`` or before."""
        return self._first_end > begin and self._last_start <= end

    def part(self, begin: float, end: float) -> OperationRows | None:
        """Return the rows whose slots end after ``begin`` and start at ``end`` or before."""
        if self.last_end <= begin:
            return None
        return select(self.rows, (self.ends > begin) & (self.rows.start <= end))

    def later(self, begin: float) -> Run | None:
        """Return what ends after ``begin``: the run itself where that is all of it."""
        if self._first_end > begin:
            return self
        return Run(select(self.rows, self.ends > begin)) if self.last_end > begin else None

    @cached_property
    def whole(self) -> OperationRows:
        """What it comes to: one row for each series and status, whose time says nothing."""
        return _timeless(self.rows)


class Total:
    """What the runs of a window come to together: asked again, only what is new is added."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Run, ...], OperationRows | None] = (), None

    def of(self, runs: tuple[Run, ...]) -> list[OperationRows]:
        """Return rows which, added up, are what ``runs`` come to; from any thread."""
        lasting = runs[:-_PASSING]
        known, rows = self._known
        if known != lasting:
            begun = known if known == lasting[: len(known)] else ()
            parts = [*([rows] if begun and rows else []), *(run.whole for run in lasting[len(begun) :])]
            rows = _timeless(stack(parts)) if parts else None
            self._known = lasting, rows
        return [*([rows] if rows else []), *(run.whole for run in runs[len(lasting) :])]

    @property
    def known(self) -> bool:
        """Whether it holds on to any runs."""
        return bool(self._known[0])

    def keep(self, runs: Sequence[Run]) -> None:
        """Let go of runs that are not among these: a window that nobody asks about would hold them for ever."""
        if not set(self._known[0]) <= set(runs):
            self._known = (), None


def split(rows: OperationRows, cells: int) -> list[Run]:
    """Return runs of so many cells, or fewer, one after the other in time; slots that begin together stay together."""
    if len(rows.bucket) <= cells:
        return [Run(rows)] if len(rows) else []
    (starts,), slot = distinct(rows.start)
    through = np.cumsum(np.bincount(slot, np.diff(rows.offset), len(starts)))
    share = ((through - 1) // cells).astype(np.int64)[slot]
    return [Run(select(rows, share == each)) for each in np.unique(share).tolist()]


def join_nearest(runs: list[Run], now: float, cells: int) -> None:
    """Join slots of two neighbours two by two, and make runs of about so many ``cells`` of them.

    The neighbours are those whose slots lie closest together for their age: so slots are as much wider as they are older.
    """
    ends = np.array([runs[0].begin, *(run.last_end for run in runs)], np.float64)
    slots = np.array([run.slots for run in runs])
    spacing = (ends[2:] - ends[:-2]) / (slots[:-1] + slots[1:])
    at = int(np.argmin(np.abs(spacing) / np.maximum(1.0, now - ends[2:])))
    runs[at : at + 2] = split(_joined(runs[at].rows, runs[at + 1].rows), cells)


def _joined(older: OperationRows, newer: OperationRows) -> OperationRows:
    rows = stack([older, newer])
    (start, width), slot = distinct(rows.start, rows.width)
    begin, end = start[::2], np.maximum.reduceat(start + width, np.arange(0, len(start), 2))
    pair = slot // 2
    return added_up(replace(rows, start=begin[pair], width=(end - begin).astype(np.int32)[pair]))


def _timeless(rows: OperationRows) -> OperationRows:
    return added_up(replace(rows, start=np.zeros_like(rows.start), width=np.zeros_like(rows.width)))
