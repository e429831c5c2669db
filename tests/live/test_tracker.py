"""The tracker is held against a plain model, by random events in random order, and example by example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetryd.instrumentation import Instrumentation
from telemetryd.live.tracker import LONGEST_ERROR_TYPE, MAX_ERROR_TYPES, Tracker
from telemetryd.model.events import (
    HEALTHS,
    ONLINE,
    OPERATION_EXPIRED,
    STATUSES,
    TERMINAL_STATUSES,
    BackendHealthChange,
    Event,
    OperationStart,
    StatusChange,
)
from telemetryd.model.settings import LiveSettings

from .plain import Silent, Table, expected_rows, new_tracker

IDS = ("a", "b", "c")
TYPES = st.sampled_from(["add", "get"])
BACKENDS = st.sampled_from(["ipfs", "s3"])
# Few instants, so that ties and every order are common.
INSTANTS = st.integers(0, 8).map(float)

starts = st.builds(OperationStart, st.sampled_from(IDS), TYPES, BACKENDS, INSTANTS, st.none() | st.integers(0, 9))
changes = st.builds(
    StatusChange,
    st.sampled_from(IDS),
    st.sampled_from(STATUSES),
    INSTANTS,
    st.none() | TYPES,
    st.none() | BACKENDS,
    st.none() | st.integers(0, 5).map(float),
    st.none() | st.integers(0, 3),
    st.none(),
    st.none() | st.sampled_from(["Timeout", "Refused"]),
    st.none() | st.integers(0, 9),
)
healths = st.builds(BackendHealthChange, BACKENDS, st.sampled_from(HEALTHS), INSTANTS, st.none())
operation_events = st.lists(starts | changes, max_size=14)
batches = st.lists(st.lists(starts | changes | healths, min_size=1, max_size=3), max_size=8)
Action = tuple[str, Any]
actions: st.SearchStrategy[list[Action]] = st.lists(
    st.tuples(st.just("apply"), st.lists(starts | changes | healths, min_size=1, max_size=3))
    | st.tuples(st.just("seal"), st.none())
    | st.tuples(st.just("expire"), st.lists(st.sampled_from(IDS), min_size=1, max_size=2, unique=True)),
    max_size=25,
)


def act(table: Table, action: Action) -> None:
    """Do to a table what an action says."""
    verb, what = action
    if verb == "apply":
        table.apply(what)
    elif verb == "expire":
        table.expire(what, at=4.0)
    else:
        table.seal()


def start(operation_id: str, timestamp: float, operation_type: str = "add", backend: str = "ipfs") -> OperationStart:
    return OperationStart(operation_id, operation_type, backend, timestamp)


def change(operation_id: str, status: Any, timestamp: float, **more: Any) -> StatusChange:
    return StatusChange(operation_id, status, timestamp, **more)


def apply_one_by_one(events: Sequence[Event]) -> Table:
    table = Table(new_tracker())
    for event in events:
        table.apply([event])
    return table


@settings(max_examples=250, deadline=None)
@given(operation_events, st.booleans())
def test_rows_are_those_of_a_model_that_knows_all_events(events: list[Event], one_by_one: bool) -> None:
    """In whatever order events come and however they are cut, entries, moves, types and latencies come out right."""
    table = Table(new_tracker())
    for batch in [[event] for event in events] if one_by_one else [events]:
        table.apply(batch)
    for row, expected in zip(table.rows.values(), expected_rows(events), strict=True):
        assert (row.operation_type, row.backend) == (expected.operation_type, expected.backend)
        assert row.is_entry == expected.entry
        assert +row.moves == +expected.moves and -row.moves == -expected.moves
        assert row.latency == expected.latency


@settings(max_examples=250, deadline=None)
@given(operation_events)
def test_ends_taken_back_and_told_again_leave_one_of_each_operation(events: list[Event]) -> None:
    """What goes to the window adds up to the first end of each operation, with its final series and latency."""
    table = apply_one_by_one(events)
    ends = Counter(
        (row.timestamp / 1e6, f"{row.operation_type}:{row.backend}", row.status, row.latency)
        for row in {
            row.operation_id: row for row in reversed(table.rows.values()) if row.status in TERMINAL_STATUSES
        }.values()
    )
    assert {key: count for key, count in table.ended.items() if count} == ends


@settings(max_examples=400, deadline=None)
@given(actions)
def test_moves_of_all_rows_add_up_to_what_is_in_flight_at_every_moment(sequence: list[Action]) -> None:
    """Sealed or not, expired or not: the rows' queue moves are the numbers in flight."""
    table = Table(new_tracker())
    for action in sequence:
        act(table, action)
        assert table.moved == table.in_flight


