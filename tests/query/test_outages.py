"""When a backend was not online, from columns of samples; tests/reports/test_outages.py compares it with histories."""

from __future__ import annotations

import numpy as np
import pytest

from telemetryd.query.outages import Outage, Segment, outages, seconds_of, seconds_within, segments

# begin, end, mean, min, max, last: online, down for the second half, down, up after a quarter, online.
HALF_PAST_TO_QUARTER = (
    (0, 60, 1.0, 1.0, 1.0, 1.0),
    (60, 120, 0.5, 0.0, 1.0, 0.0),
    (120, 180, 0.0, 0.0, 0.0, 0.0),
    (180, 240, 0.75, 0.0, 1.0, 1.0),
    (240, 300, 1.0, 1.0, 1.0, 1.0),
)


def of(*samples: tuple[float, ...]) -> list[Segment]:
    return segments(*(np.array(column, np.float64) for column in zip(*samples, strict=True)))


def test_means_tell_the_second() -> None:
    """An interval with one change is cut where the mean says it was."""
    found = of(*HALF_PAST_TO_QUARTER)
    assert outages(found) == [Outage(90.0, 195.0, 105.0, 0.0)]
    assert seconds_of(found) == (105.0, 0.0)


def test_what_comes_before_a_change_tells_its_order() -> None:
    """Online, offline and online again inside one interval: the middle of it; without a sample before, its end."""
    blink = (60, 120, 0.5, 0.0, 1.0, 1.0)
    assert outages(of((0, 60, 1.0, 1.0, 1.0, 1.0), blink)) == [Outage(75.0, 105.0, 30.0, 0.0)]
    assert outages(of(blink)) == [Outage(60.0, 90.0, 30.0, 0.0)]


def test_a_gap_parts_two_outages() -> None:
    """What is not known is no outage."""
    off = (0.0, 0.0, 0.0, 0.0)
    assert outages(of((0, 60, *off), (120, 180, *off))) == [Outage(0, 60, 60, 0), Outage(120, 180, 60, 0)]


def test_the_seconds_inside_of_some_times() -> None:
    """Of each, by what the backend was."""
    found = [*of(*HALF_PAST_TO_QUARTER), Segment(200.0, 210.0, 0.5), Segment(400.0, 500.0, 0.0)]
    offline, degraded = seconds_within(
        found, np.array([0.0, 60.0, 180.0, 240.0]), np.array([60.0, 120.0, 240.0, 450.0])
    )
    assert offline.tolist() == pytest.approx([0, 30, 15, 50])
    assert degraded.tolist() == pytest.approx([0, 0, 10, 0])


def test_of_nothing_there_is_nothing() -> None:
    """No sample, no segment, no outage, no second."""
    empty = np.empty(0)
    assert segments(*[empty] * 6) == outages([]) == []
    none = seconds_within([], np.array([0.0]), np.array([1.0]))
    assert [each.tolist() for each in none] == [[0.0], [0.0]]
