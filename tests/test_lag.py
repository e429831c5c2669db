"""How late the loop is, seen from its own timer."""

from __future__ import annotations

import asyncio

from telemetryd.lag import watch_lag

EVERY = 0.01


class Seen:
    """What was told; ``enough`` once it was told so many times."""

    def __init__(self, times: int) -> None:
        self.late: list[float] = []
        self.enough = asyncio.Event()
        self._times = times

    def __call__(self, seconds: float) -> None:
        self.late.append(seconds)
        if len(self.late) == self._times:
            self.enough.set()


async def test_a_loop_that_is_held_up_is_late_by_as_much() -> None:
    """By what it was held up for beyond the timer, at least."""
    seen, loop = Seen(1), asyncio.get_running_loop()
    watching = asyncio.create_task(watch_lag(seen, EVERY))
    await asyncio.sleep(0)
    held = loop.time() + 10 * EVERY
    while loop.time() < held:
        pass
    await asyncio.wait_for(seen.enough.wait(), 30)
    assert seen.late[0] >= 9 * EVERY
    watching.cancel()


async def test_it_goes_on_watching() -> None:
    """And is never early."""
    seen = Seen(5)
    watching = asyncio.create_task(watch_lag(seen, EVERY / 10))
    await asyncio.wait_for(seen.enough.wait(), 30)
    assert min(seen.late) >= 0.0
    watching.cancel()
