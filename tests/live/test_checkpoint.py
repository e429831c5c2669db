"""A tracker that was restored from its checkpoint goes on exactly as the one that was never stopped."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.live.checkpoint import encode_tracker, restore_tracker
from telemetryd.model.errors import CorruptFile
from telemetryd.model.events import OFFLINE, BackendHealthChange, OperationStart, StatusChange

from .plain import Table, new_tracker
from .test_tracker import Action, act, actions


def restarted(table: Table) -> Table:
    """Return a table whose tracker is a new one, filled from the other's checkpoint; its rows are sealed."""
    table.seal()
    copy = Table(new_tracker())
    restore_tracker(copy.tracker, encode_tracker(table.tracker))
    copy.rows, copy.sequence, copy.ended = dict(table.rows), table.sequence, table.ended.copy()
    copy.seal()
    return copy


def state(table: Table) -> object:
    tracker = table.tracker
    operations = [
        (operation_id, each.started, each.running, each.since, each.retry_count, tracker.series.keys[each.series])
        for known in (tracker.table.operations, tracker.table.ended)
        for operation_id, each in known.items()
    ]
    first_seen = dict(zip(tracker.series.keys, tracker.series.first_seen, strict=True))
    return operations, table.in_flight, tracker.health, first_seen


@settings(max_examples=250, deadline=None)
@given(actions, st.sets(st.integers(0, 24), max_size=4))
def test_a_restart_at_any_moment_changes_nothing_of_what_follows(sequence: list[Action], stops: set[int]) -> None:
    """Rows, ends, numbers in flight, first sights and health are those of a tracker that only sealed."""
    stopped, steady = Table(new_tracker()), Table(new_tracker())
    for at, action in enumerate(sequence):
        if at in stops:
            stopped = restarted(stopped)
            steady.seal()
        act(stopped, action)
        act(steady, action)
    assert stopped.rows == steady.rows
    assert stopped.ended == steady.ended
    assert state(stopped) == state(steady)


def test_an_operation_that_started_before_a_restart_and_ends_after_it_has_its_true_latency() -> None:
    """That is what the checkpoint is for."""
    table = Table(new_tracker())
    table.apply([OperationStart("a", "add", "ipfs", 10.0)])
    (end,) = restarted(table).apply([StatusChange("a", "completed", 25.5)])
    assert (end.previous, end.latency, end.operation_type) == ("pending", 15.5, "add")


def test_an_end_before_a_restart_is_still_the_first_after_it() -> None:
    """Ended operations are remembered across restarts too."""
    table = Table(new_tracker())
    table.apply([OperationStart("a", "add", "ipfs", 10.0), StatusChange("a", "completed", 11.0)])
    (second,) = restarted(table).apply([StatusChange("a", "failed", 12.0)])
    assert second.previous == "completed" and not second.is_entry


def test_an_expired_operation_stays_out_of_the_queue_after_a_restart() -> None:
    """What is named only then is not placed again."""
    table = Table(new_tracker())
    table.apply([StatusChange("a", "processing", 1.0)])
    table.expire(["a"], at=2.0)
    after = restarted(table)
    after.apply([OperationStart("a", "add", "ipfs", 0.5)])
    assert not after.in_flight


def test_health_survives() -> None:
    """A backend's health is known from the first moment after a restart."""
    table = Table(new_tracker())
    table.apply([BackendHealthChange("s3", "offline", 7.0)])
    assert restarted(table).tracker.health == {"s3": (7.0, OFFLINE)}


def test_series_of_a_checkpoint_keep_their_names_under_lower_limits() -> None:
    """Their rows are stored under these names, and their numbers in flight belong to them."""
    table = Table(new_tracker())
    table.apply([OperationStart(f"id-{each}", f"type-{each}", f"backend-{each}", 1.0) for each in range(5)])
    table.seal()
    small = Table(new_tracker(max_series=2, max_backends=1))
    restore_tracker(small.tracker, encode_tracker(table.tracker))
    assert small.in_flight == table.in_flight
    (end,) = small.apply([StatusChange("id-4", "completed", 2.0)])
    assert (end.operation_type, end.backend) == ("type-4", "backend-4")
    (new,) = small.apply([OperationStart("more", "type-9", "backend-9", 1.0)])
    assert (new.operation_type, new.backend) == ("other", "other")


@pytest.mark.parametrize("count", [0, 1, 15, 16, 2048, 2049, 65_535, 65_536])
def test_pieces_are_what_the_whole_would_be(count: int) -> None:
    """Other threads need not wait for it, and who reads it cannot tell."""
    table = Table(new_tracker())
    table.apply([OperationStart(str(each), "add", "ipfs", 1.0 + each) for each in range(count)])
    table.apply([StatusChange(str(each), "completed", 1e6) for each in range(0, count, 3)])
    table.seal()
    tracker = table.tracker
    series = [(*key, seen) for key, seen in zip(tracker.series.keys, tracker.series.first_seen, strict=True)]
    state = (series, tracker.table.operations, tracker.table.ended, tracker.health)
    assert encode_tracker(tracker) == msgspec.msgpack.encode(state)


@pytest.mark.parametrize("damaged", [b"", b"\xc1", b"\x93\x01\x02\x03", b"no state at all"])
def test_bytes_that_are_no_state_are_a_corrupt_file(damaged: bytes) -> None:
    """The daemon can tell, and start without them."""
    with pytest.raises(CorruptFile, match="checkpoint"):
        restore_tracker(new_tracker(), damaged)
