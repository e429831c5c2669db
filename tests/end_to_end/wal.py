"""A process with an emitter in it, which does what it is told line by line: what a WAL is to the daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .daemon import ROOT

# Told on stdin: a word and a number. Answers on stdout: one line of JSON for each.
_PROGRAM = """
import dataclasses, json, sys, time
from telemetryd import hooks

socket, producer, spool = (argument or None for argument in sys.argv[1:4])
emitter = hooks.Emitter(socket, producer, spool)
for line in sys.stdin:
    word, _, number = line.strip().partition(" ")
    answer = None
    if word == "start":
        first, count = map(int, number.split())
        for each in range(first, first + count):
            emitter.operation_start(f"op-{each}", "add", "ipfs")
    elif word == "flush":
        answer = emitter.flush(float(number))
    elif word == "safe":
        # Acknowledged, or in the spool: nothing in memory alone for two looks.
        deadline, looks = time.monotonic() + float(number), 0
        while looks < 2 and time.monotonic() < deadline:
            found = emitter.statistics()
            looks = 0 if found.buffered or found.spooled < found.unacked else looks + 1
            time.sleep(0.02)
        answer = looks == 2
    elif word == "statistics":
        answer = dataclasses.asdict(emitter.statistics())
    elif word == "close":
        answer = emitter.close(float(number))
    print(json.dumps(answer), flush=True)
"""


class Wal:
    """The process, with an emitter for the daemon at ``socket``; its n-th start is of the operation ``op-n``."""

    def __init__(self, socket: str, producer: str = "", spool: str | Path = "") -> None:
        command = [sys.executable, "-W", "error", "-c", _PROGRAM, socket, producer, str(spool)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, first: int, count: int) -> None:
        """Start operations ``op-<first>`` and the ``count`` - 1 after it."""
        self._ask(f"start {first} {count}")

    def flush(self, timeout: float = 60.0) -> bool:
        """Whether all is acknowledged within ``timeout`` s."""
        return bool(self._ask(f"flush {timeout}"))

    def safe(self, timeout: float = 60.0) -> bool:
        """Whether, within ``timeout`` s, no event is in memory alone."""
        return bool(self._ask(f"safe {timeout}"))

    def close(self, timeout: float) -> bool:
        """Close the emitter; return what that did."""
        return bool(self._ask(f"close {timeout}"))

    @property
    def statistics(self) -> dict[str, Any]:
        return dict(self._ask("statistics"))

    @property
    def waiting(self) -> int:
        """How many events are in memory before the batches under way."""
        return int(self.statistics["buffered"])

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._done()

    def end(self) -> None:
        """Let it end as a program does; it has a minute."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(60) == 0
        self._done()

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def _done(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
