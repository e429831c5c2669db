"""What a builder is given, and what it gives: a drawing on a canvas; the parts of its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from telemetryd.charts import moments
from telemetryd.charts.drawing import Drawing
from telemetryd.charts.frames import Frame
from telemetryd.charts.sampling import Bins, bins
from telemetryd.rollup.columns import Array

from .canvas import Canvas, Plot
from .heading import Heading, series_name

# A trace, an axis, an annotation … as Plotly has it.
Part: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """The samples of a chart and the room for them."""

    frame: Frame
    canvas: Canvas
    heading: Heading

    @property
    def drawing(self) -> Drawing:
        return self.frame.drawing

    def name(self, code: int) -> str:
        """Return what a series is called, not marked up."""
        return series_name(self.drawing, self.drawing.keys[code])

    def meta(self, *codes: int) -> Part:
        """Return how a trace says, to whoever points at it, of which series it is: by row, where there are several."""
        names = ("operation_type", "backend")
        keys = (self.drawing.keys[code] for code in codes)
        return {"meta": {"series": [dict(zip(names[-len(key) :], key, strict=True)) for key in keys]}}

    def plot(self, entries: Sequence[str], *, labels: float | None = None, right: float = 0.0) -> Plot:
        """Return the rectangle that is left beside a legend of some entries."""
        return Plot.of(self.canvas, entries, subtitle=len(self.heading.lines), labels=labels, right=right)

    def bins(self, plot: Plot, pixels: float) -> Bins:
        """Return bins that are at least some pixels wide."""
        seconds = max(1, self.drawing.end - self.drawing.start)
        return bins(self.frame.cells, self.drawing.interval, seconds * pixels * self.canvas.unit / plot.width)

    def middles(self, cell: Array) -> Array:
        """Return where samples are drawn (Unix s): in the middle of what is known of their cells."""
        begin, end = self.frame.cells.begin[cell], self.frame.cells.end[cell]
        return (begin + np.maximum(begin, np.minimum(end, self.drawing.now))) / 2

    def when(self, bins: Bins, at: int) -> str:
        """Return what the range leaves of a bin, in words."""
        return self.span(bins.start[at], bins.end[at])

    def span(self, start: float, end: float) -> str:
        """Return what the range leaves of a stretch of time (Unix s), in words."""
        return moments.span(max(start, self.drawing.start), min(end, self.drawing.end))


def others(rest: Sequence[int], what: str = "series") -> list[str]:
    """Return what the series without a name of their own are called together, where there are any."""
    return [f"{len(rest):,} other {what}"] if rest else []


@dataclass(slots=True)
class Sketch:
    """The parts of a figure. ``alt`` are sentences that say what the traces show, in numbers.

    ``values`` is the axis of the values; ``layout`` is whatever else a chart needs. Where there are
    ``two_panels``, the axis of time stands below the second.
    """

    plot: Plot
    traces: list[Part]
    values: Part
    alt: list[str]
    layout: Part = field(default_factory=dict)
    annotations: list[Part] = field(default_factory=list)
    hovermode: str = "closest"
    two_panels: bool = False
