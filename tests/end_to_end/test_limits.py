"""What is bounded stays bounded, and reaching a bound is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracle.events import change, health, life, start

from .daemon import Daemon
from .waiting import until

HOUR = 3600


def test_operations_beyond_the_limit_expire(new_daemon: Callable[..., Daemon]) -> None:
    """Of fifty operations that do not end ten stay in flight; when the others end after all, it counts once each."""
    daemon = new_daemon(TELEMETRYD_LIVE_MAX_OPERATIONS=10)
    daemon.start()
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start(f"{number}", now - 30 + number / 10) for number in range(50)])
        until(lambda: in_flight(daemon) == 10, "forty operations to expire")
        assert daemon.events("operations expired")
        assert last_queue_size(daemon) == 10
        daemon.kill()
    daemon.start()
    assert (in_flight(daemon), last_queue_size(daemon)) == (10, 10)
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(2, [change(f"{number}", "completed", now - 20) for number in range(50)])
    assert (in_flight(daemon), last_queue_size(daemon)) == (0, 0)
    assert (daemon.entries("pending"), daemon.entries("completed")) == (50, 50)


def test_operations_that_are_too_old_expire(new_daemon: Callable[..., Daemon]) -> None:
    """What started longer ago than the limit and has not ended leaves the queue; what is younger stays."""
    daemon = new_daemon(TELEMETRYD_LIVE_MAX_OPERATION_AGE=HOUR)
    daemon.start()
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start("old", now - 2 * HOUR), start("young", now - HOUR / 2)])
    until(lambda: in_flight(daemon) == 1, "the old one to expire")
    assert daemon.entries("pending") == 2
    assert daemon.get("operations", status="pending")["operations"][0]["operation_id"] == "young"


def in_flight(daemon: Daemon) -> int:
    """Return how many operations are in flight now."""
    distribution = daemon.get("realtime")["status_distribution"]
    return sum(counts[status] for counts in distribution.values() for status in ("pending", "processing", "retrying"))


def last_queue_size(daemon: Daemon) -> int:
    """Return the last value of the queue of the one series there is."""
    samples = daemon.get("metrics", metric_type="queue_size", start_time=time.time() - 60)["metrics"]["queue_size"]
    return int(samples["add"]["ipfs"][-1]["last"])


@pytest.mark.parametrize("interval", [60, HOUR])
def test_an_answer_that_would_be_too_large_is_refused_before_it_is_made(shared_daemon: Daemon, interval: int) -> None:
    """A range of millennia costs a sentence, and no memory."""
    daemon = shared_daemon
    with daemon.producer() as producer:
        producer.hello(f"in intervals of {interval}")
        producer.store(1, life("a", time.time() - 10))
    before = most_memory(daemon)
    answer = daemon.ask("GET", "metrics", params={"start_time": 0, "end_time": 253_402_300_799, "interval": interval})
    assert (answer.status_code, answer.json()["error_type"]) == (422, "result_too_large")
    assert most_memory(daemon) - before < 100_000_000


def most_memory(daemon: Daemon) -> int:
    """Return the most resident memory the daemon ever had, in bytes."""
    lines = Path(f"/proc/{daemon.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_ten_thousand_invented_operation_types_fold_into_other(daemon: Daemon) -> None:
    """Every operation is counted, the series are as many as the setting says, and the folding is told."""
    now = time.time() - 60
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, life("known", now))
        for batch in range(10):
            numbers = range(batch * 1000, batch * 1000 + 1000)
            producer.store(batch + 2, [start(f"{number}", now, f"invented {number}") for number in numbers])
        producer.store(12, life("known too", now))
        assert producer.heard == []
    found = daemon.get("metrics", metric_type="operation_count", aggregation="sum")["metrics"]["operation_count"]
    counts = {name: sum(sample["count"] for (sample,) in by_backend.values()) for name, by_backend in found.items()}
    assert sum(counts.values()) == 10_002
    assert 990 <= len(counts) <= 1002
    assert counts["add"] == 2
    assert counts["other"] == 10_000 - (len(counts) - 2)
    assert daemon.events("series folded into other")


def test_invented_backends_fold_into_other(daemon: Daemon) -> None:
    """Also those that only tell their health."""
    now = time.time() - 60
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [start(f"{number}", now, backend=f"invented {number}") for number in range(500)])
        producer.store(2, [health(f"sick {number}", "degraded", now) for number in range(500)])
    found = daemon.get("metrics", aggregation="sum")["metrics"]
    assert sum(sample["count"] for (sample,) in found["operation_count"]["add"].values()) == 500
    assert len(found["operation_count"]["add"]) <= 65
    assert len(found["backend_health"]) <= 65
    assert "other" in found["operation_count"]["add"]
