"""The oracle's ranges and cells, worked out by hand."""

from __future__ import annotations

import pytest

from .grid import DAY, HOUR, Cell, cells, default_interval, range_of, widened

MIDNIGHT = 1_700_006_400  # 2023-11-15 00:00:00 UTC


def after_midnight(found: list[tuple[int, int, int]]) -> list[Cell]:
    """Make cells of times in seconds after midnight."""
    return [Cell(*(MIDNIGHT + time for time in each)) for each in found]


def test_a_range_is_widened_to_whole_sampling_intervals() -> None:
    """The start goes down and the end goes up, unless they lie on the grid already."""
    assert widened(61.0, 119.5, 60) == (60, 120)
    assert widened(60.0, 120.0, 60) == (60, 120)


def test_the_default_range_is_the_last_1440_minutes() -> None:
    """The minute that is under way is the last of them."""
    start, end = range_of(None, None, MIDNIGHT + 30.5, 60)
    assert (start, end) == (MIDNIGHT + 60 - DAY, MIDNIGHT + 60)


def test_a_one_sided_range_ends_now_or_begins_a_day_earlier() -> None:
    """A start alone reaches until now, an end alone a day back."""
    assert range_of(MIDNIGHT, None, MIDNIGHT + 100.0, 60) == (MIDNIGHT, MIDNIGHT + 120)
    assert range_of(None, MIDNIGHT, MIDNIGHT + 100.0, 60) == (MIDNIGHT - DAY, MIDNIGHT)


def test_cells_that_do_not_divide_the_hour_start_anew_with_it() -> None:
    """The last cell of each hour is short, and the range clips the first and the last; their intervals stay aligned."""
    found = cells(MIDNIGHT + 60, MIDNIGHT + HOUR + 120, 1500)
    expected = [(0, 60, 1500), (1500, 1500, 3000), (3000, 3000, HOUR), (HOUR, HOUR, HOUR + 120)]
    assert found == after_midnight(expected)


def test_cells_longer_than_an_hour_are_aligned_to_the_day() -> None:
    """Five-hour cells start at 0, 5, 10, 15 and 20 o'clock, and anew at midnight."""
    found = cells(MIDNIGHT + 19 * HOUR, MIDNIGHT + DAY + HOUR, 5 * HOUR)
    expected = [(15 * HOUR, 19 * HOUR, 20 * HOUR), (20 * HOUR, 20 * HOUR, DAY), (DAY, DAY, DAY + HOUR)]
    assert found == after_midnight(expected)


def test_cells_longer_than_a_day_are_aligned_to_the_epoch() -> None:
    """Two-day cells start on even days since 1970."""
    assert MIDNIGHT // DAY % 2 == 0
    found = cells(MIDNIGHT + DAY, MIDNIGHT + 3 * DAY, 2 * DAY)
    assert found == after_midnight([(0, DAY, 2 * DAY), (2 * DAY, 2 * DAY, 3 * DAY)])


@pytest.mark.parametrize(
    ("days", "interval"), [(1, 60), (2, 120), (3, 180), (30, 1800), (60, HOUR), (61, 2 * HOUR), (3650, 3 * DAY)]
)
def test_the_default_interval_gives_at_most_1440_samples(days: int, interval: int) -> None:
    """It is the smallest that does and that divides an hour, or a day, or is whole days."""
    assert default_interval(MIDNIGHT, MIDNIGHT + days * DAY, 60) == interval
