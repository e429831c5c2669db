"""Ratios and goals."""

from __future__ import annotations

import pytest
from benchmark.lines import Goal, Line, at_least, at_most, middle, shown, spread, times


def test_ratio() -> None:
    """Above 1 we are better, whether less is better or more; each round has its own."""
    assert Line("cost", "µs", [2, 4], "other", [10, 8]).ratios == [5, 2]
    assert Line("speed", "events/s", [10, 8], "other", [2, 4], more_is_better=True).ratios == [5, 2]


@pytest.mark.parametrize(
    ("goal", "met"),
    [(times(3), True), (times(4), False), (at_most(2), True), (at_most(1), False), (at_least(3), False)],
)
def test_goal(goal: Goal, met: bool) -> None:
    """The median counts, of the ratio or of our own figure."""
    assert Line("cost", "µs", [2, 1, 9], "other", [6, 3, 9], goal).met is met


def test_nothing_to_tell_by() -> None:
    """Without a goal, or without the other's figure, a goal is neither met nor missed."""
    assert Line("cost", "µs", [2]).met is None
    assert Line("cost", "µs", [2], "other", [], times(2), missing="not installed").met is None


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.0123, "0.0123"), (1, "1"), (2.5, "2.50"), (73, "73"), (512_345, "512,345")]
)
def test_shown(value: float, text: str) -> None:
    """Three digits that say something, and no more than there are."""
    assert shown(value) == text


def test_rounds() -> None:
    """Several rounds are a median and a spread, one is a figure alone, none is a dash."""
    assert (middle([3, 1, 2]), spread([3, 1, 2])) == ("2", "1 to 3")
    assert (middle([5]), spread([5])) == ("5", "")
    assert (middle([]), spread([])) == ("–", "")
