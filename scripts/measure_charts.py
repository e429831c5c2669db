#!/usr/bin/env python3
"""Measure what charts cost: how long each takes, how much memory, and what is left of it when idle.

Draws a made-up day of a busy node (12 series, a sample a minute) by the daemon's own renderer, with
the Chromium it finds. Prints one JSON document; progress goes to standard error.

    scripts/measure_charts.py
    scripts/measure_charts.py --quick
    scripts/measure_charts.py --matplotlib
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from telemetryd.charts.cache import ChartCache  # noqa: E402  # the package is found by the line above
from telemetryd.charts.drawing import SHOWN, Drawing, Look  # noqa: E402
from telemetryd.charts.render import Renderer  # noqa: E402
from telemetryd.charts.session import Session  # noqa: E402
from telemetryd.instrumentation import Instrumentation  # noqa: E402
from telemetryd.model.settings import ChartsSettings, Settings  # noqa: E402

MIB = 1 << 20
DAY, INTERVAL = 86_400, 60
END = 1_795_521_600
SAMPLES = DAY // INTERVAL
KEYS = tuple(product(("add", "get", "pin", "list"), ("ipfs", "s3", "storacha")))
HEALTH_KEYS = (("ipfs",), ("s3",), ("storacha",))
# Draws a latency chart of the same samples in-process, as ipfs_kit_py does: one line a series, labels
# from datetimes, a legend, a grid, a tight layout, a PNG of 12 by 8 inches.
MATPLOTLIB = """
import json, sys, time
from datetime import datetime, timezone
began = time.perf_counter()
import matplotlib
matplotlib.use("Agg")
import matplotlib.dates as dates
import matplotlib.pyplot as pyplot
imported = time.perf_counter() - began
series = json.load(open(sys.argv[1]))
took = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    figure, axes = pyplot.subplots(figsize=(12, 8))
    for label, points in series.items():
        when = [datetime.fromtimestamp(timestamp, timezone.utc) for timestamp, _ in points]
        axes.plot(when, [value for _, value in points], label=label)
    axes.set(title="Operation Latency", xlabel="Time", ylabel="Latency (seconds)")
    axes.xaxis.set_major_formatter(dates.DateFormatter("%Y-%m-%d %H:%M"))
    figure.autofmt_xdate()
    axes.legend()
    axes.grid(True, linestyle="--", alpha=0.7)
    pyplot.tight_layout()
    figure.savefig(sys.argv[3])
    pyplot.close(figure)
    took.append(time.perf_counter() - began)
status = open("/proc/self/status").read()
print(json.dumps({"imported": imported, "took": took, "peak": int(status.partition("VmHWM:")[2].split()[0]) * 1024}))
"""


class Silent:
    """A logger that keeps what was said of processes, and says nothing."""

    def __init__(self) -> None:
        self.workers: list[int] = []
        self.lost: list[str] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return self._hear

    def _hear(self, line: str, **values: Any) -> None:
        if line == "chart worker started":
            self.workers.append(values["pid"])
        elif line.endswith("lost") or line in ("chart not drawn", "chart worker said"):
            self.lost.append(f"{line}: {values}")


class Bench:
    """A renderer below a folder, and the memory of its process and browser."""

    def __init__(self, folder: Path, **charts: Any) -> None:
        self.log = Silent()
        settings = Settings(charts=ChartsSettings(**charts))
        self.renderer = Renderer(lambda: settings, str(folder / "charts"), Instrumentation(self.log))

    def memory(self) -> int:
        """Return the bytes that all processes take now."""
        return sum(Session(pid).memory() for pid in self.log.workers)

    @contextmanager
    def watching(self) -> Iterator[list[int]]:
        """Look at the memory, over and over, while the context is open."""
        seen, over = [self.memory()], threading.Event()

        def look() -> None:
            while not over.wait(0.02):
                seen.append(self.memory())

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()


def main() -> int:
    """Run the measurement; return 0 where every chart was drawn."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="td-") as name:
        facts = asyncio.run(measure(Path(name), options.quick))
        if options.matplotlib:
            facts["matplotlib"] = matplotlib(Path(name), 5 if options.quick else 20)
    print(json.dumps(facts, indent=2))
    return 1 if facts["troubles"] else 0


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: a third of the time")
    parser.add_argument(
        "--matplotlib",
        action="store_true",
        help="beside it, matplotlib, which pip installs into an environment that goes",
    )
    return parser.parse_args()


