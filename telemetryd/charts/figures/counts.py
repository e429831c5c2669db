"""What is counted, as stacked bars: operations by the status they entered, retries by series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from telemetryd.charts.colours import REST, series_colour, status_colour
from telemetryd.charts.frames import largest, summed
from telemetryd.charts.quantities import duration, every
from telemetryd.charts.sampling import Bins
from telemetryd.rollup.columns import Array

from .axes import amounts, whole
from .canvas import Plot
from .scene import Part, Scene, Sketch, others
from .strokes import bars, unified, unified_title

# From the base up: what went wrong stands on the ground, where it is compared with ease.
STACK = ("failed", "retrying", "completed", "processing", "pending")
_NARROWEST = 4.0
_VALUE = "<b>%{y:,.0f}</b>"


def operation_count(scene: Scene) -> Sketch:
    """Return entries into each status, of all series together; into the one that is asked for, by series."""
    if scene.drawing.status is not None:
        return _by_series(scene, scene.drawing.status, f"operations that entered {scene.drawing.status}")
    statuses = [status for status in STACK if status in scene.drawing.statistics]
    plot = scene.plot(statuses)
    bins = scene.bins(plot, _NARROWEST)
    everything = range(len(scene.drawing.keys))
    # Where there is no sample there was nothing; besides, Plotly loses its place in a stack at a NaN.
    columns = [summed(scene.frame.on(bins, status, "sum").fillna(0.0), everything) for status in statuses]
    told = ", ".join(f"{column.sum():,.0f} {status}" for status, column in zip(statuses, columns, strict=True))
    metas = [{"meta": {"status": status}} for status in statuses]
    stack = _Stack(plot, bins, statuses, columns, [status_colour(status) for status in statuses], metas)
    return stack.sketch(scene, "entries into a status", f"Entries into each status: {told}.")


def retry_count(scene: Scene) -> Sketch:
    """Return entries into ``retrying``, by series."""
    return _by_series(scene, "count", "retries")


def unfinished(scene: Scene, bins: Bins) -> Array:
    """Return which bins are not whole: the hour or the range cuts them, or they have not ended yet."""
    cut = (bins.start < scene.drawing.start) | (bins.end > min(scene.drawing.end, scene.drawing.now))
    return cut | (bins.end - bins.start < bins.width)


def _by_series(scene: Scene, statistic: str, unit: str) -> Sketch:
    totals = scene.frame.total(statistic)
    own, rest = largest(totals, scene.canvas.most_series)
    # Of what never happened there is nothing to see; without anything, a chart of nothing.
    own, rest = [code for code in own if totals[code]] or own[:1], [code for code in rest if totals[code]]
    names = [scene.name(code) for code in own] + others(rest)
    plot = scene.plot(names)
    bins = scene.bins(plot, _NARROWEST)
    table = scene.frame.on(bins, statistic, "sum").fillna(0.0)
    columns = [table[code].to_numpy() for code in own] + ([summed(table, rest)] if rest else [])
    colours = [series_colour(*scene.drawing.keys[code]) for code in own] + ([REST] if rest else [])
    metas: list[Part] = [*map(scene.meta, own), *([{}] if rest else [])]
    told = f"{totals.sum():,.0f} {unit}; most of them {names[0]}: {totals[own[0]]:,.0f}."
    return _Stack(plot, bins, names, columns, colours, metas).sketch(scene, unit, told)


@dataclass(frozen=True, slots=True)
class _Stack:
    """Bars on one another: a name, a column of values for the bins, a colour, and what each is about."""

    plot: Plot
    bins: Bins
    names: Sequence[str]
    columns: Sequence[Array]
    colours: Sequence[str]
    metas: Sequence[Part]

    def sketch(self, scene: Scene, unit: str, told: str) -> Sketch:
        """Return the bars as far as the present, with an axis of what they count."""
        total = np.sum(self.columns, axis=0)
        top, most = float(total.max()), int(total.argmax())
        # Clocks differ a little: what has a sample has begun.
        counted = np.flatnonzero(total)
        bins = self.bins.first(max(self.bins.begun(scene.drawing.now), counted[-1] + 1 if len(counted) else 0))
        faint = unfinished(scene, bins)
        traces = [
            bars(name, bins, column[: len(bins)], colour, unified(name, _VALUE), faint=faint) | meta
            for name, column, colour, meta in zip(self.names, self.columns, self.colours, self.metas, strict=True)
        ]
        titles = (f"{unit} per {every(bins.width)}", f"per {every(bins.width)}")
        return Sketch(
            plot=self.plot,
            traces=traces,
            values=whole(amounts(self.plot, titles, top), top),
            alt=[told, f"At most {top:,.0f} in {duration(bins.width)}, {scene.when(self.bins, most)}."],
            layout={"barmode": "stack", "xaxis": unified_title(bins.width)},
            hovermode="x unified",
        )
