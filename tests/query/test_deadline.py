"""Deadlines, on a clock that stands until it is moved."""

from __future__ import annotations

import pytest

from telemetryd.model.errors import QueryTimeout
from telemetryd.query.deadline import Deadline


class Clock:
    """Monotonic seconds, by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_there_is_time_until_it_is_over() -> None:
    """Up to the last instant a check passes; after it the error says how long the query could take."""
    clock = Clock()
    deadline = Deadline(30, clock)
    clock.now += 30
    deadline.check()
    clock.now += 0.001
    with pytest.raises(QueryTimeout, match="within 30 s"):
        deadline.check()


def test_a_cancelled_query_ends_at_its_next_check() -> None:
    """It does not matter how much time is left; cancelling twice is cancelling once."""
    deadline = Deadline(30, Clock())
    deadline.check()
    deadline.cancel()
    deadline.cancel()
    with pytest.raises(QueryTimeout):
        deadline.check()
