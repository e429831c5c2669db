"""No more points than pixels, and nothing that matters lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.sampling import bins, extremes, middles, width_of_bins
from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query.grid import Grid, grid
from tests.charts.samples import NOON

intervals = st.sampled_from([1, 7, 60, 300, 420, 2700, HOUR, 5 * HOUR, 6 * HOUR, DAY, 3 * DAY])
columns = st.lists(st.integers(0, 30), min_size=1, max_size=200).map(lambda numbers: np.array(sorted(numbers)))


@given(intervals, st.integers(0, 5 * DAY), st.integers(0, 400), st.floats(0.1, 20))
def test_bins_are_whole_cells_in_order(interval: int, late: int, cells: int, times: float) -> None:
    """Every cell lies in one bin, in order and inside its edges; edges ascend, and seconds add up."""
    span = TimeRange(NOON - late, NOON - late + cells * interval)
    made = grid(span, interval)
    found = bins(made, interval, interval * times)
    assert sorted(set(found.of_cell.tolist())) == list(range(len(found)))
    assert (np.diff(found.of_cell) >= 0).all()
    if not len(made):
        return
    assert (made.start >= found.start[found.of_cell]).all()
    assert (made.start < found.end[found.of_cell]).all()
    assert (found.start[1:] >= found.end[:-1]).all()
    assert found.seconds.sum() == span.seconds
    assert found.width % interval == 0 or found.width % HOUR == 0


@given(intervals, st.floats(0.5, 1e7))
def test_bins_are_as_wide_as_asked_and_no_wider_than_needed(interval: int, narrowest: float) -> None:
    """The width is at least what was asked for, and the interval itself where that is enough."""
    width = width_of_bins(interval, narrowest)
    assert width >= narrowest
    assert (width == interval) == (interval >= narrowest) or interval > narrowest


@pytest.mark.parametrize(
    ("interval", "narrowest", "width"),
    [(60, 1, 60), (60, 61, 120), (60, 350, 360), (60, 1000, 1200), (60, 3000, HOUR), (60, 5000, 2 * HOUR),
     (60, DAY + 1, 2 * DAY), (420, 500, 840), (HOUR, 5 * HOUR, 6 * HOUR), (5 * HOUR, 6 * HOUR, 10 * HOUR),
     (3 * DAY, 4 * DAY, 6 * DAY)],
)  # fmt: skip
def test_widths_fit_into_the_clock(interval: int, narrowest: float, width: int) -> None:
    """A bin divides the hour or the day, where the interval does."""
    assert width_of_bins(interval, narrowest) == width


def test_bins_begin_anew_where_cells_do() -> None:
    """Seven minutes do not divide the hour: its last bin is short, as its last cell is."""
    found = bins(grid(TimeRange(NOON, NOON + 2 * HOUR), 420), 420, 840)
    assert ((found.start - NOON) // 60).tolist() == [0, 14, 28, 42, 56, 60, 74, 88, 102, 116]
    assert ((found.end - NOON) // 60).tolist() == [14, 28, 42, 56, 60, 74, 88, 102, 116, 120]


def test_no_cells_no_bins() -> None:
    """A range of no length has neither."""
    empty = np.empty(0, np.int64)
    assert len(bins(Grid(empty, empty, empty), 60, 600)) == 0


@given(columns, st.data())
def test_extremes_keep_the_highest_and_the_lowest(column: np.ndarray, data: st.DataObject) -> None:
    """Of each column of pixels two samples at most are left, its highest and its lowest among them."""
    values = st.lists(st.floats(-1e9, 1e9), min_size=len(column), max_size=len(column))
    value = np.array(data.draw(values))
    kept = extremes(column, value)
    assert (np.diff(kept) > 0).all()
    for each in set(column.tolist()):
        inside, left = value[column == each], value[kept][column[kept] == each]
        assert 1 <= len(left) <= 2
        assert (left.min(), left.max()) == (inside.min(), inside.max())
    assert set(value[extremes(column, value, lowest=False)]) <= set(value[kept])


@given(columns, st.data())
def test_middles_are_usual_samples(column: np.ndarray, data: st.DataObject) -> None:
    """Of each column one sample is left, and no more than half of the others are below or above it."""
    values = st.lists(st.floats(-1e9, 1e9), min_size=len(column), max_size=len(column))
    value = np.array(data.draw(values))
    kept = middles(column, value)
    assert column[kept].tolist() == sorted(set(column.tolist()))
    for position in kept:
        inside = value[column == column[position]]
        assert max((inside < value[position]).sum(), (inside > value[position]).sum()) <= len(inside) / 2


def test_nothing_stays_nothing() -> None:
    """Of no samples, none are left."""
    empty = np.empty(0)
    assert len(extremes(empty, empty)) == len(middles(empty, empty)) == 0
