"""The filesystem as storage needs it: a dozen verbs, so that another one can stand in its place.

Nothing is durable before its ``sync``: a file's bytes by :meth:`File.sync`, its name by
:meth:`Files.sync_folder` of the folder that holds it. All verbs raise :class:`OSError`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from typing import BinaryIO

# What a file is called until it is whole; one found at start never happened.
TMP = ".tmp"
# What a disk says that has no room left.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# What the disk says of a file that will not get better by trying again.
UNREADABLE = frozenset(
    {errno.EIO, errno.EBADMSG, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV}
)


class File:
    """An open file that grows at its end."""

    def __init__(self, descriptor: int, path: str) -> None:
        self.path = path
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> int:
        """Write all of ``data``; where this raises, part of it may be in the file."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return len(data)

    def sync(self) -> None:
        """Return once everything written is on disk. A sync that failed must not be tried again."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file; says nothing of what is on disk."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


class Lock:
    """An exclusive lock on a file, held until released or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others have the lock."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


class Files:
    """The real filesystem."""

    def create(self, path: str) -> File:
        """Open a new, empty file for writing, in place of one that may be there; never waits, follows no link."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        return File(os.open(path, flags, 0o644), path)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading at any place."""
        return open(path, "rb", buffering=0)

    def read(self, path: str) -> bytes:
        """Return all bytes of a file."""
        with open(path, "rb") as file:
            return file.read()

    def size(self, path: str) -> int:
        """Return a file's length in bytes."""
        return os.stat(path).st_size

    def names(self, path: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []

    def is_folder(self, path: str) -> bool:
        """Return whether ``path`` is a folder, and not a link to one."""
        return os.path.isdir(path) and not os.path.islink(path)

    def leads_to_folder(self, path: str) -> bool:
        """Return whether ``path`` is a folder, or a link to one."""
        return os.path.isdir(path)

    def is_file(self, path: str) -> bool:
        """Return whether ``path`` is a plain file: no folder, no link, and nothing that makes its reader wait."""
        try:
            return stat.S_ISREG(os.lstat(path).st_mode)
        except FileNotFoundError:
            return False

    def leads_to_file(self, path: str) -> bool:
        """Return whether ``path`` is a plain file, or a link to one."""
        return os.path.isfile(path)

    def exists(self, path: str) -> bool:
        """Return whether anything is called ``path``."""
        return os.path.lexists(path)

    def shorten(self, path: str, size: int) -> None:
        """Cut a file off after ``size`` bytes, and return once these are on disk; follows no link."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            os.ftruncate(descriptor, size)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, old: str, new: str) -> None:
        """Give a file or a folder another name, in place of the file that may have it."""
        os.rename(old, new)

    def remove(self, path: str) -> None:
        """Remove a file's name."""
        os.unlink(path)

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        os.rmdir(path)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it that are missing, and make their names durable."""
        try:
            new = self.add_folder(path)
        except FileNotFoundError:
            self.make_folder(os.path.dirname(path))
            new = self.add_folder(path)
        if new:
            self.sync_folder(os.path.dirname(path))

    def add_folder(self, path: str) -> bool:
        """Make one folder, in one that is there; return whether it is new. Its name is not durable yet."""
        try:
            os.mkdir(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
            return False
        return True

    def sync_folder(self, path: str) -> None:
        """Return once the names in a folder are on disk as they are."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def holder(self, path: str) -> str:
        """Return the note of whoever holds the lock of a file, ``another`` without one, or nothing where it is free."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return ""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.read(descriptor, 256).decode(errors="replace").strip() or "another"
        finally:
            os.close(descriptor)
        return ""

    def lock(self, path: str, note: str) -> Lock:
        """Lock a file exclusively and leave ``note`` in it.

        Raises :class:`BlockingIOError` where another holds the lock, with its note as the text.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held = os.read(descriptor, 256).decode(errors="replace").strip()
                raise BlockingIOError(errno.EWOULDBLOCK, held, path) from None
            os.ftruncate(descriptor, 0)
            os.write(descriptor, note.encode())
        except OSError:
            os.close(descriptor)
            raise
        return Lock(descriptor)


def write_whole(files: Files, path: str, data: bytes) -> None:
    """Put ``data`` at ``path``, durably and whole: whatever happens, it is the old bytes or the new."""
    file = files.create(path + TMP)
    try:
        try:
            file.write(data)
            file.sync()
        finally:
            file.close()
        files.rename(path + TMP, path)
    except OSError:
        # On a full disk what is left of it would be in the way of everything.
        with suppress(OSError):
            files.remove(path + TMP)
        raise
    files.sync_folder(os.path.dirname(path))


def remove_if_there(files: Files, path: str) -> None:
    """Remove a file's name; it may be gone already."""
    with suppress(FileNotFoundError):
        files.remove(path)
