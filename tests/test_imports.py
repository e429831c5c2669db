"""The daemon's process is without what it has no use for."""

from __future__ import annotations

import subprocess
import sys

from telemetryd.imports import UNNEEDED

PROGRAM = """\
import sys
from telemetryd.imports import UNNEEDED, keep_out
keep_out()
import telemetryd.daemon
import pyarrow as pa
import pyarrow.parquet as pq
pa.array(["a", None])
pq.write_table(pa.table({"number": [1]}), pa.BufferOutputStream())
assert not UNNEEDED & sys.modules.keys(), UNNEEDED & sys.modules.keys()
"""


def test_what_is_not_needed_stays_out_and_nothing_misses_it() -> None:
    """All of the daemon can be imported, columns converted and files written."""
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=100)


def test_without_that_it_would_come_in() -> None:
    """Else the list would be of no use."""
    told = PROGRAM.replace("keep_out()\n", "").replace("assert not ", "assert ").partition(", UNNEEDED & sys")[0]
    subprocess.run([sys.executable, "-c", told], check=True, timeout=100)
    assert "pandas" in UNNEEDED
