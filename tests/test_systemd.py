"""systemd hands over sockets and hears how the daemon does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from telemetryd.model.errors import StorageError
from telemetryd.systemd import (
    Inherited,
    Notifier,
    extension,
    inherited_sockets,
    name_of,
    reload_begun,
    watchdog_seconds,
)
from tests.descriptors import no_descriptor_left

# The descriptors that systemd passes begin at 3, which in the test's own process are others'.
SERVER = """
import os, sys
from telemetryd.systemd import inherited_sockets
for number, passed in enumerate(sys.argv[2:]):
    os.dup2(int(passed), 50 + number)
for number, passed in enumerate(sys.argv[2:]):
    os.dup2(50 + number, 3 + number)
names = {"LISTEN_FDNAMES": sys.argv[1]} if sys.argv[1] else {}
environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(sys.argv) - 2), **names}
found = inherited_sockets(environment)
for name, inherited in (("ingest", found.ingest), ("http", found.http)):
    if inherited is not None:
        assert not inherited.getblocking() and not os.get_inheritable(inherited.fileno())
        inherited.setblocking(True)
        connection, _ = inherited.accept()
        connection.sendall(name.encode())
"""


def heard(address: object, family: socket.AddressFamily) -> bytes:
    """Return what is said at an address."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(60)
        client.connect(address)  # type: ignore[arg-type]
        return client.recv(10)


@pytest.mark.parametrize("name", ["", "ingest", "telemetryd.socket"], ids=["none", "its own", "that of a unit"])
def test_the_socket_that_systemd_passed_is_the_one_that_listens(short_path: Path, name: str) -> None:
    """Whoever connects to its path reaches the daemon; a single one need not be named."""
    path = str(short_path / "ingest.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        passed = listening.fileno()
        daemon = subprocess.Popen([sys.executable, "-c", SERVER, name, str(passed)], pass_fds=[passed])
    assert heard(path, socket.AF_UNIX) == b"ingest"
    assert daemon.wait(timeout=60) == 0


def test_two_sockets_are_told_apart_by_their_names(short_path: Path) -> None:
    """In whichever order they come."""
    path = str(short_path / "ingest.sock")
    with socket.socket(socket.AF_UNIX) as ingest, socket.create_server(("127.0.0.1", 0)) as http:
        ingest.bind(path)
        ingest.listen()
        address, passed = http.getsockname(), [http.fileno(), ingest.fileno()]
        command = [sys.executable, "-c", SERVER, "http:ingest", *map(str, passed)]
        daemon = subprocess.Popen(command, pass_fds=passed)
    assert heard(path, socket.AF_UNIX) == b"ingest"
    assert heard(address, socket.AF_INET) == b"http"
    assert daemon.wait(timeout=60) == 0


@pytest.mark.parametrize("names", ["", "ingest:ingest", "ingest:other", "ingest:http:http", "ingest"])
def test_names_that_tell_nothing_are_a_mistake_of_the_unit(names: str) -> None:
    """Told with what was expected, before any descriptor is touched."""
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": names}
    with pytest.raises(StorageError, match="LISTEN_FDNAMES: expected ingest and http, each once, for 2 sockets"):
        inherited_sockets(environment)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"},
    ],
    ids=["nothing", "no process", "another process", "no number", "none", "a word"],
)
def test_without_a_socket_for_this_process_there_is_none(environment: dict[str, str]) -> None:
    """The variables may be those of a parent."""
    assert inherited_sockets(environment) == Inherited()


OTHER = """
import os, sys
from telemetryd.model.errors import StorageError
from telemetryd.systemd import inherited_sockets
os.dup2(int(sys.argv[1]), 3)
try:
    inherited_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": sys.argv[2]})
except StorageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        (socket.AF_UNIX, "ingest", "a listening Unix socket as descriptor 3, found another socket"),
        (socket.AF_INET, "ingest", "a listening Unix socket as descriptor 3, found another socket"),
        (None, "ingest", "a listening Unix socket as descriptor 3, found Socket operation on non-socket"),
        (socket.AF_INET, "http", "a listening TCP or Unix socket as descriptor 3, found another socket"),
    ],
    ids=["no listener", "no Unix socket", "no socket", "no listener of HTTP"],
)
def test_what_is_no_listening_socket_is_told(kind: int | None, name: str, found: str) -> None:
    """A unit that passes another thing is a mistake that the daemon does not start with."""
    with socket.socket(kind) if kind is not None else open(os.devnull, "rb") as passed:
        said = subprocess.run(
            [sys.executable, "-c", OTHER, str(passed.fileno()), name],
            pass_fds=[passed.fileno()],
            capture_output=True,
            text=True,
            check=True,
        )
    assert said.stdout.strip() == f"LISTEN_FDS: expected {found}"


def test_a_socket_is_called_by_its_path(short_path: Path) -> None:
    """An abstract one as systemd writes it."""
    with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as abstract:
        by_path.bind(str(short_path / "s"))
        assert name_of(by_path) == str(short_path / "s")
        abstract.bind(f"\0telemetryd-test-{os.getpid()}")
        assert name_of(abstract) == f"@telemetryd-test-{os.getpid()}"


@pytest.fixture
def manager(short_path: Path) -> Iterator[socket.socket]:
    """What listens as systemd does, at ``notify``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(short_path / "notify"))
        manager.settimeout(60)
        yield manager


