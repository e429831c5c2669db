"""``GET /realtime`` at rest and during ingest, paced and at full speed, seen by a client with one connection.

The daemon has its core for itself, and the client shares the other one with the producer. A round asks at rest, then
while a producer sends at a steady rate, then while it sends as fast as it is acknowledged. The window holds what was
sent before. At rest an answer takes some 3 ms, of which half is the sum over the window and its quantiles. At full
speed the one core has no time to spare: an answer waits at each of its turns on the event loop for the batch that is
being read and the one that is being applied, some 4 ms, and shares the core with the thread that seals, which is
where all but a few of the stalls beyond 12 ms are: while pyarrow writes a part, the kernel lets the loop wait for the
rest of a slice. A lower priority for that thread is no way out: with it the sealer starves beside any other busy
process, and then intake has to refuse. A shorter switch interval of the interpreter changed nothing that could be
told from noise.
"""

from __future__ import annotations

import http.client
import time

from measured_daemon import MeasuredDaemon, running

from . import frames
from .lines import Account, Line, at_most
from .run import Run
from .sender import PACED_RATE, Sender, sender

_PATH = "/api/v0/wal/telemetry/realtime"
_PAUSE = 0.002


def measure(run: Run) -> Account:
    """Return the lines."""
    folder = run.folder / "realtime"
    folder.mkdir()
    paced = f"during {PACED_RATE:,} events a second"
    found: dict[str, list[list[float]]] = {"at rest": [], paced: [], "during ingest": []}
    with running(folder, run.cores.measured) as daemon:
        send(run, daemon)
        for number in range(run.sizes.realtime_rounds):
            run.step(f"round {number + 1} of {run.sizes.realtime_rounds}", number / run.sizes.realtime_rounds)
            found["at rest"].append(ask(daemon, run.sizes.realtime_requests))
            found[paced].append(send(run, daemon, "paced", run.sizes.realtime_operations // 8))
            found["during ingest"].append(send(run, daemon))
    lines = []
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        rest, steady, busy = ([_quantile(each, share) for each in found[when]] for when in found)
        goal = at_most(10) if name == "p99" else None
        lines.append(Line(f"GET /realtime, {name}, at rest", "ms", rest))
        lines.append(Line(f"GET /realtime, {name}, {paced}", "ms", steady))
        lines.append(Line(f"GET /realtime, {name}, during ingest", "ms", busy, goal=goal))
        increase = [loaded / idle for loaded, idle in zip(busy, rest, strict=True)]
        goal = at_most(5) if name == "p99" else None
        lines.append(Line(f"GET /realtime, {name}, during ingest beside at rest", "×", increase, goal=goal))
    return Account(lines)


def send(run: Run, daemon: MeasuredDaemon, kind: str = "acknowledged", operations: int = 0) -> list[float]:
    """Send a load and ask for as long as that takes; return how long answers took, in ms."""
    path = frames.kept(frames.load_of(operations or run.sizes.realtime_operations, 1), run.folder)
    with sender(kind, daemon.socket, path, run.cores.load) as sending:
        sending.start()
        answered = _ask_while(daemon, sending)
        sending.seconds()
    path.unlink()
    return answered


def _ask_while(daemon: MeasuredDaemon, sending: Sender) -> list[float]:
    answered = ask(daemon, 1)
    while not sending.is_done:
        answered += ask(daemon, 10)
    return answered


def ask(daemon: MeasuredDaemon, count: int) -> list[float]:
    """Ask so many times, with a short pause in between; return how long each answer took, in ms."""
    took = []
    connection = http.client.HTTPConnection(daemon.url.removeprefix("http://"), timeout=60)
    for _ in range(count):
        began = time.perf_counter()
        connection.request("GET", _PATH)
        answer = connection.getresponse()
        answer.read()
        took.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise SystemExit(f"expected 200 of {_PATH}, found {answer.status}")
        time.sleep(_PAUSE)
    connection.close()
    return took


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
