#!/usr/bin/env python3
"""Measure how long a call of the hooks takes in the thread of the WAL, whatever state the daemon is in.

Every single call is timed, by the clock on the wall: what the machine does to the thread meanwhile is
in it. The first row is the same loop around a function that does nothing. The last column is the
longest call again, less the time that the thread was ready to run and had no CPU (Linux tells it, for
each burst of calls): what it waited for the interpreter's lock, or for anything of ours, is still in it.

    scripts/measure_hooks.py
    scripts/measure_hooks.py --quick
    scripts/measure_hooks.py --calls 1000000 --json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from telemetryd.hooks import Emitter  # noqa: E402 - a script runs from wherever it is called

# A burst of calls, then a pause: more than any WAL does, less than what fills a buffer by itself.
BURST = 50
PAUSE = 0.001
AMPLE = 1 << 21
SMALL = 10_000
DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what the daemon does (a key of ``PEERS``), and how the emitter is made."""

    name: str
    peer: str
    spool: bool = False
    capacity: int = AMPLE


CASES = (
    Case("connected", "daemon"),
    Case("absent", "nobody"),
    Case("killed while connected", "killed"),
    Case("stopped (SIGSTOP)", "stopped"),
    Case("slow: acknowledges after 0.2 s", "slow"),
    Case("refusing: nacks everything", "refusing"),
    Case("not reading: socket buffers full", "deaf"),
    Case("absent, the buffer full", "nobody", capacity=SMALL),
    Case("connected, with a spool", "daemon", spool=True),
    Case("absent, with a spool", "nobody", spool=True),
    Case("stopped, with a spool", "stopped", spool=True),
    Case("refusing, with a spool", "refusing", spool=True),
)


def main() -> int:
    """Measure all cases and print the table; or, as a child of that, be the peer of one of them."""
    options = parse()
    if options.peer:
        return be_peer(*options.peer)
    calls = 20_000 if options.quick else options.calls
    rows = [row("a function that does nothing", measure(nothing, calls), {})]
    for number, case in enumerate(CASES, 1):
        say(f"{number} of {len(CASES)}: {case.name}")
        rows.append(measured(case, calls))
    if options.json:
        print(json.dumps({"calls": calls, "python": sys.version.split()[0], "cases": rows}, indent=2))
    else:
        print(table(rows))
    return 0


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=200_000, help="of each case (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="20,000 calls of each case")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--peer", nargs=2, metavar=("KIND", "PATH"), help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(case: Case, calls: int) -> dict[str, object]:
    """Measure one case."""
    with tempfile.TemporaryDirectory(prefix="td-") as name, PEERS[case.peer](Path(name)) as path:
        spool = str(Path(name) / "spool") if case.spool else None
        emitter = Emitter(path, "measured", spool, capacity=case.capacity)
        emitter.operation_start("first", "add", "ipfs")
        if case.peer != "nobody":
            wait_for(lambda: emitter.statistics().connected)
        if case.peer in TURNS:
            emitter.flush(DEADLINE)
            TURNS[case.peer](Path(name))
        times = measure(Events(emitter).note, calls)
        found = emitter.statistics()
        emitter.close(0)
        facts = {"acked": found.acked, "buffered": found.buffered, "spooled": found.spooled, "dropped": found.dropped}
        return row(case.name, times, facts)


class Events:
    """What a WAL tells: each operation starts, is processed and ends."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._number = 0

    def note(self) -> None:
        """Call the emitter once."""
        operation, turn = divmod(self._number, 3)
        self._number += 1
        if turn == 0:
            self._emitter.operation_start(f"operation-{operation}", "add", "ipfs", 4096)
        elif turn == 1:
            self._emitter.status_change(f"operation-{operation}", "processing")
        else:
            self._emitter.status_change(f"operation-{operation}", "completed", size=4096)


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each call took, in ns, the shortest first; and the longest of all, waits for a CPU not counted."""

    calls: list[int]
    on_cpu: int


def measure(call: Callable[[], None], calls: int) -> Times:
    """Time so many calls."""
    times: list[int] = []
    clock = time.perf_counter_ns
    longest = 0
    while len(times) < calls:
        waited = run_delay()
        for _ in range(BURST):
            before = clock()
            call()
            times.append(clock() - before)
        longest = max(longest, max(times[-BURST:]) - (run_delay() - waited))
        time.sleep(PAUSE)
    return Times(sorted(times), longest)


