"""What the process uses, asked of the system."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from telemetryd.exposition.resources import Resources


def test_memory_is_that_of_this_process() -> None:
    """The pages of a block that is written to are resident from then on."""
    before = Resources.used()
    block = bytearray(os.urandom(1 << 16) * (1 << 10))
    after = Resources.used()
    assert after.resident - before.resident > len(block) // 2
    assert after.virtual >= after.resident


def test_open_files_are_counted() -> None:
    """Each descriptor is one."""
    before = Resources.used().open_files
    with open(os.devnull, "rb"), open(os.devnull, "rb"):
        assert Resources.used().open_files == before + 2


def test_processor_time_grows() -> None:
    """That of the system and of the user."""
    before = Resources.used().cpu
    while Resources.used().cpu == before:
        sum(range(10_000))


def test_the_limit_of_files_is_that_of_the_process() -> None:
    """The soft one, which is what opening meets."""
    assert Resources.used().max_files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99));"
        "from telemetryd.exposition.resources import Resources; print(Resources.used().max_files)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "99\n"
