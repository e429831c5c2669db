"""The troubles of a spool: each is told until it has passed, and what is lost is counted for good."""

from __future__ import annotations

import errno

import pytest

from telemetryd.hooks.spool_trouble import FULL, PATIENCE, UNREADABLE, UNWRITABLE, Troubles


class Bench:
    """Troubles, and the clock that they look at."""

    def __init__(self) -> None:
        self.now = 100.0
        self.troubles = Troubles(lambda: self.now)

    def hopeless(self, number: int, position: int) -> bool:
        return self.troubles.is_hopeless(OSError(number, "?"), position)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_failure_is_told_until_it_goes_well(bench: Bench) -> None:
    """Before what is lost, and that before what was found wrong at first."""
    troubles = bench.troubles

    def refuse() -> None:
        raise OSError(errno.EIO, "no")

    assert troubles.text("found") == "found"
    troubles.lose(3)
    assert troubles.text("found") == "events of the spool that are damaged and cannot be sent: 3"
    assert not troubles.tried(UNWRITABLE, refuse)
    assert troubles.text("found") == "the spool cannot be written: [Errno 5] no"
    troubles.tell(FULL, 1000, UNWRITABLE)
    assert troubles.text("found") == "the spool is full: it may have 1000 bytes"
    assert troubles.tried(UNWRITABLE, lambda: None)
    troubles.tell(UNREADABLE, "no")
    troubles.end(UNREADABLE)
    assert troubles.lost == 3


def test_what_is_lost_is_told_of_one_file_and_dropped_for_good(bench: Bench) -> None:
    """The daemon hears how many were dropped, whatever was opened since."""
    bench.troubles.lose(3)
    bench.troubles.begin()
    bench.troubles.lose(2)
    assert (bench.troubles.lost, bench.troubles.dropped) == (2, 5)


def test_a_place_is_hopeless_when_it_was_bad_for_half_a_minute(bench: Bench) -> None:
    """The same place all the while, and with an error of the disk."""
    assert not bench.hopeless(errno.EIO, 7)
    bench.now += PATIENCE - 1
    assert not bench.hopeless(errno.EBADMSG, 7)
    bench.now += 1
    assert bench.hopeless(errno.EIO, 7)
    assert not bench.hopeless(errno.EIO, 8)
    bench.now += PATIENCE
    assert not bench.hopeless(errno.EINTR, 8)
    assert bench.hopeless(errno.EIO, 8)
