"""What is said of charts, besides what ``test_events`` says of every kind."""

from __future__ import annotations

import pytest

from telemetryd.instrumentation import chart_events
from telemetryd.instrumentation.events import InternalEvent


@pytest.mark.parametrize("kind", [chart_events.ChartDrawn, chart_events.ChartNotDrawn])
def test_what_may_come_with_each_chart_is_quiet(kind: type[InternalEvent]) -> None:
    """No line a chart."""
    assert kind.quiet
