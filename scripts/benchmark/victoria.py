"""VictoriaMetrics on the loopback, as Debian has it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measured_daemon import ROOT, on_core

PROGRAM = "victoria-metrics"
NOT_INSTALLED = "not installed: scripts/bench --install"
_PATIENCE = 30.0


def program() -> str | None:
    """Return its path, or None where it is not installed."""
    return shutil.which(PROGRAM)


@contextmanager
def running(folder: Path, core: int | None) -> Iterator[tuple[int, str]]:
    """Run it with its data below ``folder``, and give its process id and its HOST:PORT."""
    address = f"127.0.0.1:{_free_port()}"
    found = program()
    assert found is not None
    command = [*on_core(core), found, f"-httpListenAddr={address}", f"-storageDataPath={folder / 'data'}"]
    folder.mkdir(parents=True)
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as process:
        try:
            _wait_for(address, process)
            yield process.pid, address
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def rows_of(address: str) -> int:
    """Return how many samples it has taken from Influx lines."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=_PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith('vm_rows_inserted_total{type="influx"'))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"http://{address}/health", timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"expected {PROGRAM} to answer at {address}, found none") from None
        time.sleep(0.05)
