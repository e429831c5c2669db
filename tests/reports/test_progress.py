"""How far a report is."""

from __future__ import annotations

import pytest

from telemetryd.reports import progress
from telemetryd.reports.progress import Progress


def test_it_waits_first() -> None:
    """Nothing is done, and nothing is at work."""
    found = Progress()
    assert (found.fraction, found.step) == (0.0, progress.WAITING)
    assert {each.state for each in found.steps()} == {"next"}


def test_it_says_what_is_at_work() -> None:
    """Where steps overlap, the later one, and how many charts are drawn."""
    found = Progress()
    found.begin(progress.TOTALS)
    assert found.step == "Adding up the whole range"
    found.begin(progress.DRAWING)
    assert found.step == "Drawing the charts"
    found.advance(progress.DRAWING)
    found.advance(progress.DRAWING)
    assert found.step == "Drawing the charts (2 of 8)"
    assert [each.state for each in found.steps()] == ["next", "now", "next", "next", "next", "now", "next"]


def test_it_grows_to_all() -> None:
    """Never beyond it, and never back."""
    found = Progress()
    last = 0.0
    for step in range(7):
        found.begin(step)
        for _ in range(10):
            found.advance(step)
            assert last <= found.fraction <= 1
            last = found.fraction
        found.finish(step)
    assert found.fraction == pytest.approx(1)
    assert {each.state for each in found.steps()} == {"done"}


def test_a_step_begun_again_keeps_what_is_done() -> None:
    """Beginning is no step back."""
    found = Progress()
    found.finish(progress.SAMPLES)
    found.begin(progress.SAMPLES)
    assert found.steps()[0].state == "done"
