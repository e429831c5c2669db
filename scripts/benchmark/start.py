"""Time to ready, and memory, with nothing stored and with many days.

Time to ready is from the start of the process until ``/-/ready`` says so, Python's own start included. Memory is what
Linux calls resident; its peaks are those of the daemon's whole process while events come at full speed, and
while the widest question is asked: all metrics of all days, 1,440 samples a series.
"""

from __future__ import annotations

import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path

from measured_daemon import MeasuredDaemon, running

from . import frames
from .lines import Account, Line, at_most
from .run import Run
from .sender import sender
from .stores import DAY, KEEP_ALL, PROGRAM, Store

MB = 1e6
_PATIENCE = 600.0


def measure(run: Run) -> Account:
    """Return the lines."""
    sizes = run.sizes
    store = Store(sizes.days, sizes.operations_a_day)
    folders = {"nothing stored": run.folder / "start"}
    folders["nothing stored"].mkdir()
    if PROGRAM.exists():
        folders[f"{store.days} days stored"] = store.folder(run.stores)
    turns = {name: partial(seconds_to_ready, at) for name, at in folders.items()}
    ready = run.within(0, 0.6).alternate(sizes.query_rounds, turns)
    lines = [Line(f"time to ready, {name}", "s", found, goal=at_most(1)) for name, found in ready.items()]
    run.step("memory", 0.6)
    for name, folder in folders.items():
        with running(folder, run.cores.measured, KEEP_ALL) as daemon:
            rest = daemon.resident
            peak = peak_during_ingest(run, daemon)
            daemon.lower_high_water()
            ask_widest(daemon, store.end(run.stores) if name != "nothing stored" else 0, store.days)
            widest = daemon.high_water
        lines.append(Line(f"memory at rest, {name}", "MB", [rest / MB], goal=at_most(100)))
        lines.append(Line(f"memory during ingest, at most, {name}", "MB", [peak / MB]))
        lines.append(Line(f"memory during the widest query, at most, {name}", "MB", [widest / MB]))
    if not PROGRAM.exists():
        lines.append(
            Line("time to ready with many days", "s", (), missing=f"not measured: {PROGRAM.name} is not there")
        )
    return Account(lines)


def seconds_to_ready(folder: Path) -> float:
    """Start a daemon and stop it again."""
    with running(folder, environment=KEEP_ALL) as daemon:
        return daemon.seconds_to_ready


def peak_during_ingest(run: Run, daemon: MeasuredDaemon) -> int:
    """Send a load and return the most memory meanwhile, in bytes."""
    path = frames.kept(frames.load_of(run.sizes.ingest_operations, 4), run.folder)
    daemon.lower_high_water()
    with sender("acknowledged", daemon.socket, path, run.cores.load) as sending:
        sending.start()
        sending.seconds()
    path.unlink()
    return daemon.high_water


def ask_widest(daemon: MeasuredDaemon, end: int, days: int) -> None:
    """Ask for everything; a store without an end is asked for its last day."""
    if end:
        shape = {"start_time": end - days * DAY, "end_time": end, "interval": max(60, days * DAY // 1440)}
    else:
        shape = {"interval": 60}
    url = f"{daemon.url}/api/v0/wal/telemetry/metrics?{urllib.parse.urlencode(shape)}"
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:
        answer.read()
