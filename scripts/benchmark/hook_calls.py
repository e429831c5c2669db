"""Hook calls in the WAL's thread, for one operation: it starts, is processed, and completes.

CPU time of the calling thread, in bursts of 500 operations, after 1,000 others; each contestant in a process
of its own. The emitter and the attached hooks are connected to a daemon that runs. Attached: to a WAL that
does nothing, whose own calls are subtracted on both sides. ipfs_kit_py's telemetry is the one inside of the
WAL's process, with one fault mended so that it counts at all (a missing key). prometheus_client has two
counters, a gauge and a histogram, with labels for type and backend.
"""

from __future__ import annotations

from measured_daemon import running

from .calls import cost_of
from .lines import Account, Line, times
from .run import Run

_CONTESTANTS = ("emitter", "attached", "bare_wal", "ipfs_kit_py", "ipfs_kit_py_attached", "prometheus")


def measure(run: Run) -> Account:
    """Return the lines."""
    folder = run.folder / "hooks"
    folder.mkdir()
    sizes = run.sizes
    with running(folder) as daemon:
        turns = {
            name: lambda name=name: cost_of(name, daemon.socket, sizes.call_operations).thread for name in _CONTESTANTS
        }
        costs = run.alternate(sizes.call_rounds, turns)
    ours = {
        "emitter": costs["emitter"],
        "attached hooks": [
            max(0.01, each - bare) for each, bare in zip(costs["attached"], costs["bare_wal"], strict=True)
        ],
    }
    theirs = {
        "emitter": costs["ipfs_kit_py"],
        "attached hooks": [
            each - bare for each, bare in zip(costs["ipfs_kit_py_attached"], costs["bare_wal"], strict=True)
        ],
    }
    lines = []
    for name, figures in ours.items():
        what = f"hook calls of one operation: {name}"
        lines.append(Line(what, "µs", figures, "ipfs_kit_py's telemetry", theirs[name], times(50)))
        lines.append(Line(what, "µs", figures, "prometheus_client", costs["prometheus"], times(6)))
    return Account(lines)
