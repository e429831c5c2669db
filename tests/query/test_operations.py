"""Single operations, beside the lives they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from telemetryd.model.errors import QueryTimeout, UnknownOperation
from telemetryd.query.deadline import Deadline
from telemetryd.query.operations import operation, operations
from telemetryd.query.request import Filters, OperationsRequest
from tests.oracle.events import change, health, life, start
from tests.oracle.history import UNKNOWN, series_of

from .histories import END, HOUR, random_history
from .rows import Event
from .store import Store

StoreOf = Callable[[list[Event]], Store]
Ended = dict[str, Any]


def forever() -> Deadline:
    return Deadline(1, lambda: 0.0)


def spread(store: Store) -> None:
    """Put the rows into three parts that overlap and one head, at random."""
    places = np.random.default_rng(0).integers(0, 4, len(store.rows))
    for place in range(3):
        store.seal(np.flatnonzero(places == place))
    store.hold(np.flatnonzero(places == 3))


def listed(store: Store, sort: str, limit: int = 1000, start: float = HOUR, end: float = END, **filters: str) -> Any:
    request = OperationsRequest(Filters(**filters), start, end, sort, limit)
    return operations(request, store.snapshot(END), store.reader, forever())


def told(store: Store, operation_id: str, start: float | None = None, end: float | None = None) -> Any:
    return operation(operation_id, store.snapshot(END), store.reader, forever(), start, end)


def ended(events: list[Event]) -> list[Ended]:
    """Return what is to be told of every operation that ended, newest first."""
    found = []
    for name in {event["operation_id"] for event in events if "operation_id" in event}:
        mine = [event for event in events if event.get("operation_id") == name]
        ends = [event for event in mine if event.get("status") in ("completed", "failed")]
        if ends:
            starts = [event["timestamp"] for event in mine if event["event"] == "operation_start"]
            took = ends[0]["timestamp"] - starts[0] if starts else ends[0].get("latency")
            found.append(
                {
                    "operation_id": name,
                    "series": series_of(mine),
                    "status": ends[0]["status"],
                    "end_time": ends[0]["timestamp"],
                    "latency": took,
                }
            )
    return sorted(found, key=lambda each: -each["end_time"])


def ids(found: list[Ended]) -> list[str]:
    return [each["operation_id"] for each in found]


@pytest.fixture
def events() -> list[Event]:
    return random_history(5)


@pytest.fixture
def store(store_of: StoreOf, events: list[Event]) -> Store:
    store = store_of(events)
    spread(store)
    return store


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_the_slowest_are_those_with_the_longest_latency(store: Store, events: list[Event], limit: int) -> None:
    """Of all that ended with a known latency, in memory and in parts, the slowest first."""
    timed = [each for each in ended(events) if each["latency"] is not None]
    expected = sorted(timed, key=lambda each: -each["latency"])[:limit]
    found = listed(store, "slowest", limit)
    assert ids(found) == ids(expected)
    assert [each["latency"] for each in found] == pytest.approx([each["latency"] for each in expected])


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_the_failed_are_the_last_that_failed(store: Store, events: list[Event], limit: int) -> None:
    """Only what failed, newest first, with its times."""
    expected = [each for each in ended(events) if each["status"] == "failed"][:limit]
    found = listed(store, "failed", limit)
    assert ids(found) == ids(expected)
    for each in found:
        assert each["latency"] is None or each["start_time"] == pytest.approx(each["end_time"] - each["latency"])


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_the_recent_are_what_ended_or_began_last(store: Store, events: list[Event], limit: int) -> None:
    """Ended operations by their end, those in flight by their start, newest first."""
    running = store.snapshot(END).operations()
    began = {each.operation_id: each.since if each.start is None else each.start for each in running}
    when = {each["operation_id"]: each["end_time"] for each in ended(events)} | began
    assert len(began) > 3
    assert ids(listed(store, "recent", limit)) == sorted(when, key=lambda name: -when[name])[:limit]


def test_filters_and_ranges_pick_operations(store: Store, events: list[Event]) -> None:
    """Type, backend, status, and a half-open range of ends."""
    everything = ended(events)
    adds = [each for each in everything if each["series"] == ("add", "s3")]
    assert ids(listed(store, "slowest", operation_type="add", backend="s3")) == ids(
        sorted((each for each in adds if each["latency"] is not None), key=lambda each: -each["latency"])
    )
    completed = [each for each in everything if each["status"] == "completed"]
    assert ids(listed(store, "recent", status="completed")) == ids(completed)
    first, last = everything[-3]["end_time"], everything[3]["end_time"]
    inside = [each for each in everything if first <= each["end_time"] < last and each["status"] == "failed"]
    assert ids(listed(store, "failed", start=first, end=last)) == ids(inside)
    pending = listed(store, "recent", status="pending")
    assert {each["status"] for each in pending} == {"pending"}
    assert listed(store, "slowest", status="pending") == []
    assert listed(store, "slowest", backend="nowhere") == []


def test_an_operation_is_told_with_its_timeline(store: Store, events: list[Event]) -> None:
    """Every row of every operation, oldest first, whatever parts and heads its rows are in."""
    by_id: dict[str, list[Event]] = {}
    for event in events:
        if "operation_id" in event:
            by_id.setdefault(event["operation_id"], []).append(event)
    ends = {each["operation_id"]: each for each in ended(events)}
    for name, mine in by_id.items():
        found = told(store, name)
        assert [row["timestamp"] for row in found["timeline"]] == [event["timestamp"] for event in mine]
        assert [row["event"] for row in found["timeline"]] == [event["event"] for event in mine]
        assert (found["operation_type"], found["backend"]) == series_of(mine)
        end = ends.get(name)
        assert found["end_time"] == (end["end_time"] if end else None)
        assert found["latency"] == pytest.approx(end["latency"] if end else None)
        starts = [event["timestamp"] for event in mine if event["event"] == "operation_start"]
        assert found["start_time"] == (starts[0] if starts else None)
        assert found["status"] == (end["status"] if end else mine[-1].get("status", "pending"))


def test_a_timeline_says_what_each_row_followed(store_of: StoreOf) -> None:
    """The status before a row is told by its word; the first row has none."""
    store = store_of([*life("a", HOUR + 5), health("ipfs", "online", HOUR + 6)])
    store.hold(np.arange(4))
    steps = [(row["previous_status"], row["status"]) for row in told(store, "a")["timeline"]]
    assert steps == [(None, "pending"), ("pending", "processing"), ("processing", "completed")]
    assert "operation_type" not in told(store, "a")["timeline"][0]


def test_a_start_that_came_late_does_not_hide_the_rest(store_of: StoreOf) -> None:
    """The rows between a start in memory and now may be in parts already."""
    store = store_of(life("a", HOUR + 5, 10.0))
    store.seal(np.array([1, 2]))
    store.hold(np.array([0]))
    assert [row["status"] for row in told(store, "a")["timeline"]] == ["pending", "processing", "completed"]


def test_a_repeated_start_is_not_the_start(store_of: StoreOf) -> None:
    """An hour later the same start came again: the first one is found all the same."""
    store = store_of([start("a", HOUR + 5), start("a", HOUR + 4000), change("a", "completed", HOUR + 8000)])
    store.seal(np.arange(3))
    found = told(store, "a")
    assert (found["start_time"], len(found["timeline"]), found["latency"]) == (HOUR + 5, 3, 7995.0)


def test_a_range_bounds_where_an_operation_is_looked_for(store_of: StoreOf) -> None:
    """Rows before its start or from its end on are not read."""
    store = store_of(life("a", HOUR + 5, 10.0))
    store.seal(np.arange(3))
    assert len(told(store, "a", HOUR + 6, HOUR + 15)["timeline"]) == 1
    with pytest.raises(UnknownOperation):
        told(store, "a", HOUR + 60)


def test_an_orphan_in_flight_is_as_old_as_its_last_status(store_of: StoreOf) -> None:
    """Nobody knows when it began: it is listed by its last word, with no start time."""
    series = {"operation_type": "pin", "backend": "s3"}
    store = store_of([*life("a", HOUR + 5), change("b", "processing", HOUR + 100, **series), start("c", HOUR + 50)])
    store.hold(np.arange(5))
    assert [(each["operation_id"], each["start_time"]) for each in listed(store, "recent")] == [
        ("b", None),
        ("c", HOUR + 50),
        ("a", HOUR + 5),
    ]
    assert series_of([change("x", "completed", HOUR)]) == UNKNOWN


def test_an_id_that_nobody_stored_is_unknown(store: Store) -> None:
    """The error names what was asked for, cut to what an id may be."""
    with pytest.raises(UnknownOperation, match="found 'nobody'"):
        told(store, "nobody")
    with pytest.raises(UnknownOperation) as raised:
        told(store, "x" * 5000)
    assert len(str(raised.value)) < 400


def test_looking_ends_when_its_time_is_over(store: Store) -> None:
    """Lists and timelines look at their deadline before each part."""
    deadline = forever()
    deadline.cancel()
    request = OperationsRequest(Filters(), HOUR, END, "slowest", 10)
    with pytest.raises(QueryTimeout):
        operations(request, store.snapshot(END), store.reader, deadline)
    with pytest.raises(QueryTimeout):
        operation("a", store.snapshot(END), store.reader, deadline, None, None)
