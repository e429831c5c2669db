"""How late the loop is, seen from its own timer."""

from __future__ import annotations

import asyncio

import pytest

from telemetryd.lag import lateness, watch_lag

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
    """It tells again and again, until it is cancelled."""
    seen = Seen(5)
    watching = asyncio.create_task(watch_lag(seen, EVERY / 10))
    await asyncio.wait_for(seen.enough.wait(), 30)
    assert not watching.done()
    watching.cancel()


@pytest.mark.parametrize(("now", "late"), [(3.0, 1.0), (2.0, 0.0), (1.75, 0.0)], ids=["late", "in time", "early"])
def test_a_timer_that_comes_early_is_in_time(now: float, late: float) -> None:
    """What is counted is never below zero."""
    assert lateness(2.0, now) == late
