"""What builders are given."""

from __future__ import annotations

import numpy as np

from telemetryd.charts.figures.scene import others
from tests.charts.samples import NOON, drawing

from .reading import scene_of


def test_bins_are_as_wide_as_pixels() -> None:
    """Bins of four pixels on a plot of a thousand are six minutes of a day."""
    scene = scene_of(drawing("throughput"))
    plot = scene.plot([])
    assert scene.bins(plot, 4).width == 360
    assert scene.bins(plot, 0.1).width == 60


def test_samples_are_drawn_in_the_middle_of_what_is_known() -> None:
    """A sample lies in the middle of its interval, the unfinished one in the middle of its part until now."""
    scene = scene_of(drawing("throughput", "one"))
    middles = scene.middles(np.array([0, 58])) - (NOON - 3600)
    assert middles.tolist() == [30, 58 * 60 + 10]


def test_words_for_what_the_range_leaves() -> None:
    """A stretch of time is told as far as the range goes."""
    scene = scene_of(drawing("throughput", "one"))
    assert scene.span(NOON - 7200, NOON - 1800) == "24 Nov 2026, 11:00 – 11:30 UTC"


def test_the_rest_has_a_name_together() -> None:
    """Where there is a rest, it is called by its number."""
    assert others([]) == []
    assert others(list(range(18))) == ["18 other series"]