def run_delay() -> int:
    """Return how long this thread was ready to run and had no CPU, in ns."""
    with open("/proc/thread-self/schedstat", "rb") as schedstat:
        return int(schedstat.read().split()[1])


def row(name: str, measured: Times, facts: dict[str, int]) -> dict[str, object]:
    """Return a distribution, in µs, beside what the emitter counted."""
    times = measured.calls
    at = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    shown = {label: round(times[int(share * (len(times) - 1))] / 1000, 2) for label, share in at.items()}
    return {
        "case": name,
        "calls": len(times),
        **shown,
        "max": round(times[-1] / 1000, 1),
        "max_on_cpu": round(measured.on_cpu / 1000, 1),
        **facts,
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as Markdown."""
    lines = ["| the daemon is | p50 | p99 | p99.9 | max | max with a CPU |", "|---|---|---|---|---|---|"]
    for each in rows:
        shown = [f"{each[label]:,}" for label in ("p50", "p99", "p99.9", "max", "max_on_cpu")]
        lines.append(f"| {each['case']} | {' | '.join(shown)} |")
    return "\n".join(lines)


@contextlib.contextmanager
def nobody(folder: Path) -> Iterator[str]:
    """Give a path where nobody listens."""
    yield str(folder / "nobody.sock")


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """Run a daemon below ``folder``, and give the path of its socket."""
    path = folder / "ingest.sock"
    paths = ["--socket", str(path), "--http", "127.0.0.1:0", "--metrics-path", str(folder / "metrics")]
    command = [sys.executable, "-m", "telemetryd", "serve", *paths]
    with running(folder, command):
        wait_for(path.exists)
        yield str(path)


def scripted(kind: str) -> Callable[[Path], contextlib.AbstractContextManager[str]]:
    """Return what runs a peer of that kind."""

    @contextlib.contextmanager
    def peer(folder: Path) -> Iterator[str]:
        path = folder / "peer.sock"
        with running(folder, [sys.executable, __file__, "--peer", kind, str(path)]):
            wait_for(path.exists)
            yield str(path)

    return peer


@contextlib.contextmanager
def running(folder: Path, command: list[str]) -> Iterator[None]:
    """Run a process of ours, whose id is in the file ``pid``, and kill it at the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    with (folder / "log").open("wb") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        (folder / "pid").write_text(str(process.pid))
        try:
            yield
        finally:
            process.kill()


PEERS: dict[str, Callable[[Path], contextlib.AbstractContextManager[str]]] = {
    "nobody": nobody,
    "daemon": daemon,
    "killed": daemon,
    "stopped": daemon,
    "slow": scripted("slow"),
    "refusing": scripted("refusing"),
    "deaf": scripted("deaf"),
}
# What befalls the peer once the emitter is connected.
TURNS: dict[str, Callable[[Path], None]] = {
    "killed": lambda folder: os.kill(int((folder / "pid").read_text()), signal.SIGKILL),
    "stopped": lambda folder: os.kill(int((folder / "pid").read_text()), signal.SIGSTOP),
}


def be_peer(kind: str, path: str) -> int:
    """Welcome every producer, and then be slow, refuse, or be deaf."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=answer, args=(kind, connection), daemon=True).start()


def answer(kind: str, connection: socket.socket) -> None:
    """Talk to one producer."""
    with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
        lines.readline()
        welcome = {"version": 1, "last_batch": 0, "enabled": True, "max_line_bytes": 1 << 20}
        connection.sendall(json.dumps({"welcome": welcome}).encode() + b"\n")
        while kind == "deaf":
            time.sleep(DEADLINE)
        for line in lines:
            number = int(line[len(b'{"batch":') :].partition(b",")[0])
            if kind == "slow":
                time.sleep(0.2)
                connection.sendall(b'{"ack": %d}\n' % number)
            else:
                connection.sendall(b'{"nack": %d, "error": "no space left", "retry_after": 0.1}\n' % number)


def wait_for(look: Callable[[], bool]) -> None:
    """Wait until ``look`` says so; give up after a minute."""
    deadline = time.monotonic() + DEADLINE
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit("expected a peer within a minute, found none")
        time.sleep(0.01)


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
