"""Who holds the ingest socket: a parent that passes it on over restarts, or the daemon itself."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .daemon import Daemon
from .parquet_files import QUICK
from .test_emitter import started
from .waiting import until
from .wal import Wal

PRODUCERS = 3
AT_ONCE = 50


@pytest.fixture
def activated(new_daemon: Callable[..., Daemon]) -> Iterator[Daemon]:
    """A daemon whose listening socket is this process's, and outlives it."""
    daemon = new_daemon(**QUICK)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(daemon.socket)
        listening.listen(512)
        daemon.passed = {"ingest": listening}
        yield daemon
        daemon.end()


@contextmanager
def load(daemon: Daemon) -> Iterator[list[int]]:
    """Several producers that never pause, and one that connects again and again; give how many operations each has started."""
    counts = [0] * PRODUCERS
    refused: list[OSError] = []
    stop = threading.Event()
    wals = [Wal(daemon.socket, f"wal-{number}") for number in range(PRODUCERS)]

    def produce(number: int) -> None:
        while not stop.is_set():
            wals[number].start(1_000_000 * number + counts[number], AT_ONCE)
            counts[number] += AT_ONCE
            stop.wait(0.005)

    def connect() -> None:
        while not stop.wait(0.01):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                try:
                    client.connect(daemon.socket)
                except OSError as error:
                    refused.append(error)

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(PRODUCERS)]
    threads.append(threading.Thread(target=connect))
    for thread in threads:
        thread.start()
    try:
        yield counts
        stop.set()
        for thread in threads:
            thread.join()
        assert all(wal.flush() for wal in wals)
        assert [wal.statistics["dropped"] for wal in wals] == [0] * PRODUCERS
        assert refused == []
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for wal in wals:
            wal.kill()


def wait_for_more(counts: list[int], operations: int) -> None:
    """Wait until so many more operations have started."""
    enough = sum(counts) + operations
    until(lambda: sum(counts) >= enough, f"{operations} operations to start")


def test_restarts_under_load_lose_and_refuse_nothing(activated: Daemon) -> None:
    """Clean ones and kills: whoever connects meanwhile waits, and every event is stored, once."""
    activated.start()
    with load(activated) as counts:
        for number, die in enumerate((activated.stop, activated.kill, activated.stop, activated.kill, activated.stop)):
            wait_for_more(counts, 2000)
            assert die() in (0, None), activated.log
            # Every other time the socket is nobody's for a while, and the load goes on.
            wait_for_more(counts, 500 * (number % 2))
            activated.start()
    expected = {f"op-{1_000_000 * number + each}": 1 for number in range(PRODUCERS) for each in range(counts[number])}
    until(lambda: len(started(activated)) >= len(expected), "all operations to be sealed")
    until(lambda: started(activated) == expected, "each operation to be there once")


def test_the_parents_socket_is_the_one_that_is_told_and_stays(activated: Daemon) -> None:
    """Its file is not the daemon's to remove; the daemon makes none of its own."""
    activated.start()
    (serving,) = activated.events("serving")
    assert serving["socket"] == activated.socket
    assert activated.stop() == 0
    assert Path(activated.socket).is_socket()


def test_a_socket_that_does_not_listen_is_a_mistake_of_the_unit(new_daemon: Callable[..., Daemon]) -> None:
    """Told in one sentence; the daemon does not start."""
    daemon = new_daemon()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as passed:
        daemon.passed = {"ingest": passed}
        daemon.launch()
        assert daemon.wait() == 1
    (failed,) = daemon.events("cannot start")
    assert failed["error"] == "LISTEN_FDS: expected a listening Unix socket as descriptor 3, found another socket"


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(new_daemon: Callable[..., Daemon]) -> None:
    """A second daemon at the same path says so and ends with 1, whether the first one answers or hangs; the first goes on."""
    first, second = new_daemon(), new_daemon()
    first.start()
    first.kill()
    assert Path(first.socket).is_socket()
    first.start()
    second.socket = first.socket
    for number in (signal.SIGCONT, signal.SIGSTOP):
        first.signal(number)
        second.launch()
        assert second.wait() == 1
        (failed,) = second.events("cannot start")
        assert failed["error"] == f"ingest.socket: {first.socket} is in use by a live daemon"
    first.signal(signal.SIGCONT)
    with first.producer() as producer:
        producer.hello("wal")


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_socket_is_for_user_and_group_whatever_the_umask(new_daemon: Callable[..., Daemon], umask: int) -> None:
    """A unit's or a shell's mask neither opens nor closes it."""
    daemon = new_daemon()
    before = os.umask(umask)
    try:
        daemon.start()
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o660


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["a folder", "a file that is no socket"])
def test_what_is_no_socket_is_left_alone(
    new_daemon: Callable[..., Daemon], make: Callable[[Path], None], request: pytest.FixtureRequest
) -> None:
    """The daemon says what it found, and ends with 1."""
    daemon = new_daemon()
    make(Path(daemon.socket))
    daemon.launch()
    assert daemon.wait() == 1
    (failed,) = daemon.events("cannot start")
    found = request.node.callspec.id
    expected = f"ingest.socket: cannot listen on {daemon.socket}: expected a socket there or nothing, found {found}"
    assert failed["error"] == expected
    assert Path(daemon.socket).exists()


def test_the_socket_is_gone_after_a_clean_stop(new_daemon: Callable[..., Daemon]) -> None:
    """Nothing of it is left."""
    daemon = new_daemon()
    daemon.start()
    assert daemon.stop() == 0
    assert not [path for path in daemon.folder.iterdir() if path.is_socket()]
