"""Durations are counted by bounds."""

from __future__ import annotations

from telemetryd.instrumentation.durations import BOUNDS, Durations


def test_a_duration_at_a_bound_belongs_below_it() -> None:
    """What is longer than all bounds is counted last."""
    durations = Durations()
    for seconds in (0.0, 0.001, 0.0011, 60.0, 61.0):
        durations.add(seconds)
    taken = durations.taken()
    assert len(taken.counts) == len(BOUNDS) + 1
    assert (taken.counts[0], taken.counts[1], taken.counts[-2], taken.counts[-1]) == (2, 1, 1, 1)
    assert taken.sum == 0.0 + 0.001 + 0.0011 + 60.0 + 61.0


def test_what_was_given_out_does_not_change() -> None:
    """It can be told in another thread."""
    durations = Durations()
    before = durations.taken()
    durations.add(1.0)
    assert (sum(before.counts), before.sum) == (0, 0.0)
    assert sum(durations.taken().counts) == 1
