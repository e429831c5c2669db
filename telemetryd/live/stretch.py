"""A stretch of time in a window: what ended in it, in slots of one width, and what all of it comes to.

Stretches do not change: each change makes another one. Whatever has the same timestamp is in the same slot,
however late it came, and so leaves the window at one time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, count
from typing import NamedTuple

import numpy as np

from telemetryd.rollup.columns import Array, OperationRows
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
    and that is added up where stretches are joined: of one time, equal numbers are equal contents. One layer may tell more of a slot than another one does, or take some of it back.
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


class Total:
    """What the stretches of a window come to together: asked again, only what is new is added."""

    # The newest of them still change, and with them what they come to.
    _CHANGING = 3

    def __init__(self) -> None:
        self._known: tuple[_Told, OperationRows] | None = None

    def of(self, stretches: Sequence[Stretch]) -> list[OperationRows]:
        """Return rows which, added up, are what ``stretches`` come to, which follow one another; from any thread."""
        lasting = stretches[: -self._CHANGING]
        rest = [each.whole for each in stretches[len(lasting) :]]
        if not lasting:
            return rest
        told = list(accumulate((_Told(each.begin, each.end, each.content) for each in lasting), _Told.and_then))
        begun, parts, known = 0, list[OperationRows](), self._known
        if known is not None and known[0] in told:
            begun, parts = told.index(known[0]) + 1, [known[1]]
        if begun < len(lasting):
            rows = timeless(stack([*parts, *(each.whole for each in lasting[begun:])]))
            self._known = told[-1], rows
            parts = [rows]
        return [*parts, *rest]


class _Told(NamedTuple):
    """From when to when something is told of, and which: what is entered there makes the number larger, what joins slots does not."""

    begin: int
    end: float
    content: int

    def and_then(self, later: _Told) -> _Told:
        return _Told(self.begin, later.end, self.content + later.content)


def timeless(rows: OperationRows) -> OperationRows:
    """Return one row for each series and status; its time says nothing."""
    return added_up(replace(rows, start=np.zeros_like(rows.start), width=np.zeros_like(rows.width)))


def pieces(rows: OperationRows, size: int) -> list[Array]:
    """Return the rows (their indices) in pieces that follow one another in time, each of about ``size`` or less.

    A second is never in two pieces: one that is larger is a piece of its own.
    """
    order = np.argsort(rows.start, kind="stable")
    start = rows.start[order]
    through = np.cumsum(ROW + np.diff(rows.offset)[order])
    cuts, begun = [0], 0
    for first in np.flatnonzero(np.diff(start, prepend=start[:1] - 1)).tolist()[1:]:
        last = int(np.searchsorted(start, start[first], side="right")) - 1
        if through[last] - begun > size:
            begun = int(through[first - 1])
            cuts.append(first)
    return [each for each in np.split(order, cuts[1:]) if len(each)]
