"""What the stretches of a window come to together: asked again, only what is new is added."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from telemetryd.rollup.columns import OperationRows
from telemetryd.rollup.merge import stack

from .stretch import Stretch, timeless

# The newest stretches still change, and with them what they come to.
_CHANGING = 3


class Total:
    """Remembers what it told last, and of which stretches."""

    def __init__(self) -> None:
        self._known: tuple[_Told, OperationRows] | None = None

    def of(self, stretches: Sequence[Stretch]) -> list[OperationRows]:
        """Return rows which, added up, are what ``stretches`` come to, which follow one another; from any thread."""
        lasting = stretches[:-_CHANGING]
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
