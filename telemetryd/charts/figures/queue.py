"""Operations in flight, as areas on one another: how many on average in each interval, and the most of it."""

from __future__ import annotations

import numpy as np

from telemetryd.charts import moments
from telemetryd.charts.colours import REST, series_colour
from telemetryd.charts.frames import largest, summed
from telemetryd.charts.quantities import every, number
from telemetryd.charts.sampling import Bins
from telemetryd.charts.theme import NOTE
from telemetryd.rollup.columns import Array

from .axes import amounts
from .canvas import Plot
from .scene import Part, Scene, Sketch, others
from .strokes import Points, instant, instants, line, unified, unified_title

_NARROWEST = 3.0
# Stretches without a gap, each of which needs traces of its own.
_MOST_RUNS = 16
_MOST = "most at once"
_VALUE = "<b>%{y:,.3~r}</b>"


def queue_size(scene: Scene) -> Sketch:
    """Return the mean number in flight by series, and where the total was highest."""
    frame, canvas = scene.frame, scene.canvas
    weights = frame.average("mean")
    own, rest = largest(weights, canvas.most_series)
    names = [scene.name(code) for code in own] + others(rest)
    colours = [series_colour(*scene.drawing.keys[code]) for code in own] + [REST]
    metas: list[Part] = [*map(scene.meta, own), {}]
    peak = [_MOST] if len(names) == 1 else []
    plot = scene.plot([*names, *peak] if len(names) > 1 or peak else [])
    bins = _bins(scene, plot)
    table = frame.mean_on(bins, "mean")
    columns = [table[code].to_numpy() for code in own] + ([summed(table, rest)] if rest else [])
    total = summed(table, range(len(scene.drawing.keys)))
    runs = _runs(total)
    traces = [
        _area(scene, bins, run, name, column, colour) | meta | {"legendgroup": f"{place}", "showlegend": run is runs[0]}
        for run in runs
        for place, (name, column, colour, meta) in enumerate(zip(names, columns, colours, metas, strict=False))
        if run is runs[0] or np.nan_to_num(column[run]).any()
    ]
    high = frame.on(bins, "max", "max")[own[0]].to_numpy() if peak else total
    if peak:
        traces.append(_most(scene, bins, high))
    top = float(np.nanmax(high, initial=0.0))
    return Sketch(
        plot=plot,
        traces=traces,
        values=amounts(plot, (f"operations in flight, mean per {every(bins.width)}", "in flight"), top),
        alt=_told(scene, bins, total, own, weights),
        layout={"xaxis": unified_title(bins.width), "legend": {"traceorder": "reversed"}},
        annotations=[] if peak or canvas.text < 10 else [_peak(scene, plot, bins, total)],
        hovermode="x unified",
    )


def _bins(scene: Scene, plot: Plot) -> Bins:
    """Return bins that are so wide that the stretches between gaps are few."""
    pixels = _NARROWEST
    while True:
        bins = scene.bins(plot, pixels)
        known = scene.frame.on(bins, "mean", "max").notna().any(axis=1).to_numpy()
        if len(_runs(np.where(known, 0.0, np.nan))) <= _MOST_RUNS:
            return bins
        pixels *= 2


def _runs(total: Array) -> list[slice]:
    """Return the stretches in which something is known."""
    edges = np.flatnonzero(np.diff(np.isfinite(total), prepend=False, append=False))
    return [slice(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def _area(scene: Scene, bins: Bins, run: slice, name: str, column: Array, colour: str) -> Part:
    """Return a series' part of one stretch without gaps as steps, each as wide as its interval."""
    part = np.nan_to_num(column[run])
    end = min(bins.end[run][-1], scene.frame.known_until)
    return {
        "type": "scatter",
        "name": name,
        "x": instants(np.append(np.maximum(bins.start[run], scene.drawing.start), end)),
        "y": np.append(part, part[-1]),
        "mode": "lines",
        "line": {"shape": "hv", "width": 0, "color": colour},
        "fillcolor": colour,
        "stackgroup": f"{run.start}",
        "hovertemplate": unified(name, _VALUE),
    }


def _most(scene: Scene, bins: Bins, high: Array) -> Part:
    """Return the highest number at any instant of each interval, as a thin line of steps."""
    number = bins.begun(scene.frame.known_until)
    start = np.append(np.maximum(bins.start[:number], scene.drawing.start), scene.frame.known_until)
    points = Points(start, np.append(high[:number], high[number - 1 : number]), np.full(len(start), ""))
    trace = line(_MOST, points, unified(_MOST, _VALUE), width=scene.canvas.unit)
    trace["line"] |= {"shape": "hv"}
    return trace | {"mode": "lines"}


def _peak(scene: Scene, plot: Plot, bins: Bins, total: Array) -> Part:
    """Return the mark of the interval with the highest total."""
    at = int(np.nanargmax(total))
    begin, end = max(bins.start[at], scene.drawing.start), min(bins.end[at], scene.drawing.end)
    seconds = max(1, scene.drawing.end - scene.drawing.start)
    part = ((begin + end) / 2 - scene.drawing.start) / seconds
    # The word "now" may stand to the right of it.
    before_now = 0 <= (scene.drawing.now - end) / seconds * plot.width < 60 * scene.canvas.unit
    return {
        "templateitemname": NOTE,
        "visible": True,
        "x": instant((begin + end) / 2),
        "y": float(total[at]),
        "xanchor": "right" if before_now or part > 0.85 else "left" if part < 0.15 else "center",
        "yanchor": "bottom",
        "yshift": 3,
        "showarrow": False,
        "text": f"{number(total[at])} at {moments.clock(begin)}",
        "font": {"size": scene.canvas.text},
    }


def _told(scene: Scene, bins: Bins, total: Array, own: list[int], weights: Array) -> list[str]:
    at = int(np.nanargmax(total))
    last = float(total[np.isfinite(total)][-1])
    sentences = [f"At most {number(total[at])} in flight on average, {scene.when(bins, at)}; last {number(last)}."]
    if len(scene.drawing.keys) > 1:
        sentences.append(f"Most of them {scene.name(own[0])}: {number(weights[own[0]])} on average.")
    return sentences
