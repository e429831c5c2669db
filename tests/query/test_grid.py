"""Cells of a range, beside those of the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.timerange import DAY, HOUR, TimeRange
from telemetryd.query.grid import MOST_SAMPLES, cells_touched, default_interval, grid, most_cells, whole
from tests.oracle.grid import cells
from tests.oracle.grid import default_interval as expected_interval

NOON = 1_700_000_000 // DAY * DAY + DAY // 2
DIVISORS = [width for width in range(1, HOUR + 1) if HOUR % width == 0]

starts = st.integers(NOON - 3 * DAY, NOON + 3 * DAY)
intervals = st.one_of(st.integers(60, 2 * HOUR), st.sampled_from((HOUR, 5 * HOUR, DAY, DAY + HOUR, 2 * DAY, 7 * DAY)))


@given(starts, st.integers(1, 2 * DAY), intervals)
def test_cells_are_those_of_the_oracle(start: int, seconds: int, interval: int) -> None:
    """Aligned to the hour, the day or the epoch, restarted there, and clipped to the range."""
    found = grid(TimeRange(start, start + seconds), interval)
    told = list(zip(found.start.tolist(), found.begin.tolist(), found.end.tolist(), strict=True))
    assert told == [tuple(cell) for cell in cells(start, start + seconds, interval)]


@given(starts, st.integers(1, 2 * DAY), intervals)
def test_cells_can_be_counted_before_they_are_made(start: int, seconds: int, interval: int) -> None:
    """There are never more than that, and at most those of two periods fewer."""
    span = TimeRange(start, start + seconds)
    made = len(grid(span, interval))
    assert made <= most_cells(span, interval) <= made + 2 * max(1, DAY // interval)


@given(starts, st.integers(1, 2 * DAY), intervals, st.data())
def test_every_second_of_the_range_has_its_cell(start: int, seconds: int, interval: int, data: st.DataObject) -> None:
    """The cell of a timestamp is the one that begins at or before it and ends after it."""
    found = grid(TimeRange(start, start + seconds), interval)
    at = data.draw(st.integers(start, start + seconds - 1))
    (index,) = found.cell_of(np.array([at]))
    assert found.begin[index] <= at < found.end[index]


def test_a_range_without_seconds_has_no_cells() -> None:
    """Nothing is asked for, nothing is told."""
    assert len(grid(TimeRange(NOON, NOON), 60)) == 0


def test_the_whole_range_is_one_cell() -> None:
    """Aggregation looks at the range as at one interval, however it is aligned."""
    found = whole(TimeRange(NOON + 60, NOON + 180))
    assert (found.start.tolist(), found.begin.tolist(), found.end.tolist()) == ([NOON + 60], [NOON + 60], [NOON + 180])


@given(starts, st.integers(0, 400 * DAY), st.sampled_from(DIVISORS))
def test_the_default_interval_is_the_smallest_tidy_one(start: int, seconds: int, sampling_interval: int) -> None:
    """At most 1,440 cells; it divides the hour, or is whole hours that divide the day, or whole days."""
    span = TimeRange.widened(start, start + seconds, sampling_interval)
    interval = default_interval(span, sampling_interval)
    assert interval == expected_interval(span.start, span.end, sampling_interval)
    assert len(grid(span, interval)) == cells_touched(span, interval) <= MOST_SAMPLES


@pytest.mark.parametrize(
    ("seconds", "interval"), [(DAY, 60), (DAY + 60, 72), (7 * DAY, 600), (30 * DAY, 1800), (5000 * DAY, 4 * DAY)]
)
def test_longer_ranges_have_longer_intervals(seconds: int, interval: int) -> None:
    """A day is told by the minute, a month by the half hour."""
    sampling_interval = 60 if interval % 60 == 0 else 1
    assert default_interval(TimeRange(0, seconds), sampling_interval) == interval
