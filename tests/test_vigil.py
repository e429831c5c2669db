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


def test_a_stop_that_moves_is_given_time(watched: Watched) -> None:
    """The watchdog sleeps by then."""
    watched.ready()
    watched.vigil.stopping()
    assert watched.told() == ["STOPPING=1", "STATUS=stopping: what was taken is stored"]
    assert watched.look() == ["EXTEND_TIMEOUT_USEC=120000000"]
    assert watched.look() == []
    watched.progress += 1
    assert watched.look() == ["EXTEND_TIMEOUT_USEC=120000000"]


@pytest.mark.parametrize("watched", [0.03], ids=["short watchdog"], indirect=True)
async def test_it_looks_by_itself_within_a_third_of_the_watchdogs_time(watched: Watched) -> None:
    """As long as the loop turns."""
    watched.ready()
    looking = asyncio.create_task(watched.vigil.run())
    signs = 0
    while signs < 3:
        signs += watched.told().count("WATCHDOG=1")
        await asyncio.sleep(0.005)
    looking.cancel()
