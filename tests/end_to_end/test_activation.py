"""Who holds the ingest socket: a parent that passes it on over restarts, or the daemon itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .daemon import Daemon
from .load import APART, load, wait_for_more
from .parquet_files import QUICK, stored_rows
from .test_emitter import started
from .waiting import until

# A busy machine may be ten times slower than one that is not.
pytestmark = pytest.mark.timeout(600)


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


def test_restarts_under_load_lose_and_refuse_nothing(activated: Daemon) -> None:
    """Clean ones and kills: whoever connects meanwhile waits, and every event is stored, once."""
    activated.start()
    with load(activated.socket, pause=0.02) as counts:
        for number, die in enumerate((activated.stop, activated.kill, activated.stop, activated.kill, activated.stop)):
            wait_for_more(counts, 2000)
            assert die() in (0, None), activated.log
            # Every other time the socket is nobody's for a while, and the load goes on.
            wait_for_more(counts, 500 * (number % 2))
            activated.start()
    expected = {f"op-{APART * number + each}": 1 for number, count in enumerate(counts) for each in range(count)}
    until(lambda: stored_rows(activated) >= len(expected), "all operations to be sealed")
    until(lambda: started(activated) == expected, "each operation to be there once")


def test_the_parents_socket_is_the_one_that_is_told_and_stays(activated: Daemon) -> None:
    """Its file is not the daemon's to remove; the daemon makes none of its own."""
    activated.start()
    (serving,) = activated.events("serving")
    assert serving["socket"] == activated.socket
    assert activated.stop() == 0
    assert Path(activated.socket).is_socket()


def test_without_hooks_whoever_connects_to_the_parents_socket_is_told(new_daemon: Callable[..., Daemon]) -> None:
    """It listens, whatever the daemon wants, and nobody waits there for nothing."""
    daemon = new_daemon(IPFS_KIT_TELEMETRY_HOOKS=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(daemon.socket)
        listening.listen()
        daemon.passed = {"ingest": listening}
        daemon.start()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(60)
            client.connect(daemon.socket)
            assert json.loads(client.recv(4096))["reason"] == "hooks_disabled"
            assert client.recv(1) == b""
        assert daemon.stop() == 0


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
