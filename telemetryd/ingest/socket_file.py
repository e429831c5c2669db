"""The file of the ingest socket: made so that who may connect is right from its first instant, and never another daemon's."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from telemetryd.model.errors import FolderInUse, StorageError

# Who may connect: the daemon's user and group.
SOCKET_MODE = 0o660
BACKLOG = 512
# What the kernel's sockaddr_un holds, less the closing zero byte.
LONGEST_PATH = 107


def listen_at(path: Path) -> socket.socket:
    """Return a socket that listens at ``path``.

    It is bound under another name, gets its mode and listens, and only then takes its place: whoever
    finds a socket at ``path`` may connect, or may not, and is not turned away. A stale socket is replaced.
    Raises :class:`FolderInUse` where a live daemon listens there, :class:`StorageError` where something
    else is there, or no socket can be.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise StorageError(f"ingest.socket: expected a path of at most {LONGEST_PATH} bytes, found {str(path)!r}")
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_if_taken(path)
        aside = path.with_name(f".{path.name[:20]}.{os.getpid()}")
        aside.unlink(missing_ok=True)
        with _short(aside) as name:
            bound.bind(name)
        try:
            aside.chmod(SOCKET_MODE)
            bound.listen(BACKLOG)
            aside.rename(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
    except FolderInUse:
        bound.close()
        raise
    except OSError as error:
        bound.close()
        raise StorageError(f"ingest.socket: cannot listen on {path}: {error.strerror or error}") from None
    bound.setblocking(False)
    return bound


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a name of ``path`` that is short enough to be bound, though the path itself be longer than the one it stands aside of."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _refuse_if_taken(path: Path) -> None:
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
    raise FolderInUse(f"ingest.socket: {path} is in use by a live daemon")
