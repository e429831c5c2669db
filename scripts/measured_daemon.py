"""A daemon below a folder of its own, for the scripts that measure one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# The longest start: a replay of tens of millions of events.
PATIENCE = 1800.0
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MeasuredDaemon:
    """A daemon that is ready: its process, its URL without a path, and how long its start took (s)."""

    pid: int
    url: str
    socket: str
    metrics_path: Path
    seconds_to_ready: float
    log: Path

    @property
    def high_water(self) -> int:
        """The most resident memory that it ever had, or had since :meth:`lower_high_water`, in bytes."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    def lower_high_water(self) -> None:
        """Begin anew with the most resident memory."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    @property
    def resident(self) -> int:
        """Its resident memory, in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def said(self, event: str) -> dict[str, Any]:
        """Return the first line of its log of one kind, or nothing."""
        return _said(self.log, event)


@contextmanager
def running(
    folder: Path, core: int | None = None, environment: Mapping[str, str] = NO_SETTINGS
) -> Iterator[MeasuredDaemon]:
    """Run a daemon whose data, socket and log are below ``folder``; raises SystemExit where it fails to start or to stop.

    ``core`` is the one that all of its threads run on, ``environment`` what it is told besides.
    """
    log, socket, metrics_path = folder / "log", str(folder / "ingest.sock"), folder / "metrics"
    paths = ["--socket", socket, "--http", "127.0.0.1:0", "--metrics-path", str(metrics_path)]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), **environment}
    begin = time.monotonic()
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*on_core(core), sys.executable, "-m", "telemetryd", "serve", *paths],
            cwd=ROOT,
            env=surroundings,
            stderr=stderr,
        )
    try:
        while not _is_ready(log):
            if process.poll() is not None or time.monotonic() - begin > PATIENCE:
                raise SystemExit(f"expected a daemon that serves, found none:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)
        seconds = time.monotonic() - begin
        yield MeasuredDaemon(process.pid, _said(log, "serving")["url"], socket, metrics_path, seconds, log)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE)
    if code:
        raise SystemExit(f"expected a daemon that stops with 0, found {code}:\n{log.read_text()[-2000:]}")


def on_core(core: int | None) -> list[str]:
    """Return what a command begins with that is to run on one core alone."""
    return [] if core is None else ["taskset", "--cpu-list", str(core)]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used with all of its threads, in seconds."""
    # What clock_getcpuclockid(3) returns on Linux: exact, where /proc counts in hundredths of a second.
    return time.clock_gettime(~pid << 3 | 2)


def _is_ready(log: Path) -> bool:
    url = _said(log, "serving").get("url")
    if url is None:
        return False
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=60) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def _said(log: Path, event: str) -> dict[str, Any]:
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}"))
    return next((line for line in lines if line.get("event") == event), {})
