"""Figures, read back: their traces by name, their points, and all that a person would see as text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go

from telemetryd.charts.drawing import Drawing
from telemetryd.charts.figures import figure_of
from telemetryd.charts.figures.canvas import Canvas
from telemetryd.charts.figures.heading import Heading
from telemetryd.charts.figures.scene import Scene
from telemetryd.charts.frames import Frame
from telemetryd.rollup.columns import Array

# Our own tags, and what Plotly puts in their place.
_TAGS = re.compile(r"</?b>|<br>|<extra></extra>")
_VARIABLES = re.compile(r"%\{(x|y|text|customdata|hovertext)(:[^}]*|\|[^}]*)?\}")


def scene_of(drawing: Drawing) -> Scene:
    """Return what the builders are given."""
    canvas = Canvas.of(drawing.look)
    return Scene(Frame.of(drawing), canvas, Heading.of(canvas, drawing))


def read(drawing: Drawing) -> go.Figure:
    """Return the figure of a drawing, each of its attributes looked at by Plotly."""
    figure = figure_of(drawing)
    data = [trace.to_plotly_json() for trace in figure.data]
    return go.Figure({"data": data, "layout": figure.layout.to_plotly_json()})


def named(figure: go.Figure, name: str, **having: Any) -> list[Any]:
    """Return the traces of a name, such as the legend shows it, that have some attributes."""
    return [
        trace
        for trace in figure.data
        if html.unescape(trace.name or "") == name and all(trace[each] == value for each, value in having.items())
    ]


def points(trace: Any) -> tuple[Array, Array]:
    """Return instants (Unix s) and values of a trace, without its gaps."""
    y = np.asarray(trace.y, np.float64)
    known = np.isfinite(y)
    return np.asarray(trace.x, "datetime64[ms]").astype(np.int64)[known] / 1000, y[known]


def plot_of(figure: go.Figure) -> tuple[float, float]:
    """Return width and height of the plot area in pixels."""
    layout = figure.layout
    return layout.width - layout.margin.l - layout.margin.r, layout.height - layout.margin.t - layout.margin.b


def texts(part: Any, key: str = "") -> Iterator[str]:
    """Yield every string of a figure that Plotly reads as markup or as a hover template."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name not in ("template", "meta"):
                yield from texts(value, name)
    elif isinstance(part, str):
        if key in ("text", "name", "hovertemplate", "hovertext", "ticktext", "ticksuffix", "y"):
            yield part
    elif isinstance(part, list | tuple | np.ndarray) and not (
        isinstance(part, np.ndarray) and part.dtype.kind in "fiM"
    ):
        for value in part:
            yield from texts(value, key)


def acts(text: str) -> str:
    """Return what of a text is neither ours nor mere letters: tags, variables, formulas; empty where all is well."""
    rest = _VARIABLES.sub("", _TAGS.sub("", text))
    return "".join(re.findall(r"[<>${}]|%\{|&(?!(?:amp|lt|gt|#\d+);)", rest))
