"""How much room a chart has, and what of it goes to title, legend and axes: the smaller, the fewer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telemetryd.charts.drawing import Look
from telemetryd.charts.lettering import fitted, width_of

MOST_SERIES = 10
# The share of a side that a legend may take.
_LEGEND_WIDTH, _LEGEND_HEIGHT = 0.24, 0.24
# Pixels beside the text of an entry: the sample of the line, and the space around.
_ENTRY = 54
_LONGEST_ENTRY = 230


@dataclass(frozen=True, slots=True)
class Canvas:
    """The whole picture, in pixels. ``text`` is the size of its letters, ``unit`` what grows with it."""

    width: int
    height: int

    @classmethod
    def of(cls, look: Look) -> Canvas:
        """Return the canvas of a look."""
        return cls(max(look.width, 1), max(look.height, 1))

    @property
    def unit(self) -> float:
        """How much larger than on an ordinary screen everything is drawn: 1 up to 1200 by 800, then slowly more."""
        return min(2.0, max(1.0, math.sqrt(min(self.width, self.height * 1.5) / 1200)))

    @property
    def text(self) -> int:
        if self.width < 160 or self.height < 130:
            return 9
        if self.width < 340 or self.height < 240:
            return 10
        if self.width < 560 or self.height < 330:
            return 11
        return round(12 * self.unit)

    @property
    def title_size(self) -> int:
        return round(self.text * (1.1 if self.text < 11 else 1.35))

    @property
    def inset(self) -> float:
        """How far from the left edge the heading and a legend below begin."""
        return 6 if self.text < 11 else 16 * self.unit

    @property
    def row(self) -> float:
        """The height of a line of text."""
        return self.text * 1.5

    @property
    def has_title(self) -> bool:
        return self.height >= 70 and self.width >= 70

    @property
    def subtitle_lines(self) -> int:
        if self.width < 400 or self.height < 250:
            return 0
        return 1 if self.height < 380 else 2

    @property
    def has_axis_titles(self) -> bool:
        return self.width >= 400 and self.height >= 250

    @property
    def tick_lines(self) -> int:
        """Lines of text below the time axis: the clock, and the day below it."""
        return 0 if self.height < 60 else 1 if self.height < 150 else 2

    @property
    def legend_at(self) -> Literal["right", "below", "nowhere"]:
        if self.width >= 720 and self.width >= 1.2 * self.height and self.height >= 280:
            return "right"
        return "below" if self.width >= 320 and self.height >= 330 else "nowhere"

    @property
    def most_series(self) -> int:
        """How many series can have a line and a name of their own, two entries of other things left free."""
        at = self.legend_at
        if at == "nowhere":
            return 5 if min(self.width, self.height) >= 150 else 3
        rows = int((self.height - 8 * self.row) / (self.row * 1.1))
        if at == "below":
            columns = max(1, int(self.width // (_ENTRY + 14 * self.text)))
            rows = columns * int(self.height * _LEGEND_HEIGHT / (self.row * 1.1))
        return max(1, min(MOST_SERIES, rows - 2))


@dataclass(frozen=True, slots=True)
class Legend:
    """The room of a legend, in pixels, and where it stands. ``entry`` is the width of an entry's text."""

    at: Literal["right", "below", "nowhere"]
    names: dict[str, str]
    entry: float
    height: float

    @classmethod
    def of(cls, canvas: Canvas, entries: Sequence[str], room: float) -> Legend:
        """Return the legend of some entries in a row of ``room`` pixels, or in a column; one alone needs none.

        Names that are too long are cut: ``names`` has each as it fits.
        """
        at = canvas.legend_at if len(entries) > 1 else "nowhere"
        most = canvas.width * _LEGEND_WIDTH if at == "right" else room / 2
        most = min(_LONGEST_ENTRY * canvas.unit, most - _ENTRY)
        names = {entry: fitted(entry, most, canvas.text) for entry in entries}
        entry = max((width_of(name, canvas.text) for name in names.values()), default=0.0)
        columns = max(1, int(room // (entry + _ENTRY)))
        height = (-(-len(names) // columns) * 1.1 + 0.6) * canvas.row if at == "below" else 0.0
        return cls(at, names, entry, height)

    @property
    def width(self) -> float:
        return self.entry + _ENTRY if self.at == "right" else 0.0


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle between the axes, by its distances from the edges of the canvas, in pixels.

    ``edge`` is what the right one would be without a legend there.
    """

    canvas: Canvas
    legend: Legend
    left: float
    right: float
    top: float
    bottom: float
    edge: float

    @classmethod
    def of(
        cls, canvas: Canvas, entries: Sequence[str], *, subtitle: int, labels: float | None = None, right: float = 0.0
    ) -> Plot:
        """Return what is left beside title, ``subtitle`` lines, a legend of some entries, and the axes.

        ``labels`` is the width of the widest text at the left axis, ``right`` of what stands at the right one.
        """
        if labels is None:
            labels = width_of("0000 ms" if canvas.text > 10 else "000 ms", canvas.text)
        left = labels + 10 * canvas.unit + (canvas.row * 1.25 if canvas.has_axis_titles else 0)
        if canvas.tick_lines > 1:
            # Half of the day below the first tick stands left of it.
            left = max(left, width_of("00 Nov 0000 UTC", canvas.text) / 2)
        edge = max(right + 10, 8 if canvas.text < 11 else 22 * canvas.unit)
        # Below the plot, Plotly gives a legend all that is left of the plot's right edge.
        legend = Legend.of(canvas, entries, canvas.width - edge - canvas.inset)
        top = canvas.row * 0.5
        if canvas.has_title:
            top += canvas.title_size * 1.7 + subtitle * canvas.text * 1.3 + (canvas.row * 0.5 if subtitle else 0)
        bottom = canvas.tick_lines * canvas.text * 1.35 + 8 * canvas.unit + legend.height
        return cls(canvas, legend, round(left), round(max(edge, legend.width)), round(top), round(bottom), round(edge))

    @property
    def ticks(self) -> float:
        """The height of the labels of the axis of time."""
        return self.bottom - self.legend.height

    @property
    def width(self) -> float:
        return max(10.0, self.canvas.width - self.left - self.right)

    @property
    def height(self) -> float:
        return max(10.0, self.canvas.height - self.top - self.bottom)
