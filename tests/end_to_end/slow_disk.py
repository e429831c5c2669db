"""The daemon as it is, but on a slow disk: each sync takes as many seconds more as its first argument says."""

from __future__ import annotations

import sys
import time

import telemetryd.daemon
from telemetryd.cli import main
from telemetryd.storage.files import File, Files


class _SlowFile(File):
    def sync(self) -> None:
        time.sleep(DELAY)
        super().sync()


class SlowFiles(Files):
    """The real filesystem, in slow motion."""

    def create(self, path: str) -> File:
        file = super().create(path)
        file.__class__ = _SlowFile
        return file


if __name__ == "__main__":
    DELAY = float(sys.argv.pop(1))
    telemetryd.daemon.Files = SlowFiles  # type: ignore[misc]
    sys.exit(main())
