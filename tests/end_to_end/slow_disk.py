"""The daemon as it is, but on a slow disk: each sync takes as many seconds more as its first argument says.

While there is a file ``stuck`` beside it no sync ends at all.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from telemetryd.storage.files import File, Files

from .serving import serve

STUCK = Path("stuck")


class SlowFiles(Files):
    """The real filesystem, whose syncs take ``seconds`` more."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def create(self, path: str) -> File:
        return _SlowFile(super().create(path), self._seconds)


class _SlowFile(File):
    def __init__(self, file: File, seconds: float) -> None:
        self.path = file.path
        self._file = file
        self._seconds = seconds

    def write(self, data: bytes | memoryview) -> int:
        return self._file.write(data)

    def sync(self) -> None:
        time.sleep(self._seconds)
        while STUCK.exists():
            time.sleep(0.01)
        self._file.sync()

    def close(self) -> None:
        self._file.close()


if __name__ == "__main__":
    sys.exit(serve(sys.argv[2:], SlowFiles(float(sys.argv[1]))))
