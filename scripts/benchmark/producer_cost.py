"""The whole CPU cost of one operation in the producer's process: calls, encoding, sending, acknowledgements.

CPU time of the process with all of its threads, less that of the same loop around nothing. In bursts: as
fast as events are acknowledged. Paced: operations come evenly, as from a busy WAL. Statsd sends one UDP
packet an event to the loopback, as a client does that keeps nothing back; prometheus_client is not scraped.
Paced, all pay for memory that is cold at each wake-up: of our cost a third is then the calls, and the rest the sender's ten
turns a second.
"""

from __future__ import annotations

from measured_daemon import running

from .calls import cost_of
from .lines import Account, Line, times
from .run import Run

_CONTESTANTS = ("nothing", "emitter", "prometheus", "statsd")


def measure(run: Run) -> Account:
    """Return the lines."""
    sizes = run.sizes
    paced = max(1, int(sizes.paced_rate * sizes.paced_seconds))
    shapes = {
        "in bursts": (sizes.call_operations, 0),
        f"{sizes.paced_rate:,} operations a second": (paced, sizes.paced_rate),
    }
    folder = run.folder / "producer"
    folder.mkdir()
    with running(folder) as daemon:
        turns = {
            (shape, name): lambda name=name, size=size: cost_of(name, daemon.socket, *size).process
            for shape, size in shapes.items()
            for name in _CONTESTANTS
        }
        costs = run.alternate(sizes.call_rounds, {f"{name}, {shape}": turn for (shape, name), turn in turns.items()})
    lines = []
    for shape in shapes:
        idle = costs[f"nothing, {shape}"]
        ours, prometheus, statsd = (
            [max(0.01, each - less) for each, less in zip(costs[f"{name}, {shape}"], idle, strict=True)]
            for name in _CONTESTANTS[1:]
        )
        what = f"producer's whole CPU time for one operation, {shape}"
        lines.append(Line(what, "µs", ours, "prometheus_client", prometheus, times(2)))
        lines.append(Line(what, "µs", ours, "statsd over UDP", statsd, times(1)))
    return Account(lines)
