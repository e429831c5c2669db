"""Traces: gaps stay gaps, and what stands alone is seen."""

from __future__ import annotations

import numpy as np

from telemetryd.charts.figures.strokes import Points, band, bars, dots, hover, instant, intervals, line, unified_title
from telemetryd.charts.sampling import bins
from telemetryd.model.timerange import DAY, TimeRange
from telemetryd.query.grid import grid
from tests.charts.samples import NOON

AT = np.array([NOON, NOON + 60, NOON + 180])
POINTS = Points(AT, np.array([1.0, 2.0, 4.0]), np.array(["a", "b", "c"]))


def test_instants_are_words_in_utc() -> None:
    """Plotly would take a number for an instant in the local time of the browser."""
    assert instant(NOON + 0.5) == "2026-11-24T12:00:00.500"
    assert instant(1e18) == "9999-12-30T21:59:59.000"


def test_intervals_in_words() -> None:
    """Hover text has an interval's ends, with seconds where it has some, and of days the first and how many."""
    start = np.array([NOON, NOON + 3600 * 11 + 3000])
    assert intervals(start, start + 300, 300).tolist() == ["12:00 – 12:05", "23:50 – 23:55"]
    assert intervals(start[:1], start[:1] + 30, 30).tolist() == ["12:00:00 – 12:00:30"]
    assert intervals(start[:1] - DAY // 2, start[:1], 2 * DAY).tolist() == ["2026-11-24, 2 d"]
    assert "%{text} UTC" in hover("x", "%{y}", 60) and "UTC" not in hover("x", "%{y}", DAY)
    assert unified_title(30)["unifiedhovertitle"]["text"] == "<b>%{x|%-d %b %Y, %H:%M:%S} UTC</b>, 30 s"


def test_a_gap_breaks_a_line() -> None:
    """A point without a value stands between, at a proper time."""
    gapped = POINTS.with_gaps(np.array([2]))
    assert gapped.at.tolist() == [NOON, NOON + 60, NOON + 180, NOON + 180]
    np.testing.assert_array_equal(gapped.y, [1, 2, np.nan, 4])
    trace = line("x", gapped, "", width=2, colour="#123456")
    # The one on the other side of the gap stands alone, which a line would not show.
    assert trace["mode"] == "lines+markers"
    assert (trace["marker"]["size"] > 0).tolist() == [False, False, False, True]


def test_a_line_without_a_colour_has_the_templates() -> None:
    """What is to have the ink of the theme names no colour."""
    assert "color" not in line("x", POINTS, "", width=2)["line"]
    assert line("x", POINTS, "", width=2)["mode"] == "lines"


def test_points_may_be_drawn_elsewhere_than_they_are() -> None:
    """What is drawn on another scale keeps its value as the fact that hover text tells."""
    trace = dots("x", POINTS.drawn_as(np.sqrt(POINTS.y)), "", size=2, colour="#123456", opacity=0.5)
    assert trace["customdata"].tolist() == [1, 2, 4]
    assert trace["y"].tolist() == [1, 2**0.5, 2]


def test_a_band_is_a_polygon_for_each_piece() -> None:
    """There and back along both lines, closed, and a gap after each piece."""
    low = POINTS.with_gaps(np.array([2]))
    trace = band(low, Points(low.at, low.y * 3, low.when), "#000000", 0.25)
    np.testing.assert_array_equal(trace["y"], [3, 6, 2, 1, 3, np.nan, 12, 4, 12, np.nan])
    assert trace["fillcolor"] == "rgba(0,0,0,0.25)"
    assert len(band(POINTS.drawn_as(POINTS.y * np.nan), POINTS, "#000000", 1)["y"]) == 0


def test_bars_are_as_wide_as_their_bins() -> None:
    """A bar covers its bin, and one that is not whole is fainter."""
    found = bins(grid(TimeRange(NOON, NOON + 3600), 420), 420, 420)
    faint = found.end - found.start < 420
    trace = bars("x", found, np.ones(len(found)), "#123456", "", faint=faint)
    assert (trace["width"] / 60_000).tolist() == [7] * 8 + [4]
    assert trace["marker"]["opacity"].tolist() == [1] * 8 + [0.45]
    assert bars("x", found, np.ones(len(found)), "#123456", "", faint=faint & False)["marker"]["opacity"] == 1