@settings(max_examples=150, deadline=None)
@given(actions)
def test_an_operation_ends_at_most_once(sequence: list[Action]) -> None:
    """Over seals and expiries, at most one row of an operation is an entry into a terminal status."""
    table = Table(new_tracker())
    for action in sequence:
        act(table, action)
    ends = Counter(row.operation_id for row in table.rows.values() if row.is_entry and row.status in TERMINAL_STATUSES)
    assert all(count == 1 for count in ends.values())


@settings(max_examples=150, deadline=None)
@given(actions)
def test_only_operations_in_the_table_are_in_flight(sequence: list[Action]) -> None:
    """Nothing that ended or expired holds a place in the queue: it could never leave it."""
    table = Table(new_tracker())
    for action in sequence:
        act(table, action)
        assert sum(table.in_flight.values()) <= len(table.tracker.table.operations)
        assert all(count >= 0 for counts in table.tracker.in_flight for count in counts)


def test_an_operation_goes_from_start_to_end() -> None:
    """Each row knows the status before it; the last knows the latency."""
    table = Table(new_tracker())
    rows = table.apply(
        [
            OperationStart("a", "add", "ipfs", 10.0, size=5),
            change("a", "processing", 11.0),
            change("a", "retrying", 12.0, retry_count=1, error_type="Timeout"),
            change("a", "completed", 14.5, size=7),
        ]
    )
    assert [(row.status, row.previous) for row in rows] == [
        ("pending", "none"),
        ("processing", "pending"),
        ("retrying", "processing"),
        ("completed", "retrying"),
    ]
    assert [row.latency for row in rows] == [None, None, None, 4.5]
    assert [row.size for row in rows] == [5, -1, -1, 7]
    assert [row.retry_count for row in rows] == [-1, -1, 1, 1]
    assert [row.error_type for row in rows] == ["", "", "Timeout", ""]
    assert [row.timestamp for row in rows] == [10_000_000, 11_000_000, 12_000_000, 14_500_000]
    assert {(row.operation_type, row.backend) for row in rows} == {("add", "ipfs")}
    assert table.tracker.table.operations == {}
    assert list(table.tracker.table.ended) == ["a"]


def test_a_status_before_its_start_gets_its_type_when_the_start_comes() -> None:
    """The earlier rows are patched, and the operation is placed from its start on."""
    table = apply_one_by_one([change("a", "processing", 11.0), change("a", "completed", 12.0), start("a", 10.0)])
    processing, completed, started = table.rows.values()
    assert (processing.operation_type, completed.backend) == ("add", "ipfs")
    assert (started.previous, processing.previous, completed.previous) == ("none", "pending", "processing")
    assert completed.latency == 2.0


def test_an_operation_whose_start_never_comes_counts_as_unknown_and_moves_nothing() -> None:
    """Its entries count; its latency is the one the WAL told."""
    table = apply_one_by_one([change("a", "processing", 11.0), change("a", "failed", 12.0, latency=3.0)])
    processing, failed = table.rows.values()
    assert (processing.operation_type, processing.backend, processing.previous) == ("unknown", "unknown", "unplaced")
    assert (failed.previous, failed.latency) == ("unplaced", 3.0)
    assert not table.in_flight


def test_a_status_that_carries_type_and_backend_places_its_operation() -> None:
    """An id first seen in mid-life is in the queue from there on, and has no latency."""
    table = apply_one_by_one([change("a", "processing", 11.0, operation_type="add", backend="s3")])
    assert table.in_flight == {("add", "s3", "processing"): 1}
    (row,) = table.apply([change("a", "completed", 12.0)])
    assert (row.previous, row.latency) == ("processing", None)


