"""Figures as pictures are drawn of them: the same to see, in few elements."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures import figure_of, picture_of
from telemetryd.model.metrics import METRIC_TYPES
from telemetryd.model.timerange import HOUR
from tests.charts.samples import KINDS, NOON, drawing

from .reading import plot_of

SIZES = ((1200, 800), (600, 400), (300, 200), (100, 100), (4000, 4000))


def paths(picture: dict[str, Any], **having: Any) -> list[str]:
    """Return the paths of a picture's marks that have some attributes."""
    return [
        shape["path"]
        for shape in picture["layout"]["shapes"]
        if "path" in shape and all(shape[name] == value for name, value in having.items())
    ]


@pytest.mark.parametrize("metric_type", METRIC_TYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_picture_is_one_that_plotly_takes(metric_type: str, kind: str, size: tuple[int, int]) -> None:
    """Whatever is drawn, at whatever size, Plotly knows every attribute, and there are few elements."""
    picture = picture_of(drawing(metric_type, kind, look=Look(*size)))
    figure = go.Figure(picture)
    assert len(figure.layout.shapes) < 120
    assert not any(getattr(trace, "mode", "") == "markers" for trace in figure.data)
    assert sum(len(trace.x) for trace in figure.data if trace.type == "bar" and trace.orientation != "h") <= 12
    assert all(-1e-9 <= float(at) <= 1 for path in paths(picture) for at in re.findall(r"(?<=[MH])[\d.]+", path))


def test_every_bar_has_its_rectangle() -> None:
    """Bars of a series stand on those of the series before, as high as what they count, to the pixel."""
    made = drawing("operation_count", "much")
    picture, figure = picture_of(made), figure_of(made)
    low, high = picture["layout"]["yaxis"]["range"]
    pixel = (high - low) / plot_of(figure)[1]
    below = np.zeros(len(figure.data[0].y))
    for trace in figure.data:
        rectangles = [
            [float(edge) for edge in found]
            for path in paths(picture, fillcolor=trace.marker.color)
            for found in re.findall(r"M[\d.]+,([-\d.e+]+)V([-\d.e+]+)H", path)
        ]
        drawn = np.asarray(trace.y) != 0
        edges = np.array([below[drawn], (below + trace.y)[drawn]]).T
        assert np.abs(np.array(rectangles) - edges).max() <= pixel * 1.001
        below = below + np.asarray(trace.y)
    assert low == 0 and below.max() < high < below.max() * 1.1


def test_bars_that_are_not_whole_are_faint() -> None:
    """What has not ended yet looks so in a picture, too."""
    made = drawing("operation_count", "one", start=NOON - HOUR + 120, end=NOON, now=NOON - 100.0)
    assert {shape["opacity"] for shape in picture_of(made)["layout"]["shapes"] if "path" in shape} == {0.45, 1.0}


def test_every_dot_has_its_place() -> None:
    """A dot is as high as its sample, and where on the axis of time that is."""
    made = drawing("throughput", "much")
    picture, figure = picture_of(made), figure_of(made)
    low, high = (np.datetime64(at).astype(np.int64) for at in figure.layout.xaxis.range)
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    drawn = paths(picture, layer="below")
    assert len(drawn) == len(dots) > 1
    for trace, path in zip(dots, drawn, strict=True):
        found = np.array(re.findall(r"M([\d.]+),([-\d.e+]+)H([\d.]+)", path), np.float64)
        share = (np.asarray(trace.x, "datetime64[ms]").astype(np.int64) - low) / (high - low)
        np.testing.assert_allclose(found[:, 1], trace.y, rtol=1e-6)
        np.testing.assert_allclose((found[:, 0] + found[:, 2]) / 2, share, atol=2e-3)


def test_bands_and_their_edges_break_where_they_are_unknown() -> None:
    """A gap is a gap: a path begins anew after it, and has the values of its trace."""
    made = drawing("operation_latency", "gaps")
    picture, figure = picture_of(made), figure_of(made)
    strokes = [trace for trace in figure.data if trace.showlegend is False and trace.mode != "markers"]
    drawn = [path for path in paths(picture) if "L" in path]
    assert len(drawn) == len(strokes) > 2
    for trace, path in zip(strokes, drawn, strict=True):
        y = np.asarray(trace.y, np.float64)
        known = np.isfinite(y)
        np.testing.assert_allclose(np.array(re.findall(r",([-\d.e+]+)", path), np.float64), y[known], rtol=1e-6)
        assert path.count("M") == np.count_nonzero(known & ~np.concatenate([[False], known[:-1]])) > 1


@pytest.mark.parametrize("metric_type", METRIC_TYPES)
def test_a_picture_has_the_legend_of_its_figure(metric_type: str) -> None:
    """The same entries in the same order, and nothing that only a pointer would find."""
    made = drawing(metric_type, "much")
    figure, picture = figure_of(made), picture_of(made)
    entries = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert [trace["name"] for trace in picture["data"] if trace.get("showlegend") is not False] == entries
    assert not any("hovertemplate" in trace or "customdata" in trace for trace in picture["data"])
