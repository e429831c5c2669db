"""What grows with the days that are stored, and with the number of series.

Each store has few operations a day, but every hour of it has its files. Time to ready is that of a start after the
first one; memory is at rest, right after it; the questions are the latencies of one day and of all days, one sample a
series; ingest is of one producer, with as many series as the store has. The exponent ``e`` of ``y = c x^e`` is that
of a straight line through the logarithms: 0 is flat, 1 is linear.
An answer has a sample for each series, so that its time cannot be flat in their number: from a hundred on it grows
as they do, about 8 µs for each.
"""

from __future__ import annotations

import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from measured_daemon import MeasuredDaemon, running

from . import frames, plots
from .lines import Account, Goal, Line, at_least, at_most, shown
from .run import Run
from .sender import sender
from .sizes import Sizes
from .stores import DAY, KEEP_ALL, PROGRAM, Store

_PATIENCE = 600.0
MB = 1e6
MEASURES: dict[str, tuple[str, Goal]] = {
    "ingest": ("events/s", at_least(-0.1)),
    "one day's latencies": ("ms", at_most(0.1)),
    "all days' latencies": ("ms", at_most(1)),
    "memory at rest": ("MB", at_most(1)),
    "time to ready": ("s", at_most(1)),
}


@dataclass(frozen=True, slots=True)
class Growth:
    """What was measured of each measure, by days or by series."""

    by: str
    sizes: tuple[int, ...]
    found: dict[str, list[list[float]]]

    def exponent(self, measure: str) -> float:
        """Return the slope of the logarithms."""
        middles = [median(rounds) for rounds in self.found[measure]]
        return float(np.polyfit(np.log(self.sizes), np.log(middles), 1)[0])

    def table(self) -> str:
        """Return the medians as Markdown."""
        head = "".join(f" {size:,} |" for size in self.sizes)
        lines = [f"| by {self.by} |{head} exponent |", "|---|" + "---:|" * (len(self.sizes) + 1)]
        for measure, (unit, _) in MEASURES.items():
            cells = "".join(f" {shown(median(rounds))} |" for rounds in self.found[measure])
            lines.append(f"| {measure} ({unit}) |{cells} {self.exponent(measure):+.2f} |")
        return "\n".join(lines)


def by_days(sizes: Sizes) -> list[Store]:
    """Return the stores of more and more days."""
    return [Store(days, sizes.growth_operations_a_day) for days in sizes.growth_days]


def by_series(sizes: Sizes) -> list[Store]:
    """Return the stores of a day with more and more series."""
    return [Store(1, sizes.growth_series_operations, types, backends) for types, backends in sizes.growth_series]


def measure(run: Run) -> Account:
    """Return the lines, the tables and the plots."""
    if not PROGRAM.exists():
        return Account([Line("growth", "", (), missing=f"not measured: {PROGRAM.name} is not there")])
    days, series = by_days(run.sizes), by_series(run.sizes)
    growths = [
        Growth("days", tuple(store.days for store in days), _measured(run, days, 0.0)),
        Growth("series", tuple(store.types * store.backends for store in series), _measured(run, series, 0.5)),
    ]
    lines = [
        Line(f"growth of {measure} by {growth.by}: exponent", "", [growth.exponent(measure)], goal=goal)
        for growth in growths
        for measure, (_, goal) in MEASURES.items()
    ]
    text = "\n\n".join(
        f"{growth.table()}\n\n![What grows with the {growth.by}](images/growth-{growth.by}.svg)" for growth in growths
    )
    return Account(lines, text, partial(_draw, growths))


def _draw(growths: Sequence[Growth], folder: Path) -> None:
    for growth in growths:
        panels = [
            plots.Panel(f"{measure} ({unit})", growth.found[measure], growth.exponent(measure))
            for measure, (unit, _) in MEASURES.items()
        ]
        plots.draw(folder / f"growth-{growth.by}.svg", f"number of {growth.by}", growth.sizes, panels)


def _measured(run: Run, stores: Sequence[Store], done: float) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {measure: [] for measure in MEASURES}
    for number, store in enumerate(stores):
        run.step(f"{store.days} days, {store.types * store.backends} series", done + number / len(stores) / 2)
        for measure, rounds in _of_one(run, store).items():
            found[measure].append(rounds)
    return found


def _of_one(run: Run, store: Store) -> dict[str, list[float]]:
    folder, end = store.folder(run.stores), store.end(run.stores)
    rounds = range(run.sizes.growth_rounds)
    with running(folder, environment=KEEP_ALL) as daemon:
        wait_for_days(daemon, store.days)
    ready, memory, asked, ingest = list[float](), list[float](), dict[int, list[float]](), list[float]()
    for number in rounds:
        with running(folder, run.cores.measured, KEEP_ALL) as daemon:
            ready.append(daemon.seconds_to_ready)
            memory.append(daemon.resident / MB)
            if number < rounds[-1]:
                continue
            # The last one is asked, and fed. What is asked first is read from the disk.
            for days in (1, store.days):
                ask(daemon, end, days)
            asked = {days: [ask(daemon, end, days) for _ in rounds] for days in (1, store.days)}
            ingest = [_ingest(run, daemon, store) for _ in rounds]
    return {
        "ingest": ingest,
        "one day's latencies": asked[1],
        "all days' latencies": asked[store.days],
        "memory at rest": memory,
        "time to ready": ready,
    }


def ask(daemon: MeasuredDaemon, end: int, days: int) -> float:
    """Ask for the latencies of some days, one sample a series, and return how long that took, in ms."""
    parameters = {
        "metric_type": "operation_latency",
        "aggregation": "percentile_95",
        "start_time": end - days * DAY,
        "end_time": end,
    }
    url = f"{daemon.url}/api/v0/wal/telemetry/metrics?{urllib.parse.urlencode(parameters)}"
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - began)


def _ingest(run: Run, daemon: MeasuredDaemon, store: Store) -> float:
    series = tuple((f"type-{at}", f"backend-{to}") for at in range(store.types) for to in range(store.backends))
    load = frames.load_of(run.sizes.growth_ingest_operations, 1, series)
    path = frames.kept(load, run.folder)
    with sender("acknowledged", daemon.socket, path, run.cores.load) as sending:
        sending.start()
        seconds = sending.seconds()
    path.unlink()
    return load.events / seconds


def wait_for_days(daemon: MeasuredDaemon, days: int) -> None:
    """Wait until the daemon has made a file of each whole day, where it makes any."""
    deadline, folder = time.monotonic() + _PATIENCE, daemon.metrics_path / "days"
    while folder.exists() and len(list(folder.glob("*/*.parquet"))) < days:
        if time.monotonic() > deadline:
            raise SystemExit(f"expected a file for each of {days} days, found fewer after {_PATIENCE:.0f} s")
        time.sleep(0.2)
