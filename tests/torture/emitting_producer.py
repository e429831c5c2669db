"""A process with the real emitter and a spool, which notes how far it is: `begin`, `noted`, and `safe` once acknowledged or spooled.

Each operation is `<name>-<n>`, started and completed at once. Killed, it goes on with the next
number. Told to end (SIGTERM), it flushes, notes `safe`, and exits with 0; with 3 where flushing fails.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from random import Random

from telemetryd.hooks import Emitter

from .notes import Notes

OPERATION_TYPE = "emitted"
BACKEND = "local"
BROKEN = 3
BURST = 50
_PATIENCE = 120.0


def main() -> int:
    """Run until told to end."""
    path, name, notes_path, spool, pause = sys.argv[1:]
    notes = Notes(Path(notes_path))
    emitter = Emitter(path, name, spool)
    ending = False

    def end(number: int, frame: object) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGTERM, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    following = notes.read().get("noted", 0) + 1
    notes.note("begin", following)
    chosen = Random()
    safe = following - 1
    while not ending:
        last = following + chosen.randrange(BURST)
        # Before any of them can be on a disk.
        notes.note("noted", last)
        for number in range(following, last + 1):
            emitter.operation_start(f"{name}-{number}", OPERATION_TYPE, BACKEND)
            emitter.status_change(f"{name}-{number}", "completed")
        following = last + 1
        time.sleep(chosen.expovariate(1 / float(pause)))
        if following - 1 > safe and _is_safe(emitter):
            safe = following - 1
            notes.note("safe", safe)
    if not emitter.flush(_PATIENCE):
        print(f"{name}: not acknowledged within {_PATIENCE:.0f} s: {emitter.statistics()}", file=sys.stderr)
        return BROKEN
    statistics = emitter.statistics()
    if statistics.dropped or statistics.invalid:
        print(f"{name}: expected nothing dropped, found {statistics}", file=sys.stderr)
        return BROKEN
    notes.note("safe", following - 1)
    return 0


def _is_safe(emitter: Emitter) -> bool:
    """Whether nothing is in memory alone, at two looks: what was on its way at the first has arrived at the second."""
    for _ in range(2):
        found = emitter.statistics()
        if found.buffered or found.spooled < found.unacked:
            return False
        time.sleep(0.01)
    return True


if __name__ == "__main__":
    sys.exit(main())
