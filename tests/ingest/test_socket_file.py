"""The socket's file is right from its first instant, and what is in its place already is respected."""

from __future__ import annotations

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from telemetryd.ingest.socket_file import LONGEST_PATH, listen_at
from telemetryd.model.errors import FolderInUse, StorageError


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        return client.connect_ex(str(path)) == 0


def test_a_socket_is_for_user_and_group(short_path: Path) -> None:
    """In a folder that is made where there is none, for the user; nothing is left aside."""
    path = short_path / "run" / "ingest.sock"
    with listen_at(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert os.listdir(path.parent) == ["ingest.sock"]
        assert connects(path)


def test_whoever_finds_it_may_connect(short_path: Path) -> None:
    """At no instant is it there with another mode, or not listening, however often it is made."""
    path = short_path / "ingest.sock"
    wrong: list[str] = []
    looks = 0
    stop = threading.Event()

    def look() -> None:
        nonlocal looks
        while not stop.is_set():
            try:
                if stat.S_IMODE(path.stat().st_mode) != 0o660:
                    wrong.append("mode")
            except FileNotFoundError:
                continue
            looks += 1

    looker = threading.Thread(target=look)
    umask = os.umask(0)
    try:
        looker.start()
        while looks < 200:
            with listen_at(path):
                if not connects(path):
                    wrong.append("refused")
            path.unlink()
    finally:
        os.umask(umask)
        stop.set()
        looker.join()
    assert wrong == []


def test_a_stale_socket_is_replaced(short_path: Path) -> None:
    """A daemon that was killed leaves its file behind."""
    path = short_path / "stale.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    assert not connects(path)
    with listen_at(path):
        assert connects(path)


def test_a_live_socket_is_not_stolen(short_path: Path) -> None:
    """Whoever listens there goes on, whether or not he accepts anybody."""
    path = short_path / "live.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as live:
        live.bind(str(path))
        live.listen(0)
        with pytest.raises(FolderInUse, match="in use by a live daemon"):
            listen_at(path)
        # Now nobody more finds room with him: a daemon that hangs is alive.
        with pytest.raises(FolderInUse, match="in use by a live daemon"):
            listen_at(path)
        assert os.listdir(short_path) == ["live.sock"]


def test_a_file_or_a_folder_is_left_alone(short_path: Path) -> None:
    """And told in one sentence."""
    path = short_path / "file"
    path.write_text("precious")
    with pytest.raises(
        StorageError, match=f"{path}: expected a socket there or nothing, found a file that is no socket"
    ):
        listen_at(path)
    assert path.read_text() == "precious"
    (short_path / "folder").mkdir()
    with pytest.raises(StorageError, match="found a folder"):
        listen_at(short_path / "folder")


def test_a_path_that_goes_through_a_file_is_told(short_path: Path) -> None:
    """Where no folder can be made."""
    (short_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot listen on"):
        listen_at(short_path / "file" / "ingest.sock")


def test_a_path_may_be_as_long_as_a_sockets_can_be(short_path: Path) -> None:
    """Though the name aside is longer; one byte more is told, with the limit."""
    folder = short_path / ("x" * (LONGEST_PATH - len(str(short_path)) - 3))
    path = folder / "s"
    assert len(str(path)) == LONGEST_PATH
    with listen_at(path):
        assert connects(path)
    with pytest.raises(StorageError, match="107 bytes"):
        listen_at(folder / "ss")
