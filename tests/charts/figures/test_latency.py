"""How long operations took."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from telemetryd.charts.colours import series_colour
from telemetryd.charts.drawing import Look
from telemetryd.charts.frames import Frame
from tests.charts.samples import drawing

from .reading import named, points, read


def test_lines_are_the_medians_and_the_band_goes_up_to_the_95th_percentile() -> None:
    """Where every sample has its pixels, lines and edges are the samples."""
    made = drawing("operation_latency", "one")
    band, edge, line = read(made).data
    _, median, high = Frame.of(made).line(0, "median", "percentile_95")
    assert points(line)[1].tolist() == median.tolist()
    assert points(edge)[1].tolist() == high.tolist()
    assert (band.fill, np.nanmax(band.y), np.nanmin(band.y)) == ("toself", high.max(), median.min())
    assert "median %{y:.3~s}s" in line.hovertemplate and "95th percentile" in edge.hovertemplate


def test_no_point_is_a_percentile_of_percentiles() -> None:
    """Every point of every line is a sample of its series, however few of them are drawn."""
    made = drawing("operation_latency", "forty")
    frame = Frame.of(made)
    for trace in read(made).data:
        if trace.type == "scatter" and trace.fill != "toself" and "other" not in trace.name:
            code = next(code for code, key in enumerate(made.keys) if " on ".join(key) == trace.name)
            statistic = "percentile_95" if "95th" in trace.hovertemplate else "median"
            assert set(points(trace)[1].tolist()) <= set(frame.line(code, statistic)[1].tolist())


def test_peaks_survive() -> None:
    """The highest 95th percentile, and the highest and lowest median, of every series with a name are drawn."""
    made = drawing("operation_latency", "much")
    frame, figure = Frame.of(made), read(made)
    for code, key in enumerate(made.keys):
        traces = named(figure, " on ".join(key))
        if not traces:
            continue
        _, median, high = frame.line(code, "median", "percentile_95")
        drawn = np.concatenate([points(trace)[1] for trace in traces])
        assert high.max() in drawn and median.max() in drawn and median.min() in drawn


def test_the_rest_are_thin_lines_of_one_trace() -> None:
    """Latencies of different series are never merged: each of the rest has its line, apart from the next."""
    made = drawing("operation_latency", "forty")
    (rest,) = named(read(made), "30 other series")
    at, _ = points(rest)
    assert (np.diff(at) < 0).sum() == 29
    gaps = np.flatnonzero(~np.isfinite(np.asarray(rest.y)))
    assert len(gaps) >= 29


def test_gaps_stay_gaps() -> None:
    """While nothing is known, no line and no band crosses."""
    made = drawing("operation_latency", "gaps")
    for trace in read(made).data:
        if trace.type == "scatter" and trace.mode != "markers" and trace.fill != "toself":
            y, x = np.asarray(trace.y), np.asarray(trace.x, "datetime64[s]").astype(int)
            for before, after in zip(range(len(x)), range(1, len(x)), strict=False):
                if np.isfinite(y[[before, after]]).all():
                    assert x[after] - x[before] < 3600


def test_a_heat_map_has_the_slowest_on_top() -> None:
    """Below the lines, where there is room: rows by their usual 95th percentile, colours by its logarithm."""
    made = drawing("operation_latency", "forty")
    figure = read(made)
    (heat,) = (trace for trace in figure.data if trace.type == "heatmap")
    usual = [np.nanmedian(row) for row in np.asarray(heat.customdata)]
    assert usual == sorted(usual, reverse=True) or usual[0] == max(usual)
    np.testing.assert_allclose(np.asarray(heat.z), np.log10(np.asarray(heat.customdata)))
    assert np.nanmax(heat.customdata) == Frame.of(made).statistics["percentile_95"].max()
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert figure.layout.xaxis.anchor == "y2"
    assert all(text.split()[-1] in ("ms", "s", "min") for text in figure.layout.coloraxis.colorbar.ticktext)


@pytest.mark.parametrize(("kind", "size"), [("one", (1200, 800)), ("much", (600, 400)), ("much", (300, 200))])
def test_no_heat_map_where_there_is_no_room(kind: str, size: tuple[int, int]) -> None:
    """One series, or little height: lines alone."""
    assert all(trace.type == "scatter" for trace in read(drawing("operation_latency", kind, look=Look(*size))).data)


def test_no_time_at_all_has_a_place() -> None:
    """What took no time lies at the lower end of a logarithmic axis, not beyond it."""
    made = drawing("operation_latency", "one")
    median = np.frombuffer(made.statistics["median"]).copy()
    median[::2] = 0
    figure = read(replace(made, statistics=made.statistics | {"median": median.tobytes()}))
    assert figure.layout.yaxis.type == "log"
    assert all((points(trace)[1] > 0).all() for trace in figure.data)
    assert (np.log10(points(figure.data[-1])[1]) >= figure.layout.yaxis.range[0]).all()


def test_a_line_has_its_series_colour() -> None:
    """The same operation type on the same backend is the same colour as everywhere."""
    (line,) = named(read(drawing("operation_latency", "much")), "get on s3", mode="lines", opacity=None)
    assert line.line.color == series_colour("get", "s3")