def test_the_same_status_twice_is_counted_and_is_no_entry() -> None:
    """A repeat changes nothing but the daemon's own count of repeats."""
    instrumentation = Instrumentation(Silent())
    table = Table(Tracker(LiveSettings(), instrumentation))
    table.apply([start("a", 1.0), start("a", 2.0), change("a", "processing", 3.0)])
    (again,) = table.apply([change("a", "processing", 4.0)])
    assert not again.is_entry and not again.moves
    assert instrumentation.counts["StatusRepeated"] == 2


def test_the_first_end_stays_and_a_contradiction_is_counted() -> None:
    """A second, other end is no entry and has no latency, even where its timestamp is earlier."""
    instrumentation = Instrumentation(Silent())
    table = Table(Tracker(LiveSettings(), instrumentation))
    table.apply([start("a", 1.0), change("a", "completed", 5.0)])
    other, late = table.apply([change("a", "failed", 3.0), change("a", "processing", 6.0)])
    assert (other.previous, other.latency, other.is_entry) == ("completed", None, False)
    assert not late.is_entry
    assert instrumentation.counts["StatusContradicted"] == 2


def test_a_late_status_takes_its_place_among_rows_that_are_not_sealed() -> None:
    """The row that follows it in time is patched."""
    table = apply_one_by_one([start("a", 1.0), change("a", "completed", 5.0), change("a", "processing", 3.0)])
    _, completed, processing = table.rows.values()
    assert (processing.previous, completed.previous) == ("pending", "processing")


def test_a_late_status_among_sealed_rows_counts_and_moves_nothing() -> None:
    """What is in a part stays as it is."""
    table = apply_one_by_one([start("a", 1.0), change("a", "processing", 5.0)])
    table.seal()
    (late,) = table.apply([change("a", "retrying", 3.0)])
    assert late.previous == "unplaced" and late.is_entry and not late.moves


def test_a_late_end_among_sealed_rows_ends_its_operation_and_takes_it_out_of_the_queue() -> None:
    """However late, an end is an end."""
    table = apply_one_by_one([start("a", 1.0), change("a", "processing", 5.0)])
    table.seal()
    (late,) = table.apply([change("a", "completed", 3.0)])
    assert (late.previous, late.latency) == ("processing", 2.0)
    assert not table.in_flight
    table.apply([change("a", "retrying", 4.0), change("a", "retrying", 6.0)])
    assert not table.in_flight


def test_a_start_stamped_after_a_status_moves_nothing() -> None:
    """In either order of arrival: it counts as an entry, and where the operation stands is what the status told."""
    late = apply_one_by_one([change("a", "processing", 3.0), start("a", 4.0)])
    early = apply_one_by_one([start("a", 4.0), change("a", "processing", 3.0)])
    for table in (late, early):
        assert table.in_flight == {("add", "ipfs", "processing"): 1}
        assert sum(row.is_entry for row in table.rows.values()) == 2


def test_a_health_change_moves_the_backend_only_forward_in_time() -> None:
    """A late change is a row, and does not undo a newer one."""
    table = Table(new_tracker())
    rows = table.apply(
        [BackendHealthChange("ipfs", "online", 5.0, "offline"), BackendHealthChange("ipfs", "offline", 3.0)]
    )
    assert [(row.backend, row.operation_type, row.status, row.previous) for row in rows] == [
        ("ipfs", "", "online", "offline"),
        ("ipfs", "", "offline", "none"),
    ]
    assert [row.operation_id for row in rows] == [None, None]
    assert table.tracker.health == {"ipfs": (5.0, ONLINE)}


def test_operations_beyond_the_number_are_overdue_oldest_first() -> None:
    """The table is bounded in number."""
    table = Table(new_tracker(max_operations=2))
    table.apply([start(each, 100.0) for each in ("a", "b", "c", "d")])
    assert table.tracker.table.overdue(now=100.0) == ["a", "b"]


def test_operations_beyond_the_age_are_overdue() -> None:
    """The table is bounded in age."""
    table = Table(new_tracker(max_operation_age=60))
    table.apply([start("a", 100.0), start("b", 130.0)])
    assert table.tracker.table.overdue(now=159.0) == []
    assert table.tracker.table.overdue(now=165.0) == ["a"]


