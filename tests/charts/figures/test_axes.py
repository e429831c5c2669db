"""Axes: the whole range, in UTC, and values that can be read."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures.axes import amounts, limits, shares, time_axis, times, towards_all, towards_none, whole
from telemetryd.charts.figures.canvas import Plot
from tests.charts.samples import NOON, drawing

from .reading import scene_of


def plot(width: int = 1200, height: int = 800) -> Plot:
    return scene_of(drawing("throughput", look=Look(width, height))).plot([])


def test_time_goes_from_edge_to_edge() -> None:
    """The axis shows the range whole, comes back to it, says UTC and has the day below the clock."""
    axis = time_axis(drawing("throughput", "one"), plot())
    assert axis["range"] == ["2026-11-24T11:00:00.000", "2026-11-24T12:00:00.000"]
    assert [axis["autorangeoptions"][name] for name in ("clipmin", "clipmax")] == axis["range"]
    assert (axis["ticksuffix"], axis["showticksuffix"]) == (" UTC", "first")
    assert {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%-d %b %Y"} in axis["tickformatstops"]


def test_a_range_of_no_length_has_time_around_it() -> None:
    """An axis never begins where it ends."""
    assert limits(drawing("throughput", start=NOON, end=NOON)) == (NOON - 60, NOON + 60)


def test_a_tiny_axis_has_one_tick() -> None:
    """Where there is room for one word, it is the time at which the range begins."""
    axis = time_axis(drawing("throughput", "one"), plot(100, 100))
    assert (axis["ticktext"], axis["tickvals"]) == (["11:00"], ["2026-11-24T11:00:00.000"])


@pytest.mark.parametrize("stretched", [towards_none, towards_all])
def test_a_stretched_axis_is_the_whole_axis(stretched: object) -> None:
    """Nothing stays at 0, all at 1, and the order in between."""
    at = stretched(np.linspace(0, 1, 101))  # type: ignore[operator]
    assert (at[0], at[-1]) == (0, 1)
    assert (np.diff(at) > 0).all()


def test_small_rates_have_room() -> None:
    """The first five per cent of errors take more than a fifth of the axis, and its ticks are real per cents."""
    assert towards_none(np.array([0.01, 0.05])).tolist() == pytest.approx([0.1, 0.2236], abs=1e-4)
    axis = shares(plot(), ("failed",), towards_none)
    assert axis["ticktext"] == ["0 %", "1 %", "5 %", "10 %", "25 %", "50 %", "75 %", "100 %"]
    assert axis["range"] == [-0.015, 1.015]
    assert shares(plot(), ("completed",), towards_all)["ticktext"][-2:] == ["99 %", "100 %"]


def test_latency_is_logarithmic_where_it_is_far_apart() -> None:
    """From milliseconds to minutes by powers of ten, within a narrow range evenly from 0; units at every tick."""
    far = times(plot(), ("latency",), 0.002, 90)
    assert far["type"] == "log"
    assert {"10 ms", "1 s", "10 s"} <= set(far["ticktext"])
    assert far["range"][0] < np.log10(0.002) and far["range"][1] > np.log10(90)
    near = times(plot(), ("latency",), 0.2, 0.9)
    assert near["range"][0] == 0
    assert near["ticktext"][:2] == ["0 s", "200 ms"]


def test_counts_have_whole_ticks() -> None:
    """An axis of few operations has no half ones, one of many writes thousands."""
    assert whole(amounts(plot(), ("retries",), 3), 3)["dtick"] == 1
    assert amounts(plot(), ("retries",), 40_000)["tickformat"] == "~s"
    assert amounts(plot(), ("retries",), 0)["range"] == [0, 1]


def test_the_longest_title_that_fits_is_taken() -> None:
    """A title is no longer than its axis, and gives way to tiny charts."""
    titles = ("a title that is much too long for a chart that is not high", "short")
    assert amounts(plot(), titles, 1)["title"]["text"] == titles[0]
    assert amounts(plot(600, 300), titles, 1)["title"]["text"] == "short"
    assert "title" not in amounts(plot(200, 200), titles, 1)
