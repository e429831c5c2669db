#!/usr/bin/env python3
"""Measure how long a report of a day takes, with all its charts and pictures, and what others notice of it.

A daemon below a temporary folder gets a day of simulated operations; then reports of the last day are
asked for, one after the other, and waited for as a client does. Meanwhile `/realtime` is asked all the time.

    scripts/measure_report.py
    scripts/measure_report.py --rate 5 --reports 3
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from measured_daemon import ROOT, running

API = "/api/v0/wal/telemetry"
DAY = 86_400
PATIENCE = 120.0


def main() -> int:
    """Send a day, make reports, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=2.0, help="operations a second (default: %(default)s)")
    parser.add_argument("--reports", type=int, default=8, help="how many to make (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="td-") as name, running(Path(name)) as daemon:
        history = ["--history-hours", "24", "--rate", str(options.rate), "--duration", "1", "--seed", "a day"]
        simulated = [sys.executable, str(ROOT / "scripts" / "simulated_wal.py"), "--socket", daemon.socket, *history]
        subprocess.run(simulated, check=True)
        print(json.dumps(measure(daemon.url + API, options.reports), indent=2))
    return 0


def measure(url: str, reports: int) -> dict[str, Any]:
    """Make reports and return how long each took (s), and how long `/realtime` (ms)."""
    stop = threading.Event()
    realtime: list[float] = []

    def look() -> None:
        while not stop.wait(0.02):
            begin = time.perf_counter()
            get(f"{url}/realtime")
            realtime.append(1000 * (time.perf_counter() - begin))

    watcher = threading.Thread(target=look)
    watcher.start()
    begun, load = time.time(), os.getloadavg()[0]
    made = [report(url, begun - DAY - 60 * number, begun - 60 * number) for number in range(reports)]
    stop.set()
    watcher.join()
    later = [seconds for seconds, _ in made[1:]] or [made[0][0]]
    return {
        "load_at_the_start": round(load, 2),
        "operations": operations(url, begun),
        "first_report_seconds": round(made[0][0], 2),
        "report_seconds": {"median": round(statistics.median(later), 2), "max": round(max(later), 2)},
        "pictures": sum(name.endswith(".png") for name in made[-1][1]["files"]),
        "report_bytes": sum(
            len(get(f"{url}/reports/{made[-1][1]['report_id']}/{name}")) for name in made[-1][1]["files"]
        ),
        "realtime_ms": {"median": round(statistics.median(realtime), 1), "max": round(max(realtime), 1)},
    }


def report(url: str, start: float, end: float) -> tuple[float, dict[str, Any]]:
    """Ask for a report and wait until it is done; return how long that took (s), and what it then says of itself."""
    begin = time.perf_counter()
    body = urllib.parse.urlencode({"start_time": start, "end_time": end}).encode()
    asked = json.loads(get(f"{url}/report", body))
    while True:
        told: dict[str, Any] = json.loads(get(f"{url}/reports/{asked['report_id']}/report.json"))
        if told["status"] == "done":
            return time.perf_counter() - begin, told
        if told["status"] == "failed" or time.perf_counter() - begin > PATIENCE:
            raise SystemExit(f"expected a report within {PATIENCE:.0f} s, found {told['status']}: {told.get('error')}")
        time.sleep(0.01)


def operations(url: str, now: float) -> int:
    """Return how many operations began in the day."""
    asked = f"{url}/metrics?metric_type=operation_count&aggregation=sum&start_time={now - DAY}&end_time={now}"
    counts = json.loads(get(asked))["metrics"]["operation_count"]
    return sum(sample["count"] for by_backend in counts.values() for (sample,) in by_backend.values())


def get(url: str, body: bytes | None = None) -> bytes:
    """Return the body of an answer."""
    with urllib.request.urlopen(url, body, timeout=PATIENCE) as answer:
        return bytes(answer.read())


if __name__ == "__main__":
    sys.exit(main())
