"""How long operations took: the median as a line, the 95th percentile as a band above it and as a heat map below.

Percentiles are never merged: a point of a line is a sample, and a cell of the heat map the highest of
its samples. Series without a name of their own are lines of one trace.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telemetryd.charts.colours import REST, series_colour
from telemetryd.charts.frames import largest
from telemetryd.charts.quantities import spell
from telemetryd.charts.sampling import Bins, extremes, middles
from telemetryd.rollup.columns import Array

from .axes import times
from .heat import Heat, heat_map
from .lines import CALM, peaks, samples, series_dots, series_line
from .scene import Part, Scene, Sketch, others
from .strokes import Points, band, hover, line

# Bands of many series lie on one another: the more, the fainter.
_BAND = 0.30
_TITLES = ("latency: median, band to the 95th percentile", "median to 95th percentile", "latency")


def operation_latency(scene: Scene) -> Sketch:
    """Return medians and bands of the series that took the most time, and a heat map where there is room."""
    frame = scene.frame
    own, rest = largest(np.nan_to_num(frame.total("count", "median")), scene.canvas.most_series)
    names = [scene.name(code) for code in own] + others(rest)
    heat = Heat.of(scene, scene.plot(names))
    plot = scene.plot(names, right=heat.labels if heat else 0.0)
    bins = scene.bins(plot, CALM)
    floor, top = _limits(scene)
    values = times(plot, _TITLES, floor, top, 1.0 if heat is None else heat.above)
    value = "%{y:.3~s}s" if top < 1000 else "%{y:,.0f} s"
    traces: list[Part] = []
    if rest:
        traces.append(_rest(scene, bins, rest, floor, value))
    opacity = _BAND / max(1.0, len(own) / 2) ** 0.6
    high = {code: _points(scene, bins, *_highest(scene, bins, code, floor)) for code in own}
    usual = {code: _points(scene, bins, *_usual(scene, bins, code, floor)) for code in own}
    for code in reversed(own):
        colour = series_colour(*scene.drawing.keys[code])
        traces.append(band(usual[code], high[code], colour, opacity) | {"legendgroup": f"{code}"})
    for code in reversed(own):
        trace = series_line(scene, code, high[code], f"95th percentile {value}", scene.drawing.interval)
        trace["line"] |= {"width": 0.7 * scene.canvas.unit, "dash": "solid"}
        traces.append(trace | {"opacity": opacity * 1.6, "showlegend": False})
    if len(bins) < len(frame.cells):
        for code in reversed(own):
            points = peaks(scene, bins, *_samples(scene, code, floor)[:2])
            traces.append(series_dots(scene, code, points, f"median {value}"))
    text, interval = f"median {value}", scene.drawing.interval
    traces += [series_line(scene, code, usual[code], text, interval) for code in reversed(own)]
    sketch = Sketch(plot, traces, values, _told(scene, own), layout={"legend": {"traceorder": "reversed"}})
    return sketch if heat is None else heat_map(scene, sketch, heat)


def _samples(scene: Scene, code: int, floor: float) -> tuple[Array, Array, Array]:
    """Return cells, medians and 95th percentiles of a series. What a logarithmic axis has no place for is at its end."""
    cell, median, high = scene.frame.line(code, "median", "percentile_95")
    return cell, np.maximum(median, floor), np.maximum(high, floor)


def _usual(scene: Scene, bins: Bins, code: int, floor: float) -> tuple[Array, Array]:
    """Return of each bin the sample whose median is in the middle: its cell and its median."""
    cell, median, _ = _samples(scene, code, floor)
    kept = middles(bins.of_cell[cell], median)
    return cell[kept], median[kept]


def _highest(scene: Scene, bins: Bins, code: int, floor: float) -> tuple[Array, Array]:
    """Return of each bin the sample whose 95th percentile is highest: its cell and that."""
    cell, _, high = _samples(scene, code, floor)
    kept = extremes(bins.of_cell[cell], high, lowest=False)
    return cell[kept], high[kept]


def _points(scene: Scene, bins: Bins, cell: Array, value: Array, starts: Sequence[int] = ()) -> Points:
    """Return samples as a line that breaks where a bin has none, and where other series start."""
    skipped = np.diff(bins.of_cell[cell], prepend=bins.of_cell[cell[:1]]) > 1
    skipped[list(starts)] = True
    return samples(scene, cell, value).with_gaps(np.flatnonzero(skipped))


def _rest(scene: Scene, bins: Bins, rest: list[int], floor: float, value: str) -> Part:
    lines = [_usual(scene, bins, code, floor) for code in rest]
    cells, values = (np.concatenate(each) for each in zip(*lines, strict=True))
    (name,) = others(rest)
    text = hover(name, f"median {value}", scene.drawing.interval)
    starts = np.cumsum([len(cell) for cell, _ in lines if len(cell)])[:-1]
    points = _points(scene, bins, cells, values, starts.tolist())
    return line(name, points, text, width=0.8 * scene.canvas.unit, colour=REST) | {"opacity": 0.55}


def _limits(scene: Scene) -> tuple[float, float]:
    """Return the smallest median and the largest 95th percentile, both above 0."""
    median, high = (scene.frame.statistics[name] for name in ("median", "percentile_95"))
    positive = median[np.isfinite(median) & (median > 0)]
    floor = max(1e-6, float(positive.min())) if len(positive) else 1e-3
    finite = high[np.isfinite(high)]
    return floor, max(floor * 1.01, float(finite.max(initial=0.0)))


def _told(scene: Scene, own: list[int]) -> list[str]:
    frame, sentences = scene.frame, []
    high = frame.statistics["percentile_95"]
    if np.isfinite(high).any():
        at = int(np.nanargmax(high))
        cell, name = frame.cell[at], scene.name(int(frame.series[at]))
        when = scene.span(frame.cells.start[cell], frame.cells.end[cell])
        sentences.append(f"Highest 95th percentile: {spell(high[at])}, {name}, {when}.")
    if len(scene.drawing.keys) > 1:
        ended = frame.total("count").sum()
        sentences.append(f"{ended:,.0f} operations ended; most time went to {scene.name(own[0])}.")
    return sentences
