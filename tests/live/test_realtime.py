"""The realtime answer has the seed's keys, and numbers of the present."""

from __future__ import annotations

import pytest

from telemetryd.live.realtime import realtime
from telemetryd.live.window import Window
from telemetryd.model.events import Event, OperationStart, StatusChange

from .plain import new_tracker

NOW = 1_000_000.0


def answer(events: list[Event], *, now: float = NOW, seconds: float = 300) -> dict[str, dict[str, object]]:
    tracker, window = new_tracker(), Window()
    window.add(tracker.apply(events, 1).ended, NOW)
    return realtime(tracker, window, now, seconds)


def operation(operation_id: str, status: str, ended: float, latency: float) -> list[Event]:
    return [
        OperationStart(operation_id, "add", "ipfs", ended - latency),
        StatusChange(operation_id, status, ended),  # type: ignore[arg-type]
    ]


def test_nothing_seen_gives_the_keys_without_numbers() -> None:
    """A dashboard can draw the first answer."""
    assert answer([]) == {
        "window": 300,
        "latency": {},
        "operation_latency": {},
        "success_rate": {},
        "error_rate": {},
        "throughput": {"overall": 0.0},
        "status_distribution": {},
    }


def test_latencies_rates_and_throughput_are_those_of_the_window() -> None:
    """Per type and backend; throughput a minute, and over all."""
    events = [
        each for number in range(1, 5) for each in operation(f"id-{number}", "completed", NOW - 10, float(number))
    ]
    told = answer([*events, *operation("bad", "failed", NOW - 10, 5.0), *operation("old", "failed", NOW - 1000, 9.0)])
    latency = told["latency"]["add:ipfs"]
    assert isinstance(latency, dict)
    assert (latency["mean"], latency["min"], latency["max"], latency["count"]) == (3.0, 1.0, 5.0, 5)
    assert latency["median"] == pytest.approx(3.0, rel=0.011)
    assert latency["percentile_95"] == pytest.approx(4.8, rel=0.011)
    assert latency["percentile_99"] == pytest.approx(4.96, rel=0.011)
    assert told["operation_latency"] == told["latency"]
    assert told["success_rate"] == {"add:ipfs": 0.8}
    assert told["error_rate"] == {"add:ipfs": 0.2}
    assert told["throughput"] == {"overall": 1.0, "add:ipfs": 1.0}


def test_in_flight_counts_are_now_and_ended_ones_are_of_the_window() -> None:
    """An operation long in flight is still told; one that ended long ago is not."""
    events: list[Event] = [
        OperationStart("a", "add", "ipfs", NOW - 2000),
        OperationStart("b", "add", "ipfs", NOW - 2000),
        StatusChange("b", "processing", NOW - 1999),
        OperationStart("c", "get", "s3", NOW - 2000),
        StatusChange("c", "completed", NOW - 1000),
        *operation("d", "completed", NOW - 1, 0.5),
    ]
    told = answer(events)
    assert told["status_distribution"] == {
        "add:ipfs": {"pending": 1, "processing": 1, "retrying": 0, "completed": 1, "failed": 0}
    }


def test_a_series_whose_starts_are_unknown_has_rates_and_no_latency() -> None:
    """Nothing is invented."""
    told = answer([StatusChange("a", "completed", NOW)])
    assert told["success_rate"] == {"unknown:unknown": 1.0}
    assert told["latency"] == {}


def test_a_series_that_only_the_table_of_series_knows_is_not_told() -> None:
    """Sealed parts are read into the window at start, and name series without operations in flight."""
    tracker = new_tracker()
    tracker.series.number("add", "ipfs")
    assert realtime(tracker, Window(), NOW, 300)["status_distribution"] == {}
