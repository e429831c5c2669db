"""What the log says of itself, besides what ``test_events`` says of every kind."""

from __future__ import annotations

from telemetryd.instrumentation.log_events import RepeatsSuppressed
from telemetryd.instrumentation.repeats import INTERVAL, MOST


def test_the_sentence_has_the_numbers_that_hold() -> None:
    """How many of a kind are written, and within how long."""
    assert f"since {MOST} of it had been within a minute" in (RepeatsSuppressed.__doc__ or "")
    assert INTERVAL == 60
