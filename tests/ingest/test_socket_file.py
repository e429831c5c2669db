"""The socket's file is right from its first instant, and what is in its place already is respected."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from telemetryd.ingest.socket_file import LONGEST_PATH, Openness, SocketFile, aside_of, fits_a_socket, listen_at
from telemetryd.model.errors import FolderInUse, StorageError


@contextlib.contextmanager
def listening_at(path: Path) -> Iterator[SocketFile]:
    file = listen_at(path)
    try:
        yield file
    finally:
        file.remove()


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        return client.connect_ex(str(path)) == 0


def test_a_socket_is_for_user_and_group(short_path: Path) -> None:
    """In a folder that is made where there is none, for the user; nothing is left aside."""
    path = short_path / "run" / "ingest.sock"
    with listening_at(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert sorted(os.listdir(path.parent)) == ["ingest.sock", "ingest.sock.lock"]
        assert stat.S_IMODE((path.parent / "ingest.sock.lock").stat().st_mode) == 0o600
        assert connects(path)
    assert os.listdir(path.parent) == []


def test_a_socket_is_for_whom_the_settings_say(short_path: Path) -> None:
    """Its file has the mode and the group, and so has a folder that is made for it, as far as one must get through."""
    group = os.getgroups()[-1] if os.getuid() else 4_000_000_009
    for number, (openness, folder) in enumerate(
        {
            Openness.of("0660", str(group), "x"): 0o710,
            Openness.of("666", "", "x"): 0o701,
            Openness.of("0600", "", "x"): 0o700,
        }.items()
    ):
        path = short_path / str(number) / "ingest.sock"
        file = listen_at(path, openness)
        assert stat.S_IMODE(path.stat().st_mode) == openness.mode
        assert stat.S_IMODE(path.parent.stat().st_mode) == folder
        for each in (path, path.parent):
            assert each.stat().st_gid == (openness.group if openness.group is not None else os.getgid())
        file.remove()


def test_a_folder_that_is_there_stays_as_it_is(short_path: Path) -> None:
    """Who may get through it is for whoever made it to say."""
    short_path.chmod(0o750)
    listen_at(short_path / "ingest.sock", Openness.of("0666", "", "x")).remove()
    assert stat.S_IMODE(short_path.stat().st_mode) == 0o750


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
            with listening_at(path):
                if not connects(path):
                    wrong.append("refused")
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
    with listening_at(path):
        assert connects(path)


def left_by_a_dead_daemon(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))


def test_of_two_daemons_for_one_stale_socket_one_listens_and_the_other_is_refused(short_path: Path) -> None:
    """However their steps interleave, many times over; whoever connects reaches the one."""
    path = short_path / "raced.sock"

    def race(start: threading.Barrier) -> SocketFile | str:
        start.wait()
        try:
            return listen_at(path)
        except FolderInUse as refusal:
            return str(refusal)

    with ThreadPoolExecutor(4) as racers:
        for _ in range(100):
            left_by_a_dead_daemon(path)
            start = threading.Barrier(4)
            ends = [each.result() for each in [racers.submit(race, start) for _ in range(4)]]
            (winner,) = (each for each in ends if isinstance(each, SocketFile))
            refusals = [each for each in ends if isinstance(each, str)]
            assert refusals == [f"ingest.socket: {path} is in use by a live daemon"] * 3
            assert connects(path)
            winner.socket.accept()[0].close()
            winner.remove()
            assert os.listdir(short_path) == []


def test_who_comes_while_another_leaves_has_its_place_for_good(short_path: Path) -> None:
    """The one that leaves removes its own socket, never the next one's."""
    path = short_path / "left.sock"

    def take_over() -> SocketFile:
        while True:
            with contextlib.suppress(FolderInUse):
                return listen_at(path)

    with ThreadPoolExecutor(1) as next_one:
        for _ in range(200):
            leaving = listen_at(path)
            coming = next_one.submit(take_over)
            leaving.remove()
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                taken = coming.result()
                client.connect(str(path))
            taken.remove()
    assert os.listdir(short_path) == []


def test_a_socket_about_to_be_made_is_not_stolen(short_path: Path) -> None:
    """Between its look at the path and its rename nothing is there, but its lock is."""
    path = short_path / "ingest.sock"
    with listening_at(path):
        path.unlink()
        with pytest.raises(FolderInUse, match="in use by a live daemon"):
            listen_at(path)


def test_what_a_killed_daemon_left_is_in_nobodys_way(short_path: Path) -> None:
    """Its socket, its lock, and the socket that it was about to rename."""
    path = short_path / "ingest.sock"
    for each in (path, aside_of(path)):
        left_by_a_dead_daemon(each)
    path.with_name("ingest.sock.lock").touch(0o600)
    with listening_at(path):
        assert connects(path)
    assert os.listdir(short_path) == []


def test_a_lock_that_is_no_file_is_told(short_path: Path) -> None:
    """In one sentence; it is left alone."""
    (short_path / "ingest.sock.lock").mkdir()
    with pytest.raises(StorageError, match=r"cannot listen on .*: Is a directory"):
        listen_at(short_path / "ingest.sock")
    assert os.listdir(short_path) == ["ingest.sock.lock"]


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
    with listening_at(path):
        assert connects(path)
    with pytest.raises(StorageError, match="107 bytes"):
        listen_at(folder / "ss")


def test_a_path_that_fits_a_socket() -> None:
    """It has bytes, not too many, and none that is zero; a character may be several."""
    fitting = "x" * LONGEST_PATH
    assert fits_a_socket(fitting) and fits_a_socket("é" * (LONGEST_PATH // 2))
    assert not any(fits_a_socket(path) for path in ("", fitting + "x", "é" * (LONGEST_PATH // 2 + 1), "a\0b"))
