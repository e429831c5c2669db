"""Durable, acknowledged ingest: until the last batch is acknowledged, of 1 producer and of 16.

Each daemon starts anew and runs on one core alone; the producers send frames made beforehand, 1,000 events
each, on the other, with at most 32 unacknowledged. Events of a CPU second count what the daemon's process used
until then, in all of its threads, sealing included. The bare loop reads the same bytes and forgets them, and
answers nothing. The small daemon parses each line (`json.loads`), appends it to a file, and acknowledges it after
an `fdatasync`. VictoriaMetrics imports the same points as Influx lines, 10,000 a request: without ids, without
telling one operation's events apart, and without a sync before it answers.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import measured_daemon
from measured_daemon import cpu_seconds

from . import frames, rivals, victoria
from .lines import Account, Line, at_least, times
from .run import Run, in_turn
from .sender import sender

PRODUCERS = (1, 16)
Daemon = Callable[[Path, int | None], AbstractContextManager[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Speed:
    """Events a second, and a CPU second of the daemon."""

    wall: float
    cpu: float


def measure(run: Run) -> Account:
    """Return the lines."""
    found: dict[str, list[Speed]] = {}
    for number in range(run.sizes.ingest_rounds):
        run.step(f"round {number + 1}: making the load", number / run.sizes.ingest_rounds)
        for producers in PRODUCERS:
            load = frames.load_of(run.sizes.ingest_operations, producers, influx=producers == 1)
            path = frames.kept(load, run.folder)
            turns = _turns(run, producers, path, load.events)
            for name in in_turn(list(turns), number):
                run.step(f"round {number + 1}: {name}", (number + 0.5) / run.sizes.ingest_rounds)
                found.setdefault(name, []).append(turns[name]())
            path.unlink()
    return Account([line for producers in PRODUCERS for line in _lines(producers, found)])


def _turns(run: Run, producers: int, load: Path, events: int) -> dict[str, Callable[[], Speed]]:
    def turn(daemon: Daemon, kind: str) -> Callable[[], Speed]:
        return lambda: speed(run, daemon, kind, load, events)

    turns = {
        f"telemetryd, {producers}": turn(ours, "acknowledged"),
        f"small daemon, {producers}": turn(lambda folder, core: rivals.running("small", folder, core), "acknowledged"),
        f"bare loop, {producers}": turn(lambda folder, core: rivals.running("bare", folder, core), "bare"),
    }
    if producers == 1 and victoria.program() is not None:
        turns["VictoriaMetrics, 1"] = turn(victoria.running, "influx")
    return turns


@contextmanager
def ours(folder: Path, core: int | None) -> Iterator[tuple[int, str]]:
    """Run a daemon of ours, and give its process id and the path of its socket."""
    folder.mkdir(parents=True)
    with measured_daemon.running(folder, core) as daemon:
        yield daemon.pid, daemon.socket


def speed(run: Run, daemon: Daemon, kind: str, load: Path, events: int) -> Speed:
    """Send a load to a daemon that starts for it alone."""
    folder = run.folder / "ingest"
    try:
        with (
            daemon(folder, run.cores.measured) as (pid, address),
            sender(kind, address, load, run.cores.load) as sending,
        ):
            before = cpu_seconds(pid)
            sending.start()
            seconds = sending.seconds()
            used = cpu_seconds(pid) - before
            if kind == "influx" and (rows := victoria.rows_of(address)) != events:
                raise SystemExit(f"expected {events:,} samples in VictoriaMetrics, found {rows:,}")
        return Speed(events / seconds, events / used)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lines(producers: int, found: dict[str, list[Speed]]) -> list[Line]:
    def figures(name: str, unit: str) -> list[float]:
        return [each.cpu if unit == "events/CPU s" else each.wall for each in found.get(f"{name}, {producers}", [])]

    what = f"durable ingest, {producers} producer{'s' if producers > 1 else ''}"
    lines = [Line(what, "events/s", figures("telemetryd", "events/s"), goal=at_least(500_000))]
    for unit, goal in (("events/s", times(5)), ("events/CPU s", None)):
        mine = figures("telemetryd", unit)
        lines.append(Line(what, unit, mine, "small daemon", figures("small daemon", unit), goal, more_is_better=True))
        lines.append(Line(what, unit, mine, "bare loop", figures("bare loop", unit), more_is_better=True))
    if producers == 1:
        mine, theirs = figures("telemetryd", "events/CPU s"), figures("VictoriaMetrics", "events/CPU s")
        missing = "" if theirs else victoria.NOT_INSTALLED
        lines.append(Line(what, "events/CPU s", mine, "VictoriaMetrics", theirs, times(1), True, missing))
    return lines
