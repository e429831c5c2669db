"""A run: rollup rows of one stretch of time that never change, and so are added up only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from telemetryd.rollup.columns import Array, OperationRows
from telemetryd.rollup.grouping import distinct
from telemetryd.rollup.merge import added_up, select, stack

# Beyond it a slot grows no more, in seconds: what is in it leaves the window as one.
_WIDEST_SLOT = 512
# Joining two runs has to spare this share of their rows.
_SPARED = 0.25
# The newest runs of a window are about to become one, so that what they come to together would not be asked for again.
_PASSING = 3


class Run:
    """Rows of series that are numbers of the tracker's, and when their slots begin and end (Unix s)."""

    def __init__(self, rows: OperationRows) -> None:
        self.rows = rows
        self.ends: Array = rows.start + rows.width
        self._first_end = int(self.ends.min())
        self.last_end = int(self.ends.max())
        self._last_start = int(rows.start.max())

    def __repr__(self) -> str:
        return f"Run({len(self.rows)} rows, {self.cells} cells, ends {self._first_end} to {self.last_end})"

    @property
    def cells(self) -> int:
        """Cells of all histograms."""
        return len(self.rows.bucket)

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


def join_nearest(runs: list[Run], now: float, cells: int) -> bool:
    """Join two neighbours, whose slots grow wider by that, to runs of about so many ``cells``; return False where none can be.

    They are those that lie closest together for their age: so slots are as much wider as they are older.
    """
    ends = np.array([run.last_end for run in runs])
    nearness = np.abs(np.diff(ends)) / np.maximum(1.0, now - ends[1:])
    for at in np.argsort(nearness, kind="stable").tolist():
        joined = _joined(runs[at], runs[at + 1], now)
        if joined is not None:
            runs[at : at + 2] = split(joined, cells)
            return True
    return False


def _joined(older: Run, newer: Run, now: float) -> OperationRows | None:
    """Return both in the narrowest slots that spare rows; none that would hold what is still to come."""
    rows = stack([older.rows, newer.rows])
    width = int(rows.width.min())
    while width <= _WIDEST_SLOT:
        start = rows.start // width * width
        wider = (rows.width < width) & (start + width <= now)
        wide = replace(
            rows,
            start=np.where(wider, start, rows.start),
            width=np.where(wider, width, rows.width).astype(np.int32),
        )
        (first, *_), _ = distinct(wide.start, wide.width, wide.series, wide.status)
        if len(first) <= (1 - _SPARED) * len(rows):
            return added_up(wide)
        width *= 2
    return None


def _timeless(rows: OperationRows) -> OperationRows:
    return added_up(replace(rows, start=np.zeros_like(rows.start), width=np.zeros_like(rows.width)))