def told(manager: socket.socket) -> dict[str, str]:
    """Return the states of the next message."""
    return dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())


def test_systemd_hears_what_is_said(manager: socket.socket) -> None:
    """One datagram, by the path in the environment."""
    with closing(Notifier({"NOTIFY_SOCKET": manager.getsockname()})) as notifier:
        assert notifier.notify("READY=1")
    assert told(manager) == {"READY": "1"}


def test_a_daemon_without_a_descriptor_left_is_heard(manager: socket.socket) -> None:
    """Its socket was made before; one that could not be made then is made as soon as it can be."""
    environment = {"NOTIFY_SOCKET": manager.getsockname()}
    with closing(Notifier(environment)) as early:
        with no_descriptor_left(), closing(Notifier(environment)) as late:
            assert early.notify("WATCHDOG=1")
            assert not late.notify("WATCHDOG=2")
        assert told(manager) == {"WATCHDOG": "1"}
        assert late.notify("WATCHDOG=3")
        assert told(manager) == {"WATCHDOG": "3"}
        late.close()


def test_a_reload_is_told_with_the_time_it_began() -> None:
    """By the monotonic clock in microseconds, as notify-reload demands."""
    before = time.monotonic_ns() // 1000
    reloading, began = reload_begun().splitlines()
    assert reloading == "RELOADING=1"
    name, _, microseconds = began.partition("=")
    assert name == "MONOTONIC_USEC" and before <= int(microseconds) <= time.monotonic_ns() // 1000


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
    ],
    ids=["none", "never", "a word", "of another process", "for all", "for this process"],
)
def test_how_long_the_watchdog_waits(environment: dict[str, str], seconds: float | None) -> None:
    """As sd_watchdog_enabled(3) has it."""
    assert watchdog_seconds(environment) == seconds


def test_more_time_is_asked_for_in_microseconds() -> None:
    """A whole number of them."""
    assert extension(1.5) == "EXTEND_TIMEOUT_USEC=1500000"


def test_an_abstract_address_begins_with_an_at() -> None:
    """As sd_notify has it."""
    name = f"telemetryd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name)
        systemd.settimeout(60)
        with closing(Notifier({"NOTIFY_SOCKET": "@" + name})) as notifier:
            assert notifier.notify("STOPPING=1")
        assert systemd.recv(100) == b"STOPPING=1"


def test_where_no_one_listens_nothing_is_said() -> None:
    """A daemon started by hand owes nobody a word; one whose manager has gone goes on, and knows that it was not heard."""
    assert Notifier({}).notify("READY=1")
    with closing(Notifier({"NOTIFY_SOCKET": "/nonexistent/notify"})) as notifier:
        assert not notifier.notify("READY=1")


def test_a_manager_that_reads_nothing_is_not_waited_for(manager: socket.socket) -> None:
    """What it has no room for was not sent, which is said, and the daemon goes on."""
    with closing(Notifier({"NOTIFY_SOCKET": manager.getsockname()})) as notifier:
        assert not all(notifier.notify("WATCHDOG=1") for _ in range(5000))
    assert told(manager) == {"WATCHDOG": "1"}


LISTEN = """
import os, sys
from telemetryd.systemd import http_listen, inherited_sockets
os.dup2(int(sys.argv[1]), 3)
environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": sys.argv[2]}
print(http_listen(environment))
if sys.argv[2] == "http":
    assert http_listen({}) == "" and inherited_sockets(environment).http is not None
"""


def listens_at(passed: socket.socket, name: str) -> str:
    """Return what a process that is passed a socket says of where HTTP listens."""
    return subprocess.run(
        [sys.executable, "-c", LISTEN, str(passed.fileno()), name],
        pass_fds=[passed.fileno()],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_where_http_listens_is_told_as_the_settings_have_it(short_path: Path) -> None:
    """And the socket can still be inherited; of another name, or no socket at all, nothing is told."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        assert listens_at(tcp, "http") == f"127.0.0.1:{tcp.getsockname()[1]}"
        unix.bind(str(short_path / "http.sock"))
        unix.listen()
        assert listens_at(unix, "http") == f"unix:{short_path}/http.sock"
        assert listens_at(unix, "ingest") == ""
        assert listens_at(tcp, "ingest") == ""
