"""A disk that fails when it is told to, and remembers what would be left of a spool if the power failed now."""

from __future__ import annotations

import errno
from pathlib import Path

from telemetryd.hooks.spool_file import SpoolFile
from telemetryd.hooks.spool_format import State


class BadDisk:
    """Opens the spool at ``path``.

    ``fails`` names what fails on it: "read" (after ``good_reads`` more of them), "write", "state" (the
    writing of one), "sync". ``synced`` is the file as it was when it was last synced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fails: set[str] = set()
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

    def open(self, path: str) -> SpoolFile:
        """Return the spool as :meth:`SpoolFile.open` does."""
        disk = self

        class File(SpoolFile):
            def read(self, size: int, position: int) -> bytes:
                disk.meet("read")
                return SpoolFile.read(self, size, position)

            def write(self, data: bytes | bytearray, position: int) -> None:
                disk.meet("write")
                SpoolFile.write(self, data, position)

            def write_state(self, state: State) -> None:
                disk.meet("state")
                SpoolFile.write_state(self, state)

            def sync(self) -> None:
                disk.meet("sync")
                SpoolFile.sync(self)
                disk.syncs += 1
                disk.synced = disk.path.read_bytes()

        return File.open(path)
