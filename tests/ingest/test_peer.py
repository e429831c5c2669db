"""Who is at the other end of a connection, by the kernel's word."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from telemetryd.ingest.peer import Peer, is_dispensable, is_gone, peer_of, sends_no_more

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Our end, and theirs."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        yield ours, theirs


def test_a_peer_is_a_process_with_a_user_and_a_group(pair: Pair) -> None:
    """Here it is this one."""
    assert peer_of(pair[0]) == Peer(os.getpid(), os.getuid(), os.getgid())


def test_who_has_ended_its_side_sends_no_more(pair: Pair) -> None:
    """Though it still reads, and though what it sent is unread."""
    ours, theirs = pair
    theirs.sendall(b"last words")
    assert not sends_no_more(ours)
    theirs.shutdown(socket.SHUT_WR)
    assert sends_no_more(ours)
    theirs.close()
    assert sends_no_more(ours)


def test_who_still_reads_is_not_gone(pair: Pair) -> None:
    """Half a connection is enough to hear the answers; without that one nobody is there."""
    ours, theirs = pair
    assert not is_gone(ours)
    theirs.shutdown(socket.SHUT_WR)
    assert not is_gone(ours)
    theirs.close()
    assert is_gone(ours)


HELLO = b'{"hello": {"producer": "wal"}}\n{"batch": 1, "events": []}\n'


@pytest.mark.parametrize(
    ("producer", "unread", "dispensable"),
    [
        ("", b"", True),
        ("wal", b"", True),
        ("wal", b'{"batch": 17, "events": []}\n', True),
        ("", HELLO, True),
        ("", b'{"hello": {"produ', False),
        ("", b'{"event": "operation_start"}\n', False),
        ("", b"\xff\n", False),
    ],
)
def test_who_is_gone_is_waited_for_only_where_lines_would_be_lost(
    pair: Pair, producer: str, unread: bytes, dispensable: bool
) -> None:
    """Plain lines that came before the end; a producer keeps what was not acknowledged."""
    ours, theirs = pair
    theirs.sendall(unread)
    assert not is_dispensable(ours, producer), "it is still there"
    theirs.shutdown(socket.SHUT_WR)
    assert not is_dispensable(ours, producer), "it still hears the answers"
    theirs.close()
    assert is_dispensable(ours, producer) is dispensable
    assert ours.recv(100) == unread, "nothing of it was taken"
