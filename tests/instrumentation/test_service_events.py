"""What is said of the daemon as a service, besides what ``test_events`` says of every kind."""

from __future__ import annotations

from telemetryd.instrumentation.service_events import Revived, Stalled


def test_a_stall_is_an_error_and_its_end_a_warning() -> None:
    """Somebody has to look at either, and at the first now; there is one of each for a stall."""
    assert (Stalled.level, Revived.level) == ("error", "warning")
    assert not Stalled.quiet and not Revived.quiet
