"""systemd hands over a socket and hears that the daemon is ready."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from telemetryd.systemd import inherited_socket, name_of, notify

# The descriptor that systemd passes is always 3, which in the test's own process is someone else's.
SERVER = """
import os, sys
from telemetryd.systemd import inherited_socket
os.dup2(int(sys.argv[1]), 3)
inherited = inherited_socket({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})
assert not inherited.getblocking() and not os.get_inheritable(3)
inherited.setblocking(True)
connection, _ = inherited.accept()
connection.sendall(b"hello")
"""


def test_the_socket_that_systemd_passed_is_the_one_that_listens(short_path: Path) -> None:
    """Whoever connects to its path reaches the daemon."""
    path = str(short_path / "ingest.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        passed = listening.fileno()
        daemon = subprocess.Popen([sys.executable, "-c", SERVER, str(passed)], pass_fds=[passed])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(60)
        client.connect(path)
        assert client.recv(10) == b"hello"
    assert daemon.wait(timeout=60) == 0


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
    assert inherited_socket(environment) is None


OTHER = """
import os, sys
from telemetryd.model.errors import StorageError
from telemetryd.systemd import inherited_socket
os.dup2(int(sys.argv[1]), 3)
try:
    inherited_socket({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})
except StorageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (socket.AF_UNIX, "found another socket"),
        (socket.AF_INET, "found another socket"),
        (None, "found Socket operation on non-socket"),
    ],
    ids=["no listener", "no Unix socket", "no socket"],
)
def test_what_is_no_listening_unix_socket_is_told(kind: int | None, found: str) -> None:
    """A unit that passes another thing is a mistake that the daemon does not start with."""
    with socket.socket(kind) if kind is not None else open(os.devnull, "rb") as passed:
        said = subprocess.run(
            [sys.executable, "-c", OTHER, str(passed.fileno())],
            pass_fds=[passed.fileno()],
            capture_output=True,
            text=True,
            check=True,
        )
    assert said.stdout.strip() == f"LISTEN_FDS: expected a listening Unix socket as descriptor 3, {found}"


def test_a_socket_is_called_by_its_path(short_path: Path) -> None:
    """An abstract one as systemd writes it."""
    with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as abstract:
        by_path.bind(str(short_path / "s"))
        assert name_of(by_path) == str(short_path / "s")
        abstract.bind(f"\0telemetryd-test-{os.getpid()}")
        assert name_of(abstract) == f"@telemetryd-test-{os.getpid()}"


def test_systemd_hears_what_is_said(short_path: Path) -> None:
    """One datagram, by the path in the environment."""
    path = str(short_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(60)
        notify("READY=1", {"NOTIFY_SOCKET": path})
        assert systemd.recv(100) == b"READY=1"


def test_an_abstract_address_begins_with_an_at() -> None:
    """As sd_notify has it."""
    name = f"telemetryd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name)
        systemd.settimeout(60)
        notify("STOPPING=1", {"NOTIFY_SOCKET": "@" + name})
        assert systemd.recv(100) == b"STOPPING=1"


def test_where_no_one_listens_nothing_is_said() -> None:
    """A daemon started by hand is as ready."""
    notify("READY=1", {})
