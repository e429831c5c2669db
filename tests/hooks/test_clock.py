from __future__ import annotations

import itertools

from telemetryd.hooks.clock import SMALLEST_STEP, Clock, Offsets


class Hands:
    """Two clocks that stand until they are set."""

    def __init__(self) -> None:
        self.monotonic = 100.0
        self.wall = 1_700_000_000.0

    def clock(self) -> Clock:
        return Clock(lambda: self.monotonic, lambda: self.wall)


def test_the_offset_is_wall_minus_monotonic() -> None:
    """An instant of the monotonic clock plus the offset is its Unix time."""
    assert Hands().clock().offset == 1_700_000_000.0 - 100.0


def test_a_step_of_the_wall_clock_is_taken_over_when_anchoring() -> None:
    """The offset changes with the next anchoring, not before."""
    hands = Hands()
    clock = hands.clock()
    hands.wall += 3600
    assert clock.offset == 1_700_000_000.0 - 100.0
    clock.anchor()
    assert clock.offset == 1_700_003_600.0 - 100.0


def test_noise_between_the_clocks_is_no_step() -> None:
    """A difference below a millisecond leaves the offset as it is."""
    hands = Hands()
    clock = hands.clock()
    before = clock.offset
    hands.wall += SMALLEST_STEP / 2
    clock.anchor()
    assert clock.offset == before


def test_a_reading_that_was_interrupted_is_not_used() -> None:
    """Of several readings the quickest counts: a thread may be put aside between two clocks."""
    instants = itertools.chain([0.0, 9.0, 10.0, 10.0, 11.0, 11.5], itertools.repeat(12.0))
    walls = iter([1000.0, 1010.0, 1011.2])
    assert Clock(lambda: next(instants), lambda: next(walls)).offset == 1000.0


def test_operations_that_never_end_do_not_fill_the_memory() -> None:
    """Beyond the limit the oldest are forgotten, and go on with a new offset."""
    offsets = Offsets(32)
    for number in range(100):
        offsets.known.setdefault(str(number), 1.0)
        offsets.trim()
    assert len(offsets.known) <= 34
    assert offsets.known.pop("99", 2.0) == 1.0
    assert offsets.known.pop("0", 2.0) == 2.0
