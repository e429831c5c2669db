"""A disk that fails when it is told to, and remembers what would be left of a spool if the power failed now."""

from __future__ import annotations

import errno
from pathlib import Path

from telemetryd.hooks.spool_file import PAGE, SpoolFile
from telemetryd.hooks.spool_format import State


class BadDisk:
    """Opens the spool at ``path``.

    ``fails`` names what fails on it: "read" (after ``good_reads`` more of them), "write", "state" (the
    writing of one), "sync". ``pages`` cannot be read, and not be written in part; written as a whole, or cut off,
    they are well again. ``synced`` is the file as it was when it was last synced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fails: set[str] = set()
        self.pages: set[int] = set()
        self.good_reads = 0
        self.synced = b""
        self.syncs = 0

    def heal(self) -> None:
        """Fail no more."""
        self.fails = set()

    def meet(self, act: str) -> None:
        """Raise :class:`OSError` where this fails."""
        if act == "read" and act in self.fails and self.good_reads > 0:
            self.good_reads -= 1
        elif act in self.fails:
            raise OSError(errno.EIO, act)

    def touch(self, position: int, size: int) -> None:
        """Raise :class:`OSError` where a page that cannot be read is among these bytes."""
        if not self.pages.isdisjoint(range(position // PAGE, -(-(position + size) // PAGE))):
            raise OSError(errno.EIO, "a bad sector")

    def open(self, path: str) -> SpoolFile:
        """Return the spool as :meth:`SpoolFile.open` does."""
        disk = self

        class File(SpoolFile):
            def read(self, size: int, position: int) -> bytes:
                disk.meet("read")
                disk.touch(position, size)
                return SpoolFile.read(self, size, position)

            def write(self, data: bytes | bytearray, position: int) -> None:
                disk.meet("write")
                whole = range(-(-position // PAGE), (position + len(data)) // PAGE)
                disk.pages.difference_update(whole)
                disk.touch(position, len(data))
                SpoolFile.write(self, data, position)

            def cut(self, end: int) -> None:
                SpoolFile.cut(self, end)
                disk.pages = {page for page in disk.pages if page * PAGE < end}

            def write_state(self, state: State) -> None:
                disk.meet("state")
                SpoolFile.write_state(self, state)

            def sync(self) -> None:
                disk.meet("sync")
                SpoolFile.sync(self)
                disk.syncs += 1
                disk.synced = disk.path.read_bytes()

        return File.open(path)
