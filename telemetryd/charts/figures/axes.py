"""Axes: time in UTC from edge to edge, and values with their unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from telemetryd.charts import moments
from telemetryd.charts.drawing import Drawing
from telemetryd.charts.lettering import markup, width_of
from telemetryd.charts.quantities import logarithmic_ticks, seconds, share
from telemetryd.rollup.columns import Array

from .canvas import Plot
from .scene import Part
from .strokes import instant

# A latency axis is logarithmic where its largest value is so many times the smallest.
WIDE_SPREAD = 12.0
# Per cent that have a line of their own on an axis that is stretched near nothing.
_STRETCHED = (0.0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 1.0)


def time_axis(drawing: Drawing, plot: Plot) -> Part:
    """Return the axis of time: from the range's start to its end, with the word UTC at the first tick."""
    canvas = plot.canvas
    low, high = map(instant, limits(drawing))
    axis: Part = {
        "type": "date",
        "range": [low, high],
        "autorange": False,
        # "Autorange" shows the whole range, whatever part of it has samples.
        "autorangeoptions": {"include": [low, high], "clipmin": low, "clipmax": high},
        "minallowed": low,
        "maxallowed": high,
        "showgrid": False,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4 if canvas.text > 10 else 2,
        "nticks": max(2, int(plot.width / (canvas.text * 6.5))),
        "tickformatstops": _tick_formats(canvas.tick_lines),
        "tickfont": {"size": canvas.text},
        "tickangle": 0,
        "ticksuffix": " UTC" if canvas.tick_lines > 1 else "",
        "showticksuffix": "first",
        "showticklabels": canvas.tick_lines > 0,
        "hoverformat": "%-d %b %Y, %H:%M:%S UTC",
        "showspikes": True,
        "spikemode": "across",
        "spikesnap": "cursor",
    }
    if plot.width < canvas.text * 12:
        # Room for one word.
        axis |= {"tickmode": "array", "tickvals": [low], "ticktext": [moments.clock(drawing.start)]}
    return axis


def limits(drawing: Drawing) -> tuple[float, float]:
    """Return where the time axis begins and ends, in Unix s; a range of no length is shown with some time around it."""
    start, end = min(drawing.start, moments.LATEST), min(drawing.end, moments.LATEST)
    if end <= start:
        around = max(30, drawing.interval)
        return start - around, start + around
    return start, end


def amounts(plot: Plot, titles: Sequence[str], top: float) -> Part:
    """Return an axis from 0 for what is counted, up to about ``top``."""
    axis = _values(plot, titles)
    axis |= {"rangemode": "tozero", "tickformat": "~s" if top >= 10_000 else ",~r" if top >= 10 else ",.12~g"}
    if top <= 4:
        axis["dtick"] = 1 if top > 1.5 else 0.5
    if not top > 0:
        axis |= {"range": [0, 1], "dtick": 1}
    return axis


def towards_none(value: Array) -> Array:
    """Return where shares are drawn on an axis that grows with their square root: 1 % at 0.1, 25 % at 0.5."""
    at: Array = np.sqrt(np.clip(value, 0, 1))
    return at


def towards_all(value: Array) -> Array:
    """Return where shares are drawn on an axis that grows towards 100 %: 99 % at 0.9, 75 % at 0.5."""
    at: Array = 1 - np.sqrt(np.clip(1 - value, 0, 1))
    return at


def whole(axis: Part, top: float) -> Part:
    """Return an axis that has ticks at whole numbers only, as counts do."""
    return axis | ({"dtick": 1} if top <= 5 else {})


def shares(plot: Plot, titles: Sequence[str], stretched: Callable[[Array], Array]) -> Part:
    """Return an axis from 0 to 100 per cent for shares that are drawn at ``stretched`` places."""
    low: tuple[float, ...] = _STRETCHED if plot.height > 14 * plot.canvas.row else (0.0, 0.05, 0.25, 1.0)
    if plot.height < 6 * plot.canvas.row:
        low = (0.0, 0.1, 1.0) if plot.height > 3 * plot.canvas.row else (0.0, 1.0)
    ticks = np.array([1 - value for value in reversed(low)] if stretched is towards_all else low)
    axis = _values(plot, titles)
    return axis | {
        "range": [-0.015, 1.015],
        "autorange": False,
        "tickmode": "array",
        "tickvals": stretched(ticks),
        "ticktext": [share(value) for value in ticks.tolist()],
    }


def times(plot: Plot, titles: Sequence[str], low: float, high: float, share_of_height: float = 1.0) -> Part:
    """Return an axis for seconds from ``low`` to ``high`` (both above 0): logarithmic where they are far apart."""
    height = plot.height * share_of_height
    axis = _values(plot, titles, height)
    rows = max(2, int(height / (plot.canvas.row * 1.4)))
    if high / low < WIDE_SPREAD:
        top = high * 1.06
        step = _nice(top / min(rows, 6))
        ticks = [step * number for number in range(int(top / step) + 1)]
        return axis | {
            "range": [0, top],
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": [seconds(tick) for tick in ticks],
        }
    ticks = logarithmic_ticks(low * 0.8, high * 1.3, rows)
    return axis | {
        "type": "log",
        "range": [math.log10(low * 0.8), math.log10(high * 1.3)],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [seconds(tick) for tick in ticks],
    }


def _values(plot: Plot, titles: Sequence[str], height: float | None = None) -> Part:
    canvas, height = plot.canvas, plot.height if height is None else height
    axis: Part = {
        "showgrid": True,
        "ticks": "",
        "ticklabelstandoff": 4,
        "tickfont": {"size": canvas.text},
        "nticks": max(2, min(9, int(height / (canvas.row * 2.2)))),
        "fixedrange": False,
    }
    if canvas.has_axis_titles:
        # The first wording that fits beside the axis, which it reads along.
        widths = [(markup(title), width_of(title, canvas.text)) for title in titles]
        fitting = (title for title, width in widths if width <= height)
        axis["title"] = {"text": next(fitting, widths[-1][0]), "standoff": 6, "font": {"size": canvas.text}}
        # No attribute of an axis: whoever fits the figure into another height chooses again.
        axis["titles"] = widths
    return axis


def _tick_formats(lines: int) -> list[Part]:
    """Return d3 formats by the distance of ticks (ms); the second line stands where it changes."""
    rows: list[tuple[list[object], str, str]] = [
        ([None, 1000], "%H:%M:%S.%L", "%-d %b %Y"),
        ([1000, 60_000], "%H:%M:%S", "%-d %b %Y"),
        ([60_000, 86_400_000], "%H:%M", "%-d %b %Y"),
        ([86_400_000, "M1"], "%-d %b", "%Y"),
        (["M1", "M12"], "%b", "%Y"),
        (["M12", None], "%Y", ""),
    ]
    return [
        {"dtickrange": distance, "value": f"{first}\n{second}" if second and lines > 1 else first}
        for distance, first, second in rows
    ]


def _nice(step: float) -> float:
    """Return the next larger step of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= step * 0.999)
