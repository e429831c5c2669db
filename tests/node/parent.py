"""A parent that does for the daemon what systemd does: it holds the sockets, listens, and starts it again."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from pathlib import Path

import requests

from tests.end_to_end.daemon import Daemon
from tests.end_to_end.waiting import PATIENCE, until
from tests.openapi import look


class Parent:
    """With a daemon below ``folder`` that is not started yet."""

    def __init__(self, folder: Path, watchdog: float = 1.5) -> None:
        self._watchdog = watchdog
        self._heard_at = 0.0
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(folder / "notify"))
        self._manager.setblocking(False)
        self._states: list[str] = []
        self.daemon = Daemon(folder, NOTIFY_SOCKET=folder / "notify", WATCHDOG_USEC=round(watchdog * 1_000_000))
        self._file = folder / "telemetryd.toml"
        self._file.touch()
        self._ingest = socket.socket(socket.AF_UNIX)
        self._ingest.bind(self.daemon.socket)
        self._ingest.listen(512)
        self._http = socket.create_server(("127.0.0.1", 0))
        self.daemon.passed = {"ingest": self._ingest, "http": self._http}

    @property
    def states(self) -> list[str]:
        """Every state that it has been told since the daemon was started last."""
        with contextlib.suppress(BlockingIOError):
            while True:
                states = self._manager.recv(4096).decode().splitlines()
                self._states += states
                if "WATCHDOG=1" in states:
                    self._heard_at = time.monotonic()
        return self._states

    @property
    def status(self) -> str:
        """The last status in words."""
        return next((each[7:] for each in reversed(self.states) if each.startswith("STATUS=")), "")

    @property
    def ingest(self) -> str:
        """The path of the ingest socket."""
        return self.daemon.socket

    def start(self) -> None:
        """Start the daemon, and wait until it says that it is ready."""
        self.states.clear()
        self.daemon.launch("--config", str(self._file))
        until(self._ready, f"the daemon to be ready; its log:\n{self.daemon.log}")

    def stop(self) -> None:
        """Stop it, and wait for a clean end."""
        assert self.daemon.stop() == 0, self.daemon.log

    def configure(self, text: str) -> None:
        """Write the daemon's settings."""
        self._file.write_text(text)

    def reload(self) -> None:
        """Tell it to read its settings again, as notify-reload does, and wait until it says that it has."""
        asked = time.monotonic_ns() // 1000
        begun = len(self.states)
        self.daemon.signal(signal.SIGHUP)
        until(lambda: "READY=1" in self.states[begun:], "the daemon to have reloaded")
        states = self.states[begun:]
        told = states[states.index("RELOADING=1") : states.index("READY=1")]
        (at,) = (int(state.partition("=")[2]) for state in told if state.startswith("MONOTONIC_USEC="))
        # Of an earlier reload it would be no answer to this one.
        assert at >= asked

    def restart(self) -> None:
        """Stop and start it."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill it, and start it again as one that has failed."""
        self.daemon.kill()
        self.start()

    def fetch(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        """Return status and body of a request to the HTTP socket."""
        # Not by the daemon's own address, which it has not while it is started anew.
        url = f"http://127.0.0.1:{self._http.getsockname()[1]}{path}"
        answer = requests.request(method, url, timeout=PATIENCE, hooks={"response": look})
        return answer.status_code, answer.content

    def hang(self) -> None:
        """Have it hang, and wait until it is missed: then it is ended and started again."""
        self.daemon.signal(signal.SIGSTOP)
        self.miss()
        self.kill()

    def miss(self) -> None:
        """Wait until the daemon has given no sign of life for as long as a watchdog would wait."""
        until(self._silent, "the signs of life to end")

    def hear(self) -> None:
        """Wait for the next sign of life."""
        before = self._heard_at
        until(lambda: self.states and self._heard_at > before, "a sign of life")

    def end(self) -> None:
        """Leave nothing."""
        self.daemon.end()
        for each in (self._manager, self._ingest, self._http):
            each.close()

    def _ready(self) -> bool:
        assert self.daemon.alive, self.daemon.log
        return "READY=1" in self.states

    def _silent(self) -> bool:
        return bool(self.states) and time.monotonic() - self._heard_at > self._watchdog
