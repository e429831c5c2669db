"""The example of the API's own documentation, as its users copy it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from typing import Any

import pytest
import requests

from tests.oracle.events import life, start

from .daemon import Daemon

# To the letter; only the port is the one that the test got.
SNIPPET = """\
import requests
import time

# Get real-time telemetry
response = requests.get("http://localhost:8000/api/v0/wal/telemetry/realtime")
if response.status_code == 200:
    data = response.json()
    print(f"Latency metrics: {data.get('latency', {})}")
    print(f"Success rate: {data.get('success_rate', {})}")
    print(f"Error rate: {data.get('error_rate', {})}")
    print(f"Throughput: {data.get('throughput', {})}")

# Get filtered telemetry metrics
response = requests.get(
    "http://localhost:8000/api/v0/wal/telemetry/metrics",
    params={
        "metric_type": "operation_latency",
        "aggregation": "average"
    }
)
if response.status_code == 200:
    data = response.json()
    print(f"Filtered metrics: {data.get('metrics', {})}")

# Generate telemetry report
end_time = time.time()
start_time = end_time - 3600  # Last hour
response = requests.post(
    "http://localhost:8000/api/v0/wal/telemetry/report",
    data={
        "start_time": start_time,
        "end_time": end_time
    }
)
if response.status_code == 200:
    data = response.json()
    report_url = data.get("report_url")
    print(f"Report URL: {report_url}")
"""


def test_the_snippet_prints_numbers(daemon: Daemon) -> None:
    """Three operations that took 1, 2 and 3 s, the last of which failed, and one in flight."""
    now = time.time()
    lives = [
        life(str(latency), now - 20, float(latency), "failed" if latency == 3 else "completed") for latency in (1, 2, 3)
    ]
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [*(event for each in lives for event in each), start("in flight", now - 5)])
    script = SNIPPET.replace("localhost:8000", daemon.url.removeprefix("http://"))
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]}
    )
    assert run.returncode == 0, run.stderr
    printed: dict[str, Any] = {}
    for line in run.stdout.splitlines():
        name, _, value = line.partition(": ")
        printed[name] = value if name == "Report URL" else ast.literal_eval(value)
    latency = printed["Latency metrics"]["add:ipfs"]
    assert {"mean", "median", "min", "max", "percentile_95", "count"} <= latency.keys()
    assert (latency["count"], latency["min"], latency["max"]) == (3, pytest.approx(1), pytest.approx(3))
    assert printed["Success rate"] == {"add:ipfs": pytest.approx(2 / 3)}
    assert printed["Error rate"] == {"add:ipfs": pytest.approx(1 / 3)}
    assert printed["Throughput"] == {"overall": pytest.approx(0.6), "add:ipfs": pytest.approx(0.6)}
    (sample,) = printed["Filtered metrics"]["operation_latency"]["add"]["ipfs"]
    assert {"timestamp", "mean", "median", "min", "max", "percentile_95", "percentile_99"} <= sample.keys()
    assert sample["value"] == pytest.approx(2.0, abs=1e-5)
    page = requests.get(printed["Report URL"], timeout=60)
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")


def test_the_realtime_answer_has_the_documented_keys(daemon: Daemon) -> None:
    """Also before anything has happened; and by status, what is in flight beside what ended in the window."""
    empty = daemon.get("realtime")
    assert (empty["success"], empty["operation"]) == (True, "get_realtime_telemetry")
    assert empty["latency"] == empty["success_rate"] == empty["error_rate"] == empty["status_distribution"] == {}
    assert empty["throughput"] == {"overall": 0}
    now = time.time()
    with daemon.producer() as producer:
        producer.hello("wal")
        producer.store(1, [*life("recent", now - 10), *life("long ago", now - 400), start("in flight", now - 400)])
    found = daemon.get("realtime")
    assert found["operation_latency"] == found["latency"]
    assert found["latency"]["add:ipfs"]["count"] == 1
    assert found["status_distribution"]["add:ipfs"] == {
        "pending": 1,
        "processing": 0,
        "retrying": 0,
        "completed": 1,
        "failed": 0,
    }
    assert found["throughput"]["overall"] == pytest.approx(0.2)
    wide = daemon.get("realtime", window=900)
    assert wide["latency"]["add:ipfs"]["count"] == 2
    assert wide["throughput"]["overall"] == pytest.approx(2 / 15)


def test_the_metrics_answer_has_the_documented_envelope(daemon: Daemon) -> None:
    """The seed's names, and the range and interval that were used."""
    found = daemon.get("metrics", metric_type="operation_latency", aggregation="average")
    assert (found["success"], found["operation"]) == (True, "get_telemetry")
    assert (found["metric_type"], found["aggregation"]) == ("operation_latency", "average")
    assert found["end_time"] - found["start_time"] == 86_400
    assert found["interval"] == 60
    assert abs(found["timestamp"] - time.time()) < 60
