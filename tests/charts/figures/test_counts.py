"""Bars of what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.charts.colours import series_colour, status_colour
from telemetryd.charts.figures.counts import STACK, unfinished
from telemetryd.charts.frames import Frame
from tests.charts.samples import KINDS, NOON, drawing

from .reading import named, read, scene_of


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_bars_add_up_to_the_samples(kind: str) -> None:
    """However wide the bars are, the entries into each status are those of all samples, none lost, none twice."""
    made = drawing("operation_count", kind)
    figure = read(made)
    for status in STACK:
        (trace,) = named(figure, status)
        assert np.sum(trace.y) == Frame.of(made).total(status).sum()
        assert trace.marker.color == status_colour(status)
    assert [trace.name for trace in figure.data] == list(STACK)


def test_a_filtered_status_is_drawn_by_series() -> None:
    """Of one status the series are what differs; the largest ten have a name, and the rest is added up."""
    made = drawing("operation_count", "forty", status="failed")
    figure = read(made)
    totals = Frame.of(made).total("failed")
    rest = [trace for trace in figure.data if "other series" in trace.name]
    assert len(figure.data) == 11 and len(rest) == 1
    assert sum(np.sum(trace.y) for trace in figure.data) == totals.sum()
    key = made.keys[int(totals.argmax())]
    assert figure.data[0].marker.color == series_colour(*key)
    assert np.sum(figure.data[0].y) == totals.max()


def test_retries_are_drawn_by_series() -> None:
    """Retries add up too, and a series without any is not in the legend."""
    made = drawing("retry_count", "much", keys=[("get", "local"), ("pin", "storacha"), ("mkdir", "local")], interval=60)
    figure = read(made)
    totals = Frame.of(made).total("count")
    assert sum(np.sum(trace.y) for trace in figure.data) == totals.sum()
    assert len(figure.data) == np.count_nonzero(totals)


def test_the_axis_says_how_wide_bars_are() -> None:
    """Bars of four pixels or more are a whole number of intervals, which the axis names."""
    assert read(drawing("operation_count", "one")).layout.yaxis.title.text == "entries into a status per minute"
    assert read(drawing("operation_count", "much")).layout.yaxis.title.text == "entries into a status per 6 min"


def test_bars_that_are_not_whole_are_faint() -> None:
    """What has not ended yet, and what the range cuts, does not look like a drop."""
    scene = scene_of(drawing("operation_count", "one", start=NOON - 3600 + 120, end=NOON - 60, now=NOON - 100.0))
    bins = scene.bins(scene.plot([]), 150)
    assert bins.width == 600
    assert unfinished(scene, bins).tolist() == [True, False, False, False, False, True]
    (trace,) = named(read(drawing("operation_count", "one")), "completed")
    assert np.asarray(trace.marker.opacity).tolist() == [1] * 58 + [0.45]
    assert len(trace.x) == 59
