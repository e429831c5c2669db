"""A process that is a WAL: it tells of operations, and how much CPU time that took it.

``python -m benchmark.calls CONTESTANT SOCKET OPERATIONS RATE``; with a rate of 0 operations come in bursts, and
what is left to send is sent after each of them. Prints JSON: the µs of CPU time an operation, of the
calling thread and of the whole process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from measured_daemon import ROOT

from .contestants import CONTESTANTS, Contestant

# As many as ipfs_kit_py's telemetry remembers before each further one costs it more.
WARM = 1_000
_BURST = 500
_PER_SECOND = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time of one operation, in µs: in the thread that calls, and in all of its process."""

    thread: float
    process: float


def cost_of(contestant: str, path: str, operations: int, rate: int = 0) -> Cost:
    """Run it in a process of its own and return what an operation cost there; raises SystemExit where it fails."""
    command = [sys.executable, "-m", "benchmark.calls", contestant, path, str(operations), str(rate)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"expected figures of {contestant}, found none:\n{told.stderr[-2000:]}")
    return Cost(**json.loads(told.stdout))


def main(arguments: Sequence[str]) -> int:
    """Be the process."""
    name, path, operations, rate = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    ids = [str(uuid4()) for _ in range(operations)]
    with CONTESTANTS[name](path) as contestant:
        for number in range(WARM):
            contestant.call(f"warm-{number}")
        contestant.settle()
        cost = paced(contestant, ids, rate) if rate else in_bursts(contestant, ids)
        print(json.dumps({"thread": cost.thread, "process": cost.process}))
    return 0


def in_bursts(contestant: Contestant, ids: list[str]) -> Cost:
    """Call as fast as it goes, burst by burst."""
    call, thread = contestant.call, 0
    began = time.process_time_ns()
    for first in range(0, len(ids), _BURST):
        burst = ids[first : first + _BURST]
        before = time.thread_time_ns()
        for operation_id in burst:
            call(operation_id)
        thread += time.thread_time_ns() - before
        contestant.settle()
    return Cost(thread / len(ids) / 1000, (time.process_time_ns() - began) / len(ids) / 1000)


def paced(contestant: Contestant, ids: list[str], rate: int) -> Cost:
    """Call so many times a second, a few at a time, and let it settle once, at the end."""
    call, thread = contestant.call, 0
    few = max(1, rate // _PER_SECOND)
    began, due = time.process_time_ns(), time.monotonic()
    for first in range(0, len(ids), few):
        before = time.thread_time_ns()
        for operation_id in ids[first : first + few]:
            call(operation_id)
        thread += time.thread_time_ns() - before
        due += few / rate
        time.sleep(max(0.0, due - time.monotonic()))
    contestant.settle()
    return Cost(thread / len(ids) / 1000, (time.process_time_ns() - began) / len(ids) / 1000)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
