"""How a figure compares, as the end of a sentence."""

from __future__ import annotations

import pytest

from telemetryd.reports.finding import beside
from telemetryd.reports.tiles import Change

PERIOD = "the hour before"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change("up", "12 %", "83", "worse"), ", 12 % more than in the hour before (83)"),
        (Change("down", "1.1 points", "2 %", "better"), ", 1.1 points less than in the hour before (2 %)"),
        (Change("up", "3 times", "2 s", "worse"), ", 3 times the 2 s of the hour before"),
        (Change("up", "from none", "0", "worse"), ", against none in the hour before"),
        (Change("level", "the same", "83", "neither"), ", the same as in the hour before"),
        (None, ""),
    ],
)
def test_a_comparison_is_said(change: Change | None, says: str) -> None:
    """With what it was, or not at all where nothing is known."""
    assert beside(change, PERIOD) == says
