"""Bytes of an event on disk, after sealing and compaction: three events an operation, UUID4 ids.

An hour of operations, as many as a million a day bring, evenly; sizes and latencies are random. They go through
a real daemon until the hour is one file. In one hour an operation takes 20 ms (median), so that its events stand
near one another; in the other five minutes, as from a node with thousands of operations in flight. JSON lines are the events as they came on the wire, one a line;
pyarrow's defaults are the file's own columns and rows, as ``pyarrow.parquet.write_table`` writes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec.json
import pyarrow as pa
import pyarrow.parquet as pq
from measured_daemon import MeasuredDaemon, running

from . import encodings, frames
from .lines import Account, Line, at_most, times
from .run import Run
from .sender import sender

HOUR = 3600
_LEVEL = 3
_PATIENCE = 300.0
# An hour of the past is sealed as soon as nothing more comes of it.
_AT_ONCE = {"TELEMETRYD_STORAGE_LATE_QUIET": "0", "TELEMETRYD_STORAGE_SEAL_GRACE": "0"}


def measure(run: Run) -> Account:
    """Return the lines, and a table of what other encodings would take."""
    run.step("an hour with few operations in flight", 0)
    calm = _Hour.of(run, "size", 0.02)
    run.step("an hour with many of them", 0.4)
    busy = _Hour.of(run, "size-busy", 300.0)
    run.step("encodings", 0.7)
    found = [*calm.lines("an event on disk"), *busy.lines("an event on disk, thousands of operations in flight")]
    return Account(found, encodings.compared(calm.table, busy.table))


@dataclass(frozen=True, slots=True)
class _Hour:
    """An hour of events: as JSON, as our files, as a table."""

    json: bytes
    events: int
    rollup: int
    table: pa.Table

    @classmethod
    def of(cls, run: Run, name: str, latency: float) -> _Hour:
        """Send an hour through a daemon; operations take about ``latency`` s."""
        folder = run.folder / name
        folder.mkdir()
        begin = time.time() // HOUR * HOUR - 2 * HOUR
        happened = frames.happened(run.sizes.size_operations, begin, run.sizes.size_operations / HOUR, latency=latency)
        # What ends later is in flight for ever.
        events = [(number, event) for number, event in happened if event.timestamp < begin + HOUR]
        with running(folder, environment=_AT_ONCE) as daemon:
            path = frames.kept(frames.Load.of(events, 1), run.folder)
            with sender("acknowledged", daemon.socket, path, run.cores.load) as sending:
                sending.start()
                sending.seconds()
            file, rollup = compacted(daemon, "events", len(events)), compacted(daemon, "rollups")
            lines = b"".join(msgspec.json.encode(event) + b"\n" for _, event in events)
            return cls(lines, file.stat().st_size, rollup.stat().st_size, pq.ParquetFile(file).read())

    def lines(self, what: str) -> list[Line]:
        """Return its lines of the table."""
        count = len(self.table)
        ours = [self.events / count]
        packed = pa.Codec("zstd", compression_level=_LEVEL).compress(self.json)
        others = {
            "JSON lines": (len(self.json), times(9)),
            f"JSON lines, zstd {_LEVEL}": (len(packed), None),
            "Parquet, pyarrow's defaults": (encodings.size_of(self.table), None),
        }
        found = [Line(what, "B", ours, goal=at_most(15))]
        found += [Line(what, "B", ours, name, [size / count], goal) for name, (size, goal) in others.items()]
        return [*found, Line(f"{what}: its share of the rollup", "B", [self.rollup / count])]


def compacted(daemon: MeasuredDaemon, kind: str, rows: int = 1) -> Path:
    """Wait until an hour is one file that holds at least so many rows, and return its path."""

    def look() -> Path | None:
        files = list((daemon.metrics_path / kind).rglob("*.parquet"))
        # A file that is compacted once more meanwhile is gone.
        with suppress(FileNotFoundError):
            if len(files) == 1 and files[0].name.startswith("hour-") and pq.read_metadata(files[0]).num_rows >= rows:
                return files[0]
        return None

    return _wait_for(look)


def _wait_for(look: Callable[[], Path | None]) -> Path:
    deadline = time.monotonic() + _PATIENCE
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"expected a compacted hour within {_PATIENCE:.0f} s, found none")
        time.sleep(0.2)
    return found
