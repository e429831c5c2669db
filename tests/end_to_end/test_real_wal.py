"""The whole way: ipfs_kit_py's WAL on one side, its telemetry client on the other, nothing of either changed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from telemetryd import hooks
from tests import peers

from .daemon import ROOT, Daemon
from .waiting import until

storage_wal = peers.storage_wal()

ADDED = {"add": 4, "pin": 3, "rm": 2, "get": 1}
MILLISECOND = 0.001
# How long the WAL's own thread may take between noting a time and calling on, on a busy machine.
SLACK = 1.0


def handle(operation: dict[str, Any]) -> dict[str, Any]:
    """Adds succeed, pins at the second attempt, removals never, and getting breaks the handler."""
    retried = bool(operation["retry_count"])
    match operation["operation_type"]:
        case "add":
            return {"success": True, "cid": "Qm", "size": 1024}
        case "pin" if retried:
            return {"success": True}
        case "get":
            raise ConnectionError("no route to the backend")
    return {"success": False, "error": "busy", "error_type": "service_unavailable"}


@pytest.fixture
def monitor() -> Iterator[Any]:
    """A health monitor that looks once, at the local backend; what it thinks of s3 the test says."""
    made = storage_wal.BackendHealthMonitor(check_interval=3600, backends=["local"])
    yield made
    made.close()


@pytest.fixture
def wal(short_path: Path, monitor: Any) -> Iterator[Any]:
    """The real WAL with its own processing thread. While s3 is not online it leaves s3's operations alone."""
    made = storage_wal.StorageWriteAheadLog(
        str(short_path / "wal"), process_interval=1, max_retries=1, health_monitor=monitor
    )
    made._get_operation_handler = lambda operation: handle
    yield made
    made.close()


def in_status(wal: Any, *statuses: str) -> list[dict[str, Any]]:
    return [operation for operation in wal.get_all_operations() if operation["status"] in statuses]


def seconds(instant: datetime) -> float:
    return instant.replace(tzinfo=UTC).timestamp()


def test_what_a_real_wal_does_is_what_its_client_reads(daemon: Daemon, wal: Any, monitor: Any) -> None:
    """Every operation counts once, latencies are the WAL's own, and the WAL notices nothing."""
    until(lambda: monitor.get_status("local")["status"] == "online", "the monitor's first look")
    before = [dict(vars(wal)), dict(vars(monitor))]
    attachment = hooks.attach(wal, daemon.socket)

    added = [wal.add_operation(kind, "s3") for kind, times in ADDED.items() for _ in range(times)]
    assert all(
        set(result) == {"success", "operation_id", "operation_type", "backend", "status", "timestamp"}
        for result in added
    )
    assert wal.update_operation_status("nobody's", "completed") is False

    monitor._update_backend_status("s3", True)
    until(
        lambda: len(in_status(wal, "retrying")) == 5 and len(in_status(wal, "completed", "failed")) == 5,
        "the first attempts",
    )
    for operation in in_status(wal, "retrying"):
        wal._processing_queue.put(operation["operation_id"])
    until(lambda: len(in_status(wal, "completed", "failed")) == 10, "the second attempts")
    monitor._update_backend_status("s3", False)
    wal.close()
    finished = wal.get_all_operations()

    telemetry = attachment.emitter.statistics()
    assert telemetry.acked == telemetry.sent > 0, "closing the WAL has flushed"
    assert (telemetry.dropped, telemetry.invalid, telemetry.errors) == (0, 0, 0)
    assert attachment.detach(60)
    # Stopping is the WAL's own doing; all else is as it was.
    assert [vars(wal).keys(), vars(monitor).keys()] == [each.keys() for each in before]
    assert monitor.status_change_callback is None
    assert wal.add_operation.__func__ is type(wal).add_operation

    client = peers.wal_telemetry_client().WALTelemetryClient(daemon.url)

    def read(metric_type: str, aggregation: str, **filters: str) -> dict[str, dict[str, Any]]:
        answer = client.get_metrics(metric_type, aggregation=aggregation, **filters)
        series = answer["metrics"].get(metric_type, {})
        return {kind: samples[0] for kind, by_backend in series.items() for samples in by_backend.values()}

    counts = read("operation_count", "sum")
    assert {kind: sample["value"] for kind, sample in counts.items()} == ADDED
    ends = {kind: (sample["by_status"]["completed"], sample["by_status"]["failed"]) for kind, sample in counts.items()}
    assert ends == {"add": (4, 0), "pin": (3, 0), "rm": (0, 2), "get": (0, 1)}
    retries = {kind: sample["value"] for kind, sample in read("retry_count", "sum").items()}
    assert {kind: retries.get(kind, 0) for kind in ADDED} == {"add": 0, "pin": 3, "rm": 2, "get": 0}
    success = {kind: sample["value"] for kind, sample in read("success_rate", "average").items()}
    assert success == {"add": 1.0, "pin": 1.0, "rm": 0.0, "get": 0.0}

    latencies = read("operation_latency", "sum")
    for kind, times in ADDED.items():
        theirs = [
            seconds(each["updated_at"]) - seconds(each["timestamp"])
            for each in finished
            if each["operation_type"] == kind
        ]
        assert latencies[kind]["count"] == times
        assert sum(theirs) - times * 2 * MILLISECOND <= latencies[kind]["value"] <= sum(theirs) + times * SLACK
        assert min(theirs) - 2 * MILLISECOND <= latencies[kind]["min"] <= latencies[kind]["max"] <= max(theirs) + SLACK

    health = client.get_metrics("backend_health")["metrics"]["backend_health"]
    assert health["local"][-1]["last"] == 1.0
    assert health["s3"][-1]["last"] == 0.0

    realtime = client.get_realtime_metrics()
    assert realtime["status_distribution"]["add:s3"]["completed"] == 4
    one = daemon.get(f"operations/{added[0]['operation_id']}")
    assert [entry["event"] for entry in one["timeline"]] == ["operation_start", "status_change", "status_change"]


