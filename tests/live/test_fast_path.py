"""The fast path is the tracker's own way of applying events, in fewer steps: every row and all state are the same."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import pytest
from hypothesis import given, settings

from telemetryd.live.operation import SETTLED, Step
from telemetryd.live.rows import Rows
from telemetryd.live.tracker import STEPS_BEFORE_FORGETTING, Tracker
from telemetryd.model.events import UNPLACED, Event, OperationStart, StatusChange

from .plain import Table, new_tracker
from .test_tracker import batches


class Slow(Tracker):
    """Applies every event by itself."""

    def apply(self, events: Sequence[Event], first_sequence: int) -> Rows:
        rows = Rows.at([event.timestamp for event in events], [getattr(each, "operation_id", None) for each in events])
        for at, event in enumerate(events):
            self.turn(event, first_sequence + at, rows, at)
        self.table.settle(rows)
        return rows


def state(tracker: Tracker) -> list[str]:
    """Return all that is known of each operation, whole; of what is sealed, what still counts."""
    table = deepcopy(tracker.table)
    told = []
    for operation_id in (*table.operations, *table.ended):
        operation = table.known(operation_id, Rows.at([], []))
        assert operation is not None
        operation.forget(table.sealed)
        operation.steps = [as_sealed(step, table.sealed) for step in operation.steps]
        operation.end = operation.end and as_sealed(operation.end, table.sealed)
        told.append(f"{operation_id}: {operation}")
    return told


def as_sealed(step: Step, sealed: int) -> Step:
    return step if step.sequence > sealed else step._replace(sequence=SETTLED, previous=UNPLACED, status=step.running)


def same(given_batches: Sequence[Sequence[Event]]) -> None:
    """Apply batches both ways, sealing now and then, and compare after each."""
    one, other = Table(new_tracker()), Table(new_tracker())
    other.tracker.__class__ = Slow
    for number, events in enumerate(given_batches):
        assert one.apply(events) == other.apply(events)
        assert one.rows == other.rows
        assert one.ended == other.ended
        assert state(one.tracker) == state(other.tracker)
        assert one.in_flight == other.in_flight
        if number % 3 == 2:
            one.seal()
            other.seal()


@settings(deadline=None)
@given(batches)
def test_any_events_give_the_same_rows_and_the_same_state(given_batches: list[list[Event]]) -> None:
    """Whatever their order, with repeats, contradictions and ids without a start."""
    same(given_batches)


@pytest.mark.parametrize("steps", [3, STEPS_BEFORE_FORGETTING + 5])
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
    assert (rows.latency[2], rows.retry_count, rows.size) == (3.0, {2: 1}, {0: 17})
    assert tracker.table.operations.keys() == {"first"}
    assert tracker.table.ended.keys() == {"a"}
