"""Calm lines, and what stands out of them."""

from __future__ import annotations

import numpy as np

from telemetryd.charts.figures.lines import calm, peaks, samples, series_dots, series_line
from tests.charts.samples import NOON, drawing

from .reading import scene_of


def test_calm_points_lie_in_the_middle_of_their_bins() -> None:
    """One point a bin, and one without a value where a gap begins."""
    scene = scene_of(drawing("throughput", "one", now=NOON + 1.0))
    bins = scene.bins(scene.plot([]), 200)
    value = np.full(len(bins), np.nan)
    value[[0, 1, 4]] = [3, 4, 5]
    points = calm(scene, bins, value)
    np.testing.assert_array_equal(points.y, [3, 4, np.nan, 5])
    assert (points.at[:2] - (NOON - 3600)).tolist() == [bins.width / 2, bins.width * 1.5]
    assert points.when[0] == "11:00 – 11:12"


def test_dots_are_the_highest_and_lowest_samples() -> None:
    """Every bin's extremes are there, each at its own instant with its own interval."""
    scene = scene_of(drawing("operation_latency"))
    cell, value = scene.frame.line(3, "median")
    bins = scene.bins(scene.plot([]), 6)
    found = peaks(scene, bins, cell, value)
    assert (found.y.max(), found.y.min()) == (value.max(), value.min())
    assert len(found.y) <= 2 * len(bins)
    assert found.at[found.y.argmax()] == scene.middles(cell[[value.argmax()]])[0]


def test_samples_are_as_they_are() -> None:
    """Values and instants of samples are not touched."""
    scene = scene_of(drawing("operation_latency", "one"))
    cell, value = scene.frame.line(0, "median")
    points = samples(scene, cell, value)
    assert points.y.tolist() == value.tolist()
    assert points.at[0] == scene.frame.cells.start[cell[0]] + 30
    assert points.when[0].endswith("11:01")


def test_a_series_is_one_entry_of_the_legend() -> None:
    """Its dots come and go with its line, and have its colour."""
    scene = scene_of(drawing("throughput", "one"))
    points = samples(scene, *scene.frame.line(0, "value"))
    line, dots = series_line(scene, 0, points, "", 60), series_dots(scene, 0, points, "")
    assert line["legendgroup"] == dots["legendgroup"]
    assert line["line"]["color"] == dots["marker"]["color"]
    assert dots["showlegend"] is False