def test_nothing_is_lost_or_doubled_while_the_daemon_dies_and_comes_back(daemon: Daemon) -> None:
    """A WAL goes on working through kills of the daemon; afterwards every operation is there, once."""
    emitter = hooks.Emitter(daemon.socket, "stubborn")
    stop = threading.Event()
    noted = 0

    def work() -> None:
        nonlocal noted
        while not stop.wait(0.0005):
            if emitter.statistics().buffered > 30_000:
                continue  # half of the room is taken: the daemon takes long to come back
            emitter.operation_start(f"operation-{noted}", "add", "ipfs")
            emitter.status_change(f"operation-{noted}", "completed")
            noted += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3):
            acked = emitter.statistics().acked
            until(lambda before=acked: emitter.statistics().acked > before + 100, "events to flow")  # type: ignore[misc]
            daemon.kill()
            daemon.start()
    finally:
        stop.set()
        worker.join()
    assert emitter.flush(60), emitter.statistics()
    assert emitter.close(60)
    assert emitter.statistics().dropped == 0
    assert daemon.entries("pending") == daemon.entries("completed") == noted
    answer = daemon.get("metrics", metric_type="operation_latency", aggregation="count")
    assert answer["metrics"]["operation_latency"]["add"]["ipfs"][0]["value"] == noted


def test_a_daemon_that_is_switched_off_and_on_is_heard_without_a_reconnect(daemon: Daemon) -> None:
    """`enabled` by POST /config: what happens meanwhile is discarded in the WAL's process, the rest is stored."""
    emitter = hooks.Emitter(daemon.socket, "obedient")
    emitter.operation_start("before", "add", "ipfs")
    assert emitter.flush(60)

    def discarded() -> int:
        emitter.operation_start("meanwhile", "add", "ipfs")
        return emitter.statistics().discarded

    def stored() -> bool:
        emitter.operation_start("after", "pin", "ipfs")
        return emitter.flush(60) and daemon.entries(operation_type="pin") > 0

    daemon.configure(enabled=False)
    until(discarded, "the daemon's word to reach the producer")
    daemon.configure(enabled=True)
    until(stored, "the daemon's word to reach the producer")
    assert emitter.close(60)
    assert len(daemon.events("producer attached")) == 1


def test_a_short_process_tells_all_it_did(daemon: Daemon) -> None:
    """A command that adds and is gone leaves its operations behind, without a flush of its own."""
    program = """
import sys
from telemetryd import hooks
emitter = hooks.Emitter(sys.argv[1])
for number in range(1000):
    emitter.operation_start(str(number), "cat", "local")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program, daemon.socket], env=environment, check=True, timeout=60)
    assert daemon.entries(operation_type="cat") == 1000
