"""The daemon as it is, but on a host whose clock can be stepped: its first argument is a file with the seconds to add."""

from __future__ import annotations

import sys
import time
from pathlib import Path

_real = time.time


def stepped() -> float:
    """Return the time as the host has it."""
    return _real() + float(OFFSET.read_text())


if __name__ == "__main__":
    OFFSET = Path(sys.argv.pop(1))
    time.time = stepped
    # After the clock, which it takes by its name.
    from telemetryd.cli import main

    sys.exit(main())
