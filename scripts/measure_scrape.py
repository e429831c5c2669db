#!/usr/bin/env python3
"""Measure what a scrape of `GET /metrics` costs: the event loop, the process, and the wire.

A daemon in this process is told of operations of many series that ended in the last five minutes; another process
scrapes it, again and again. What the loop spends is the processor time of the thread it runs in; how long others wait
is how late a timer comes meanwhile.

    scripts/measure_scrape.py
    scripts/measure_scrape.py --series 1000 --scrapes 50
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from telemetryd import log
from telemetryd.config import load
from telemetryd.daemon import Running, running
from telemetryd.model.settings import Settings

BACKENDS = 8
BATCH = 3000
WINDOW = 290
TICK = 0.001
FORMATS = {"text": "text/plain", "openmetrics": "application/openmetrics-text"}
# The scraper, with a connection that it keeps: prints the seconds and the bytes of each scrape.
CLIENT = """
import http.client, json, sys, time
host, accept, encoding, count = sys.argv[1:]
connection, found = http.client.HTTPConnection(host), []
for _ in range(int(count)):
    begin = time.perf_counter()
    connection.request("GET", "/metrics", headers={"Accept": accept, "Accept-Encoding": encoding})
    size = len(connection.getresponse().read())
    found.append((time.perf_counter() - begin, size))
    time.sleep(0.05)
print(json.dumps(found))
"""


def main() -> int:
    """Send operations, scrape, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--series", type=int, default=240, help="pairs of type and backend (default: %(default)s)")
    parser.add_argument("--operations", type=int, default=100_000, help="operations (default: %(default)s)")
    parser.add_argument("--scrapes", type=int, default=20, help="scrapes of each kind (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="td-") as name, closing(log.configure(Settings().log)):
        print(json.dumps(asyncio.run(measure(Path(name), options)), indent=2))
    return 0


async def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures, by format and encoding."""
    flags = {
        "ingest.socket": ("--socket", str(folder / "s")),
        "http.listen": ("--http", "127.0.0.1:0"),
        "telemetry.metrics_path": ("--metrics-path", str(folder / "m")),
    }
    environment = {"HOME": str(folder), "TELEMETRYD_LIVE_MAX_SERIES": str(options.series + 10)}
    found: dict[str, Any] = {"series": options.series, "operations": options.operations}
    async with running(load(flags, environment), environment={}) as daemon:
        await send(daemon, options.series, options.operations)
        for form, accept in FORMATS.items():
            for encoding in ("identity", "gzip"):
                found[f"{form}, {encoding}"] = await scrape(daemon, accept, encoding, options.scrapes)
    return found


async def send(daemon: Running, series: int, operations: int) -> None:
    """Send operations that ended, and wait until all are stored."""
    reader, writer = await asyncio.open_unix_connection(str(daemon.socket))
    writer.write(b'{"hello": {"producer": "measure", "version": 1}}\n')
    await reader.readline()
    begin = time.time() - WINDOW
    events = list(lives(begin, series, operations))
    for number, first in enumerate(range(0, len(events), BATCH), 1):
        writer.write(json.dumps({"batch": number, "events": events[first : first + BATCH]}).encode() + b"\n")
        await writer.drain()
        while json.loads(await reader.readline())["ack"] < number:
            pass
    writer.close()


def lives(begin: float, series: int, operations: int) -> Iterator[dict[str, Any]]:
    """Yield the events of operations, evenly over the window."""
    rng = random.Random(series)
    for number in range(operations):
        at = begin + WINDOW * number / operations
        key = {"operation_type": f"type-{number % series // BACKENDS}", "backend": f"backend-{number % BACKENDS}"}
        each = {"operation_id": f"operation-{number}"}
        latency = 0.002 + min(10.0, rng.lognormvariate(-1, 1.5))
        end = "failed" if number % 50 == 0 else "completed"
        yield {"event": "operation_start", **each, **key, "timestamp": at}
        yield {"event": "status_change", **each, "status": "processing", "timestamp": at + 0.001}
        yield {"event": "status_change", **each, "status": end, "timestamp": at + latency}


async def scrape(daemon: Running, accept: str, encoding: str, count: int) -> dict[str, Any]:
    """Return the figures of one kind of scrape."""
    host = daemon.url.removeprefix("http://")
    arguments = (sys.executable, "-c", CLIENT, host, accept, encoding, str(count))
    # What was sent is being sealed, and first times are slow.
    await output(*arguments)
    idle = await spent(asyncio.sleep(1.0))
    loop, whole, took = await spent(output(*arguments))
    answers = json.loads(took)
    stalls: list[float] = []
    watcher = asyncio.create_task(watch(stalls))
    await output(*arguments)
    watcher.cancel()
    seconds = len(answers) * (statistics.mean(took for took, _ in answers) + 0.05)
    return {
        "bytes": answers[-1][1],
        "loop_ms": round(1000 * (loop - idle[0] * seconds) / count, 2),
        "all_threads_ms": round(1000 * (whole - idle[1] * seconds) / count, 2),
        "answered_ms": round(1000 * statistics.median(took for took, _ in answers), 2),
        "wait_p99_ms": round(1000 * statistics.quantiles(stalls, n=100)[-1], 2),
    }


async def spent(work: Any) -> tuple[float, float, Any]:
    """Do some work; return the processor time of this thread and of the process meanwhile (s), and what came of it."""
    thread, process = time.thread_time(), time.process_time()
    result = await work
    return time.thread_time() - thread, time.process_time() - process, result


async def output(*arguments: str) -> bytes:
    """Return what a program prints."""
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    return told


async def watch(stalls: list[float]) -> None:
    """Note how late the loop is, a thousand times a second."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(TICK)
        stalls.append(time.perf_counter() - begin - TICK)


if __name__ == "__main__":
    sys.exit(main())
