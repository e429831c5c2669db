"""Events come in where their timestamp can be kept."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.ingest.admission import FARTHEST_AHEAD, admit
from telemetryd.model.events import BackendHealthChange
from telemetryd.model.timerange import DAY

NOW = 1_000_000_000.0
DAYS = 30


def health(timestamp: float) -> BackendHealthChange:
    return BackendHealthChange("ipfs", "online", timestamp)


def test_nothing_is_admitted_whole() -> None:
    """An empty batch is a batch."""
    assert admit([], NOW, DAYS) == ([], [])


def test_the_bounds_themselves_are_in() -> None:
    """Exactly the retention, and exactly as far ahead as may be."""
    events = [health(NOW - DAYS * DAY), health(NOW), health(NOW + FARTHEST_AHEAD)]
    assert admit(events, NOW, DAYS) == (events, [])


def test_each_event_outside_is_a_rejection_and_costs_the_others_nothing() -> None:
    """With its reason, and a sentence that says what was found."""
    kept = health(NOW)
    events = [health(NOW - DAYS * DAY - 1), kept, health(NOW + FARTHEST_AHEAD + 1)]
    admitted, rejections = admit(events, NOW, DAYS)
    assert admitted == [kept]
    assert [each.word for each in rejections] == ["too_old", "too_far_ahead"]
    assert str(events[0].timestamp) in str(rejections[0]) and "30 days" in str(rejections[0])
    assert "300 s" in str(rejections[1])


@settings(deadline=None)
@given(st.lists(st.floats(NOW - 3 * DAY, NOW + 1000)))
def test_every_event_is_admitted_or_rejected(timestamps: list[float]) -> None:
    """In order, none twice, none lost."""
    events = [health(timestamp) for timestamp in timestamps]
    admitted, rejections = admit(events, NOW, 1)
    assert list(admitted) == [each for each in events if NOW - DAY <= each.timestamp <= NOW + FARTHEST_AHEAD]
    assert len(admitted) + len(rejections) == len(events)
