"""Whether the daemon lives: the judgement behind its signs of life."""

from __future__ import annotations

from telemetryd.ingest.pace import Signs

# What is too long where no watchdog says so, in seconds.
LONGEST = 60.0


def stall(signs: Signs, now: float, longest: float = LONGEST) -> str:
    """Return what hangs, in one sentence, or nothing where the recorder makes progress.

    ``now`` is of the clock of ``signs``. That the event loop turns is proved by whoever asks on it.
    """
    on_disk = _since(signs.disk_since, now)
    if on_disk > longest:
        return f"a write to the journal has not come back for {on_disk:.0f} s"
    waiting = _since(signs.waiting_since, now)
    if waiting > longest:
        return f"events have been waiting for the recorder for {waiting:.0f} s"
    crowded = _since(signs.crowded_since, now)
    if crowded > longest:
        return f"there has been no room for events for {crowded:.0f} s, and the sealer has not come back from the disk"
    return ""


def _since(instant: float | None, now: float) -> float:
    return 0.0 if instant is None else now - instant
