from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.hooks.link import Link


@pytest.fixture
def ends() -> Iterator[tuple[Link, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.settimeout(30)
    link = Link(ours)
    yield link, theirs
    link.close()
    theirs.close()


def test_lines_are_put_together_from_pieces(ends: tuple[Link, socket.socket]) -> None:
    """A line is given when its newline has come, whatever the pieces were."""
    link, daemon = ends
    daemon.sendall(b'{"ack"')
    assert link.exchange(30) == []
    daemon.sendall(b': 1}\n{"ack": 2}\n{')
    assert link.exchange(30) == [b'{"ack": 1}', b'{"ack": 2}']


def test_nothing_is_waited_for_where_nothing_is_asked(ends: tuple[Link, socket.socket]) -> None:
    """With a timeout of 0 an exchange only looks."""
    link, _ = ends
    assert link.exchange(0) == []


def test_what_the_socket_does_not_take_stays_unsent_and_goes_later(ends: tuple[Link, socket.socket]) -> None:
    """A daemon that does not read holds us up without blocking; all arrives in order once it reads."""
    link, daemon = ends
    data = bytes(range(256)) * 16_384
    link.send(data)
    link.send(b"end")
    link.exchange(0)
    assert link.unsent
    received = bytearray()
    while len(received) < len(data) + 3:
        link.exchange(0)
        received += daemon.recv(1 << 16)
    assert received == data + b"end"
    assert not link.unsent


def test_a_daemon_that_hung_up_is_noticed(ends: tuple[Link, socket.socket]) -> None:
    """The end of the stream is an error like any other of the connection."""
    link, daemon = ends
    daemon.close()
    with pytest.raises(OSError):
        link.exchange(30)


def test_a_peer_that_never_ends_its_line_is_no_daemon(ends: tuple[Link, socket.socket]) -> None:
    """What is held of a line is bounded."""
    link, peer = ends
    peer.settimeout(0)

    def talk() -> None:
        for _ in range(1_000):
            try:
                peer.send(b"x" * (1 << 16))
            except BlockingIOError:
                link.exchange(30)

    with pytest.raises(ConnectionAbortedError):
        talk()


def test_connecting_where_nobody_listens_fails(short_path: Path) -> None:
    """The error is the system's own; a path that is too long is no different."""
    with pytest.raises(FileNotFoundError):
        Link.connect(str(short_path / "nobody.sock"))
    with pytest.raises(OSError):
        Link.connect("/" + "x" * 200)
