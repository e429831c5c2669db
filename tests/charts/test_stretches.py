"""The stretches of a backend's health."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetryd.charts.stretches import Stretch, stretches

healths = st.lists(st.sampled_from([0.0, 0.5, 1.0, None]), max_size=50)


@given(healths)
def test_stretches_cover_the_range_once(values: list[float | None]) -> None:
    """Stretches follow one another without a gap, and no two neighbours are alike."""
    found = of(values, until=60.0 * len(values))
    assert sum(stretch.seconds for stretch in found) == 60 * len(values)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(one.health != other.health for one, other in pairwise(found))


def test_stretches_are_as_long_as_their_intervals() -> None:
    """Each stretch has the state of its intervals; where there is no interval, nothing is known."""
    found = of([1.0, 1.0, 0.0, None, 0.5], until=360.0)
    told = [(stretch.health, stretch.start, stretch.end) for stretch in found]
    assert told == [
        ("online", 0, 120),
        ("offline", 120, 180),
        ("unknown", 180, 240),
        ("degraded", 240, 300),
        ("unknown", 300, 360),
    ]


def test_now_cuts_a_stretch() -> None:
    """Beyond the last instant that anything is known of, there is no stretch."""
    (stretch,) = of([1.0, 1.0], until=90.0)
    assert (stretch.start, stretch.end) == (0, 90)


@pytest.mark.parametrize(("low", "health"), [(0.0, "offline"), (0.5, "degraded")])
def test_an_interval_in_which_it_changed_has_the_worst_of_it(low: float, health: str) -> None:
    """A mixed interval counts as its worst, is marked as mixed, and keeps its mean."""
    one, start = np.array([1.0]), np.array([0])
    found = stretches(start, start + 60, low * one, one, 0.9 * one, since=0.0, until=60.0)
    assert found == [Stretch(health, True, 0.0, 60.0, 0.9)]


def of(values: list[float | None], until: float) -> list[Stretch]:
    """Return the stretches of a backend that has a value, or none, in each minute."""
    known = [(minute * 60, value) for minute, value in enumerate(values) if value is not None]
    start = np.array([at for at, _ in known], np.int64)
    value = np.array([each for _, each in known], np.float64)
    return stretches(start, start + 60, value, value, value, since=0.0, until=until)
