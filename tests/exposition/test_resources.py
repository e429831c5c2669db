"""What the process uses, asked of the system."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

from telemetryd.exposition.resources import Resources


def test_memory_is_that_of_this_process() -> None:
    """The pages of a block that is written to are resident from then on."""
    before = Resources.used()
    block = bytearray(os.urandom(1 << 16) * (1 << 10))
    after = Resources.used()
    assert before.resident and after.resident and after.virtual
    assert after.resident - before.resident > len(block) // 2
    assert after.virtual >= after.resident


def test_open_files_are_counted() -> None:
    """Each descriptor is one."""
    # In a process of its own, where nothing that others have left is closed meanwhile.
    code = (
        "import os; from telemetryd.exposition.resources import Resources; before = Resources.used().open_files;"
        "two = [open(os.devnull) for _ in range(2)]; print(Resources.used().open_files - before)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "2\n"


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


def test_the_start_is_that_of_the_process() -> None:
    """However long it takes until somebody asks."""
    code = (
        "import time; began = time.time(); from telemetryd.exposition.resources import Resources;"
        "print(began, Resources.used().started)"
    )
    before = time.time()
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    began, started = map(float, told.stdout.split())
    # To a tick of the system's clock, and a second of its start.
    assert before - 1.5 < started <= began + 1.5


def test_a_process_without_descriptors_to_spare_tells_the_rest() -> None:
    """What has to be opened to be read is left out."""
    code = (
        "import os, resource; from telemetryd.exposition.resources import Resources;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir('/proc/self/fd')) - 1, 99));"
        "used = Resources.used(); print(used.open_files, used.resident, used.started, used.cpu > 0)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "None None None True\n"
