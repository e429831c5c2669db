"""Entries of systemd's journal, received by a real datagram socket in its place."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetryd.journald import Journald, encode, is_behind
from tests.entries import listening_at, received


@pytest.fixture
def listening(short_path: Path) -> Iterator[socket.socket]:
    """What the journal would listen at."""
    with listening_at(str(short_path / "journal")) as made:
        yield made


def test_the_bytes_of_an_entry() -> None:
    """A value of one line stands behind its name; one of several has its length before it."""
    assert encode({"PRIORITY": "6", "MESSAGE": "é"}) == b"PRIORITY=6\nMESSAGE=\xc3\xa9\n"
    assert encode({"MESSAGE": "a\nb"}) == b"MESSAGE\n" + struct.pack("<Q", 3) + b"a\nb\n"


def test_a_value_cannot_forge_a_field() -> None:
    """What a producer put into an error stays inside of its field."""
    assert (
        b"\nPRIORITY=0\n" not in encode({"TELEMETRYD_ERROR": "x"}) + encode({"TELEMETRYD_ERROR": "x\nPRIORITY=0"})[:9]
    )
    data = encode({"TELEMETRYD_ERROR": "x\nPRIORITY=0"})
    assert data == b"TELEMETRYD_ERROR\n" + struct.pack("<Q", 12) + b"x\nPRIORITY=0\n"


@pytest.mark.parametrize("size", [1, 1 << 20], ids=["a datagram", "a file in memory"])
def test_an_entry_arrives(listening: socket.socket, size: int) -> None:
    """Whatever its size; no descriptor stays open."""
    journald = Journald(listening.getsockname())
    before = set(os.listdir("/proc/self/fd"))
    assert journald.send({"MESSAGE": "x" * size, "PRIORITY": "3"})
    assert received(listening) == {"MESSAGE": "x" * size, "PRIORITY": "3"}
    # What other tests have left may have been closed meanwhile.
    assert set(os.listdir("/proc/self/fd")) <= before
    journald.close()


def test_nobody_who_listens_is_an_answer(short_path: Path) -> None:
    """No error, and no wait."""
    assert not Journald(str(short_path / "nobody")).send({"MESSAGE": "x"})


def test_a_journal_that_takes_nothing_is_not_waited_for(listening: socket.socket) -> None:
    """Its queue is full some time; from then on entries are lost, which is counted."""
    journald = Journald(listening.getsockname())
    while not journald.lost:
        assert journald.send({"MESSAGE": "x"})
    assert journald.send({"MESSAGE": "x"})
    assert journald.lost == 2
    journald.close()


def test_standard_error_is_the_journal_where_systemd_says_so(tmp_path: Path) -> None:
    """By device and inode: a stream that was redirected since is not."""
    path = tmp_path / "stream"
    with path.open("w") as stream:
        found = path.stat()
        said = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert is_behind(stream.fileno(), said)
        assert not is_behind(stream.fileno(), {})
        assert not is_behind(stream.fileno(), {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"})
        number = stream.fileno()
    assert not is_behind(number, said)
