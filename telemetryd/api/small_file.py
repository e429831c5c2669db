"""Files that settings name: read whole, and only where they are small and regular."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

# No file of settings, tokens or keys is larger, in bytes.
LARGEST = 1 << 20


def read_small(path: str, accept: Callable[[os.stat_result], None] = lambda found: None) -> bytes:
    """Return what a file holds; ``accept`` may raise for what it finds of it, before anything is read.

    Raises :class:`OSError` where it cannot be read, :class:`ValueError` with what was expected and found where it
    is no regular file, or very large.
    """
    # Of a pipe that nobody writes to, an open would never return.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"expected a file, found something else: {path}")
        accept(found)
        contents = file.read(LARGEST + 1)
    if len(contents) > LARGEST:
        raise ValueError(f"expected a file of at most {LARGEST} bytes, found a larger one: {path}")
    return contents
