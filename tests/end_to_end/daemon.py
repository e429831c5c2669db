"""A daemon as a process, in an environment of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.openapi import look

from .producer import Producer
from .waiting import PATIENCE, until

API = "/api/v0/wal/telemetry"
ROOT = Path(__file__).resolve().parents[2]
# What a process needs of ours to find Python, the package and the coverage file.
_INHERITED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "VIRTUAL_ENV",
    "COVERAGE_PROCESS_START",
    "COV_CORE_SOURCE",
    "COV_CORE_CONFIG",
    "COV_CORE_DATAFILE",
)
# What systemd does between fork and exec: listening sockets are descriptors from 3 on, of this very process.
_ACTIVATE = """
import fcntl, os, sys
passed = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 100) for each in sys.argv[2].split(",")]
for number, each in enumerate(passed):
    os.dup2(each, 3 + number)
told = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(passed)), "LISTEN_FDNAMES": sys.argv[1]}
os.closerange(100, 100 + len(passed))
os.execve(sys.argv[3], sys.argv[3:], {**os.environ, **told})
"""


class Daemon:
    """``telemetryd serve`` below ``folder``; settings are given as environment variables.

    ``url`` is the bound address without a path. ``kill`` is SIGKILL, ``stop`` SIGTERM. Sockets in
    ``passed``, by their names, are passed on to it as systemd does. ``program`` is what Python runs.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.socket = str(folder / "ingest.sock")
        self.metrics_path = folder / "metrics"
        self.url = ""
        self.settings: dict[str, object] = dict(settings)
        self.passed: dict[str, socket.socket] = {}
        self.program: tuple[str, ...] = ("-m", "telemetryd")
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr = folder / "stderr.log"
        self._read_from = 0
        self._session = requests.Session()
        self._session.hooks["response"].append(look)

    @property
    def pid(self) -> int:
        """The id of the process that runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_since_start(self) -> str:
        """What the daemon has said on stderr since its last start."""
        return self.log[self._read_from :]

    @property
    def log(self) -> str:
        """Everything the daemon has said on stderr, over all its starts."""
        # A line may be half written.
        return self._stderr.read_text(errors="replace") if self._stderr.exists() else ""

    def events(self, says: str) -> list[dict[str, Any]]:
        """Return the log's lines of one kind, since the last start."""
        lines = []
        for line in self.log_since_start.splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                lines.append(json.loads(line))
        return [line for line in lines if isinstance(line, dict) and line.get("event") == says]

    def start(self, *arguments: str, **settings: object) -> None:
        """Start, and wait until it is ready."""
        self.launch(*arguments, **settings)
        until(self._ready, f"the daemon to be ready; its log:\n{self.log}")

    def launch(self, *arguments: str, **settings: object) -> None:
        """Start without waiting."""
        self.settings.update(settings)
        self._read_from = len(self.log)
        self.url = ""
        paths = ["--socket", self.socket, "--http", "127.0.0.1:0", "--metrics-path", str(self.metrics_path)]
        command = [sys.executable, *self.program, "serve", *paths, *arguments]
        descriptors = [passed.fileno() for passed in self.passed.values()]
        if descriptors:
            listed = ",".join(map(str, descriptors))
            command = [sys.executable, "-c", _ACTIVATE, ":".join(self.passed), listed, *command]
        with self._stderr.open("ab") as stderr:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdout=stderr,
                stderr=stderr,
                pass_fds=descriptors,
            )

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait until the process ends; return its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """Ask it to stop, wait, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Kill it where it stands."""
        assert self._process is not None
        self._process.kill()
        self.wait()

    def restart(self, **settings: object) -> None:
        """Stop cleanly and start again."""
        assert self.stop() == 0, self.log
        self.start(**settings)

    def end(self) -> None:
        """Kill it if it still runs, and let go of everything."""
        if self.alive:
            self.kill()
        self._session.close()

    def get(self, path: str, **params: object) -> Any:
        """Return the JSON of a GET below the API's path; anything but 200 fails."""
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Return the whole answer to a request; ``path`` is below the API's path unless it starts with ``/``."""
        below = path if path.startswith("/") else f"{API}/{path}"
        return self._session.request(method, self.url + below, timeout=PATIENCE, **more)

    def configure(self, **changes: object) -> Any:
        """Change settings by ``POST /config``; anything but 200 fails."""
        answer = self.ask("POST", "config", json=changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def books(self) -> dict[str, Any]:
        """Return the daemon's account of the events it received."""
        return dict(self.ask("GET", "/-/healthy").json()["books"])

    def producer(self) -> Producer:
        """Connect to the ingest socket."""
        return Producer(self.socket)

    def entries(self, status: str = "pending", **params: object) -> int:
        """Return how often any operation has entered ``status`` in the last 24 hours, by the API."""
        found = self.get("metrics", metric_type="operation_count", aggregation="sum", **params)
        by_type = found["metrics"]["operation_count"]
        samples = [sample for by_backend in by_type.values() for (sample,) in by_backend.values()]
        return sum(sample["by_status"][status] for sample in samples)

    def partitions(self, kind: str = "events") -> dict[str, list[Path]]:
        """Return the Parquet files of each partition, by its Hive path."""
        found: dict[str, list[Path]] = {}
        # Not Path.glob, which raises where a folder is removed under it.
        for path in files_below(self.metrics_path / kind):
            if path.match("date=*/hour=*/*.parquet"):
                found.setdefault(f"{path.parent.parent.name}/{path.parent.name}", []).append(path)
        return found

    def _ready(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        assert code is None, f"the daemon ended with {code} before it was ready; its log:\n{self.log}"
        return self.answers()

    def answers(self, path: str = "/-/ready") -> bool:
        """Whether it says that it is ready; of ``/-/healthy``, whether it serves."""
        if not self.url:
            self.url = next((line["url"] for line in self.events("serving")), "")
        if not self.url:
            return False
        try:
            return requests.get(self.url + path, timeout=PATIENCE, hooks={"response": look}).status_code == 200
        except requests.ConnectionError:
            return False

    def environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        ours = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        isolated = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PYTHONPATH": str(ROOT)}
        return {**ours, **isolated, **{name: str(value) for name, value in self.settings.items()}}


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, sorted; one that vanishes meanwhile, or is not there, is empty."""
    return sorted(Path(each, name) for each, _, names in os.walk(folder) for name in names)