def test_an_expired_operation_leaves_the_queue_and_still_ends_once() -> None:
    """Its expiry takes it out; its end, when it comes after all, counts and has its true latency."""
    table = apply_one_by_one([start("a", 1.0), change("a", "processing", 5.0)])
    (expired,) = table.expire(["a"], at=9.0)
    assert (expired.event, expired.status, expired.previous) == (OPERATION_EXPIRED, "none", "processing")
    assert (expired.timestamp, expired.operation_id) == (9_000_000, "a")
    assert not table.in_flight
    (end,) = table.apply([change("a", "completed", 11.0)])
    assert end.is_entry and not end.moves and end.latency == 10.0
    assert not table.tracker.table.operations


def test_what_ended_meanwhile_does_not_expire() -> None:
    """Who is overdue is decided before a batch is applied; its end may be in that batch."""
    table = apply_one_by_one([start("a", 1.0), start("b", 1.0), change("a", "completed", 2.0)])
    rows = table.expire(["a", "b"], at=9.0)
    assert [row.operation_id for row in rows] == ["b"]


def test_an_expired_operation_that_is_named_later_stays_out_of_the_queue() -> None:
    """A start or a type that comes after the expiry names it, and brings it back to nowhere."""
    table = apply_one_by_one([change("a", "processing", 5.0)])
    table.expire(["a"], at=9.0)
    rows = table.apply([change("a", "retrying", 10.0, operation_type="add", backend="s3"), start("a", 4.0)])
    assert {(row.operation_type, row.backend) for row in rows} == {("add", "s3")}
    assert not table.in_flight and not table.moved


def test_ended_operations_are_forgotten_beyond_their_limit() -> None:
    """The memory of what ended is bounded; an operation that comes back after that is a new one."""
    table = Table(new_tracker(max_ended=1))
    table.apply([start("a", 1.0), change("a", "completed", 2.0), start("b", 1.0), change("b", "completed", 2.0)])
    assert list(table.tracker.table.ended) == ["b"]


def test_series_beyond_the_limit_fold_into_other_and_are_counted() -> None:
    """Ten thousand invented types cost one series."""
    instrumentation = Instrumentation(Silent())
    tracker = Tracker(LiveSettings(max_series=5, max_backends=2), instrumentation)
    table = Table(tracker)
    table.apply([start(f"id-{number}", 1.0, f"type-{number}") for number in range(10_000)])
    assert len(tracker.series) == 6
    assert table.in_flight["other", "ipfs", "pending"] == 10_000 - 4
    assert instrumentation.counts["SeriesFolded"] == 10_000 - 4


def test_error_types_are_bounded_in_number_and_length() -> None:
    """A producer's free words cannot grow the daemon."""
    table = Table(new_tracker())
    rows = table.apply([change("a", "retrying", 1.0, error_type=f"{number:05}" * 100) for number in range(2000)])
    assert len(rows[0].error_type) == LONGEST_ERROR_TYPE
    assert rows[-1].error_type == "other"
    assert len(table.tracker.error_types) <= MAX_ERROR_TYPES + 1


def test_one_operation_with_very_many_late_statuses_is_placed_without_following_them_all() -> None:
    """Each late status patches itself and its neighbour, not the whole timeline."""
    table = Table(new_tracker())
    table.apply([start("a", 0.0)])
    events = [change("a", ("processing", "retrying")[number % 2], float(20_000 - number)) for number in range(20_000)]
    rows = table.tracker.apply(events, table.sequence)
    assert len(rows.patches) < 3 * len(events)


@pytest.mark.parametrize("status", ["processing", "completed"])
def test_a_start_that_ties_with_a_status_comes_first(status: str) -> None:
    """Whichever arrives first, at the same instant an operation starts before anything else happens to it."""
    events: list[Event] = [start("a", 3.0), change("a", status, 3.0)]
    for table in (apply_one_by_one(events), apply_one_by_one(events[::-1])):
        rows = sorted(table.rows.values(), key=lambda row: row.event)
        assert [row.previous for row in rows] == ["none", "pending"]
