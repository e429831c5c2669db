"""The daemon as it is, but on a host whose clock can be stepped: its first argument is a file with the seconds to add."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from .serving import serve


class SteppedClock:
    """The time (Unix s) as the host has it."""

    def __init__(self, offset: Path) -> None:
        self._offset = offset

    def __call__(self) -> float:
        return time.time() + float(self._offset.read_text())


if __name__ == "__main__":
    sys.exit(serve(sys.argv[2:], clock=SteppedClock(Path(sys.argv[1]))))
