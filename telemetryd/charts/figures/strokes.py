"""Lines, dots, bands and bars as Plotly has them. Their names are as they are: the figure marks them up.

Times go out as dates in words: what is a number Plotly takes for an instant in the *local* time of
wherever it draws, and shows all of it hours off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from telemetryd.charts import moments
from telemetryd.charts.lettering import markup
from telemetryd.charts.quantities import duration
from telemetryd.charts.sampling import Bins
from telemetryd.model.timerange import DAY
from telemetryd.rollup.columns import Array

from .scene import Part


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a line: ``at`` (Unix s), the value that is drawn, NaN at a gap, and the interval in words.

    ``fact`` is the value itself, where another is drawn.
    """

    at: Array
    y: Array
    when: Array
    fact: Array | None = None

    def with_gaps(self, after: Array) -> Points:
        """Return them with a NaN before each of some positions, so that the line breaks there."""
        return Points(
            np.insert(self.at, after, self.at[after]),
            np.insert(self.y, after, np.nan),
            np.insert(self.when, after, ""),
            None if self.fact is None else np.insert(self.fact, after, np.nan),
        )

    def drawn_as(self, y: Array) -> Points:
        """Return them at other heights; what they were is the fact."""
        return replace(self, y=y, fact=self.y)

    @property
    def where(self) -> Part:
        """The parts of a trace that these are."""
        part: Part = {"x": instants(self.at), "y": self.y, "text": self.when}
        return part if self.fact is None else part | {"customdata": self.fact}


def instants(seconds: Array) -> Array:
    """Return Unix seconds as dates of UTC."""
    return (np.clip(seconds, 0, moments.LATEST) * 1000).astype("datetime64[ms]")


def instant(seconds: float) -> str:
    """Return one instant as Plotly reads it: ``2026-11-24T08:00:00.000``."""
    return str(np.datetime_as_string(instants(np.array([seconds]))[0]))


def intervals(start: Array, end: Array, interval: int) -> Array:
    """Return intervals in words, as hover text needs them beside their day: ``08:00 – 08:05``."""
    if interval % DAY == 0:
        return np.strings.add(np.datetime_as_string(instants(start), unit="D"), f", {duration(interval)}")
    step = 60 if interval % 60 == 0 else 1
    words = _clock(step)
    first, last = (words[at.astype(np.int64) % DAY // step] for at in (start, end))
    return np.strings.add(np.strings.add(first, " – "), last)


def line(
    name: str, points: Points, hover: str, *, width: float, colour: str | None = None, dash: str = "solid"
) -> Part:
    """Return a line with gaps where a value is NaN, and a point where one stands alone between two.

    Without a colour it has that of the template, which is the ink of the theme.
    """
    trace: Part = {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "line": {"width": width, "dash": dash},
        "hovertemplate": hover,
    }
    if colour is not None:
        trace["line"]["color"] = colour
    alone = _alone(points.y)
    if alone.any():
        trace["mode"] = "lines+markers"
        trace["marker"] = {"size": np.where(alone, width * 1.5 + 1.5, 0.0), "opacity": 1.0, "line": {"width": 0}}
        if colour is not None:
            trace["marker"]["color"] = colour
    return trace | points.where


def dots(name: str, points: Points, hover: str, *, size: float, colour: str, opacity: float) -> Part:
    """Return points without a line."""
    marker = {"color": colour, "size": size, "opacity": opacity, "line": {"width": 0}}
    trace: Part = {"type": "scatter", "name": name, "mode": "markers", "marker": marker, "hovertemplate": hover}
    return trace | points.where


def band(low: Points, high: Points, colour: str, opacity: float) -> Part:
    """Return the area between two lines that have their gaps at the same places; it is not hovered over."""
    edges = np.flatnonzero(np.diff(np.isfinite(low.y), prepend=False, append=False))
    across, up, gap = [np.empty(0)], [np.empty(0)], np.array([np.nan])
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        part, again = slice(first, last), slice(first, first + 1)
        across += [high.at[part], low.at[part][::-1], high.at[again], high.at[again]]
        up += [high.y[part], low.y[part][::-1], high.y[again], gap]
    return {
        "type": "scatter",
        "x": instants(np.concatenate(across)),
        "y": np.concatenate(up),
        "mode": "lines",
        "line": {"width": 0, "color": colour},
        "fill": "toself",
        "fillcolor": _faded(colour, opacity),
        "hoverinfo": "skip",
        "showlegend": False,
    }


def bars(name: str, bins: Bins, y: Array, colour: str, hover: str, *, faint: Array) -> Part:
    """Return bars as wide as their bins, with a seam between; ``faint`` are those that are no whole bin."""
    opacity = np.where(faint, 0.45, 1.0) if faint.any() else 1.0
    return {
        "type": "bar",
        "name": name,
        "x": instants(bins.start),
        "y": y,
        "width": (bins.end - bins.start) * 1000.0,
        "offset": 0,
        "marker": {"color": colour, "opacity": opacity, "line": {"width": 0.5}},
        "hovertemplate": hover,
    }


def hover(name: str, value: str, interval: int) -> str:
    """Return hover text of a point: the series, the value, and the interval."""
    when = "%{text}" if interval % DAY == 0 else "%{x|%-d %b %Y}, %{text} UTC"
    return f"<b>{markup(name)}</b><br>{value}<br>{when}<extra></extra>"


def unified(name: str, value: str) -> str:
    """Return hover text of one line in a box that all series share."""
    return f"{value}  {markup(name)}<extra></extra>"


def unified_title(interval: int) -> Part:
    """Return what stands at the top of that box: the start of the interval, and its width."""
    clock = "" if interval % DAY == 0 else ", %H:%M" if interval % 60 == 0 else ", %H:%M:%S"
    return {"unifiedhovertitle": {"text": f"<b>%{{x|%-d %b %Y{clock}}} UTC</b>, {duration(interval)}"}}


@cache
def _clock(step: int) -> Array:
    """Return the time of day in words at each ``step`` s of it: 60, or 1."""
    words = np.datetime_as_string(np.arange(0, DAY, step).astype("datetime64[s]"))
    return np.strings.slice(words, 11, 16 if step == 60 else 19)


def _faded(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:.3g})"


def _alone(y: Array) -> Array:
    known: Array = np.concatenate([[False], np.isfinite(y), [False]])
    alone: Array = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone
