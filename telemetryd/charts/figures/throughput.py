"""Operations that ended, a minute: a line for each series, and all of them together in the ink of the theme."""

from __future__ import annotations

import numpy as np

from telemetryd.charts.colours import REST
from telemetryd.charts.frames import largest
from telemetryd.charts.quantities import duration, number
from telemetryd.charts.sampling import Bins
from telemetryd.rollup.columns import Array

from .axes import amounts
from .lines import CALM, calm, peaks, series_dots, series_line
from .scene import Part, Scene, Sketch, others
from .strokes import hover, line

_VALUE = "%{y:,.3~r} a minute"


def throughput(scene: Scene) -> Sketch:
    """Return operations a minute, by series and in total."""
    frame, keys = scene.frame, scene.drawing.keys
    totals = frame.total("count")
    own, rest = largest(totals, scene.canvas.most_series)
    several = len(keys) > 1
    plot = scene.plot([*(["all series"] if several else []), *(scene.name(code) for code in own), *others(rest)])
    bins = scene.bins(plot, CALM)
    # No sample says that nothing ended: that is 0, as long as it is known.
    table = frame.on(bins, "count", "sum").fillna(0.0)
    minutes = (bins.seconds / 60)[:, None]
    rate = np.where(_over(scene, bins)[:, None], table.to_numpy() / minutes, np.nan)
    traces: list[Part] = []
    if len(bins) < len(frame.cells):
        traces += [_single(scene, bins, code) for code in own]
    if rest:
        points = calm(scene, bins, rate[:, rest].sum(axis=1))
        (name,) = others(rest)
        text = hover(name, _VALUE, bins.width)
        traces.append(line(name, points, text, width=1.8 * scene.canvas.unit, colour=REST))
    traces += [series_line(scene, code, calm(scene, bins, rate[:, code]), _VALUE, bins.width) for code in reversed(own)]
    total = rate.sum(axis=1)
    if several:
        text = hover("all series", _VALUE, bins.width)
        traces.append(line("all series", calm(scene, bins, total), text, width=2.4 * scene.canvas.unit))
    top = float(max(np.nanmax(total, initial=0.0), np.nanmax(frame.statistics["value"], initial=0.0)))
    return Sketch(
        plot=plot,
        traces=traces,
        values=amounts(plot, (f"operations ended per minute{_mean_of(bins.width)}", "per minute"), top),
        alt=_told(scene, bins, total, totals, own),
        layout={"legend": {"traceorder": "reversed"}},
    )


def _single(scene: Scene, bins: Bins, code: int) -> Part:
    """Return a series' highest and lowest samples, where a cell without one counts as 0."""
    frame = scene.frame
    over = np.flatnonzero(frame.cells.end <= scene.drawing.now)
    value = np.zeros(len(frame.cells))
    cell, known = frame.line(code, "value")
    value[cell] = known
    return series_dots(scene, code, peaks(scene, bins, over, value[over]), _VALUE)


def _mean_of(width: int) -> str:
    return f", mean of {duration(width)}" if width > 60 else ""


def _over(scene: Scene, bins: Bins) -> Array:
    """Return which bins are over: of one that is not, the number is too small yet. It stands for itself alone."""
    over = np.minimum(bins.end, scene.drawing.end) <= scene.drawing.now
    return over if over.any() else bins.start <= scene.drawing.now


def _told(scene: Scene, bins: Bins, total: Array, totals: Array, own: list[int]) -> list[str]:
    sentences = [f"{totals.sum():,.0f} operations ended, most of them {scene.name(own[0])}: {totals[own[0]]:,.0f}."]
    if np.isfinite(total).any():
        at = int(np.nanargmax(total))
        sentences.append(f"At most {number(total[at])} a minute, {scene.when(bins, at)}.")
    return sentences
