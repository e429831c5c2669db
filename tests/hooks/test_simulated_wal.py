"""The simulated WAL is a script beside the package; what it must show is tested here, where its daemon is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.end_to_end.waiting import until

from .scripted_daemon import Line, ScriptedDaemon

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "simulated_wal.py"


def simulate(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments], env=environment, stderr=subprocess.PIPE, text=True
    )


def history(daemon: ScriptedDaemon) -> list[Line]:
    """Return the events that came by the bare protocol."""
    return [
        event
        for producer, batches in daemon.stored.items()
        if producer.startswith("simulated-history-")
        for events in batches.values()
        for event in events
    ]


def test_there_is_history_with_everything_in_it(daemon: ScriptedDaemon) -> None:
    """Hours of the past, in order: all types and backends, failures, retries, and a backend that recovers."""
    began = time.time()
    process = simulate(
        "--socket", daemon.path, "--history-hours", "2", "--rate", "1", "--seed", "7", "--duration", "0.1"
    )
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "on the daemon's disk" in said
    events = history(daemon)
    timestamps = [event["timestamp"] for event in events]
    assert timestamps == sorted(timestamps)
    assert began - 2 * 3600 - 1 < timestamps[0] < began - 2 * 3600 + 60
    assert began - 60 < timestamps[-1] <= time.time()
    starts = [event for event in events if event["event"] == "operation_start"]
    assert len({event["operation_type"] for event in starts}) == 13
    assert {event["backend"] for event in starts} == {"ipfs", "s3", "storacha", "local", "filecoin"}
    assert len({event["operation_id"] for event in starts}) == len(starts)
    statuses = {event["status"] for event in events if event["event"] == "status_change"}
    assert statuses == {"processing", "retrying", "completed", "failed"}
    health = [event["new_status"] for event in events if event.get("backend") == "storacha" and "new_status" in event]
    assert {"online", "degraded", "offline"} == set(health)


def test_then_it_is_live_until_it_is_told_to_stop(daemon: ScriptedDaemon) -> None:
    """Several producers go on, each by an emitter of its own, and SIGTERM ends them with their last events sent."""
    began = time.time()
    process = simulate("--socket", daemon.path, "--history-hours", "0.01", "--rate", "60")
    until(lambda: len(daemon.stored) == 4, "the history and three producers")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "0 dropped" in said
    live = daemon.events[len(history(daemon)) :]
    assert all(began - 1 < event["timestamp"] < time.time() + 1 for event in live)
    sent = re.findall(r"(\d+) events sent (\d+) acknowledged", said.replace(",", ""))
    assert sum(int(acknowledged) for _, acknowledged in sent) == sum(int(sent) for sent, _ in sent) == len(live)


def test_without_a_daemon_it_says_so(stopped_daemon: ScriptedDaemon) -> None:
    """One sentence, after some seconds of waiting for a daemon that is about to start."""
    process = simulate("--socket", stopped_daemon.path, "--wait", "0.2")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.strip() == (
        f"expected a daemon that listens at {stopped_daemon.path}, waited 0.2 s, found: No such file or directory"
    )
