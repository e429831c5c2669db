"""Many series as lines that can be read: what is usual in full strength, what stands out of it faint behind.

Where there are more samples than a calm line has room for, a series is drawn twice: a line over bins
some pixels wide, and the highest and the lowest sample of each bin as dots.
"""

from __future__ import annotations

import numpy as np

from telemetryd.charts.colours import series_colour, series_dash
from telemetryd.charts.sampling import Bins, extremes
from telemetryd.rollup.columns import Array

from .scene import Part, Scene
from .strokes import Points, dots, hover, intervals, line

# Pixels that a point of a line has to itself.
CALM = 6.0


def samples(scene: Scene, cell: Array, value: Array) -> Points:
    """Return samples as they are, each in the middle of its interval."""
    cells, interval = scene.frame.cells, scene.drawing.interval
    ends = np.append(cells.start[1:], cells.start[-1:] + interval)
    return Points(scene.middles(cell), value, intervals(cells.start[cell], ends[cell], interval))


def peaks(scene: Scene, bins: Bins, cell: Array, value: Array) -> Points:
    """Return the highest and the lowest sample of each bin."""
    kept = extremes(bins.of_cell[cell], value)
    return samples(scene, cell[kept], value[kept])


def calm(scene: Scene, bins: Bins, value: Array) -> Points:
    """Return one point a bin, in the middle of it, and one that is unknown for each gap."""
    start = np.maximum(bins.start, scene.drawing.start)
    end = np.minimum(bins.end, max(scene.frame.known_until, scene.drawing.start))
    known = np.isfinite(value)
    kept = known | np.concatenate([[False], known[:-1]])
    when = intervals(bins.start[kept], bins.end[kept], bins.width)
    return Points(((start + end) / 2)[kept], value[kept], when)


def series_line(scene: Scene, code: int, points: Points, value: str, interval: int) -> Part:
    """Return one series as a line in its colour; ``value`` is how hover text writes it."""
    key, name = scene.drawing.keys[code], scene.name(code)
    width, colour, dash = 1.8 * scene.canvas.unit, series_colour(*key), series_dash(key[0])
    trace = line(name, points, hover(name, value, interval), width=width, colour=colour, dash=dash)
    return trace | {"legendgroup": f"{code}"} | scene.meta(code)


def series_dots(scene: Scene, code: int, points: Points, value: str) -> Part:
    """Return single samples of a series as faint dots behind its line."""
    name, colour = scene.name(code), series_colour(*scene.drawing.keys[code])
    text = hover(name, value, scene.drawing.interval)
    trace = dots(name, points, text, size=2.6 * scene.canvas.unit, colour=colour, opacity=0.28)
    return trace | {"legendgroup": f"{code}", "showlegend": False} | scene.meta(code)
