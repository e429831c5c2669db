"""A figure as a picture needs it: without what only a pointer finds, and with few elements.

Every dot and every bar is an element of its own to Plotly, and every trace has a hundred attributes to be
looked at, which costs more than all else in a chart of a thousand. Here the bars of a series, its dots, and
whatever has no place in the legend are shapes, each a path across the axis of time from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from telemetryd.rollup.columns import Array

from .scene import Part

# What is seen only by who points at something; ``text`` is, too, unless it is drawn.
_HIDDEN = ("hovertemplate", "hovertext", "customdata", "hoverongaps", "meta")
# What makes the look of a trace depend on others, or is no stroke.
_OF_OTHERS = {"stackgroup", "textfont"}
# A square of this side covers as much as a disc of a diameter of 1.
_SQUARE = 0.886
# Bars of one path: of a path with more corners than pixels, Chromium draws every pixel sixteen times.
_AT_ONCE = 40
# The part of an axis that Plotly leaves free above its marks.
_FREE = 0.05


def still(figure: Part) -> Part:
    """Return a figure that looks the same, and that Plotly draws in a fraction of the time."""
    layout = figure["layout"]
    stills = _Stills(layout, _range_of(figure))
    traces = [stills.without_marks(trace) for trace in figure["data"]]
    if not stills.shapes:
        return {"data": traces, "layout": layout}
    values = layout["yaxis"] | {"range": stills.range, "autorange": False}
    shapes = [*stills.shapes, *layout["shapes"]]
    return {"data": [trace for trace in traces if trace], "layout": layout | {"shapes": shapes, "yaxis": values}}


class _Stills:
    """The shapes that stand for the marks of traces."""

    def __init__(self, layout: Part, values: Sequence[float]) -> None:
        low, high = (int(np.datetime64(at, "ms").astype(np.int64)) for at in layout["xaxis"]["range"])
        margin = layout["margin"]
        self._low, self._length = low, high - low
        self._across = max(10, layout["width"] - margin["l"] - margin["r"])
        self._unit = (values[1] - values[0]) / max(10, layout["height"] - margin["t"] - margin["b"])
        # What bars of the same place stand on: those upward, and those downward.
        self._stack = np.zeros((2, 0))
        self.range = values
        self.shapes: list[Part] = []

    def without_marks(self, trace: Part) -> Part:
        """Return what is left of a trace for Plotly to draw, of bars the entry of the legend; maybe nothing."""
        hidden = _HIDDEN if trace.get("mode") == "text" else (*_HIDDEN, "text")
        bare = {name: value for name, value in trace.items() if name not in hidden} | {"hoverinfo": "skip"}
        if trace["type"] == "bar" and trace.get("orientation") != "h":
            self._bars(trace)
            return bare | {"x": [None], "y": [None], "width": None, "marker": trace["marker"] | {"opacity": 1.0}}
        if trace["type"] == "scatter" and trace.get("showlegend") is False and not trace.keys() & _OF_OTHERS:
            self._strokes(trace)
            return {}
        return bare

    def _strokes(self, trace: Part) -> None:
        """Draw a line, an area, or dots; a dot may be a point of a line that stands alone."""
        x, y, opacity = self._pixel(trace["x"]), trace["y"], trace.get("opacity", 1.0)
        if "lines" in trace["mode"]:
            fill = {"fillcolor": trace["fillcolor"], "fillrule": "nonzero"} if "fill" in trace else {}
            (at,) = self._shares(x)
            self._draw(_polyline(at, y), layer="below", opacity=opacity, line=trace["line"], **fill)
        if "markers" in trace["mode"]:
            marker = trace["marker"]
            side = np.broadcast_to(marker["size"], len(y)) * _SQUARE
            dots = np.isfinite(y) & (side > 0)
            edges = np.array([*self._shares(x - side / 2, x + side / 2), y])[:, dots]
            path = "".join(f"M{left:.5f},{height:.7g}H{right:.5f}" for left, right, height in edges.T.tolist())
            line = {"color": marker["color"], "width": float(side.max(initial=0.0))}
            self._draw(path, layer="below", opacity=opacity * marker["opacity"], line=line)

    def _bars(self, trace: Part) -> None:
        marker, y = trace["marker"], np.nan_to_num(trace["y"])
        if not self._stack.shape[1]:
            self._stack = np.zeros((2, len(y)))
        place = (y < 0).astype(int), np.arange(len(y))
        base = self._stack[place]
        self._stack[place] += y
        # At whole pixels, but for half a one at the left and the top: a seam, if both are several pixels apart.
        left, right = np.round(self._pixel(trace["x"])), np.round(self._pixel(trace["x"], trace["width"]))
        low, high = (self._at_pixels(each) for each in (base, base + y))
        seen = np.abs(high - low) > 1.5 * self._unit
        low, high = np.where(seen, low, base), np.where(seen, high - np.sign(y) * self._unit / 2, base + y)
        edges = np.array([*self._shares(left + 0.5, right), low, high])
        opacity = np.broadcast_to(marker["opacity"], len(y))
        for each in np.unique(opacity):
            for path in _rectangles(edges[:, (opacity == each) & (y != 0)]):
                self._draw(path, layer="above", opacity=float(each), fillcolor=marker["color"], line={"width": 0})

    def _at_pixels(self, value: Array) -> Array:
        """Return the values at the nearest edges of pixels."""
        at: Array = self.range[1] - np.round((self.range[1] - value) / self._unit) * self._unit
        return at

    def _draw(self, path: str, **look: object) -> None:
        if path:
            self.shapes.append({"type": "path", "xref": "paper", "yref": "y", "path": path} | look)

    def _pixel(self, at: Array, later: Array | float = 0.0) -> Array:
        """Return how many pixels from the beginning of the axis instants and some milliseconds are."""
        pixel: Array = (at.astype(np.int64) - self._low + later) / self._length * self._across
        return pixel

    def _shares(self, *pixels: Array) -> Iterator[Array]:
        return (np.clip(each / self._across, 0, 1) for each in pixels)


def _range_of(figure: Part) -> Sequence[float]:
    """Return the range of the values: as the axis has it, or as Plotly would find it for what counts from 0."""
    if "range" in figure["layout"]["yaxis"]:
        given: Sequence[float] = figure["layout"]["yaxis"]["range"]
        return given
    heights = [np.nan_to_num(trace["y"]) for trace in figure["data"] if trace["type"] == "bar"]
    stacks = [np.sum([sign(each, 0.0) for each in heights], axis=0) for sign in (np.minimum, np.maximum) if heights]
    lines = [trace["y"] for trace in figure["data"] if trace["type"] == "scatter"]
    values = np.concatenate([np.zeros(1), *(np.asarray(each, np.float64) for each in (*stacks, *lines))])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    free = (high - low) * _FREE / (1 - _FREE)
    return (low - free if low else 0.0, high + free) if high > low else (0.0, 1.0)


def _polyline(at: Array, y: Array) -> str:
    """Return the path of a line that breaks where a value is NaN."""
    known = np.isfinite(y)
    begins = known & ~np.concatenate([[False], known[:-1]])
    each = zip(np.where(begins, "M", "L")[known].tolist(), at[known].tolist(), y[known].tolist(), strict=True)
    return "".join(f"{letter}{across:.5f},{height:.7g}" for letter, across, height in each)


def _rectangles(edges: Array) -> Iterator[str]:
    """Yield paths of bars: left, right, low and high of each."""
    for first in range(0, edges.shape[1], _AT_ONCE):
        yield "".join(
            f"M{left:.5f},{low:.10g}V{high:.10g}H{right:.5f}V{low:.10g}Z"
            for left, right, low, high in edges[:, first : first + _AT_ONCE].T.tolist()
        )
