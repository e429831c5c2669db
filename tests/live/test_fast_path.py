"""The fast path is the tracker's own way of applying events, in fewer steps: every row and all state are the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given

from telemetryd.live import fast_path
from telemetryd.live.checkpoint import encode_tracker
from telemetryd.live.rows import Rows
from telemetryd.live.tracker import Tracker
from telemetryd.model.events import Event, OperationStart, StatusChange

from .plain import new_tracker
from .test_tracker import batches


class Slow(Tracker):
    """Applies every event by itself."""

    def apply(self, events: Sequence[Event], first_sequence: int) -> Rows:
        rows = Rows.sized(len(events))
        rows.timestamp = [round(event.timestamp * 1e6) for event in events]
        for at, event in enumerate(events):
            self.turn(event, first_sequence + at, rows, at)
        self._forget_ended()
        return rows


def same(given_batches: Sequence[Sequence[Event]]) -> None:
    """Apply batches both ways, sealing now and then, and compare after each."""
    one, other = new_tracker(), new_tracker()
    other.__class__ = Slow
    sequence = 1
    for number, events in enumerate(given_batches):
        assert repr(one.apply(events, sequence)) == repr(other.apply(events, sequence))
        assert encode_tracker(one) == encode_tracker(other)
        assert one.in_flight == other.in_flight
        sequence += len(events)
        if number % 3 == 2:
            one.sealed = other.sealed = sequence - 1


@given(batches)
def test_any_events_give_the_same_rows_and_the_same_state(given_batches: list[list[Event]]) -> None:
    """Whatever their order, with repeats, contradictions and ids without a start."""
    same(given_batches)


@pytest.mark.parametrize("steps", [3, fast_path.STEPS_BEFORE_FORGETTING + 5])
def test_many_steps_give_the_same_rows_and_the_same_state(steps: int) -> None:
    """Also where an operation gathers so many that some are forgotten."""
    words = ("processing", "retrying")
    changes = [StatusChange("a", words[number % 2], 2.0 + number, retry_count=number) for number in range(steps)]
    same(
        [[OperationStart("a", "add", "ipfs", 1.0)], *([each] for each in changes), [StatusChange("a", "failed", 99.0)]]
    )


def test_the_ordinary_takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start in a series that is known, and statuses up to its end."""
    tracker = new_tracker()
    tracker.apply([OperationStart("first", "add", "ipfs", 1.0)], 1)
    monkeypatch.setattr(Tracker, "turn", lambda *_: pytest.fail("expected the fast path"))
    life = [
        OperationStart("a", "add", "ipfs", 2.0, 17),
        StatusChange("a", "processing", 3.0),
        StatusChange("a", "completed", 5.0, latency=2.5, retry_count=1),
    ]
    rows = tracker.apply(life, 2)
    assert (rows.latency[2], rows.retry_count[2], rows.size[0]) == (3.0, 1, 17)
    assert tracker.operations.keys() == {"first"}
    assert tracker.ended.keys() == {"a"}
