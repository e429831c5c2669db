"""How late the event loop is: what everything on it waits for, seen from its own timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# How often is looked, in seconds.
EVERY = 0.5


async def watch_lag(late: Callable[[float], None], every: float = EVERY) -> None:
    """Tell ``late`` again and again by how many seconds the loop came later than it was asked to."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        late(lateness(due, loop.time()))


def lateness(due: float, now: float) -> float:
    """Return by how much ``now`` is later than ``due``."""
    # A timer may come early, by the clock's resolution.
    return max(0.0, now - due)