async def measure(folder: Path, quick: bool) -> dict[str, Any]:
    """Return what was measured, in the order it was."""
    drawings = {metric_type: made_up(metric_type) for metric_type in SHOWN}
    facts: dict[str, Any] = {"machine": machine()}
    facts["cold_first_png"], troubles = await cold(folder, drawings["operation_latency"], 3 if quick else 7)
    bench = Bench(folder, idle_stop=2)
    async with bench.renderer as renderer:

        def png(metric_type: str) -> Awaitable[bytes]:
            return renderer.draw(drawings[metric_type], "png")

        await png("operation_latency")
        repeat = 10 if quick else 40
        facts["warm_png"] = {
            metric_type: await timed(f"png {metric_type}", partial(png, metric_type), repeat)
            for metric_type in drawings
        }
        latency = drawings["operation_latency"]
        for form in ("svg", "html", "json"):
            facts[f"warm_{form}"] = await timed(form, partial(renderer.draw, latency, form), repeat)
        with bench.watching() as memory:
            facts["eight_at_once"] = await timed(
                "eight at once", lambda: asyncio.gather(*map(png, drawings)), 3 if quick else 10
            )
        facts["loop_stood_still_at_most_ms"] = await stillness(lambda: asyncio.gather(*map(png, drawings)))
        facts["memory_mib"] = {
            "before_eight_at_once": memory[0] // MIB,
            "peak_of_eight_at_once": max(memory) // MIB,
            "after": bench.memory() // MIB,
        }
        facts["cached_png"] = await cached(folder, await png("operation_latency"), 200)
        say("waiting until it is idle")
        await asyncio.to_thread(until_gone, bench.log.workers, folder / "charts" / "work")
        left = os.listdir(folder / "charts" / "work")
        facts["idle"] = {"memory_mib": bench.memory() // MIB, "folders": len(left)}
    facts["machine"]["load_at_the_end"] = os.getloadavg()[0]
    facts["troubles"] = troubles + bench.log.lost
    return facts


async def cold(folder: Path, drawing: Drawing, repeat: int) -> tuple[dict[str, Any], list[str]]:
    """Return the times from nothing to a PNG, and what went wrong."""
    took, troubles = [], []
    for _ in range(repeat):
        bench = Bench(folder)
        async with bench.renderer as renderer:
            began = time.perf_counter()
            await renderer.draw(drawing, "png")
            took.append(time.perf_counter() - began)
        troubles += bench.log.lost
    return told("cold png", took), troubles


async def timed(name: str, work: Callable[[], Awaitable[Any]], repeat: int) -> dict[str, Any]:
    """Return the times of some work, and the size of what came out."""
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        result = await work()
        took.append(time.perf_counter() - began)
    size = {"kib": round(len(result) / 1024)} if isinstance(result, bytes) else {}
    return {**told(name, took), **size}


async def cached(folder: Path, chart: bytes, repeat: int) -> dict[str, Any]:
    """Return the times to have a chart that was drawn before, in a thread as the API asks for it."""
    cache = ChartCache(str(folder / "cache"), lambda: 64 * MIB)
    cache.put("0" * 32, chart)
    return await timed("cached", lambda: asyncio.to_thread(cache.get, "0" * 32), repeat)


def until_gone(workers: Sequence[int], work: Path) -> None:
    """Wait until no process and no folder is left; give up after a minute, which the result then shows."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not os.listdir(work) and not any(each.alive for pid in workers for each in Session(pid).members()):
            return
        time.sleep(0.05)


async def stillness(work: Callable[[], Awaitable[Any]]) -> float:
    """Return the longest time (ms) that the event loop did nothing else during some work."""
    longest, over = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not over.is_set():
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    ticking = asyncio.create_task(tick())
    await work()
    over.set()
    await ticking
    return round(longest * 1000, 1)


def matplotlib(folder: Path, repeat: int) -> dict[str, Any]:
    """Return the times of matplotlib, in a process of its own, from an environment of its own."""
    say("installing matplotlib")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "matplotlib"], check=True)
    drawing = made_up("operation_latency")
    median = np.frombuffer(drawing.statistics["median"]).reshape(len(KEYS), SAMPLES)
    stamps = np.frombuffer(drawing.timestamp, np.int64)[:SAMPLES].tolist()
    series = {
        " on ".join(key): list(zip(stamps, row.tolist(), strict=True)) for key, row in zip(KEYS, median, strict=True)
    }
    (folder / "series.json").write_text(json.dumps(series))
    script = [str(python), "-c", MATPLOTLIB, str(folder / "series.json"), str(repeat), str(folder / "chart.png")]
    found = json.loads(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    return {
        "import_ms": round(found["imported"] * 1000),
        "first_ms": round(found["took"][0] * 1000),
        **told("matplotlib", found["took"][1:]),
        "peak_mib": found["peak"] // MIB,
    }


def made_up(metric_type: str) -> Drawing:
    """Return a day of samples of a metric, always the same."""
    random = np.random.default_rng(len(metric_type))
    keys = HEALTH_KEYS if metric_type == "backend_health" else KEYS
    stamps = np.arange(END - DAY, END, INTERVAL)
    wave = 1 + 0.5 * np.sin(stamps / DAY * 2 * np.pi)
    level = random.uniform(1, 20, len(keys))
    count = random.poisson(level[:, None] * wave).astype(np.float64)
    share = random.beta(60, 2, count.shape)
    latency = random.lognormal(-2, 0.4, count.shape) * wave
    health = np.where(random.random(count.shape) < 0.01, 0.5, 1.0)
    values = {"value": share, "median": latency, "percentile_95": latency * 3, "count": count, "completed": count}
    values |= {"pending": count, "processing": count, "failed": count // 9, "retrying": count // 7}
    if metric_type == "error_rate":
        values["value"] = 1 - share
    elif metric_type == "throughput":
        values["value"] = count
    gauge = health if metric_type == "backend_health" else count
    values |= dict.fromkeys(("mean", "min", "max", "last"), gauge)
    return Drawing(
        metric_type=metric_type,
        operation_type=None,
        backend=None,
        status=None,
        start=END - DAY,
        end=END,
        interval=INTERVAL,
        now=END + 30.0,
        keys=keys,
        series=np.repeat(np.arange(len(keys), dtype=np.int32), SAMPLES).tobytes(),
        timestamp=np.tile(stamps, len(keys)).astype(np.int64).tobytes(),
        statistics={name: values[name].astype(np.float64).tobytes() for name in SHOWN[metric_type]},
        look=Look(),
        zone="UTC",
        utc_offset=0,
    )


def machine() -> dict[str, Any]:
    """Return where this was measured, and what else ran there."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "load_at_the_start": os.getloadavg()[0]}


def told(name: str, took: Sequence[float]) -> dict[str, Any]:
    """Return and show times in milliseconds."""
    ordered = sorted(each * 1000 for each in took)
    median, p95 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    say(f"{name:<24} median {median:>8.1f} ms   p95 {p95:>8.1f} ms   of {len(ordered)}")
    return {"median_ms": round(median, 1), "p95_ms": round(p95, 1), "max_ms": round(ordered[-1], 1)}


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
