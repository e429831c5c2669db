"""The timeline of one operation, step by step."""

from __future__ import annotations

import math

from telemetryd.live.operation import SETTLED, Operation
from telemetryd.model.events import COMPLETED, FAILED, NO_STATE, PENDING, PROCESSING, RETRYING, UNPLACED


def started(timestamp: float = 10.0) -> Operation:
    operation = Operation(1, identified=True)
    operation.started = timestamp
    operation.append(timestamp, PENDING, sequence=1)
    return operation


def test_a_new_operation_is_nowhere() -> None:
    """No status, no place, and any timestamp comes after its last step."""
    operation = Operation(0, identified=False)
    assert (operation.running, operation.placed, operation.since) == (NO_STATE, NO_STATE, -math.inf)
    assert not operation.ended


def test_a_step_knows_what_it_leaves() -> None:
    """Appending returns the state before, and moves the place in the queue."""
    operation = started()
    assert operation.append(11.0, PROCESSING, 2) == PENDING
    assert (operation.running, operation.placed, operation.since) == (PROCESSING, PROCESSING, 11.0)
    assert operation.append(12.0, FAILED, 3) == PROCESSING
    assert operation.ended
    assert operation.placed == NO_STATE


def test_after_the_end_nothing_moves() -> None:
    """A step after the end says which end it was."""
    operation = started()
    operation.append(11.0, COMPLETED, 2)
    assert operation.append(12.0, RETRYING, 3) == COMPLETED
    assert (operation.running, operation.placed) == (COMPLETED, NO_STATE)


def test_without_a_name_a_step_is_unplaced_and_a_repeat_is_still_a_repeat() -> None:
    """The queue is kept by series; entries are counted for all."""
    operation = Operation(0, identified=False)
    assert operation.append(1.0, PROCESSING, 1) == UNPLACED
    assert operation.append(2.0, PROCESSING, 2) == PROCESSING
    assert operation.placed == NO_STATE


def test_a_name_places_the_steps_that_are_not_sealed() -> None:
    """They change, all of them; what is sealed stays unplaced, and what follows enters from nowhere."""
    operation = Operation(0, identified=False)
    operation.append(1.0, PROCESSING, 1)
    operation.append(2.0, RETRYING, 2)
    operation.append(3.0, PROCESSING, 3)
    changed = operation.identify(7, sealed=1)
    assert [(step.sequence, step.previous) for step in changed] == [(2, NO_STATE), (3, RETRYING)]
    assert (operation.series, operation.identified, operation.placed) == (7, True, PROCESSING)


def test_a_name_goes_past_a_repeat() -> None:
    """A step that stands as it did is no reason to leave the next one unplaced."""
    operation = Operation(0, identified=False)
    operation.append(1.0, PROCESSING, 1)
    operation.append(2.0, PROCESSING, 2)
    operation.append(3.0, RETRYING, 3)
    assert [(step.sequence, step.placed) for step in operation.identify(7, sealed=1)] == [(3, RETRYING)]


def test_a_name_for_an_operation_without_steps_changes_nothing() -> None:
    """The first event may bring the name itself."""
    assert Operation(0, identified=False).identify(7, sealed=0) == []


def test_a_late_step_relinks_the_one_after_it() -> None:
    """Only the new step and its neighbour change."""
    operation = started()
    operation.append(20.0, COMPLETED, 2)
    changed = operation.insert(15.0, PROCESSING, 3, sealed=0)
    assert [(step.sequence, step.previous) for step in changed] == [(3, PENDING), (2, PROCESSING)]


def test_equal_timestamps_keep_their_order_of_arrival() -> None:
    """The later one to arrive comes later."""
    operation = started()
    operation.append(15.0, PROCESSING, 2)
    operation.append(20.0, COMPLETED, 3)
    operation.insert(15.0, RETRYING, 4, sealed=0)
    assert [step.sequence for step in operation.steps] == [1, 2, 4, 3]


def test_a_step_before_a_sealed_one_leaves_no_trace() -> None:
    """It is unplaced: nothing changes."""
    operation = started()
    operation.append(20.0, PROCESSING, 2)
    assert operation.insert(15.0, RETRYING, 3, sealed=2) == []
    assert (operation.running, operation.placed, len(operation.steps)) == (PROCESSING, PROCESSING, 1)


def test_a_start_is_put_out_of_the_timeline_by_a_status_that_precedes_it() -> None:
    """A start stamped after a status moves nothing, whichever came first."""
    operation = started(10.0)
    changed = operation.insert(5.0, PROCESSING, 2, sealed=0)
    assert [(step.sequence, step.previous) for step in changed] == [(1, UNPLACED), (2, NO_STATE)]
    assert operation.running == PROCESSING


def test_sealed_steps_are_forgotten_but_for_the_last() -> None:
    """It alone says where the operation goes on from."""
    operation = started()
    operation.append(11.0, PROCESSING, 2)
    operation.append(12.0, RETRYING, 3)
    assert operation.forget(sealed=2) == 1
    assert [step.sequence for step in operation.steps] == [2, 3]
    assert operation.forget(sealed=0) == 0


def test_who_leaves_can_change_no_row_any_more() -> None:
    """All that is kept is where it stood, settled."""
    operation = started()
    operation.append(11.0, PROCESSING, 2)
    assert operation.leave(PROCESSING) == PROCESSING
    assert (operation.placed, operation.running) == (NO_STATE, PROCESSING)
    assert [step.sequence for step in operation.steps] == [SETTLED]
    assert operation.insert(5.0, RETRYING, 3, sealed=0) == []
