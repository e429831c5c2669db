"""Single operations: the slowest, the failed, the recent, and the timeline of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.oracle.events import change, life, start

from .daemon import Daemon
from .parquet_files import QUICK, holds
from .waiting import until

HOUR = 3600


def ids(daemon: Daemon, **params: object) -> list[str]:
    """Return the ids of the operations that an answer lists, in its order."""
    return [each["operation_id"] for each in daemon.get("operations", **params)["operations"]]


def test_operations_are_listed_by_what_is_asked_for(daemon: Daemon) -> None:
    """By latency, by failure and by time, with the filters of the metrics; those in flight are among the recent."""
    now = time.time()
    events = [
        *life("slow", now - 100, 50.0),
        *life("fast", now - 90, 1.0, operation_type="get"),
        *life("broken", now - 80, 5.0, "failed", backend="s3"),
        start("running", now - 20),
        change("running", "retrying", now - 10, retry_count=1),
    ]
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, events)
    assert ids(daemon, sort="slowest") == ["slow", "broken", "fast"]
    assert ids(daemon, sort="slowest", limit=1) == ["slow"]
    assert ids(daemon, sort="failed") == ["broken"]
    assert ids(daemon)[0] == "running"
    assert set(ids(daemon)) == {"slow", "fast", "broken", "running"}
    assert ids(daemon, status="retrying") == ["running"]
    assert ids(daemon, operation_type="get") == ["fast"]
    assert ids(daemon, backend="s3") == ["broken"]
    (slowest,) = daemon.get("operations", sort="slowest", limit=1)["operations"]
    assert (slowest["status"], round(slowest["latency"], 3)) == ("completed", 50.0)
    assert round(slowest["end_time"] - slowest["start_time"], 3) == 50.0


def test_the_timeline_of_an_operation_is_whole_wherever_its_rows_are(new_daemon: Callable[..., Daemon]) -> None:
    """In the head, in the parts of several hours, and after a restart: the same steps in the same order."""
    daemon = new_daemon(TELEMETRYD_STORAGE_LATE_QUIET=3600)
    daemon.start()
    now = time.time()
    steps: list[tuple[str, float, dict[str, Any]]] = [
        ("processing", now - 3 * HOUR, {}),
        ("retrying", now - 2 * HOUR, {"retry_count": 1}),
        ("processing", now - HOUR, {}),
        ("failed", now - 30, {"error": "refused", "error_type": "ConnectionRefused"}),
    ]
    events = [start("long", now - 4 * HOUR, "pin", "s3", size=42)]
    events += [change("long", status, at, **more) for status, at, more in steps]
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(
            1, [*events, *(event for number in range(20) for event in life(str(number), now - number * 500))]
        )
    live = daemon.get("operations/long")
    assert [step["status"] for step in live["timeline"]] == ["pending", *(status for status, *_ in steps)]
    assert [round(step["timestamp"] - now) for step in live["timeline"]] == [-14400, -10800, -7200, -3600, -30]
    assert (live["operation_type"], live["backend"], live["status"], live["size"]) == ("pin", "s3", "failed", 42)
    assert abs(live["latency"] - (4 * HOUR - 30)) < 1e-3
    assert live["timeline"][-1]["error_type"] == "ConnectionRefused"
    daemon.restart(**QUICK)
    until(lambda: holds(daemon, 65), "all rows to be sealed")
    sealed = daemon.get("operations/long")
    assert sealed == {**live, "timestamp": sealed["timestamp"]}


def test_an_unknown_operation_is_not_found(daemon: Daemon) -> None:
    """With 404 and a sentence that names it."""
    answer = daemon.ask("GET", "operations/nobody knows")
    assert (answer.status_code, answer.json()["success"]) == (404, False)
    assert "nobody knows" in answer.json()["error"]
