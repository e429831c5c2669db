"""Ranges are half open, and hours are UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.model.timerange import HOUR, TimeRange, hour_of, partition_of

seconds = st.integers(-(10**6), 4 * 10**9)
milliseconds = st.integers(0, 2 * 10**12).map(lambda number: number / 1000)


@given(st.floats(0, 4e9))
def test_the_hour_of_an_instant_holds_it(timestamp: float) -> None:
    """It starts on the UTC hour, at or before the instant, less than an hour away."""
    hour = hour_of(timestamp)
    assert hour % HOUR == 0
    assert hour <= timestamp < hour + HOUR


def test_a_partition_is_named_by_its_utc_hour() -> None:
    """As Hive names it."""
    instant = datetime(2026, 11, 23, 20, 59, 59, tzinfo=UTC).timestamp()
    assert partition_of(hour_of(instant)) == "date=2026-11-23/hour=20"


def test_a_range_cannot_end_before_it_starts() -> None:
    """An empty one is a range."""
    with pytest.raises(ValueError, match="7 to 6"):
        TimeRange(7, 6)
    assert TimeRange(7, 7).seconds == 0


@given(milliseconds, milliseconds, st.sampled_from([1, 7, 60, 3600, 86400]))
def test_a_widened_range_is_the_smallest_of_whole_intervals(start: float, length: float, interval: int) -> None:
    """It holds what was asked, and less than an interval more at either end."""
    widened = TimeRange.widened(start, start + length, interval)
    assert widened.start % interval == widened.end % interval == 0
    assert widened.start <= start < widened.start + interval
    assert widened.end - interval < start + length <= widened.end


@given(seconds, st.integers(0, 100), seconds, st.integers(0, 100))
def test_ranges_overlap_where_they_share_a_second(start: int, length: int, other: int, width: int) -> None:
    """Neighbours do not, and an empty range shares none."""
    one, two = TimeRange(start, start + length), TimeRange(other, other + width)
    shared = range(max(one.start, two.start), min(one.end, two.end))
    if length and width:
        assert one.overlaps(two) == two.overlaps(one) == bool(shared)


def test_the_hours_of_a_range_are_those_it_touches() -> None:
    """The one its end lies on is not."""
    assert list(TimeRange(3599, 7200).hours()) == [0, 3600]
    assert list(TimeRange(3600, 3601).hours()) == [3600]
    assert list(TimeRange(3600, 3600).hours()) == []
