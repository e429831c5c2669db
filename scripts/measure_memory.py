#!/usr/bin/env python3
"""Measure what a daemon's memory and CPU do while millions of events go through it.

Starts a daemon below a temporary folder, lets several producer processes send batches as fast as
acknowledgements allow, samples the daemon's resident memory, and checks at the end that every
operation was counted once.

    scripts/measure_memory.py
    scripts/measure_memory.py --events 1000000 --producers 8
    TELEMETRYD_STORAGE_HEAD_ROWS=50000 scripts/measure_memory.py
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import time
import urllib.request
from itertools import islice, product
from pathlib import Path

from measured_daemon import MeasuredDaemon, cpu_seconds, running

MIB = 1 << 20
TYPES = ("add", "get", "pin", "unpin", "cat", "ls", "mkdir", "copy", "move", "remove", "publish", "resolve", "stat")
BACKENDS = ("ipfs", "s3", "storacha", "filecoin", "local")
EVENTS_PER_OPERATION = 3
# Operations of one batch; each is started, processed and ended in three batches that follow one another.
GROUP = 300
# Batches a producer may have unacknowledged.
WINDOW = 16

START = (
    b'{"event":"operation_start","operation_id":"%b","operation_type":"%b","backend":"%b","timestamp":%.6f,"size":%d}'
)
PROCESSING = b'{"event":"status_change","operation_id":"%b","status":"processing","timestamp":%.6f}'
ENDED = b'{"event":"status_change","operation_id":"%b","status":"%b","timestamp":%.6f,"latency":%.6f}'
SERIES = [(operation_type.encode(), backend.encode()) for operation_type, backend in product(TYPES, BACKENDS)]


def main() -> int:
    """Run the measurement; return 0 where every operation was counted once."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="td-") as name, running(Path(name)) as daemon:
        counted = measure(options, daemon)
    return 0 if counted else 1


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000_000, help="how many to send, about (default: %(default)s)")
    parser.add_argument("--producers", type=int, default=4, help="processes that send (default: %(default)s)")
    return parser.parse_args()


def measure(options: argparse.Namespace, daemon: MeasuredDaemon) -> bool:
    """Send everything, tell what it cost, and return whether every operation was counted."""
    groups = max(1, options.events // EVENTS_PER_OPERATION // GROUP // options.producers)
    operations = groups * GROUP * options.producers
    pid, path = daemon.pid, daemon.socket
    sent = multiprocessing.Array("q", options.producers)
    arguments = [(path, number, groups, sent) for number in range(options.producers)]
    producers = [multiprocessing.Process(target=produce, args=each, daemon=True) for each in arguments]
    total = operations * EVENTS_PER_OPERATION
    idle, cpu, began = daemon.resident, cpu_seconds(pid), time.monotonic()
    say(
        f"{total:,} events of {operations:,} operations from {options.producers} producers; idle RSS {idle / MIB:.0f} MiB"
    )
    for producer in producers:
        producer.start()
    peak = idle
    shown = began
    while any(producer.is_alive() for producer in producers):
        producers[0].join(0.05)
        time.sleep(0.05)
        now, rss, done = time.monotonic(), daemon.resident, sum(sent[:])
        peak = max(peak, rss)
        if now - shown >= 5:
            say(
                f"{done:>12,} events  {done / (now - began):>9,.0f}/s  RSS {rss / MIB:>5.0f} MiB  peak {peak / MIB:>5.0f} MiB"
            )
            shown = now
    took, used = time.monotonic() - began, cpu_seconds(pid) - cpu
    sending, highest = daemon.resident, daemon.high_water
    counted = count_operations(daemon.url)
    stored = sum(file.stat().st_size for file in daemon.metrics_path.rglob("*") if file.is_file())
    facts = {
        "events": total,
        "seconds": round(took, 1),
        "events_per_second": round(total / took),
        "daemon_cpu_seconds": round(used, 1),
        "daemon_cpu_microseconds_per_event": round(used / total * 1e6, 2),
        "rss_mib": {
            "idle": round(idle / MIB),
            "peak_while_sending": round(max(peak, highest) / MIB),
            "after_sending": round(sending / MIB),
            "peak_with_a_query": round(daemon.high_water / MIB),
            "after_a_query": round(daemon.resident / MIB),
        },
        "disk_mib": round(stored / MIB),
        "operations_counted": counted,
        "operations_sent": operations,
    }
    print(json.dumps(facts, indent=2))
    return counted == operations and all(producer.exitcode == 0 for producer in producers)


def produce(path: str, number: int, groups: int, sent: list[int]) -> None:
    """Send ``groups`` groups of operations and wait until all is acknowledged; ``sent[number]`` counts events."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        answers = connection.makefile("rb")
        connection.sendall(b'{"hello": {"producer": "producer %d", "version": 1, "dropped": 0}}\n' % number)
        answers.readline()
        acknowledged = 0
        started: list[bytes] = []
        processed: list[bytes] = []
        for batch in range(1, groups + 3):
            fresh = ids() if batch <= groups else []
            events = [*starts(fresh), *processings(started), *ends(processed)]
            connection.sendall(b'{"batch":%d,"events":[%b]}\n' % (batch, b",".join(events)))
            started, processed = fresh, started
            while acknowledged < (batch - WINDOW if batch < groups + 2 else batch):
                answer = json.loads(answers.readline())
                if "ack" not in answer:
                    raise SystemExit(f"expected an ack, found {answer}")
                acknowledged = answer["ack"]
            sent[number] += len(events)


def ids() -> list[bytes]:
    """Return the random ids of a group of operations, in the form of UUIDs."""
    noise = os.urandom(16 * GROUP).hex().encode()
    found = (noise[at : at + 32] for at in range(0, len(noise), 32))
    return [b"-".join((each[:8], each[8:12], each[12:16], each[16:20], each[20:])) for each in islice(found, GROUP)]


def starts(operation_ids: list[bytes]) -> list[bytes]:
    """Return the start of each operation, a fifth of a millisecond apart."""
    now = time.time()
    return [
        START % (each, *SERIES[at % len(SERIES)], now + at / 5000, at * 4096) for at, each in enumerate(operation_ids)
    ]


def processings(operation_ids: list[bytes]) -> list[bytes]:
    """Return the status that follows the start of each operation."""
    now = time.time()
    return [PROCESSING % (each, now + at / 5000) for at, each in enumerate(operation_ids)]


def ends(operation_ids: list[bytes]) -> list[bytes]:
    """Return the end of each operation; every 20th has failed."""
    now = time.time()
    return [
        ENDED % (each, b"completed" if at % 20 else b"failed", now + at / 5000, 0.001 * at)
        for at, each in enumerate(operation_ids)
    ]


def count_operations(url: str) -> int:
    """Return how many operations have completed or failed in the last 24 hours, by the API."""
    query = "/api/v0/wal/telemetry/metrics?metric_type=operation_count&aggregation=sum"
    with urllib.request.urlopen(url + query, timeout=120) as answer:
        found = json.load(answer)["metrics"]["operation_count"]
    samples = [sample["by_status"] for by_backend in found.values() for (sample,) in by_backend.values()]
    return sum(sample["completed"] + sample["failed"] for sample in samples)


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
