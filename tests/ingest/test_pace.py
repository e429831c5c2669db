"""Since when the recorder has had work, and since when it waits for the disk."""

from __future__ import annotations

import pytest

from telemetryd.ingest.pace import Pace, Signs


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1.0

    def __call__(self) -> float:
        return self.now


def test_waiting_counts_from_the_first_of_those_that_wait() -> None:
    """Not from the last; what comes in while a turn goes on waits since its end."""
    clock = Clock()
    pace = Pace(clock)
    assert pace.signs == Signs()
    for clock.now in (2.0, 3.0):
        pace.handed_in()
    assert pace.signs == Signs(waiting_since=2.0)
    clock.now = 5.0
    pace.turned(more=True)
    assert pace.signs == Signs(waiting_since=5.0)
    pace.turned(more=False)
    assert pace.signs == Signs()


def test_the_disk_is_waited_for_until_it_comes_back() -> None:
    """With a fault as well as without; how long it was is told."""
    clock, took = Clock(), list[float]()
    pace = Pace(clock, took.append)

    def write() -> None:
        with pace.on_disk():
            clock.now = 9.0
            assert pace.signs == Signs(disk_since=1.0)
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        write()
    assert pace.signs == Signs()
    assert took == [8.0]


def test_no_room_counts_from_the_first_refusal_until_upkeep_comes_back() -> None:
    """However many turns of the recorder refuse meanwhile."""
    clock = Clock()
    pace = Pace(clock)
    for clock.now in (2.0, 12.0):
        pace.crowded()
        pace.turned(more=False)
    assert pace.signs == Signs(crowded_since=2.0)
    pace.upkept()
    assert pace.signs == Signs()
