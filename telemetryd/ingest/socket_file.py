"""The file of a Unix socket, ingest's or the API's: right from its first instant, never another daemon's.

Whoever makes, replaces or removes one holds a lock beside it, ``<name>.lock``, from the look at what is
there until its own is gone: of two daemons for one path one listens, and the other is refused.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from telemetryd.model.errors import FolderInUse, StorageError
from telemetryd.model.settings import Settings

from .accounts import group_id

BACKLOG = 512
# What the kernel's sockaddr_un holds, less the closing zero byte.
LONGEST_PATH = 107
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Openness:
    """Who may connect to a socket: the permissions of its file and, unless it is the daemon's own, its group."""

    mode: int
    group: int | None = None

    @classmethod
    def of(cls, mode: str, group: str, setting: str) -> Self:
        """Return what a mode in octal and a group, by name or number or empty, say; raises :class:`SettingsError`."""
        return cls(int(mode, 8), group_id(group, setting) if group else None)

    @classmethod
    def of_ingest(cls, settings: Settings) -> Self:
        """Return that of the ingest socket; raises :class:`SettingsError`."""
        return cls.of(settings.ingest.socket_mode, settings.ingest.socket_group, "ingest.socket_group")

    @classmethod
    def of_api(cls, settings: Settings) -> Self:
        """Return that of the API's socket; raises :class:`SettingsError`."""
        return cls.of(settings.http.socket_mode, settings.http.socket_group, "http.socket_group")

    @property
    def folder_mode(self) -> int:
        """Permissions of a folder that is made for the socket: whoever may connect may get there."""
        return 0o700 | (0o010 if self.group is not None else 0) | (0o001 if self.mode & 0o002 else 0)

    def give(self, path: Path) -> None:
        """Let whoever may connect do so. Raises :class:`OSError`."""
        if self.group is not None:
            os.chown(path, -1, self.group)
        path.chmod(self.mode)


TO_ITS_GROUP = Openness(0o660)


@dataclass(frozen=True, slots=True)
class SocketFile:
    """A socket that listens at ``path``, which is ours until :meth:`remove`."""

    path: Path
    socket: socket.socket
    _identity: tuple[int, int]
    _lock: int

    @classmethod
    def make(cls, path: Path, openness: Openness) -> SocketFile:
        """Listen at ``path``; a stale socket there is replaced.

        It is bound under another name, is opened to those it is for and listens, and only then takes its place: whoever finds a socket at ``path`` may connect, or may not, and is not
        turned away. Raises :class:`OSError`; with EADDRINUSE where another listens there, or is about to.
        """
        _make_folder(path.parent, openness)
        lock = _locked(_lock_of(path))
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _refuse_if_taken(path)
            aside = aside_of(path)
            # Left by a daemon that was killed at this point.
            aside.unlink(missing_ok=True)
            with _short(aside) as name:
                bound.bind(name)
            try:
                openness.give(aside)
                bound.listen(BACKLOG)
                identity = _identity_of(aside)
                aside.rename(path)
            except OSError:
                aside.unlink(missing_ok=True)
                raise
        except OSError:
            bound.close()
            _unlock(_lock_of(path), lock)
            raise
        bound.setblocking(False)
        return cls(path, bound, identity, lock)

    def remove(self) -> None:
        """Close the socket, remove its file, and let others have its place."""
        self.socket.close()
        # What cannot be removed is stale from now on, and in nobody's way.
        with contextlib.suppress(OSError):
            # Somebody who knows of no lock may have put another one in its place.
            if _identity_of(self.path) == self._identity:
                self.path.unlink()
        _unlock(_lock_of(self.path), self._lock)


def listen_at(path: Path, openness: Openness = TO_ITS_GROUP) -> SocketFile:
    """Return the ingest socket at ``path``.

    Raises :class:`FolderInUse` where a live daemon listens there, :class:`StorageError` where something
    else is there, or no socket can be.
    """
    if not fits_a_socket(str(path)):
        raise StorageError(f"ingest.socket: expected a path of at most {LONGEST_PATH} bytes, found {str(path)!r}")
    try:
        return SocketFile.make(path, openness)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise FolderInUse(f"ingest.socket: {path} is in use by a live daemon") from None
        raise StorageError(f"ingest.socket: cannot listen on {path}: {error.strerror or error}") from None


def fits_a_socket(path: str) -> bool:
    """Whether a Unix socket can have this path."""
    return 0 < len(path.encode("utf-8", "surrogateescape")) <= LONGEST_PATH and "\0" not in path


def aside_of(path: Path) -> Path:
    """Return the name under which the socket of a path is made: one for each path, so that one left behind is replaced."""
    return path.with_name(f".{path.name[:16]}.{zlib.crc32(os.fsencode(path.name)):08x}")


def _make_folder(folder: Path, openness: Openness) -> None:
    """Make the folder of a socket and those above it, where there are none."""
    if folder.is_dir():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if openness.group is not None:
            os.chown(folder, -1, openness.group)
        folder.chmod(openness.folder_mode)


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + LOCK)


def _locked(path: Path) -> int:
    """Return the descriptor of a lock that is held; its file is made, or is one that a killed daemon left."""
    while True:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its holder may have removed it between the two calls: then it locks nothing any more.
            if _is_at(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise OSError(errno.EADDRINUSE, "another process listens on it") from None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _unlock(path: Path, descriptor: int) -> None:
    """Remove the file of a lock that is held, and let go of it."""
    with contextlib.suppress(OSError):
        if _is_at(path, descriptor):
            path.unlink()
    os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file is what has a name, still."""
    found = os.fstat(descriptor)
    with contextlib.suppress(FileNotFoundError):
        return (found.st_dev, found.st_ino) == _identity_of(path)
    return False


def _identity_of(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a name of ``path`` that is short enough to be bound, though the path itself be longer than the one it stands aside of."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _refuse_if_taken(path: Path) -> None:
    """Raise where a live socket is at ``path``, also of one that takes no lock, or something that is no socket."""
    if not path.exists():
        return
    if not path.is_socket():
        found = "a folder" if path.is_dir() else "a file that is no socket"
        raise OSError(f"expected a socket there or nothing, found {found}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        # A daemon that hangs accepts nothing, and a connection would wait for it.
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except BlockingIOError:
            pass
    raise OSError(errno.EADDRINUSE, "another process listens on it")
