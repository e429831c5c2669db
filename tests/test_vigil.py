"""What systemd is told of the daemon, from its first to its last moment."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from telemetryd.ingest.pace import Signs
from telemetryd.instrumentation import Instrumentation
from telemetryd.vigil import Vigil
from tests.charts.rendering import Lines
from tests.descriptors import no_descriptor_left


class Watched:
    """A vigil over a daemon of which a test says how it does."""

    def __init__(self, folder: Path, watchdog: float) -> None:
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.setblocking(False)
        environment = {"NOTIFY_SOCKET": str(folder / "notify")}
        if watchdog:
            environment["WATCHDOG_USEC"] = str(round(watchdog * 1_000_000))
        self.log = Lines()
        self.progress = 0
        self.now = 1000.0
        self.signs = Signs()
        self.status = "listening"
        self.vigil = Vigil(environment, Instrumentation(self.log), lambda: self.progress, lambda: self.now)

    def told(self) -> list[str]:
        """Return the states of all messages that have come since the last time."""
        lines: list[str] = []
        with suppress(BlockingIOError):
            while True:
                lines += self.manager.recv(4096).decode().splitlines()
        return lines

    def deafen(self) -> None:
        """Have the manager be so far behind that nothing more can be sent to it, until it is asked what it was told."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other, suppress(BlockingIOError):
            other.setblocking(False)
            while True:
                other.sendto(b"NOISE=1", self.manager.getsockname())

    def heard(self) -> list[str]:
        """Return what was told besides the noise."""
        return [line for line in self.told() if line != "NOISE=1"]

    def look(self) -> list[str]:
        """Have it look, and return what it told."""
        self.vigil.look()
        return self.told()

    def ready(self) -> list[str]:
        """Have the daemon be ready, and return what was told."""
        self.vigil.ready(lambda: self.signs, lambda: self.status)
        return self.told()


@pytest.fixture(params=[30.0], ids=["watchdog"])
def watched(short_path: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:
    made = Watched(short_path, request.param)
    yield made
    made.vigil.close()
    made.manager.close()


def test_a_start_that_moves_is_given_time(watched: Watched) -> None:
    """And one that does not is not: systemd ends it by its own time-out."""
    replaying = "STATUS=starting: the journal is replayed"
    assert watched.look() == ["EXTEND_TIMEOUT_USEC=120000000", replaying]
    assert watched.look() == []
    watched.progress += 1
    assert watched.look() == ["EXTEND_TIMEOUT_USEC=120000000"]


def test_ready_comes_with_what_it_is_ready_for(watched: Watched) -> None:
    """From then on each look is a sign of life; the status is told where it has changed."""
    assert watched.ready() == ["READY=1", "STATUS=listening"]
    assert watched.look() == ["WATCHDOG=1"]
    watched.status = "1 event stored"
    assert watched.look() == ["WATCHDOG=1", "STATUS=1 event stored"]


def test_a_stall_takes_the_signs_of_life_away_until_it_is_over(watched: Watched) -> None:
    """The reason is in the status, and once in the log, and so is the end of it."""
    watched.ready()
    watched.signs = Signs(disk_since=watched.now)
    watched.now += 30.0
    assert watched.look() == ["WATCHDOG=1"]
    watched.now += 1.0
    reason = "a write to the journal has not come back for 31 s"
    assert watched.look() == [f"STATUS=stalled: {reason}"]
    assert watched.vigil.problem == reason
    watched.now += 9.0
    assert "WATCHDOG=1" not in watched.look()
    assert [line["reason"] for line in watched.log.of("stalled")] == [reason]
    watched.signs = Signs()
    assert watched.look() == ["WATCHDOG=1", "STATUS=listening"]
    assert watched.vigil.problem == ""
    assert [line["seconds"] for line in watched.log.of("makes progress again")] == [9.0]


@pytest.mark.parametrize("watched", [0.0], ids=["no watchdog"], indirect=True)
def test_without_a_watchdog_a_stall_is_told_all_the_same(watched: Watched) -> None:
    """After a minute; no sign of life is given where none is waited for."""
    watched.ready()
    assert watched.look() == []
    watched.signs = Signs(waiting_since=watched.now)
    watched.now += 61.0
    assert watched.look() == ["STATUS=stalled: events have been waiting for the recorder for 61 s"]


def test_ready_is_told_again_until_it_is_sent(watched: Watched) -> None:
    """So is the status, and systemd does not wait for ever for what it had no room for."""
    watched.deafen()
    watched.vigil.ready(lambda: watched.signs, lambda: watched.status)
    assert watched.heard() == []
    assert watched.look() == ["READY=1", "WATCHDOG=1", "STATUS=listening"]
    assert watched.look() == ["WATCHDOG=1"]


def test_a_status_is_told_again_until_it_is_sent(watched: Watched) -> None:
    """Though it has not changed meanwhile."""
    watched.ready()
    watched.status = "1 event stored"
    watched.deafen()
    watched.vigil.look()
    assert watched.heard() == []
    assert watched.look() == ["WATCHDOG=1", "STATUS=1 event stored"]


def test_a_stop_is_told_again_until_it_is_sent(watched: Watched) -> None:
    """And so is the wish for more time."""
    watched.ready()
    watched.deafen()
    watched.vigil.stopping()
    watched.vigil.look()
    assert watched.heard() == []
    stopping = "STATUS=stopping: what was taken is stored"
    assert watched.look() == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=120000000", stopping]
    assert watched.look() == []


def test_a_reload_is_told_when_it_begins_and_when_it_is_done(watched: Watched) -> None:
    """Even where it ends with a fault; what could not be sent of it is told later, in this order."""
    watched.ready()

    def reload() -> None:
        with watched.vigil.reloading():
            assert [line.partition("=")[0] for line in watched.heard()] == ["RELOADING", "MONOTONIC_USEC"]
            watched.deafen()
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        reload()
    assert watched.heard() == []
    assert watched.look() == ["READY=1", "WATCHDOG=1"]


def test_it_looks_also_where_no_descriptor_is_left(watched: Watched) -> None:
    """A daemon with as many connections as it may have lives."""
    watched.ready()
    with no_descriptor_left():
        watched.vigil.look()
    assert watched.told() == ["WATCHDOG=1"]


def test_a_stop_that_moves_is_given_time(watched: Watched) -> None:
    """The watchdog sleeps by then."""
    watched.ready()
    watched.vigil.stopping()
    assert watched.told() == ["STOPPING=1", "STATUS=stopping: what was taken is stored"]
    assert watched.look() == ["EXTEND_TIMEOUT_USEC=120000000"]
    assert watched.look() == []
    watched.progress += 1
    assert watched.look() == ["EXTEND_TIMEOUT_USEC=120000000"]


@pytest.mark.parametrize(
    ("watched", "pause"), [(0.0, 5.0), (6.0, 2.0), (60.0, 5.0)], ids=["none", "short", "long"], indirect=["watched"]
)
def test_it_looks_thrice_within_the_watchdogs_time(watched: Watched, pause: float) -> None:
    """And every few seconds, so that the status is not old."""
    assert watched.vigil.pause == pause


@pytest.mark.parametrize("watched", [0.03], ids=["short watchdog"], indirect=True)
async def test_it_goes_on_looking_by_itself(watched: Watched) -> None:
    """As long as the loop turns."""
    watched.ready()
    looking = asyncio.create_task(watched.vigil.run())
    signs = 0
    async with asyncio.timeout(30):
        while signs < 3:
            signs += watched.told().count("WATCHDOG=1")
            await asyncio.sleep(0.005)
    looking.cancel()
