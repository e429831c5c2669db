"""Where files of a test lie that are many and small, and whose syncs are not what is tested: nobody waits for a disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = "/dev/shm"


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder of the system's that is kept in memory, or any other where it has none; removed afterwards."""
    there = os.path.isdir(MEMORY) and os.access(MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(prefix="td-", dir=MEMORY if there else None) as name:
        yield Path(name)
