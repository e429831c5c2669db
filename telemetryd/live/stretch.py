"""A stretch of time in a window: what ended in it, in slots of one width.

Stretches do not change: each change makes another one. Whatever has the same timestamp is in the same slot,
however late it came, and so leaves the window at one time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count

import numpy as np

from telemetryd.rollup.columns import OperationRows
from telemetryd.rollup.merge import added_up, select, stack

# What distinguishes one content of a stretch from another: later ones are larger.
_contents = count(1)
# A row takes as much memory as so many cells of its histogram, of 13 bytes each.
ROW = 5


def size_of(rows: OperationRows) -> int:
    """Return the memory that rows take, in cells of a histogram."""
    return ROW * len(rows) + len(rows.bucket)


class Stretch:
    """The time from ``begin`` on and before ``end`` (Unix s; infinite where it is not over), in slots of ``width`` s.

    ``layers`` are rows in these slots: each begins at a multiple of ``width`` after ``begin``, and none ends
    after ``end``. ``last`` is where the last of them begins. ``content`` is a number that grows with each entry,
    and that is added up where stretches are joined: of one time, equal numbers are equal contents. One layer may
    tell more of a slot than another one does, or take some of it back.
    """

    def __init__(
        self, begin: int, end: float, width: int, layers: Sequence[OperationRows] = (), content: int = 0
    ) -> None:
        self.begin = begin
        self.end = end
        self.width = width
        self.content = content
        self.size = sum(map(size_of, layers))
        self._layers = tuple(layers)
        self.last = max((int(each.start.max()) for each in layers if len(each)), default=begin)

    def __repr__(self) -> str:
        return f"Stretch({self.begin} to {self.end}, slots of {self.width} s, size {self.size})"

    @property
    def is_open(self) -> bool:
        """Whether it has no end yet."""
        return math.isinf(self.end)

    @property
    def is_one_slot(self) -> bool:
        """Whether all of it leaves the window at once."""
        return self.end - self.begin <= self.width

    @cached_property
    def rows(self) -> OperationRows:
        """All rows, several of a slot where layers are not added up."""
        return self._layers[0] if len(self._layers) == 1 else stack(self._layers)

    @cached_property
    def whole(self) -> OperationRows:
        """What it comes to: one row for each series and status, whose time says nothing."""
        return timeless(self.rows)

    def lies_in(self, after: float, until: float) -> bool:
        """Whether every slot ends after ``after`` and begins at ``until`` or before."""
        return min(self.begin + self.width, self.end) > after and self.last <= until

    def part(self, after: float, until: float) -> OperationRows:
        """Return the rows of slots that end after ``after`` and begin at ``until`` or before."""
        rows = self.rows
        return select(rows, (rows.start + rows.width > after) & (rows.start <= until))

    def add(self, rows: OperationRows) -> Stretch:
        """Return it with rows of slots of one second that lie in it; layers that are about as large are added up."""
        fresh = self._in_slots(rows) if self.width == 1 else added_up(self._in_slots(rows))
        layers = list(self._layers)
        while layers and size_of(layers[-1]) <= 2 * size_of(fresh):
            fresh = added_up(stack([layers.pop(), fresh]))
        return Stretch(self.begin, self.end, self.width, [*layers, fresh], next(_contents))

    def cut(self, at: int) -> tuple[Stretch, Stretch]:
        """Return what lies before ``at``, where a slot begins, and what does not."""
        before = [early for each in self._layers if len(early := select(each, each.start < at))]
        after = [late for each in self._layers if len(late := select(each, each.start >= at))]
        return (
            Stretch(self.begin, at, self.width, before, next(_contents)),
            Stretch(at, self.end, self.width, after, next(_contents)),
        )

    def pieces(self, size: int) -> list[Stretch]:
        """Return it in pieces that follow one another, none above ``size`` but what is one slot; one that is open stays whole."""
        if self.size <= size or self.is_one_slot or self.is_open:
            return [self]
        slots = math.ceil((self.end - self.begin) / self.width)
        return [piece for half in self.cut(self.begin + slots // 2 * self.width) for piece in half.pieces(size)]

    def coarser(self) -> Stretch:
        """Return it in slots twice as wide."""
        return self._again(self, 2 * self.width, self.content, self._layers)

    def joined(self, later: Stretch) -> Stretch:
        """Return this one and the one that follows it as one slot."""
        width = int(later.end) - self.begin
        return self._again(later, width, self.content + later.content, [*self._layers, *later._layers])

    def _again(self, last: Stretch, width: int, content: int, layers: Sequence[OperationRows]) -> Stretch:
        wider = Stretch(self.begin, last.end, width)
        rows = [added_up(wider._in_slots(stack(layers)))] if layers else []
        return Stretch(self.begin, last.end, width, rows, content)

    def _in_slots(self, rows: OperationRows) -> OperationRows:
        start = self.begin + (rows.start - self.begin) // self.width * self.width
        # The last slot of a stretch may be cut short by its end.
        end = np.minimum(start + self.width, self.end)
        return replace(rows, start=start, width=(end - start).astype(np.int32))


def timeless(rows: OperationRows) -> OperationRows:
    """Return one row for each series and status; its time says nothing."""
    return added_up(replace(rows, start=np.zeros_like(rows.start), width=np.zeros_like(rows.width)))
