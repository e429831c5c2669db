"""Rates of success and of error: lines on a fixed axis from 0 to 100 %, stretched where rates mostly are.

A good node's errors lie between 0 and 2 %, a bad one's at 60 %: on an even axis one of them cannot be
read. The axis grows with the square root of the distance from the good end, and says so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from telemetryd.charts.colours import REST
from telemetryd.charts.frames import largest
from telemetryd.charts.quantities import every, share
from telemetryd.charts.sampling import Bins
from telemetryd.rollup.columns import Array

from .axes import shares, towards_all, towards_none
from .lines import calm, peaks, series_dots, series_line
from .scene import Scene, Sketch, others
from .strokes import hover, line

# Rates of few operations jump: a point of a line has so many pixels to itself.
_CALM = 12.0
_VALUE = "%{customdata:.2~%}"


def success_rate(scene: Scene) -> Sketch:
    """Return completed of ended operations."""
    return _rates(scene, "completed", "100 %", towards_all)


def error_rate(scene: Scene) -> Sketch:
    """Return failed of ended operations."""
    return _rates(scene, "failed", "0 %", towards_none)


def titles(word: str, end: str, width: int) -> tuple[str, ...]:
    """Return what the axis says, from long to short."""
    stretched = f"scale stretched towards {end}"
    return (
        f"{word} of ended operations per {every(width)}, {stretched}",
        f"{word}, {stretched}",
        f"{word}, stretched",
        word,
    )


def _rates(scene: Scene, word: str, end: str, stretched: Callable[[Array], Array]) -> Sketch:
    frame, good = scene.frame, word == "completed"
    ended, failed = frame.total("count"), frame.total("value", "count")
    if good:
        failed = ended - failed
    # Most failures first; where there are none, most operations.
    own, rest = largest(failed + ended * 1e-9, scene.canvas.most_series)
    plot = scene.plot([scene.name(code) for code in own] + others(rest))
    bins = scene.bins(plot, _CALM)
    table = frame.mean_on(bins, "value", "count")
    traces = []
    if len(bins) < len(frame.cells):
        for code in own:
            points = peaks(scene, bins, *frame.line(code, "value"))
            traces.append(series_dots(scene, code, points.drawn_as(stretched(points.y)), _VALUE))
    if rest:
        weight = frame.on(bins, "count", "sum")[rest]
        merged = (table[rest] * weight).sum(axis=1, min_count=1) / weight.sum(axis=1, min_count=1)
        points = calm(scene, bins, merged.to_numpy())
        (name,) = others(rest)
        text = hover(name, _VALUE, bins.width)
        width = 1.8 * scene.canvas.unit
        traces.append(line(name, points.drawn_as(stretched(points.y)), text, width=width, colour=REST))
    # The worst is drawn last, on top; the legend names it first.
    for code in reversed(own):
        points = calm(scene, bins, table[code].to_numpy())
        traces.append(series_line(scene, code, points.drawn_as(stretched(points.y)), _VALUE, bins.width))
    return Sketch(
        plot=plot,
        traces=traces,
        values=shares(plot, titles(word, end, bins.width), stretched),
        alt=_told(scene, bins, table[own].to_numpy(), own, ended, failed, good),
        layout={"legend": {"traceorder": "reversed"}},
    )


def _told(scene: Scene, bins: Bins, table: Array, own: list[int], ended: Array, failed: Array, good: bool) -> list[str]:
    total = float(ended.sum())
    rate = float(failed.sum()) / total if total else 0.0
    word = "completed" if good else "failed"
    sentences = [f"{share(1 - rate if good else rate)} of {total:,.0f} ended operations {word}."]
    distance = 1 - table if good else table
    if np.isfinite(distance).any():
        at, series = np.unravel_index(int(np.nanargmax(distance)), distance.shape)
        extreme = "Lowest" if good else "Highest"
        when = scene.when(bins, int(at))
        sentences.append(f"{extreme}: {share(table[at, series])}, {scene.name(own[int(series)])}, {when}.")
    return sentences
