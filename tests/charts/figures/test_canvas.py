"""Room: the smaller a chart, the less stands around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.drawing import Look
from telemetryd.charts.figures.canvas import MOST_SERIES, Canvas, Legend, Plot
from telemetryd.charts.lettering import width_of

sides = st.integers(100, 4000)
NAMES = [f"operation {number} on a backend" for number in range(12)]


@pytest.mark.parametrize(
    ("size", "legend", "subtitle", "axis_titles", "ticks"),
    [
        ((1200, 800), "right", 2, True, 2),
        ((2000, 500), "right", 2, True, 2),
        ((600, 400), "below", 2, True, 2),
        ((420, 800), "below", 2, True, 2),
        ((300, 200), "nowhere", 0, False, 2),
        ((100, 100), "nowhere", 0, False, 1),
    ],
)
def test_steps(size: tuple[int, int], legend: str, subtitle: int, axis_titles: bool, ticks: int) -> None:
    """Subtitle, axis titles, legend and the second line of ticks go one after the other."""
    canvas = Canvas.of(Look(*size))
    assert (canvas.legend_at, canvas.subtitle_lines, canvas.has_axis_titles, canvas.tick_lines) == (
        legend, subtitle, axis_titles, ticks,
    )  # fmt: skip


@given(sides, sides)
def test_something_is_left_to_draw_in(width: int, height: int) -> None:
    """Whatever the size, a third of each side at least is the plot, and its edges lie on the canvas."""
    canvas = Canvas.of(Look(width, height))
    entries = NAMES[: canvas.most_series + 2] if canvas.legend_at != "nowhere" else NAMES
    plot = Plot.of(canvas, entries, subtitle=canvas.subtitle_lines)
    assert plot.width >= width / 3
    assert plot.height >= height / 3
    assert plot.left + plot.width + plot.right == pytest.approx(width)
    assert plot.top + plot.height + plot.bottom == pytest.approx(height)
    assert 1 <= canvas.most_series <= MOST_SERIES


@given(sides, sides, st.lists(st.text(min_size=1, max_size=64), min_size=2, max_size=12, unique=True))
def test_a_legend_keeps_to_its_share(width: int, height: int, entries: list[str]) -> None:
    """Whatever series are called, a legend beside has a quarter of the width and its entries fit."""
    canvas = Canvas.of(Look(width, height))
    legend = Legend.of(canvas, entries, width - 80)
    assert legend.width <= 0.25 * width
    assert set(legend.names) == set(entries)
    assert all(width_of(name, canvas.text) <= legend.entry + 1e-9 for name in legend.names.values())


def test_one_entry_needs_no_legend() -> None:
    """A legend of one entry is none."""
    assert Legend.of(Canvas.of(Look()), ["pin on ipfs"], 1000).at == "nowhere"


def test_large_charts_have_larger_letters() -> None:
    """Beyond a screen letters grow, but more slowly than the chart."""
    assert Canvas.of(Look()).text == 12
    assert 18 <= Canvas.of(Look(4000, 4000)).text <= 24
