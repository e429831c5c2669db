"""Who is at the other end of a connection, by the kernel's word."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from telemetryd.ingest.peer import Peer, peer_of, sends_no_more

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
