"""Rates on an axis from nothing to all."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.charts.figures.axes import towards_all, towards_none
from telemetryd.charts.frames import Frame
from tests.charts.samples import drawing

from .reading import named, points, read


@pytest.mark.parametrize(("metric_type", "stretched"), [("success_rate", towards_all), ("error_rate", towards_none)])
def test_a_line_is_the_samples(metric_type: str, stretched: object) -> None:
    """Where every sample has its pixels, the line is the samples on the stretched axis, and hover text has them."""
    made = drawing(metric_type, "one")
    (trace,) = read(made).data
    at, y = points(trace)
    _, value = Frame.of(made).line(0, "value")
    np.testing.assert_allclose(y, stretched(value))  # type: ignore[operator]
    np.testing.assert_allclose(np.asarray(trace.customdata)[np.isfinite(np.asarray(trace.y))], value)
    assert (np.diff(at) > 0).all()
    assert "%{customdata:" in trace.hovertemplate


def test_wide_points_are_the_rate_of_all_their_operations() -> None:
    """A point over many intervals is failed by ended, not a mean of rates."""
    made = drawing("error_rate", "much")
    frame, figure = Frame.of(made), read(made)
    (trace,) = named(figure, "get on s3", mode="lines")
    failed, ended = frame.total("value", "count"), frame.total("count")
    code = made.keys.index(("get", "s3"))
    rate = np.asarray(trace.customdata, np.float64)
    assert rate.min() <= failed[code] / ended[code] <= rate.max()
    first = frame.line(code, "value", "count")
    inside = first[0] < 20
    expected = (first[1] * first[2])[inside].sum() / first[2][inside].sum()
    assert figure.layout.yaxis.title.text.startswith("failed of ended operations per 20 min")
    assert rate[0] == pytest.approx(expected)


def test_the_highest_and_lowest_samples_are_dots() -> None:
    """What a wide point evens out is still there, sample by sample."""
    made = drawing("error_rate", "much")
    figure, frame = read(made), Frame.of(made)
    for trace in figure.data:
        if trace.mode == "markers":
            code = next(code for code, key in enumerate(made.keys) if " on ".join(key) == trace.name)
            _, value = frame.line(code, "value")
            facts = np.asarray(trace.customdata)
            assert (facts.min(), facts.max()) == (value.min(), value.max())
            assert set(facts.tolist()) <= set(value.tolist())


def test_the_rest_is_weighted_by_its_operations() -> None:
    """The rate of the rest is that of all of its operations together."""
    made = drawing("success_rate", "forty")
    figure, frame = read(made), Frame.of(made)
    (trace,) = named(figure, "30 other series")
    own = {trace.name for trace in figure.data} - {"30 other series"}
    rest = [code for code, key in enumerate(made.keys) if " on ".join(key) not in own]
    inside = np.isin(frame.series, rest) & (frame.cell < 20)
    count, value = frame.statistics["count"][inside], frame.statistics["value"][inside]
    assert np.asarray(trace.customdata)[0] == pytest.approx((count * value).sum() / count.sum())


@pytest.mark.parametrize("metric_type", ["success_rate", "error_rate"])
def test_the_axis_is_fixed_and_says_that_it_is_stretched(metric_type: str) -> None:
    """From 0 to 100 per cent, whatever the samples."""
    axis = read(drawing(metric_type, "one")).layout.yaxis
    assert axis.range == (-0.015, 1.015)
    assert (axis.ticktext[0], axis.ticktext[-1]) == ("0 %", "100 %")
    assert "stretched towards" in axis.title.text


def test_series_that_fail_most_come_first() -> None:
    """The legend begins with the series that has the most failures."""
    made = drawing("error_rate", "much")
    figure = read(made)
    failed = Frame.of(made).total("value", "count")
    assert figure.data[-1].name == " on ".join(made.keys[int(failed.argmax())])
    assert figure.layout.legend.traceorder == "reversed"
    assert "of 134,239 ended operations failed. Highest: " in figure.layout.meta["alt"]
