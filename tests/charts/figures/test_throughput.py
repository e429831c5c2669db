"""Operations a minute, and all of them."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.charts.frames import Frame
from tests.charts.samples import NOON, drawing

from .reading import named, points, read


def test_a_line_is_the_samples_and_nothing_ended_is_nothing() -> None:
    """Where a minute has no sample nothing ended: the line is at 0 there."""
    made = drawing("throughput", "one", keys=[("pin", "filecoin")], now=NOON + 1.0)
    (trace,) = read(made).data
    _, y = points(trace)
    expected = np.zeros(60)
    cell, value = Frame.of(made).line(0, "value")
    expected[cell] = value
    np.testing.assert_allclose(y, expected)


def test_the_total_is_all_series() -> None:
    """At every point the series with a name, and the rest, add up to the total, in the ink of the theme."""
    figure = read(drawing("throughput", "forty"))
    (total,) = named(figure, "all series")
    lines = [trace for trace in figure.data if trace.mode == "lines" and trace is not total]
    assert len(lines) == 11
    np.testing.assert_allclose(points(total)[1], sum(points(trace)[1] for trace in lines))
    assert total.line.color is None
    assert total.line.width > max(trace.line.width for trace in lines)


def test_wide_points_count_what_ended_in_them() -> None:
    """A point over ten minutes is what ended in them, by ten."""
    made = drawing("throughput", "much")
    figure, frame = read(made), Frame.of(made)
    (total,) = named(figure, "all series")
    ended = frame.statistics["count"][frame.cell < 10].sum()
    assert points(total)[1][0] == pytest.approx(ended / 10)
    assert figure.layout.yaxis.title.text == "operations ended per minute, mean of 10 min"


def test_the_unfinished_interval_is_left_out() -> None:
    """Of a minute that has not passed the number is too small yet: the line ends before it, unless it is all there is."""
    at, _ = points(read(drawing("throughput", "one", now=NOON - 130.0)).data[0])
    assert at[-1] == NOON - 210
    at, _ = points(read(drawing("throughput", "one", start=NOON - 60, now=NOON - 10.0)).data[0])
    assert at.tolist() == [NOON - 35]


def test_the_highest_and_lowest_samples_are_dots() -> None:
    """The busiest minute of every series with a name is seen."""
    made = drawing("throughput", "much")
    frame = Frame.of(made)
    seen = [trace for trace in read(made).data if trace.mode == "markers"]
    assert len(seen) == 10
    for trace in seen:
        code = next(code for code, key in enumerate(made.keys) if " on ".join(key) == trace.name)
        assert np.max(trace.y) == frame.line(code, "value")[1].max()
